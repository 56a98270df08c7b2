import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { LogCheckpoints } from './log-checkpoints.ts';
import type { PlacedLog } from './log-checkpoints.ts';
import { LogCleaner } from './log-cleaner.ts';
import type { LogConfig } from './log-config.ts';
import { LogDirectory, OffsetCheckpoint } from './log-directory.ts';
import type { OffsetsByPartition } from './log-directory.ts';
import { isOutOfSpace, storageError } from './log-errors.ts';
import { directoryName, parseDirectoryName, temporaryDirectoryName } from './log-file-names.ts';
import type { LogEnvironment } from './log-environment.ts';
import { openLog } from './log-loader.ts';
import { readMetaProperties } from './meta-properties.ts';
import { PeriodicWork } from './periodic-work.ts';
import { deleteOldSegments } from './retention-task.ts';
import type { UnifiedLog } from './unified-log.ts';

export interface LogManagerOptions {
  readonly environment: LogEnvironment;
  /** `log.dirs`: absolute paths of directories that exist. */
  readonly directories: readonly string[];
  /** For logs that are found on disk, unless {@link topicConfig} knows better. */
  readonly config: LogConfig;
  /** The configs of a topic where they are known at load already; else the broker sets them with `updateConfig`. */
  readonly topicConfig?: (topic: string) => LogConfig | undefined;
  /** `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs?: number;
  /** `log.cleaner.backoff.ms`: how often is looked for logs to compact. */
  readonly cleanerBackoffMs?: number;
  /** `log.cleaner.dedupe.buffer.size`. */
  readonly cleanerMapBytes?: number;
  /** A log can't be compacted and is left alone until the next start. */
  readonly onUncleanable?: (log: UnifiedLog, reason: string) => void;
  /** Called while logs are loaded, after an unclean stop also recovered. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** A directory's disk failed; its logs are out of service. */
  readonly onDirectoryFailed?: (directory: LogDirectory, error: ApiError) => void;
}

export interface CreateLogOptions {
  readonly topicId: string;
  readonly config: LogConfig;
  /** Where the controller placed the replica; undefined or unknown: the directory with the fewest logs. */
  readonly directoryId: string | undefined;
}

/** The log of the quorum lies in the first directory like a partition, but belongs to the quorum alone. */
const METADATA_TOPIC = '__cluster_metadata';

/** How long loading may go on without letting anything else run. */
const LOAD_SLICE_MS = 25;
/** fdatasync calls under way at once at shutdown: as many as Node has threads for. */
const PARALLEL_FLUSHES = 4;

const INDEX_SAVE_INTERVAL_MS = 1000;
const HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS = 5000;
const CHECKPOINT_INTERVAL_MS = 60_000;
const PRODUCER_EXPIRY_INTERVAL_MS = 600_000;
const DEFAULT_RETENTION_CHECK_INTERVAL_MS = 300_000;
const DEFAULT_CLEANER_BACKOFF_MS = 15_000;

/** What one directory says of its logs before they are opened. */
interface DirectoryState {
  readonly directory: LogDirectory;
  readonly hadCleanShutdown: boolean;
  readonly recoveryPoints: OffsetsByPartition;
  readonly logStartOffsets: OffsetsByPartition;
  readonly highWatermarks: OffsetsByPartition;
}

/** All partitions on the disks of one broker: found, made, deleted, and looked after. */
export class LogManager {
  readonly #environment: LogEnvironment;
  readonly #options: LogManagerOptions;
  readonly #directories: LogDirectory[];
  readonly #logs = new Map<string, PlacedLog>();
  /** Logs that were found but could not be opened, and why. */
  readonly #unopened = new Map<string, { readonly failure: ApiError; readonly directory: LogDirectory }>();
  readonly #checkpoints: LogCheckpoints;
  readonly #work: PeriodicWork;
  #cleaner: LogCleaner | undefined;
  #previousBrokerEpoch = -1;
  #isClosed = false;

