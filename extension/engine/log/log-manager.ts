import { ApiError } from '../common/api-error.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { LogCheckpoints } from './log-checkpoints.ts';
import { LogCleaner } from './log-cleaner.ts';
import { closeLogs } from './log-closing.ts';
import type { LogConfig } from './log-config.ts';
import { LogDirectories } from './log-directories.ts';
import type { LogDirectory } from './log-directory.ts';
import { findLogs } from './log-discovery.ts';
import type { FoundLog } from './log-discovery.ts';
import { isOutOfSpace, storageError } from './log-errors.ts';
import { LogDisposal } from './log-disposal.ts';
import { directoryName } from './log-file-names.ts';
import type { LogEnvironment } from './log-environment.ts';
import { LogLoading } from './log-loading.ts';
import { LogMoves } from './log-moves.ts';
import { LogOpener } from './log-opener.ts';
import type { LogOpenerOptions } from './log-opener.ts';
import type { LogRecoverer } from './log-recovery.ts';
import { PeriodicWork } from './periodic-work.ts';
import { PlacedLogs } from './placed-logs.ts';
import type { PlacedLog } from './placed-logs.ts';
import { deleteOldSegments } from './retention-task.ts';
import type { UnifiedLog } from './unified-log.ts';

export interface LogManagerOptions extends LogOpenerOptions {
  readonly environment: LogEnvironment;
  /** `log.dirs`: absolute paths of directories that exist. */
  readonly directories: readonly string[];
  /** Those of {@link directories} that cannot be used, by path, and why. The rest serves. */
  readonly unusable?: ReadonlyMap<string, unknown>;
  /** `cordoned.log.dirs`: whether a directory shall get no further logs. */
  readonly isCordoned?: (path: string) => boolean;
  /** The id of the directory that the controller knows a replica in, where that is known at load already. */
  readonly assignedDirectory?: (topic: string, partition: number) => string | undefined;
  /** Recovers logs beside this thread where there are many; without one, this thread does. */
  readonly recoverer?: LogRecoverer;
  /** `num.recovery.threads.per.data.dir`. */
  readonly recoveryThreadsPerDirectory?: number;
  /** `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs?: number;
  /** `log.cleaner.backoff.ms`: how often is looked for logs to compact. */
  readonly cleanerBackoffMs?: number;
  /** `log.cleaner.dedupe.buffer.size`. */
  readonly cleanerMapBytes?: number;
  /** A log can't be compacted and is left alone until the next start. */
  readonly onUncleanable?: (log: UnifiedLog, reason: string) => void;
  /** Called while logs are loaded, after an unclean stop also recovered, when that takes long enough to be of interest. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** A directory's disk failed; its logs are out of service. */
  readonly onDirectoryFailed?: (directory: LogDirectory, error: ApiError) => void;
}

export interface CreateLogOptions {
  readonly topicId: string;
  readonly config: LogConfig;
  /** Where the controller knows the replica; undefined or unassigned: the directory with the fewest logs. */
  readonly directoryId: string | undefined;
}

const DEFAULT_RECOVERY_THREADS = 2;
const INDEX_SAVE_INTERVAL_MS = 1000;
const HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS = 5000;
const CHECKPOINT_INTERVAL_MS = 60_000;
const PRODUCER_EXPIRY_INTERVAL_MS = 600_000;
const DEFAULT_RETENTION_CHECK_INTERVAL_MS = 300_000;
const DEFAULT_CLEANER_BACKOFF_MS = 15_000;

/** A log that is not in service, and why. */
interface UnopenedLog {
  readonly failure: ApiError;
  readonly directory: LogDirectory;
  /** Where it is known: a topic of another id has nothing to do with this log. */
  readonly topicId: string | undefined;
}

/** All partitions on the disks of one broker: found, made, deleted, and looked after. */
export class LogManager {
  /** Logs on their way to another directory. */
  readonly moves: LogMoves;
  readonly #environment: LogEnvironment;
  readonly #options: LogManagerOptions;
  readonly #directories: LogDirectories;
  readonly #logs = new PlacedLogs();
  /** Logs that were found but could not be opened, or whose directory has failed. */
  readonly #unopened = new Map<string, UnopenedLog>();
  readonly #disposal: LogDisposal;
  readonly #opener: LogOpener;
  readonly #checkpoints: LogCheckpoints;
  readonly #work: PeriodicWork;
  #cleaner: LogCleaner | undefined;
  readonly #previousBrokerEpoch: number;
  #loading: LogLoading | undefined;
  #isLoaded = false;
  #isClosed = false;

