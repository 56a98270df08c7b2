import type { ApiError } from '../common/api-error.ts';
import type { LogConfig } from './log-config.ts';
import type { VerificationGuard, VerificationRequest } from './transaction-verification.ts';

/**
 * Who appends. `client`: the full checks of a produce request. `coordinator`: group and transaction coordinators, which
 * may write control records. `raft`: the metadata log, whose batches carry offsets and epoch already.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'raft';

/** Called once the bytes of an append were handed to the operating system, or with the reason why they were not. */
export type WriteCallback = (error: ApiError | undefined) => void;

export interface LeaderAppendOptions {
  readonly origin?: AppendOrigin;
  /**
   * An append belongs to the log from this call on, not before: answer the producer here. It comes at the end of this
   * turn of the event loop, or earlier from {@link PartitionLog.flushWrites}; never from inside the append itself.
   * Also called for a duplicate, after the write that holds the original.
   */
  readonly onWritten?: WriteCallback;
  /** For end-of-transaction markers: 2 where the coordinator bumps the epoch with each transaction (KIP-890). */
  readonly transactionVersion?: number;
  /** From {@link PartitionLog.startTransactionVerification}, once the coordinator has said that the transaction is open. */
  readonly verificationGuard?: VerificationGuard | undefined;
}

/** What an append did. Offsets are inclusive, times in ms. */
export interface LogAppendInfo {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** The broker's time where the topic uses LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly maxTimestampMs: number;
  /** The batch had been appended before; offsets and time are those of then, and nothing was written. */
  readonly isDuplicate: boolean;
  /** Bytes appended; 0 for a duplicate. */
  readonly sizeBytes: number;
}

/** One record that was refused, by its place in its batch. */
export interface RecordIssue {
  readonly batchIndex: number;
  readonly message: string;
}

/** How far a read may go: followers to the end, consumers to the high watermark, or to the last stable offset. */
export type ReadIsolation = 'logEnd' | 'highWatermark' | 'committed';

export interface ReadOptions {
  readonly isolation?: ReadIsolation;
  /** Return the first batch whole even when it is larger than `maxBytes`. True unless told. */
  readonly minOneMessage?: boolean;
}

/** An aborted transaction that a read_committed consumer must skip. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/**
 * What a read found. The slices follow each other in the log and are never changed afterwards. The first batch holds the
 * offset asked for, possibly in its middle; the last one may be cut off. Empty at the end of what may be read.
 */
export interface FetchDataInfo {
  readonly records: readonly Buffer[];
  readonly sizeBytes: number;
  /** With `committed`: what was aborted within the range read; else undefined. */
  readonly abortedTransactions: readonly AbortedTransaction[] | undefined;
}

/** An offset found by time. `timestampMs` is -1 for the special times, `leaderEpoch` -1 where none is known. */
export interface TimestampAndOffset {
  readonly timestampMs: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** The times of ListOffsets that are none. Tiered storage does not exist here, so EARLIEST_LOCAL is EARLIEST. */
export const ListOffsetsTimestamp = {
  LATEST: -1,
  EARLIEST: -2,
  MAX_TIMESTAMP: -3,
  EARLIEST_LOCAL: -4,
  LATEST_TIERED: -5,
  EARLIEST_PENDING_UPLOAD: -6,
} as const;

/** The files of one segment as they lie on disk, for people to look at. Times in ms. */
export interface SegmentInfo {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  /** -1 where records have none. */
  readonly largestTimestampMs: number;
  readonly isActive: boolean;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/** A producer that this partition remembers (DescribeProducers). -1 for what is not there. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  readonly coordinatorEpoch: number;
  readonly currentTxnStartOffset: number;
}

/** Why the start of a log moves forward. */
export type LogStartReason = 'clientDelete' | 'leader' | 'snapshot' | 'retention';

/** Where an epoch ends; both -1 when nothing is known of it. */
export interface EpochEndOffset {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

/** What the owner of a log (the partition, the quorum) is told. Called after the state changed; must not throw. */
export interface LogListener {
  /** Once per write, before the appends' own callbacks: `logEndOffset` has moved. */
  onLogEndAdvanced?(log: PartitionLog): void;
  /** The log's disk failed: every further call throws KAFKA_STORAGE_ERROR. */
  onFailed?(log: PartitionLog, error: ApiError): void;
}

/**
 * One partition on disk. All of it runs on one thread; mutators are synchronous.
 *
 * Appends of one turn of the event loop are gathered and written by one call at its end. Until then they hold offsets
 * (the next append goes on from there) but are not in the log: `logEndOffset` is the end of what was written, and
 * neither reads nor watermarks go past it. When that write fails all appends of the turn are undone and their callbacks
 * get KAFKA_STORAGE_ERROR, so that nothing was ever seen that is not there.
 *
 * Methods throw ApiError: OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR, and what {@link appendAsLeader} lists.
 */
export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** Of the topic, 22 characters; undefined for a log without `partition.metadata`. */
  readonly topicId: string | undefined;
  /** The partition's folder. */
  readonly directory: string;
  readonly config: LogConfig;

