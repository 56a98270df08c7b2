import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { FileSystem } from '../common/file-system.ts';
import type { Logger } from '../common/logger.ts';
import { UNASSIGNED_DIRECTORY } from '../common/random.ts';
import { LogDirectory } from './log-directory.ts';
import { storageError } from './log-errors.ts';
import { readMetaProperties } from './meta-properties.ts';

/** All entries of `log.dirs`, and which of them a new log goes to. */
export class LogDirectories {
  readonly all: readonly LogDirectory[];

  /** `failures`, by path: directories that could not be used from the start. */
  constructor(
    fileSystem: FileSystem,
    paths: readonly string[],
    failures: ReadonlyMap<string, unknown>,
    logger: Logger,
  ) {
    this.all = paths.map((path) => {
      if (!failures.has(path)) {
        return new LogDirectory(fileSystem, path, readMetaProperties(fileSystem, path)?.directoryId, logger);
      }
      const directory = new LogDirectory(fileSystem, path, undefined, logger);
      const failure = storageError(`the log directory ${path} cannot be used`, failures.get(path));
      directory.failure = failure;
      logger.error(`${failure.message}; the others serve without it`);
      return directory;
    });
  }

  get usable(): LogDirectory[] {
    return this.all.filter((directory) => directory.failure === undefined);
  }

  byPath(path: string): LogDirectory | undefined {
    return this.all.find((directory) => directory.path === path);
  }

  /**
   * Where a new log goes: to `wish`, to the directory that the controller knows it in, else to the one with the fewest; not
   * to a cordoned one (KIP-1066) unless all are.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR where all have failed, or the log may lie in one that has
   */
  choose(
    directoryId: string | undefined,
    wish: LogDirectory | undefined,
    countIn: (directory: LogDirectory) => number,
    isCordoned: (directory: LogDirectory) => boolean,
  ): LogDirectory {
    const { usable } = this;
    if (wish !== undefined && usable.includes(wish)) return wish;
    const isUnassigned = directoryId === undefined || directoryId === UNASSIGNED_DIRECTORY;
    const assigned = isUnassigned ? undefined : usable.find((each) => each.directoryId === directoryId);
    if (assigned !== undefined) return assigned;
    if (!isUnassigned && usable.length < this.all.length) {
      throw new ApiError(
        ErrorCode.KAFKA_STORAGE_ERROR,
        `The log lies in directory ${directoryId}, which is not online.`,
      );
    }
    const open = usable.filter((each) => !isCordoned(each));
    let chosen = open[0] ?? usable[0];
    for (const each of open) if (countIn(each) < countIn(chosen!)) chosen = each;
    if (chosen === undefined) {
      throw new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, 'No log directory of this broker can be written to.');
    }
    return chosen;
  }
}
