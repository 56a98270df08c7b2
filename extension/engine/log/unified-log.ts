import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { LeaderEpochFileCache } from './leader-epoch-file-cache.ts';
import type { LocalLog } from './local-log.ts';
import type { LogSegment } from './log-segment.ts';
import { LogAppender } from './log-appender.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import { LogGuard } from './log-guard.ts';
import { LogReader } from './log-reader.ts';
import { findOffsetByTimestamp } from './offset-by-timestamp.ts';
import type {
  AbortedTransaction,
  ActiveProducer,
  EpochEndOffset,
  FetchDataInfo,
  LeaderAppendOptions,
  LogAppendInfo,
  LogListener,
  LogStartReason,
  PartitionLog,
  ReadOptions,
  SegmentInfo,
  TimestampAndOffset,
  WriteCallback,
} from './partition-log.ts';
import type { PartitionMetadataFile } from './partition-metadata-file.ts';
import { checkEpoch } from './producer-state-entry.ts';
import type { ProducerStateManager } from './producer-state-manager.ts';
import { rebuildProducerState } from './producer-state-rebuild.ts';
import { removeDeletableSegments } from './retention.ts';
import { describeSegment } from './segment-info.ts';
import type { VerificationGuard, VerificationRequest } from './transaction-verification.ts';

/** Everything that a log is made of, as log-loader.ts found it. */
export interface LoadedLog {
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  readonly config: LogConfig;
  readonly local: LocalLog;
  readonly producers: ProducerStateManager;
  readonly epochs: LeaderEpochFileCache;
  readonly metadataFile: PartitionMetadataFile;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** The log went out of service because of its disk. */
  readonly onFailed: (() => void) | undefined;
}

/**
 * See {@link PartitionLog}. Files are the business of local-log.ts, appends of log-appender.ts, reads of log-reader.ts;
 * here are the offsets that say what counts, and everything that changes more than one of those.
 */
