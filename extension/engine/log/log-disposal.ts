import type { ApiError } from '../common/api-error.ts';
import type { LogDirectory } from './log-directory.ts';
import { storageError } from './log-errors.ts';
import { temporaryDirectoryName } from './log-file-names.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { PlacedLog } from './placed-logs.ts';

/** The folder of a partition that is not wanted any more. */
export interface UnwantedFolder {
  readonly directory: LogDirectory;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
}

/** Takes folders of partitions away: out of the way at once by another name, off the disk after a while. */
export class LogDisposal {
  readonly #environment: LogEnvironment;
  readonly #failDirectory: (directory: LogDirectory, error: ApiError) => void;

  constructor(environment: LogEnvironment, failDirectory: (directory: LogDirectory, error: ApiError) => void) {
    this.#environment = environment;
    this.#failDirectory = failDirectory;
  }

  /** Deletes an abandoned log's files after its `file.delete.delay.ms`. */
  discard({ log, directory }: PlacedLog): void {
    const { topic, partition, config } = log;
    const path = this.deleteFolder({ directory, path: log.directory, topic, partition }, config.fileDeleteDelayMs);
    if (path !== undefined) log.moved(path);
  }

  /** The folder's name until it is gone, or undefined when the disk would not. */
  deleteFolder(folder: UnwantedFolder, delayMs: number): string | undefined {
    const path = this.rename(folder, 'delete');
    if (path !== undefined) this.#environment.deleteLater(delayMs, path, () => this.removeTree(path));
    return path;
  }

  /** The new path of the folder, or undefined when the disk would not. */
  rename({ directory, path, topic, partition }: UnwantedFolder, state: 'delete' | 'stray'): string | undefined {
    if (directory.failure !== undefined) return undefined;
    const unique = this.#environment.random.bytes(16).toString('hex');
    const to = `${directory.path}/${temporaryDirectoryName(topic, partition, state, unique)}`;
    try {
      this.#environment.fileSystem.renameSync(path, to);
      return to;
    } catch (error) {
      this.#failDirectory(directory, storageError(`renaming ${path} failed`, error));
      return undefined;
    }
  }

  removeTree(path: string): void {
    this.#environment.fileSystem.removeTree(path).catch((error: unknown) => {
      this.#environment.logger.warn(`Could not delete ${path}; the next start will: ${String(error)}`);
    });
  }
}