  constructor(options: LogManagerOptions) {
    this.#environment = options.environment;
    this.#options = options;
    const { fileSystem, logger } = options.environment;
    this.#directories = options.directories.map((path) => {
      const directoryId = readMetaProperties(fileSystem, path)?.directoryId;
      return new LogDirectory(fileSystem, path, directoryId, logger);
    });
    this.#checkpoints = new LogCheckpoints(this.#directories, () => this.#logs.values(), logger);
    this.#work = new PeriodicWork(options.environment.clock, logger);
  }

  get directories(): readonly LogDirectory[] {
    return this.#directories;
  }

  /** The broker epoch at the last clean stop, -1 where there was none (KIP-966). */
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

  /** Every log, those of failed directories included. */
  *logs(): Generator<UnifiedLog> {
    for (const { log } of this.#logs.values()) yield log;
  }

  /** Opens every log on disk, recovering those that were not closed cleanly, and starts the periodic work. */
  async load(): Promise<void> {
    const found: { readonly state: DirectoryState; readonly name: string }[] = [];
    for (const directory of this.#directories) {
      const state = this.#readState(directory);
      if (state === undefined) continue;
      for (const name of this.#partitionNames(directory)) found.push({ state, name });
    }
    const { clock } = this.#environment;
    let sliceStartMs = clock.monotonicMs();
    for (const [index, { state, name }] of found.entries()) {
      if (this.#isClosed) return;
      this.#open(state, name);
      if (clock.monotonicMs() - sliceStartMs < LOAD_SLICE_MS) continue;
      this.#options.onProgress?.(index + 1, found.length);
      await new Promise<void>((resolve) => clock.defer(resolve));
      sliceStartMs = clock.monotonicMs();
    }
    this.#options.onProgress?.(found.length, found.length);
    this.#startPeriodicWork();
  }

  #readState(directory: LogDirectory): DirectoryState | undefined {
    try {
      const { wasClean, brokerEpoch } = directory.takeCleanShutdown();
      if (brokerEpoch >= 0) this.#previousBrokerEpoch = Math.max(brokerEpoch, this.#previousBrokerEpoch);
      return {
        directory,
        hadCleanShutdown: wasClean,
        recoveryPoints: directory.readOffsets(OffsetCheckpoint.recoveryPoint),
        logStartOffsets: directory.readOffsets(OffsetCheckpoint.logStartOffset),
        highWatermarks: directory.readOffsets(OffsetCheckpoint.highWatermark),
      };
    } catch (error) {
      this.#failDirectory(directory, storageError(`reading the log directory ${directory.path} failed`, error));
      return undefined;
    }
  }

  #partitionNames(directory: LogDirectory): string[] {
    const { fileSystem, logger } = this.#environment;
    const names: string[] = [];
    for (const name of fileSystem.readdirSync(directory.path)) {
      const parsed = parseDirectoryName(name);
      if (parsed === undefined || parsed.topic === METADATA_TOPIC) continue;
      if (parsed.state === 'current') names.push(name);
      else if (parsed.state === 'delete') this.#removeTree(`${directory.path}/${name}`);
      else logger.warn(`${directory.path}/${name} is left alone: it is a ${parsed.state} replica`);
    }
    return names;
  }

  #open(state: DirectoryState, name: string): void {
    const { topic, partition } = parseDirectoryName(name)!;
    const path = `${state.directory.path}/${name}`;
    try {
      const other = this.#logs.get(name);
      if (other !== undefined) throw new Error(`${other.log.directory} holds the same partition`);
      const config = this.#options.topicConfig?.(topic);
      const log = openLog(this.#environment, {
        topic,
        partition,
        directory: path,
        config: config ?? this.#options.config,
        mayHaveGaps: config?.isCompacted ?? true,
        onFailed: () => this.#afterFailure(state.directory),
        recoveryPoint: state.recoveryPoints.get(name) ?? 0,
        logStartOffset: state.logStartOffsets.get(name) ?? 0,
        highWatermark: state.highWatermarks.get(name) ?? 0,
        hadCleanShutdown: state.hadCleanShutdown,
      });
      this.#logs.set(name, { log, directory: state.directory });
    } catch (error) {
      const failure = storageError(`opening the log in ${path} failed`, error);
      this.#environment.logger.error(`${failure.message}; the partition is offline`, error);
      this.#unopened.set(name, { failure, directory: state.directory });
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
    if (unopened !== undefined) throw unopened.failure;
    const existing = this.#logs.get(name)?.log;
    if (existing !== undefined) {
      if (existing.topicId === undefined || existing.topicId === options.topicId) {
        existing.assignTopicId(options.topicId);
        existing.updateConfig(options.config);
        return existing;
      }
      this.#environment.logger.warn(
        `${existing.directory} belongs to topic id ${existing.topicId}, not to ${options.topicId}: it is set aside`,
      );
      this.#takeAway(topic, partition, 'stray');
    }
    return this.#create(topic, partition, options);
  }

  #create(topic: string, partition: number, options: CreateLogOptions): UnifiedLog {
    const directory = this.#choose(options.directoryId);
    const name = directoryName(topic, partition);
    const path = `${directory.path}/${name}`;
    try {
      this.#environment.fileSystem.mkdirSync(path);
      const log = openLog(this.#environment, {
        topic,
        partition,
        directory: path,
        config: options.config,
        hadCleanShutdown: true,
        onFailed: () => this.#afterFailure(directory),
      });
      log.assignTopicId(options.topicId);
      this.#logs.set(name, { log, directory });
      return log;
    } catch (error) {
      throw error instanceof ApiError ? error : storageError(`creating the log in ${path} failed`, error);
    }
  }

  #choose(directoryId: string | undefined): LogDirectory {
    const usable = this.#directories.filter((directory) => directory.failure === undefined);
    const wanted = usable.find((directory) => directoryId !== undefined && directory.directoryId === directoryId);
    if (wanted !== undefined) return wanted;
    const counts = new Map(usable.map((directory) => [directory, 0]));
    for (const { directory } of this.#logs.values()) counts.set(directory, (counts.get(directory) ?? 0) + 1);
    const chosen = usable.sort((a, b) => counts.get(a)! - counts.get(b)!)[0];
    if (chosen === undefined) {
      throw new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, 'No log directory of this broker can be written to.');
    }
    return chosen;
  }

  /** Takes a log out of service at once; its files go after `file.delete.delay.ms`. */
  delete(topic: string, partition: number): void {
    const { fileDeleteDelayMs } = this.get(topic, partition)?.config ?? this.#options.config;
    const path = this.#takeAway(topic, partition, 'delete');
    if (path !== undefined) this.#environment.deleteLater(fileDeleteDelayMs, path, () => this.#removeTree(path));
  }

  /** Sets a log aside that no topic claims; people decide what becomes of the folder. */
  markStray(topic: string, partition: number): void {
    this.#takeAway(topic, partition, 'stray');
  }

  /** Closes a log and renames its folder; the new path, or undefined when that failed. */
  #takeAway(topic: string, partition: number, state: 'delete' | 'stray'): string | undefined {
    const name = directoryName(topic, partition);
    const directory = this.#logs.get(name)?.directory ?? this.#unopened.get(name)?.directory;
    if (directory === undefined) return undefined;
    const log = this.get(topic, partition);
    log?.abandon();
    this.#cleaner?.forget(name);
    this.#logs.delete(name);
    this.#unopened.delete(name);
    const unique = this.#environment.random.bytes(16).toString('hex');
    const path = `${directory.path}/${temporaryDirectoryName(topic, partition, state, unique)}`;
    try {
      this.#environment.fileSystem.renameSync(`${directory.path}/${name}`, path);
      log?.moved(path);
      return path;
    } catch (error) {
      this.#failDirectory(directory, storageError(`renaming ${directory.path}/${name} failed`, error));
      return undefined;
    }
  }

  #removeTree(path: string): void {
    this.#environment.fileSystem.removeTree(path).catch((error: unknown) => {
      this.#environment.logger.warn(`Could not delete ${path}; the next start will: ${String(error)}`);
    });
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
    for (const placed of this.#logs.values()) {
      if (placed.directory === directory) placed.log.fail('its log directory failed', error);
    }
    this.#options.onDirectoryFailed?.(directory, error);
  }

  #startCleaner(): LogCleaner {
    const { environment, cleanerMapBytes, onUncleanable } = this.#options;
    return new LogCleaner({
      environment,
      logs: () => this.#logs.values(),
      directories: this.#directories,
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
    return deleteOldSegments([...this.logs()], this.#environment.clock, this.#environment.logger);
  }

  #expireProducers(): void {
    const nowMs = this.#environment.clock.nowMs();
    for (const log of this.logs()) log.producers.removeExpired(nowMs);
  }

  /**
   * Flushes and closes every log, then writes the checkpoints and the mark of a clean shutdown. A directory in which
   * something went wrong gets no mark: its logs are checked at the next start.
   */
  async shutdown(brokerEpoch: number): Promise<void> {
    if (this.#isClosed) return;
    this.#stop();
    this.#environment.writes.flush();
    const unclean = new Set<LogDirectory>();
    const entries = [...this.#logs.values()];
    const workers = Array.from({ length: PARALLEL_FLUSHES }, async () => {
      for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
        const { log, directory } = entry;
        try {
          if (log.failure !== undefined) unclean.add(directory);
          else if (log.recoveryPoint < log.logEndOffset) await log.flushAsync();
          log.close();
        } catch (error) {
          unclean.add(directory);
          this.#environment.logger.error(`Closing the log of ${log.name} failed`, error);
        }
      }
    });
    await Promise.all(workers);
    await this.#cleaner?.stop();
    this.#checkpoints.offsets();
    this.#checkpoints.highWatermarks(true);
    for (const directory of this.#directories) {
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
    for (const log of this.logs()) log.abandon();
    void this.#cleaner?.stop();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#work.stop();
  }
}