  /** The first offset that may be read (DeleteRecords and retention move it). */
  readonly logStartOffset: number;
  /** The offset after the last written record. */
  readonly logEndOffset: number;
  /** The offset after the last record appended, written or not: where the next append goes. */
  readonly nextOffset: number;
  /** Everything below is committed. Set by whoever knows the replicas; never past the log end or below the start. */
  readonly highWatermark: number;
  /** Everything below is decided: no open transaction, and below the high watermark. */
  readonly lastStableOffset: number;
  /** Everything below survives a loss of power. */
  readonly recoveryPoint: number;
  /** The epoch of the last record, undefined for a log that has none. */
  readonly latestEpoch: number | undefined;
  readonly sizeBytes: number;
  readonly segmentCount: number;
  readonly isEmpty: boolean;

  setListener(listener: LogListener): void;

  /**
   * Checks records as a broker checks a produce request, gives them offsets and the epoch in place, and queues them for
   * writing. The buffer is the log's from then on: it may be kept for readers, and must not be changed any more.
   *
   * @throws ApiError CORRUPT_MESSAGE, INVALID_RECORD (with `recordErrors`, see {@link InvalidRecordsError}),
   *   INVALID_TIMESTAMP (likewise), MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, UNSUPPORTED_FOR_MESSAGE_FORMAT,
   *   UNSUPPORTED_COMPRESSION_TYPE, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE,
   *   TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR
   */
  appendAsLeader(records: Buffer, leaderEpoch: number, options?: LeaderAppendOptions): LogAppendInfo;

  /**
   * Appends what a leader sent, offsets and epochs as they are. A batch that is cut off at the end is left out, and so
   * is everything from a batch on whose epoch is past `leaderEpoch`.
   *
   * @throws ApiError CORRUPT_MESSAGE, OFFSET_OUT_OF_RANGE for offsets that are taken, KAFKA_STORAGE_ERROR
   */
  appendAsFollower(records: Buffer, leaderEpoch: number, onWritten?: WriteCallback): LogAppendInfo;

  /** Writes what is queued now and calls the callbacks. Does not throw: failures go to the callbacks. */
  flushWrites(): void;

  /**
   * Reads from `startOffset` on. At the end of what may be read the answer is empty; recent batches come from memory.
   *
   * @throws ApiError OFFSET_OUT_OF_RANGE below the log start or past the log end
   */
  read(startOffset: number, maxBytes: number, options?: ReadOptions): FetchDataInfo;

  /** As {@link read}; a promise where the disk must be asked, off the event loop. */
  readAsync(startOffset: number, maxBytes: number, options?: ReadOptions): FetchDataInfo | Promise<FetchDataInfo>;

  /**
   * The first record at or after a time, or one of {@link ListOffsetsTimestamp}; undefined when there is none. Not
   * bounded by the high watermark: callers compare. LATEST answers the log end.
   */
  fetchOffsetByTimestamp(timestampMs: number): TimestampAndOffset | undefined;

  /** The end of the largest epoch at or below `leaderEpoch`, as OffsetForLeaderEpoch answers. */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset;
  /** This node leads in `leaderEpoch` from `startOffset` (its log end) on. */
  assignEpochStartOffset(leaderEpoch: number, startOffset: number): void;

  /** Moves the high watermark, within log start and log end; answers where it is now. */
  updateHighWatermark(offset: number): number;

  /**
   * Moves the log start forward (DeleteRecords, or a leader's answer); false when it is there already.
   *
   * @throws ApiError OFFSET_OUT_OF_RANGE past the high watermark
   */
  incrementLogStartOffset(offset: number, reason: LogStartReason): boolean;

  /** Drops everything from `offset` on; false when there is nothing there. */
  truncateTo(offset: number): boolean;
  /** Drops everything; the log is empty and goes on at `offset`. */
  truncateFullyAndStartAt(offset: number, logStartOffset?: number): void;

  /** Starts a new segment; does nothing while the active one is empty. */
  roll(): void;
  /** Makes everything below `upTo` (default: the log end) survive a loss of power. */
  flush(upTo?: number): void;
  flushAsync(upTo?: number): Promise<void>;

  updateConfig(config: LogConfig): void;
  /** Writes `partition.metadata`. Throws ApiError INCONSISTENT_TOPIC_ID when the log has another id. */
  assignTopicId(topicId: string): void;

  collectAbortedTransactions(startOffset: number, upperBoundOffset: number): AbortedTransaction[];
  /**
   * A transaction is about to reach this partition: ask its coordinator, then append with the guard. Undefined where it is
   * open here already and nothing need be asked.
   *
   * @throws ApiError INVALID_PRODUCER_EPOCH
   */
  startTransactionVerification(request: VerificationRequest): VerificationGuard | undefined;
  activeProducers(): ActiveProducer[];
  segments(): SegmentInfo[];
}