  constructor(options: LogManagerOptions) {
    this.#environment = options.environment;
    this.#options = options;
    const { fileSystem, logger } = options.environment;
    this.#directories = new LogDirectories(fileSystem, options.directories, options.unusable ?? new Map(), logger);
    this.#checkpoints = new LogCheckpoints(this.directories, () => this.#placed(), logger);
    this.#disposal = new LogDisposal(options.environment, (directory, error) => this.#failDirectory(directory, error));
    this.#opener = new LogOpener(options.environment, options, (directory) => this.#afterFailure(directory));
    this.moves = new LogMoves({
      environment: options.environment,
      logs: this.#logs,
      disposal: this.#disposal,
      open: (of, directory, path) => this.#opener.openNew(of, of.config, directory, path),
      failDirectory: (directory, error) => this.#failDirectory(directory, error),
      cleaner: () => this.#cleaner,
      placeChanged: () => this.#checkpoints.offsets(),
    });
    this.#work = new PeriodicWork(options.environment.clock, logger);
    this.#previousBrokerEpoch = previousEpoch(this.#directories.usable);
  }

  get directories(): readonly LogDirectory[] {
    return this.#directories.all;
  }

  /** The broker epoch at the last clean stop, -1 where there was none (KIP-966): to be told when the broker registers. */
  get previousBrokerEpoch(): number {
    return this.#previousBrokerEpoch;
  }

  get(topic: string, partition: number): UnifiedLog | undefined {
    return this.#logs.get(directoryName(topic, partition))?.log;
  }

  /** The log directory that a partition lies in. */
  directoryOf(topic: string, partition: number): LogDirectory | undefined {
    return this.#logs.get(directoryName(topic, partition))?.directory;
  }

  /** Every log in service; the copies that are on their way to another directory are not among them. */
  *logs(): Generator<UnifiedLog> {
    for (const { log } of this.#logs.values()) yield log;
  }

  /** As {@link logs}, with their directories. */
  placedLogs(): IterableIterator<PlacedLog> {
    return this.#logs.values();
  }

  *#placed(): Generator<PlacedLog> {
    yield* this.#logs.values();
    yield* this.moves.futures.values();
  }