export class UnifiedLog implements PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  readonly local: LocalLog;
  readonly epochs: LeaderEpochFileCache;
  readonly producers: ProducerStateManager;
  readonly #environment: LogEnvironment;
  readonly #metadataFile: PartitionMetadataFile;
  readonly #appender: LogAppender;
  readonly #reader: LogReader;
  #directory: string;
  #config: LogConfig;
  #logStartOffset: number;
  #highWatermark: number;
  /** The lowest offset that the log was cut at since the cleaner last asked. */
  #truncatedTo = Infinity;
  readonly #guard: LogGuard;
  #listener: LogListener = {};

  constructor(environment: LogEnvironment, loaded: LoadedLog) {
    this.#environment = environment;
    this.topic = loaded.topic;
    this.partition = loaded.partition;
    this.name = `${loaded.topic}-${loaded.partition}`;
    this.local = loaded.local;
    this.epochs = loaded.epochs;
    this.producers = loaded.producers;
    this.#metadataFile = loaded.metadataFile;
    this.#directory = loaded.directory;
    this.#config = loaded.config;
    this.#logStartOffset = loaded.logStartOffset;
    this.#highWatermark = Math.min(Math.max(loaded.highWatermark, loaded.logStartOffset), loaded.local.nextOffset);
    this.producers.onHighWatermarkUpdated(this.#highWatermark);
    this.#guard = new LogGuard(this.name, environment.logger, (failure) => {
      loaded.onFailed?.();
      this.#listener.onFailed?.(this, failure);
    });
    this.#appender = new LogAppender(environment, this);
    this.#reader = new LogReader(environment, this);
  }

  get topicId(): string | undefined {
    return this.#metadataFile.topicId;
  }

  get directory(): string {
    return this.#directory;
  }

  get config(): LogConfig {
    return this.#config;
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  get logEndOffset(): number {
    return this.local.writtenEndOffset;
  }

  get nextOffset(): number {
    return this.local.nextOffset;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  get lastStableOffset(): number {
    const unstable = this.producers.firstUnstableOffset;
    if (unstable === undefined || unstable >= this.#highWatermark) return this.#highWatermark;
    return Math.max(unstable, this.#logStartOffset);
  }

  get recoveryPoint(): number {
    return this.local.recoveryPoint;
  }

  get latestEpoch(): number | undefined {
    return this.epochs.latestEpoch;
  }

  get sizeBytes(): number {
    return this.local.segments.sizeBytes;
  }

  get segmentCount(): number {
    return this.local.segments.count;
  }

  get isEmpty(): boolean {
    return this.#logStartOffset === this.logEndOffset;
  }

  /** Why the log is out of service; undefined while it serves. */
  get failure(): ApiError | undefined {
    return this.#guard.failure;
  }

  get isInService(): boolean {
    return this.#guard.inService;
  }

  setListener(listener: LogListener): void {
    this.#listener = listener;
  }

  appendAsLeader(records: Buffer, leaderEpoch: number, options: LeaderAppendOptions = {}): LogAppendInfo {
    this.#guard.check();
    return this.#appender.appendAsLeader(records, leaderEpoch, options);
  }

  appendAsFollower(records: Buffer, leaderEpoch: number, onWritten?: WriteCallback): LogAppendInfo {
    this.#guard.check();
    return this.#appender.appendAsFollower(records, leaderEpoch, onWritten);
  }

  flushWrites(): void {
    this.#appender.flushWrites();
  }

  read(startOffset: number, maxBytes: number, options: ReadOptions = {}): FetchDataInfo {
    this.#guard.check();
    return this.#reader.read(startOffset, maxBytes, options);
  }

  readAsync(startOffset: number, maxBytes: number, options: ReadOptions = {}): FetchDataInfo | Promise<FetchDataInfo> {
    this.#guard.check();
    return this.#reader.readAsync(startOffset, maxBytes, options);
  }

  fetchOffsetByTimestamp(timestampMs: number): TimestampAndOffset | undefined {
    return this.#onDisk('searching', () => findOffsetByTimestamp(this, timestampMs));
  }

  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    return this.epochs.endOffsetFor(leaderEpoch, this.logEndOffset);
  }

  assignEpochStartOffset(leaderEpoch: number, startOffset: number): void {
    this.#onDisk('writing the epochs of', () => {
      this.epochs.note(leaderEpoch, startOffset);
      if (startOffset < this.logEndOffset) this.epochs.saveNoted();
    });
  }

  updateHighWatermark(offset: number): number {
    this.#highWatermark = Math.max(this.#logStartOffset, Math.min(offset, this.logEndOffset));
    this.producers.onHighWatermarkUpdated(this.#highWatermark);
    return this.#highWatermark;
  }

  incrementLogStartOffset(offset: number, reason: LogStartReason): boolean {
    if (offset > this.#highWatermark) {
      throw new ApiError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `Cannot increment the log start offset to ${offset} of partition ${this.name} since it is larger than the ` +
          `high watermark ${this.#highWatermark}`,
      );
    }
    if (offset <= this.#logStartOffset) return false;
    return this.#onDisk('moving the start of', () => {
      this.#logStartOffset = offset;
      this.epochs.truncateFromStart(offset);
      this.producers.onLogStartOffsetIncremented(offset);
      this.#environment.logger.debug(`${this.name} starts at ${offset} now (${reason})`);
      return true;
    });
  }

  truncateTo(offset: number): boolean {
    return this.#onDiskOrFail('truncating', () => {
      if (offset >= this.logEndOffset) {
        // An epoch in which this broker led and wrote nothing starts at the log end: no other log knows of it.
        this.epochs.truncateFromEnd(offset);
        return false;
      }
      if (offset < this.local.segments.first.baseOffset) {
        this.truncateFullyAndStartAt(offset);
        return true;
      }
      this.local.truncateTo(offset);
      this.#truncatedTo = Math.min(this.#truncatedTo, offset);
      this.epochs.truncateFromEnd(offset);
      this.#logStartOffset = Math.min(this.#logStartOffset, offset);
      this.#highWatermark = Math.min(this.#highWatermark, offset);
      rebuildProducerState(this.producers, this.local, this.#logStartOffset, this.#environment.clock.nowMs());
      this.producers.onHighWatermarkUpdated(this.#highWatermark);
      return true;
    });
  }

  truncateFullyAndStartAt(offset: number, logStartOffset = offset): void {
    this.#onDiskOrFail('truncating', () => {
      this.local.truncateFullyAndStartAt(offset);
      this.#truncatedTo = 0;
      this.epochs.clear();
      this.producers.truncateFullyAndStartAt(offset);
      this.#logStartOffset = Math.min(logStartOffset, offset);
      this.#highWatermark = offset;
    });
  }

  roll(): void {
    // What waits is written first: a write that fails takes offsets back.
    this.flushWrites();
    this.#guard.check();
    if (this.local.segments.active.sizeBytes > 0) this.rollFor(this.nextOffset);
  }

  /** For the appender: a segment that starts at `firstOffset`, the next offset or, before a gap, a later one. */
  rollFor(firstOffset: number): void {
    this.#onDisk('rolling', () => {
      // The snapshot has the new segment's offset: from it on, that segment alone makes the state again.
      this.producers.updateMapEndOffset(firstOffset);
      this.producers.takeSnapshot();
      this.local.roll(firstOffset);
    });
    this.flushAsync(firstOffset).catch(() => {
      // The log has failed, and has told its listener so.
    });
  }

  /**
   * Deletes what retention lets go; answers how many segments. The log is never without a segment: when all go, an empty
   * one takes their place.
   */
  deleteOldSegments(nowMs: number): number {
    return this.#onDisk('deleting old segments of', () =>
      removeDeletableSegments(this, nowMs, this.#environment.fileSystem),
    );
  }

  /** For the cleaner: what it compacted from this offset on is no more. Infinity where nothing was cut since it asked. */
  takeTruncation(): number {
    const offset = this.#truncatedTo;
    this.#truncatedTo = Infinity;
    return offset;
  }

  /** Compaction made one segment out of several. */
  replaceSegments(cleaned: LogSegment, replaced: readonly LogSegment[]): void {
    this.#onDiskOrFail('replacing segments of', () => {
      this.local.replaceSegments(cleaned, replaced);
      for (const { baseOffset } of replaced) {
        if (baseOffset !== cleaned.baseOffset) this.producers.deleteSnapshot(baseOffset);
      }
    });
  }

  flush(upTo = this.nextOffset): void {
    this.#onDisk('flushing', () => this.local.flush(upTo));
  }

  async flushAsync(upTo = this.nextOffset): Promise<void> {
    this.flushWrites();
    this.#guard.check();
    try {
      await this.local.flushAsync(upTo);
    } catch (error) {
      if (this.#guard.isClosed) return;
      throw this.fail(`flushing ${this.name} failed`, error);
    }
  }

  updateConfig(config: LogConfig): void {
    if (config.flushMs < this.#config.flushMs) this.#environment.writes.lookAgain(this);
    this.#config = config;
    this.local.config = config;
  }

  assignTopicId(topicId: string): void {
    if (this.topicId === topicId) return;
    if (this.topicId !== undefined) {
      throw new ApiError(
        ErrorCode.INCONSISTENT_TOPIC_ID,
        `${this.#directory} belongs to topic id ${this.topicId}, not to ${topicId}.`,
      );
    }
    this.#onDisk('writing partition.metadata of', () => this.#metadataFile.write(topicId));
  }

  collectAbortedTransactions(startOffset: number, upperBoundOffset: number): AbortedTransaction[] {
    this.#guard.check();
    return this.#reader.abortedTransactions(startOffset, upperBoundOffset);
  }

  startTransactionVerification(request: VerificationRequest): VerificationGuard | undefined {
    const { producerId, producerEpoch } = request;
    const known = this.producers.entry(producerId);
    if (known !== undefined) checkEpoch(known, producerEpoch);
    if (this.producers.hasOngoingTransaction(producerId, producerEpoch)) return undefined;
    return this.producers.verifications.start(request, this.#environment.clock.nowMs());
  }

  activeProducers(): ActiveProducer[] {
    return this.producers.activeProducers();
  }

  segments(): SegmentInfo[] {
    const { active, all } = this.local.segments;
    return all.map((segment) => describeSegment(this.#environment.fileSystem, segment, segment === active));
  }

  /** Index entries that wait in memory, handed to the operating system. */
  saveIndexes(): void {
    if (!this.#guard.inService) return;
    this.#onDisk('writing the index of', () => this.local.saveIndexes());
  }

  /** The partition's folder was renamed. */
  moved(directory: string): void {
    this.#directory = directory;
    this.local.moved(directory);
    this.producers.moved(directory);
    this.epochs.moved(directory);
    this.#metadataFile.moved(directory);
  }

  /** Writes what is queued and a producer snapshot at the end, completes the indexes and closes the files. */
  close(): void {
    if (this.#guard.isClosed) return;
    try {
      this.complete();
    } finally {
      this.abandon();
    }
  }

  /** The files as {@link close} leaves them, which then has less to do. The log serves on. */
  complete(): void {
    this.flushWrites();
    if (!this.#guard.inService) return;
    this.producers.takeSnapshot();
    this.local.segments.active.becomeInactive();
  }

  /** Out of service at once, nothing more is written: the topic was deleted, or the process plays dead. */
  abandon(): void {
    if (this.#guard.isClosed) return;
    this.#guard.close();
    this.#environment.writes.forget(this);
    this.local.closeFiles();
    this.#appender.abandon(() => this.#guard.closedError());
  }

  /** Runs what touches the disk beside appends: queued bytes go first. */
  #onDisk<T>(what: string, action: () => T): T {
    this.flushWrites();
    return this.#guard.run(what, action);
  }

  #onDiskOrFail<T>(what: string, action: () => T): T {
    this.flushWrites();
    return this.#guard.runOrFail(what, action);
  }

  /** For the appender: something waits for the end of this turn. */
  enqueue(): void {
    this.#environment.writes.enqueue(this);
  }

  /** For the appender. */
  advanced(): void {
    this.notify(() => this.#listener.onLogEndAdvanced?.(this));
  }

  /** Takes the log out of service; answers what calls fail with from now on. */
  fail(what: string, cause: unknown): ApiError {
    return this.#guard.fail(what, cause);
  }

  notify(call: () => void): void {
    this.#guard.notify(call);
  }
}
