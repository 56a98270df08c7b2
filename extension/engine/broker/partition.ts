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
import type { FetchingFollower } from './follower-replica.ts';
import { type LedPartition, PartitionLeader, type ReplicationContext } from './partition-leader.ts';

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
 * One partition as this broker hosts it: its log, and its part in the replication of it, as leader (see
 * {@link PartitionLeader}), as follower, or as neither while nobody leads. Whoever waits for more records, for the high
 * watermark or for the ISR watches the partition.
 */
export class Partition implements LedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly #context: ReplicationContext;
  readonly #watchers = new Set<() => void>();
  #log: PartitionLog;
  #registration: PartitionRegistration;
  #minInsyncReplicas: number;
  #leader: PartitionLeader | undefined;
  /** This replica is listed as throttled (KIP-73). */
  isLeaderThrottled = false;
  isFollowerThrottled = false;
  #deleted = false;
  #failed = false;

  constructor(options: {
    topic: string;
    topicId: string;
    partition: number;
    log: PartitionLog;
    context: ReplicationContext;
    registration: PartitionRegistration;
    minInsyncReplicas: number;
  }) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.#log = options.log;
    this.#context = options.context;
    this.#registration = options.registration;
    this.#minInsyncReplicas = options.minInsyncReplicas;
    this.#listen();
    this.#follow(options.registration);
  }

  /** In the directory where it lies now: not to be kept across an `await`. */
  get log(): PartitionLog {
    return this.#log;
  }

  /** The log was moved to another directory: `log` has all that the one before had. */
  replaceLog(log: PartitionLog): void {
    this.#log.setListener({});
    this.#log = log;
    this.#listen();
    this.#leader?.advanceHighWatermark();
    this.changed();
  }

  #listen(): void {
    this.log.setListener({
      onLogEndAdvanced: () => {
        this.#leader?.advanceHighWatermark();
        this.changed();
      },
      onFailed: () => {
        this.#failed = true;
        this.changed();
      },
    });
  }

  get registration(): PartitionRegistration {
    return this.#registration;
  }

  get isLeader(): boolean {
    return this.#leader !== undefined;
  }

  /** The leader's books; undefined where this broker does not lead. */
  get leader(): PartitionLeader | undefined {
    return this.#leader;
  }

  /** Nothing can be read or written any more: the topic is gone, or this replica of it, or the disk failed. */
  get isOffline(): boolean {
    return this.#deleted || this.#failed;
  }

  get leaderEpoch(): number {
    return this.#registration.leaderEpoch;
  }

  get minInsyncReplicas(): number {
    return this.#minInsyncReplicas;
  }

  get offsets(): PartitionOffsets {
    const { logStartOffset, highWatermark, lastStableOffset, logEndOffset } = this.log;
    return { logStartOffset, highWatermark, lastStableOffset, logEndOffset };
  }

  /** Takes over what the controller decided. What this broker knows better already, as the leader, is left as it is. */
  update(registration: PartitionRegistration): void {
    if (registration.partitionEpoch < this.#registration.partitionEpoch) return;
    this.#registration = registration;
    this.#follow(registration);
    this.changed();
  }

  #follow(registration: PartitionRegistration): void {
    const before = this.#leader;
    if (registration.leader !== this.#context.brokerId) {
      before?.retire();
      this.#leader = undefined;
    } else if (before?.leaderEpoch === registration.leaderEpoch) before.update(registration);
    else {
      before?.retire();
      // What this broker wrote in an earlier epoch belongs to that one.
      this.log.flushWrites();
      this.log.assignEpochStartOffset(registration.leaderEpoch, this.log.logEndOffset);
      this.#leader = new PartitionLeader(this.#context, this, registration, before);
      this.#leader.advanceHighWatermark();
    }
  }

  setMinInsyncReplicas(count: number): void {
    if (count === this.#minInsyncReplicas) return;
    this.#minInsyncReplicas = count;
    if (this.#leader?.advanceHighWatermark() === true) this.changed();
  }

  /** How far the others are, as the leader of them. */
  followers(): { brokerId: number; logEndOffset: number; lagMs: number | undefined }[] {
    const nowMs = this.#context.clock.monotonicMs();
    const end = this.log.logEndOffset;
    const followers = this.#leader?.followers ?? [];
    return followers.map((follower) => ({
      brokerId: follower.brokerId,
      logEndOffset: follower.logEndOffset,
      lagMs: follower.lagMs(end, nowMs),
    }));
  }

  /** Other brokers have come, gone or changed: followers may be fit for the ISR now. */
  onClusterChange(): void {
    this.#leader?.expandIsr();
  }

  /** The topic is gone: whoever waits is told that this broker no longer leads. */
  markDeleted(): void {
    this.#deleted = true;
    this.#leader?.retire();
    this.#leader = undefined;
    this.changed();
  }

  /** Calls `fn` whenever more can be read, the watermark moved or leadership changed. Returns what takes it back. */
  watch(fn: () => void): () => void {
    this.#watchers.add(fn);
    return () => void this.#watchers.delete(fn);
  }

  /** Tells all who watch. */
  changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** @throws ApiError NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH */
  checkLeader(currentLeaderEpoch = NO_EPOCH): void {
    this.checkReplica(currentLeaderEpoch);
    if (this.#leader === undefined) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  /** As {@link checkLeader}, where a follower will do as well. */
  checkReplica(currentLeaderEpoch = NO_EPOCH): void {
    if (this.#deleted) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    if (currentLeaderEpoch === NO_EPOCH) return;
    if (currentLeaderEpoch < this.leaderEpoch) throw new ApiError(ErrorCode.FENCED_LEADER_EPOCH);
    if (currentLeaderEpoch > this.leaderEpoch) throw new ApiError(ErrorCode.UNKNOWN_LEADER_EPOCH);
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
    const leader = this.#leader;
    if (leader === undefined) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    if (acks === -1 && leader.isUnderMinIsr) {
      throw new ApiError(
        ErrorCode.NOT_ENOUGH_REPLICAS,
        `${this.topic}-${this.partition} has ${leader.isr.length} replicas in sync, ` +
          `min.insync.replicas wants ${leader.minIsr}`,
      );
    }
    return this.log.appendAsLeader(records, leader.leaderEpoch, { origin, onWritten });
  }

  /** Whether all of the ISR have everything below `offset`. */
  isCommitted(offset: number): boolean {
    return this.log.highWatermark >= offset;
  }

  /** Why what is committed does not count for acks=all: the ISR shrank meanwhile. */
  tooFewReplicas(): ApiError | undefined {
    const leader = this.#leader;
    if (leader === undefined || leader.maximalIsr.length >= leader.minIsr) return undefined;
    return new ApiError(
      ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
      `${this.topic}-${this.partition} has ${leader.maximalIsr.length} replicas in sync since, ` +
        `min.insync.replicas wants ${leader.minIsr}; the records are written`,
    );
  }

  /**
   * Notes how far a follower has come. Its offset must be one that {@link read} would take, and not past a divergence.
   *
   * @throws ApiError as {@link PartitionLeader.onFollowerFetch}
   */
  onFollowerFetch(follower: FetchingFollower, fetchOffset: number, logStartOffset: number): void {
    if (fetchOffset < this.log.logStartOffset || fetchOffset > this.log.logEndOffset) return;
    this.#leader?.onFollowerFetch(follower, fetchOffset, logStartOffset);
  }

  /** Reads for a fetch; the answer is there at once when the records are in memory. */
  read(
    fetchOffset: number,
    maxBytes: number,
    isolation: ReadIsolation,
    minOneMessage: boolean,
  ): FetchDataInfo | Promise<FetchDataInfo> {
    const { log } = this;
    const data = log.readAsync(fetchOffset, maxBytes, { isolation, minOneMessage });
    if (!(data instanceof Promise)) return data;
    return data.catch((error: unknown) => {
      // It may have been moved to another directory meanwhile.
      if (log === this.log) throw error;
      return this.read(fetchOffset, maxBytes, isolation, minOneMessage);
    });
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
   *
   * @throws ApiError OFFSET_NOT_AVAILABLE while a new leader waits for its followers
   */
  fetchOffset(timestampMs: number, isolation: ReadIsolation | undefined): TimestampAndOffset | undefined {
    const bound = this.readableEnd(isolation);
    if (timestampMs === ListOffsetsTimestamp.LATEST) {
      this.#checkAvailable(isolation);
      return { timestampMs: -1, offset: bound, leaderEpoch: this.leaderEpoch };
    }
    const found = this.log.fetchOffsetByTimestamp(timestampMs);
    const isRecord = timestampMs >= 0 || timestampMs === ListOffsetsTimestamp.MAX_TIMESTAMP;
    if (!isRecord || (found !== undefined && found.offset < bound)) return found;
    this.#checkAvailable(isolation);
    return undefined;
  }

  /** A new leader does not know yet all that is committed: what it would answer could be less than was told before. */
  #checkAvailable(isolation: ReadIsolation | undefined): void {
    if (isolation === undefined || isolation === 'logEnd' || this.#leader === undefined) return;
    if (this.log.highWatermark < this.#leader.epochStartOffset) throw new ApiError(ErrorCode.OFFSET_NOT_AVAILABLE);
  }

  /** The offset that reads of this isolation do not reach; undefined is as `logEnd`. */
  readableEnd(isolation: ReadIsolation | undefined): number {
    if (isolation === 'committed') return this.log.lastStableOffset;
    return isolation === 'highWatermark' ? this.log.highWatermark : this.log.logEndOffset;
  }

  /**
   * DeleteRecords: moves the log start to `offset`, or to the high watermark for -1; answers where it was to be. The other
   * replicas follow: see {@link lowWatermark}.
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
    if (this.log.incrementLogStartOffset(target, 'clientDelete')) this.changed();
    return target;
  }

  /** Nothing below it is on any replica that is alive; -1 where this broker does not lead. */
  get lowWatermark(): number {
    return this.#leader?.lowWatermark ?? -1;
  }
}
