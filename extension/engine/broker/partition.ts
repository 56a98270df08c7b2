import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type {
  EpochEndOffset,
  FetchDataInfo,
  LogAppendInfo,
  PartitionLog,
  ReadIsolation,
  TimestampAndOffset,
  WriteCallback,
} from '../log/partition-log.ts';
import { ListOffsetsTimestamp } from '../log/partition-log.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';

/** Where a partition stands on this broker at one moment. */
export interface PartitionOffsets {
  readonly logStartOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logEndOffset: number;
}

/** What a client asks of a partition's leader: the epoch that it believes in, -1 when it has none. */
const NO_EPOCH = -1;

/**
 * One partition as this broker hosts it: its log, and its part in the replication of it. The leader moves the high
 * watermark; whoever waits for it, or for more records, watches the partition.
 */
export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  readonly #brokerId: number;
  readonly #watchers = new Set<() => void>();
  #registration: PartitionRegistration;
  #minInsyncReplicas: number;
  #deleted = false;

  constructor(options: {
    topic: string;
    topicId: string;
    partition: number;
    log: PartitionLog;
    brokerId: number;
    registration: PartitionRegistration;
    minInsyncReplicas: number;
  }) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.log = options.log;
    this.#brokerId = options.brokerId;
    this.#registration = options.registration;
    this.#minInsyncReplicas = options.minInsyncReplicas;
    this.log.setListener({
      onLogEndAdvanced: () => {
        this.#advanceHighWatermark();
        this.#notify();
      },
      onFailed: () => this.#notify(),
    });
    if (this.isLeader) this.#startLeading();
  }

  get registration(): PartitionRegistration {
    return this.#registration;
  }

  get isLeader(): boolean {
    return !this.#deleted && this.#registration.leader === this.#brokerId;
  }

  get leaderEpoch(): number {
    return this.#registration.leaderEpoch;
  }

  get offsets(): PartitionOffsets {
    const { logStartOffset, highWatermark, lastStableOffset, logEndOffset } = this.log;
    return { logStartOffset, highWatermark, lastStableOffset, logEndOffset };
  }

  /** Takes over what the controller decided. */
  update(registration: PartitionRegistration): void {
    const epochBefore = this.#registration.leaderEpoch;
    this.#registration = registration;
    if (this.isLeader && registration.leaderEpoch !== epochBefore) this.#startLeading();
    this.#advanceHighWatermark();
    this.#notify();
  }

  setMinInsyncReplicas(count: number): void {
    this.#minInsyncReplicas = count;
  }

  /** The topic is gone: whoever waits is told that this broker no longer leads. */
  markDeleted(): void {
    this.#deleted = true;
    this.#notify();
  }

  /** Calls `fn` whenever more can be read, the watermark moved or leadership changed. Returns what takes it back. */
  watch(fn: () => void): () => void {
    this.#watchers.add(fn);
    return () => void this.#watchers.delete(fn);
  }

  /** @throws ApiError NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH */
  checkLeader(currentLeaderEpoch = NO_EPOCH): void {
    if (!this.#deleted && currentLeaderEpoch !== NO_EPOCH) {
      if (currentLeaderEpoch < this.leaderEpoch) throw new ApiError(ErrorCode.FENCED_LEADER_EPOCH);
      if (currentLeaderEpoch > this.leaderEpoch) throw new ApiError(ErrorCode.UNKNOWN_LEADER_EPOCH);
    }
    if (!this.isLeader) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  /**
   * Appends one batch as the leader. `onWritten` tells that the bytes are with the operating system; with `acks` -1 whoever
   * asked goes on to wait for {@link isCommitted}.
   *
   * @throws ApiError NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, and what the log refuses
   */
  appendAsLeader(
    records: Buffer,
    acks: number,
    origin: 'client' | 'coordinator',
    onWritten: WriteCallback,
  ): LogAppendInfo {
    this.checkLeader();
    if (acks === -1 && this.#registration.isr.length < this.#effectiveMinIsr()) {
      throw new ApiError(
        ErrorCode.NOT_ENOUGH_REPLICAS,
        `${this.topic}-${this.partition} has ${this.#registration.isr.length} replicas in sync, ` +
          `min.insync.replicas wants ${this.#effectiveMinIsr()}`,
      );
    }
    return this.log.appendAsLeader(records, this.leaderEpoch, { origin, onWritten });
  }

  /** Whether all of the ISR have everything below `offset`. */
  isCommitted(offset: number): boolean {
    return this.log.highWatermark >= offset;
  }

  /** Reads for a fetch; the answer is there at once when the records are in memory. */
  read(
    fetchOffset: number,
    maxBytes: number,
    isolation: ReadIsolation,
    minOneMessage: boolean,
  ): FetchDataInfo | Promise<FetchDataInfo> {
    return this.log.readAsync(fetchOffset, maxBytes, { isolation, minOneMessage });
  }

  /**
   * Where the log of someone who last fetched `lastFetchedEpoch` parts from ours before `fetchOffset` (KIP-595), or
   * undefined when it does not.
   *
   * @throws ApiError OFFSET_OUT_OF_RANGE when nothing is known of that epoch any more
   */
  divergence(fetchOffset: number, lastFetchedEpoch: number): EpochEndOffset | undefined {
    if (lastFetchedEpoch < 0) return undefined;
    const end = this.log.endOffsetForEpoch(lastFetchedEpoch);
    if (end.leaderEpoch < 0 || end.endOffset < 0) throw new ApiError(ErrorCode.OFFSET_OUT_OF_RANGE);
    return end.leaderEpoch < lastFetchedEpoch || end.endOffset < fetchOffset ? end : undefined;
  }

  /**
   * ListOffsets: the offset at a time or special timestamp, as far as a client of that isolation may see; undefined when
   * there is none.
   */
  fetchOffset(timestampMs: number, isolation: ReadIsolation | undefined): TimestampAndOffset | undefined {
    const bound = this.#readableEnd(isolation);
    if (timestampMs === ListOffsetsTimestamp.LATEST) {
      return { timestampMs: -1, offset: bound, leaderEpoch: this.leaderEpoch };
    }
    const found = this.log.fetchOffsetByTimestamp(timestampMs);
    const isRecord = timestampMs >= 0 || timestampMs === ListOffsetsTimestamp.MAX_TIMESTAMP;
    if (found === undefined || !isRecord) return found;
    return found.offset < bound ? found : undefined;
  }

  #readableEnd(isolation: ReadIsolation | undefined): number {
    if (isolation === 'committed') return this.log.lastStableOffset;
    return isolation === 'highWatermark' ? this.log.highWatermark : this.log.logEndOffset;
  }

  /**
   * DeleteRecords: moves the log start to `offset`, or to the high watermark for -1; answers the new low watermark.
   *
   * @throws ApiError OFFSET_OUT_OF_RANGE, POLICY_VIOLATION, NOT_LEADER_OR_FOLLOWER
   */
  deleteRecords(offset: number): number {
    this.checkLeader();
    if (!this.log.config.isDeleted && this.log.config.isCompacted) {
      throw new ApiError(
        ErrorCode.POLICY_VIOLATION,
        `records of ${this.topic}-${this.partition} cannot be deleted: its cleanup.policy is compact only`,
      );
    }
    const target = offset === -1 ? this.log.highWatermark : offset;
    if (target < 0) throw new ApiError(ErrorCode.OFFSET_OUT_OF_RANGE, `offset ${offset} is below 0`);
    this.log.incrementLogStartOffset(target, 'clientDelete');
    return this.log.logStartOffset;
  }

  #startLeading(): void {
    this.log.assignEpochStartOffset(this.leaderEpoch, this.log.logEndOffset);
    this.#advanceHighWatermark();
  }

  /** As the only member of the ISR the leader's own end is what all have. */
  #advanceHighWatermark(): void {
    if (!this.isLeader) return;
    const { isr } = this.#registration;
    if (isr.length === 1 && isr[0] === this.#brokerId) this.log.updateHighWatermark(this.log.logEndOffset);
  }

  #effectiveMinIsr(): number {
    return Math.min(this.#minInsyncReplicas, this.#registration.replicas.length);
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