  /** Opens every log on disk, recovering those that were not closed cleanly, and starts the periodic work. */
  async load(): Promise<void> {
    const { recoverer, recoveryThreadsPerDirectory = DEFAULT_RECOVERY_THREADS, onProgress } = this.#options;
    const { clock, logger, producerExpirationMs } = this.#environment;
    this.#loading = new LogLoading({
      clock,
      open: (found, isRecovered) => this.#open(found, isRecovered),
      bytesToRecover: (found) => this.#opener.bytesToRecover(found),
      describe: (found) => this.#opener.describe(found),
      recoverer,
      recovery: {
        threads: recoveryThreadsPerDirectory * this.#directories.usable.length,
        producerExpirationMs,
        logger,
      },
      onProgress,
    });
    this.#isLoaded = await this.#loading.load(this.#find());
    if (this.#isLoaded) this.#startPeriodicWork();
  }

  #find(): FoundLog[] {
    const { environment, assignedDirectory = () => undefined } = this.#options;
    return findLogs({
      environment,
      assignedDirectory,
      directories: this.#directories.usable,
      disposal: this.#disposal,
      failDirectory: (directory, error) => this.#failDirectory(directory, error),
    });
  }

  #open(found: FoundLog, isRecovered: boolean): void {
    const { topic, partition, name, path, isFuture, state } = found;
    const { directory } = state;
    if (directory.failure !== undefined) return;
    const logs = isFuture ? this.moves.futures : this.#logs;
    try {
      const other = logs.get(name);
      if (other !== undefined) throw new Error(`${other.log.directory} holds the same partition`);
      logs.set(name, { log: this.#opener.openFound(found, isRecovered), directory });
    } catch (error) {
      const failure = storageError(`opening the log in ${path} failed`, error);
      if (isFuture) {
        this.#environment.logger.error(`${failure.message}; its move begins anew when it is asked for`, error);
        this.#disposal.rename({ directory, path, topic, partition }, 'delete');
        return;
      }
      this.#environment.logger.error(`${failure.message}; the partition is offline`, error);
      this.#unopened.set(name, { failure, directory, topicId: undefined });
    }
  }

  /**
   * The log of a partition, made where there is none. One of another topic id is set aside as `-stray`.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR
   */
  getOrCreate(topic: string, partition: number, options: CreateLogOptions): UnifiedLog {
    const name = directoryName(topic, partition);
    const unopened = this.#unopened.get(name);
    if (unopened !== undefined) {
      const isAnothers = unopened.topicId !== undefined && unopened.topicId !== options.topicId;
      if (!isAnothers) throw unopened.failure;
      this.#unopened.delete(name);
    }
    const existing = this.#logs.get(name)?.log;
    if (existing !== undefined) {
      if (existing.topicId === undefined || existing.topicId === options.topicId) {
        existing.assignTopicId(options.topicId);
        existing.updateConfig(options.config);
        this.moves.wishes.delete(name);
        return existing;
      }
      this.#environment.logger.warn(
        `${existing.directory} belongs to topic id ${existing.topicId}, not to ${options.topicId}: it is set aside`,
      );
      this.markStray(topic, partition);
    }
    return this.#create(topic, partition, options);
  }

  #create(topic: string, partition: number, options: CreateLogOptions): UnifiedLog {
    const name = directoryName(topic, partition);
    const countIn = (each: LogDirectory): number => this.#logs.countIn(each) + this.moves.futures.countIn(each);
    const isCordoned = ({ path }: LogDirectory): boolean => this.#options.isCordoned?.(path) ?? false;
    const wish = this.moves.wishes.get(name);
    const directory = this.#directories.choose(options.directoryId, wish, countIn, isCordoned);
    const path = `${directory.path}/${name}`;
    try {
      this.#environment.fileSystem.mkdirSync(path);
      const log = this.#opener.openNew({ topic, partition }, options.config, directory, path);
      log.assignTopicId(options.topicId);
      this.#logs.set(name, { log, directory });
      this.moves.wishes.delete(name);
      return log;
    } catch (error) {
      throw error instanceof ApiError ? error : storageError(`creating the log in ${path} failed`, error);
    }
  }

  /** Takes a log out of service at once, its copy too; the files go after `file.delete.delay.ms`. */
  delete(topic: string, partition: number): void {
    this.moves.cancel(topic, partition);
    const name = directoryName(topic, partition);
    const placed = this.#logs.get(name);
    const unopened = this.#unopened.get(name);
    this.#forget(name);
    if (placed !== undefined) {
      placed.log.abandon();
      this.#disposal.discard(placed);
    } else if (unopened !== undefined) {
      const { directory } = unopened;
      const path = `${directory.path}/${name}`;
      this.#disposal.deleteFolder({ directory, path, topic, partition }, this.#options.config.fileDeleteDelayMs);
    }
  }

  /** Sets a log aside that no topic claims, and its copy; people decide what becomes of the folders. */
  markStray(topic: string, partition: number): void {
    const name = directoryName(topic, partition);
    const placed = [this.#logs.get(name), this.moves.futures.get(name)];
    this.#forget(name);
    this.moves.futures.delete(name);
    for (const each of placed) {
      if (each === undefined) continue;
      const { log, directory } = each;
      log.abandon();
      const path = this.#disposal.rename({ directory, path: log.directory, topic, partition }, 'stray');
      if (path !== undefined) log.moved(path);
    }
  }

  #forget(name: string): void {
    this.#cleaner?.forget(name);
    this.#logs.delete(name);
    this.#unopened.delete(name);
  }

  /** One log's disk failed: is it a bad file, or does the directory take nothing any more? */
  #afterFailure(directory: LogDirectory): void {
    if (directory.failure !== undefined || this.#isClosed) return;
    try {
      directory.probe();
    } catch (error) {
      if (!isOutOfSpace(error)) {
        this.#failDirectory(directory, storageError(`writing to the log directory ${directory.path} failed`, error));
      }
    }
  }

  #failDirectory(directory: LogDirectory, error: ApiError): void {
    if (directory.failure !== undefined) return;
    directory.failure = error;
    this.#environment.logger.error(`The log directory ${directory.path} is offline: ${error.message}`, error);
    for (const [name, placed] of [...this.#logs.entries()]) {
      if (placed.directory !== directory) continue;
      placed.log.fail('its log directory failed', error);
      this.#logs.delete(name);
      this.#unopened.set(name, { failure: error, directory, topicId: placed.log.topicId });
    }
    // What there is of a copy stays where it is: the next start goes on with it, when the directory is back.
    for (const [name, placed] of [...this.moves.futures.entries()]) {
      if (placed.directory !== directory) continue;
      placed.log.fail('its log directory failed', error);
      this.moves.futures.delete(name);
    }
    this.#options.onDirectoryFailed?.(directory, error);
  }

  #startCleaner(): LogCleaner {
    const { environment, cleanerMapBytes, onUncleanable } = this.#options;
    return new LogCleaner({
      environment,
      logs: () => this.#logs.values(),
      directories: this.directories,
      ...(cleanerMapBytes === undefined ? {} : { mapBytes: cleanerMapBytes }),
      ...(onUncleanable === undefined ? {} : { onUncleanable }),
    });
  }

  /** Compacts what is worth it. Never rejects. */
  async compact(): Promise<void> {
    await this.#cleaner?.run();
  }

  #startPeriodicWork(): void {
    this.#cleaner = this.#startCleaner();
    const backoffMs = this.#options.cleanerBackoffMs ?? DEFAULT_CLEANER_BACKOFF_MS;
    this.#work.every('compaction', backoffMs, () => void this.compact());
    const flushes = new FlushScheduler(this.#environment);
    this.#work.every('indexes', INDEX_SAVE_INTERVAL_MS, () => flushes.run());
    this.#work.every('high watermarks', HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS, () =>
      this.#checkpoints.highWatermarks(false),
    );
    this.#work.every('checkpoints', CHECKPOINT_INTERVAL_MS, () => this.#checkpoints.offsets());
    const retentionMs = this.#options.retentionCheckIntervalMs ?? DEFAULT_RETENTION_CHECK_INTERVAL_MS;
    this.#work.every('retention', retentionMs, () => void this.deleteOldSegments());
    this.#work.every('producers', PRODUCER_EXPIRY_INTERVAL_MS, () => this.#expireProducers());
  }

  /** Has every log delete what its retention lets go. Never rejects. */
  deleteOldSegments(): Promise<void> {
    return deleteOldSegments(
      [...this.#placed()].map(({ log }) => log),
      this.#environment.clock,
      this.#environment.logger,
    );
  }

  #expireProducers(): void {
    const nowMs = this.#environment.clock.nowMs();
    for (const log of this.logs()) log.producers.removeExpired(nowMs);
  }

  /**
   * Flushes and closes every log, then writes the checkpoints and the mark of a clean shutdown. A directory in which
   * something went wrong gets no mark: its logs are checked at the next start; so are all where loading was not through.
   */
  async shutdown(brokerEpoch: number): Promise<void> {
    if (this.#isClosed) return;
    this.#stop();
    this.#environment.writes.flush();
    const unclean = await closeLogs([...this.#placed()], this.#environment.clock, this.#environment.logger);
    await this.#cleaner?.stop();
    // The checkpoints would forget the logs that were not opened yet.
    if (!this.#isLoaded) return;
    this.#checkpoints.offsets();
    this.#checkpoints.highWatermarks(true);
    for (const directory of this.directories) {
      if (unclean.has(directory) || directory.failure !== undefined) continue;
      try {
        directory.markCleanShutdown(brokerEpoch);
      } catch (error) {
        this.#environment.logger.error(`Could not mark ${directory.path} as closed cleanly`, error);
      }
    }
  }

  /** As if the process had died: nothing is written any more. */
  abandon(): void {
    this.#stop();
    this.#environment.writes.stop();
    for (const { log } of this.#placed()) log.abandon();
    void this.#cleaner?.stop();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#loading?.stop();
    this.#work.stop();
  }
}

function previousEpoch(directories: readonly LogDirectory[]): number {
  let epoch = -1;
  for (const directory of directories) {
    try {
      epoch = Math.max(epoch, directory.readCleanShutdown().brokerEpoch);
    } catch {
      // Loading finds it unreadable too, and takes it out of service.
    }
  }
  return epoch;
}
