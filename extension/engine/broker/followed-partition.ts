import { baseOffset } from '../../records/record-batch.ts';
import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import type { ApiError } from '../common/api-error.ts';
import type { EpochEndOffset } from '../log/partition-log.ts';
import type { Partition } from './partition.ts';

/** What a fetch names of a partition. */
export interface FetchPosition {
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
}

/**
 * One partition that this broker copies from its leader, in one leader epoch, and how far its log can be trusted to be the
 * leader's. Requests of its fetcher are numbered; answers to those that were sent before something changed say nothing.
 */
export class FollowedPartition {
  readonly partition: Partition;
  readonly leaderEpoch: number;
  readonly key: string;
  /** What the leader's fetch session holds; undefined while it is not in there. */
  told: FetchPosition | undefined;
  /** The first request that named this epoch. */
  since = Infinity;
  /** The first request since the log was cut: up to there it may differ from the leader's. */
  matchedSince = 0;
  /** The first request from where the log ends now. */
  positionSince = 0;
  /** Left out of fetches until then, by the monotonic clock; Infinity while the leader is being asked for its offsets. */
  delayedUntilMs = -Infinity;
  failures = 0;

  constructor(partition: Partition, leaderEpoch: number) {
    this.partition = partition;
    this.leaderEpoch = leaderEpoch;
    this.key = followedKey(partition.topicId, partition.partition);
  }

  get name(): string {
    return `${this.partition.topic}-${this.partition.partition}`;
  }

  /** Where it goes on. A log that knows no epochs is trusted up to its high watermark only. */
  position(): FetchPosition {
    const { log } = this.partition;
    return {
      fetchOffset: log.nextOffset,
      lastFetchedEpoch: log.latestEpoch ?? -1,
      logStartOffset: log.logStartOffset,
    };
  }

  /** Before the first fetch: records without epochs can't be compared with the leader's. */
  dropWhatCannotBeCompared(): number {
    const { log } = this.partition;
    return log.latestEpoch === undefined ? this.cutTo(log.highWatermark) : 0;
  }

  /**
   * Appends what the leader sent, and hands it to the operating system at once: the next fetch says that it is here.
   *
   * @throws ApiError what the log refuses
   */
  append(records: Buffer): void {
    const { log } = this.partition;
    if (records.length < BATCH_HEADER_SIZE) return;
    const firstOffset = baseOffset(records, 0);
    // The leader's log starts in the middle of a batch, so that this one, which starts anew there, gets the whole of it.
    if (firstOffset < log.nextOffset && log.isEmpty) log.truncateFullyAndStartAt(firstOffset);
    let failure: ApiError | undefined;
    log.appendAsFollower(records, this.leaderEpoch, (error) => (failure = error));
    log.flushWrites();
    if (failure !== undefined) throw failure as ApiError;
  }

  /** The leader's log start and high watermark, as far as this log reaches. The high watermark never goes back. */
  takeOver(highWatermark: number, logStartOffset: number): void {
    const { log } = this.partition;
    const committed = Math.min(highWatermark, log.logEndOffset);
    const hasAdvanced = committed > log.highWatermark;
    if (hasAdvanced) log.updateHighWatermark(committed);
    const start = Math.min(logStartOffset, log.highWatermark);
    if (start > log.logStartOffset) log.incrementLogStartOffset(start, 'leader');
    if (hasAdvanced) this.partition.changed();
  }

  /**
   * Cuts the log where it parts from the leader's, or at the last epoch that both may know; the next fetch tells (KIP-595).
   * Answers how many records went.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR
   */
  cutAtDivergence(leaders: EpochEndOffset): number {
    const { log } = this.partition;
    if (leaders.endOffset < 0) return this.cutTo(log.highWatermark);
    if (leaders.leaderEpoch < 0) return this.cutTo(leaders.endOffset);
    const own = log.endOffsetForEpoch(leaders.leaderEpoch);
    if (own.leaderEpoch === leaders.leaderEpoch) return this.cutTo(Math.min(own.endOffset, leaders.endOffset));
    return this.cutTo(own.endOffset < 0 ? leaders.endOffset : own.endOffset);
  }

  /** @throws ApiError KAFKA_STORAGE_ERROR */
  cutTo(offset: number): number {
    const { log } = this.partition;
    log.flushWrites();
    const end = log.logEndOffset;
    log.truncateTo(Math.min(offset, end));
    return end - log.logEndOffset;
  }
}

export function followedKey(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}
