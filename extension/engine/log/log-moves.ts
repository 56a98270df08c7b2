import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { LogCleaner } from './log-cleaner.ts';
import type { LogDirectory } from './log-directory.ts';
import type { LogDisposal } from './log-disposal.ts';
import { storageError } from './log-errors.ts';
import { directoryName, temporaryDirectoryName } from './log-file-names.ts';
import type { LogEnvironment } from './log-environment.ts';
import { PlacedLogs } from './placed-logs.ts';
import type { PlacedLog } from './placed-logs.ts';
import type { UnifiedLog } from './unified-log.ts';

/** Wishes for logs that are not there; the oldest is forgotten. */
const MAX_WISHES = 10_000;

/** What moves need of the log manager. */
export interface LogMovesHost {
  readonly environment: LogEnvironment;
  readonly logs: PlacedLogs;
  readonly disposal: LogDisposal;
  /** Opens the log in a folder that was just made. */
  open(of: UnifiedLog, directory: LogDirectory, path: string): UnifiedLog;
  failDirectory(directory: LogDirectory, error: ApiError): void;
  /** Undefined before the logs are loaded. */
  cleaner(): LogCleaner | undefined;
  /** A log has gone from one directory to another: their checkpoints are stale. */
  placeChanged(): void;
}

/**
 * Logs on their way to another directory of the broker (KIP-113). A copy grows in a `-future` folder; when it has everything,
 * it takes the name of the log, and the old folder is deleted. Who fills the copy, and says when, is the broker's business.
 */
export class LogMoves {
  /** The copies. */
  readonly futures = new PlacedLogs();
  /** Directories that somebody wants a log in which is yet to be made. */
  readonly wishes = new Map<string, LogDirectory>();
  readonly #host: LogMovesHost;

  constructor(host: LogMovesHost) {
    this.#host = host;
  }

  get(topic: string, partition: number): PlacedLog | undefined {
    return this.futures.get(directoryName(topic, partition));
  }

  /** Remembers where a log shall lie that is yet to be made. */
  wish(topic: string, partition: number, directory: LogDirectory): void {
    const name = directoryName(topic, partition);
    this.wishes.delete(name);
    this.wishes.set(name, directory);
    const [oldest] = this.wishes.keys();
    if (this.wishes.size > MAX_WISHES) this.wishes.delete(oldest!);
  }

  /**
   * No round of compaction of this log begins; resolves when the one under way is over. It could take a tombstone from the
   * log before a copy has it, and leave there what was deleted. Never rejects.
   */
  async pauseCompaction(topic: string, partition: number): Promise<void> {
    await this.#host.cleaner()?.pause(directoryName(topic, partition));
  }

  resumeCompaction(topic: string, partition: number): void {
    this.#host.cleaner()?.resume(directoryName(topic, partition));
  }

  /**
   * An empty copy of a log in another directory, starting where the log does.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR
   */
  create(topic: string, partition: number, directory: LogDirectory): UnifiedLog {
    const { environment, logs } = this.#host;
    const name = directoryName(topic, partition);
    const current = logs.get(name);
    if (current === undefined) throw offline(`${name} has no log here`);
    if (current.directory === directory) throw offline(`${name} lies in ${directory.path} already`);
    const existing = this.futures.get(name);
    if (existing !== undefined) throw offline(`${name} is being moved to ${existing.directory.path} already`);
    if (directory.failure !== undefined) throw offline(`the log directory ${directory.path} is offline`);
    const unique = environment.random.bytes(16).toString('hex');
    const path = `${directory.path}/${temporaryDirectoryName(topic, partition, 'future', unique)}`;
    try {
      environment.fileSystem.mkdirSync(path);
      const future = this.#host.open(current.log, directory, path);
      if (current.log.topicId !== undefined) future.assignTopicId(current.log.topicId);
      if (current.log.logStartOffset > 0) future.truncateFullyAndStartAt(current.log.logStartOffset);
      this.futures.set(name, { log: future, directory });
      return future;
    } catch (error) {
      throw error instanceof ApiError ? error : storageError(`creating ${path} failed`, error);
    }
  }

  /**
   * Puts the copy in the place of the log, at once. The caller has made sure that it lacks nothing. First the copy gets the
   * log's name, durably, then the old folder loses it: a stop in between leaves both, and the next start keeps the copy
   * (log-discovery.ts).
   *
   * @throws ApiError KAFKA_STORAGE_ERROR; the log stays where it is
   */
  promote(topic: string, partition: number): UnifiedLog {
    const { environment, logs } = this.#host;
    const name = directoryName(topic, partition);
    const placed = this.futures.get(name);
    if (placed === undefined) throw offline(`${name} is not being moved`);
    const { log: future, directory } = placed;
    const current = logs.get(name);
    const path = `${directory.path}/${name}`;
    future.flushWrites();
    try {
      environment.fileSystem.renameSync(future.directory, path);
      environment.fileSystem.syncDirectorySync(directory.path);
    } catch (error) {
      const failure = storageError(`renaming ${future.directory} failed`, error);
      this.#host.failDirectory(directory, failure);
      throw failure;
    }
    future.moved(path);
    this.futures.delete(name);
    logs.set(name, placed);
    if (current !== undefined) {
      future.updateHighWatermark(current.log.highWatermark);
      current.log.abandon();
      this.#host.disposal.discard(current);
    }
    this.#host.placeChanged();
    this.#host.cleaner()?.placeChanged(name);
    environment.logger.info(`${name} lies in ${directory.path} now`);
    return future;
  }

  /** Gives a move up: the copy is deleted. */
  cancel(topic: string, partition: number): void {
    const name = directoryName(topic, partition);
    const placed = this.futures.get(name);
    if (placed === undefined) return;
    this.futures.delete(name);
    placed.log.abandon();
    this.#host.disposal.discard(placed);
  }
}

function offline(why: string): ApiError {
  return new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
}
