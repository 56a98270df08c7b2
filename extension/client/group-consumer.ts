import { commitGroupOffsets, listGroupOffsets, type OffsetToCommit } from './admin/group-offsets.ts';
import { listOffsets, type IsolationLevel } from './admin/offsets.ts';
import type { ClusterClient } from './cluster-client.ts';
import { asksToJoinAgain, GroupMembership } from './group-membership.ts';
import { partitionName, type TopicPartition } from './leader-routing.ts';
import { PartitionFetcher, type Position, type StreamChunk, type StreamStatus } from './partition-fetcher.ts';
import { samePartitions } from './range-assignor.ts';
import { isRetriableError } from './retry.ts';

export interface GroupConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Where a partition without a committed offset starts. Default `latest`, as in Kafka. */
  readonly offsetReset?: 'earliest' | 'latest' | 'none';
  readonly isolation?: IsolationLevel;
  /** Commits what was handed out from time to time and at the end. Default true. */
  readonly autoCommit?: boolean;
  /** Default 5 s. */
  readonly autoCommitIntervalMs?: number;
  /** Default 45 s. */
  readonly sessionTimeoutMs?: number;
  /** Default 3 s. */
  readonly heartbeatIntervalMs?: number;
  /** Default 5 min (`max.poll.interval.ms`). */
  readonly rebalanceTimeoutMs?: number;
  readonly instanceId?: string | null;
  readonly maxBufferedBytes?: number;
}

const SESSION_TIMEOUT_MS = 45_000;
const HEARTBEAT_INTERVAL_MS = 3_000;
const REBALANCE_TIMEOUT_MS = 300_000;
const AUTO_COMMIT_INTERVAL_MS = 5_000;

/**
 * Consumes topics as a member of a group (classic protocol, range assignor): the cluster shares the partitions out among
 * the members and keeps their offsets. Nothing joins before the first `next`.
 */
export class GroupConsumer {
  readonly #client: ClusterClient;
  readonly #options: GroupConsumerOptions;
  readonly #membership: GroupMembership;
  readonly #fetcher: PartitionFetcher;
  /** Where each assigned partition has been handed out to, and what of that is committed. */
  readonly #consumed = new Map<string, OffsetToCommit>();
  readonly #committed = new Map<string, number>();
  #handedOut: OffsetToCommit | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastCommitMs = 0;
  #needsJoin = true;
  #failure: Error | undefined;
  #beating: Promise<void> | undefined;
  #onAssigned: ((partitions: readonly TopicPartition[]) => void) | undefined;

  constructor(client: ClusterClient, options: GroupConsumerOptions) {
    this.#client = client;
    this.#options = options;
    this.#membership = new GroupMembership(client, {
      groupId: options.groupId,
      topics: options.topics,
      sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? REBALANCE_TIMEOUT_MS,
      instanceId: options.instanceId ?? null,
    });
    const { offsetReset = 'latest' } = options;
    this.#fetcher = new PartitionFetcher(client, {
      isolation: options.isolation ?? 'read_uncommitted',
      outOfRange: offsetReset === 'none' ? 'fail' : offsetReset,
      ...(options.maxBufferedBytes === undefined ? {} : { maxBufferedBytes: options.maxBufferedBytes }),
    });
  }

  get status(): StreamStatus {
    return this.#fetcher.status;
  }

  /** The one listener for what this member is to read, after each rebalance. */
  onAssigned(listener: (partitions: readonly TopicPartition[]) => void): void {
    this.#onAssigned = listener;
  }

  /**
   * What was read next; undefined when nothing came for `timeoutMs`, null after `close`. What a call handed out counts as
   * consumed with the next call.
   */
  async next(timeoutMs?: number): Promise<StreamChunk | null | undefined> {
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#fetcher.isClosed) return null;
      this.#countAsConsumed();
      if (this.#needsJoin) await this.#rejoin();
      // Short waits, so that a rebalance does not go unseen while nothing is written.
      const leftMs = deadline - performance.now();
      const chunk = await this.#fetcher.next(Math.max(0, Math.min(leftMs, 200)));
      if (chunk === null) return this.#failure === undefined ? null : this.#throwFailure();
      if (chunk !== undefined) {
        const { topic, partition, nextOffset: offset } = chunk;
        this.#handedOut = { topic, partition, offset, ...leaderEpochOf(chunk) };
        return chunk;
      }
      if (leftMs <= 0) return undefined;
    }
  }

  #countAsConsumed(): void {
    if (this.#handedOut !== undefined) this.#consumed.set(partitionName(this.#handedOut), this.#handedOut);
    this.#handedOut = undefined;
  }

  #throwFailure(): never {
    throw this.#failure ?? new Error('the consumer has failed');
  }

  async #rejoin(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (this.#options.autoCommit !== false && this.#consumed.size > 0) await this.commit().catch(() => undefined);
    this.#needsJoin = false;
    const before = this.#fetcher.assigned();
    const assigned = await this.#membership.join();
    if (!samePartitions(before, assigned)) {
      this.#fetcher.revoke(before);
      this.#consumed.clear();
      this.#committed.clear();
      this.#fetcher.assign(await this.#positions(assigned));
    }
    this.#onAssigned?.(assigned);
    this.#startBeating();
  }

  async #positions(assigned: readonly TopicPartition[]): Promise<Position[]> {
    if (assigned.length === 0) return [];
    const committed = await listGroupOffsets(this.#client, this.#options.groupId, assigned, true);
    const offsets = new Map(committed.map((commit) => [partitionName(commit), commit.offset]));
    const fresh = assigned.filter((item) => !offsets.has(partitionName(item)));
    const { offsetReset = 'latest' } = this.#options;
    if (fresh.length > 0 && offsetReset === 'none') {
      throw new Error(`group '${this.#options.groupId}' has no committed offset for ${partitionName(fresh[0]!)}`);
    }
    const spec = offsetReset === 'earliest' ? 'earliest' : 'latest';
    const listed = await listOffsets(
      this.#client,
      fresh.map((item) => ({ ...item, spec })),
      {},
    );
    for (const { topic, partition, value, error } of listed) {
      if (value === null) throw error;
      offsets.set(partitionName({ topic, partition }), value.offset);
    }
    return assigned.map((item) => ({ ...item, offset: offsets.get(partitionName(item))! }));
  }

  #startBeating(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().finally(() => (this.#beating = undefined));
    }, this.#options.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS);
  }

  async #beat(): Promise<void> {
    try {
      await this.#membership.heartbeat();
      if (await this.#membership.hasOutgrownAssignment()) this.#needsJoin = true;
      const intervalMs = this.#options.autoCommitIntervalMs ?? AUTO_COMMIT_INTERVAL_MS;
      if (this.#options.autoCommit !== false && performance.now() - this.#lastCommitMs >= intervalMs)
        await this.commit();
    } catch (error) {
      if (asksToJoinAgain(error)) this.#needsJoin = true;
      else if (!isRetriableError(error)) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#fetcher.isClosed) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    clearInterval(this.#timer);
    this.#fetcher.close();
  }

  /** Commits the offsets after what was handed out. Rejects when the group has moved on without this member. */
  async commit(): Promise<void> {
    const due = [...this.#consumed.values()].filter((item) => this.#committed.get(partitionName(item)) !== item.offset);
    this.#lastCommitMs = performance.now();
    if (due.length === 0) return;
    const { groupId } = this.#options;
    const outcomes = await commitGroupOffsets(
      this.#client,
      groupId,
      due,
      this.#membership.committer,
      this.#membership.lane,
    );
    const failed = outcomes.find(({ error }) => error !== null);
    if (failed?.error) throw failed.error;
    for (const item of due) this.#committed.set(partitionName(item), item.offset);
  }

  /** Says how far the chunk handed out last was used, for a reader that stops within it. */
  markConsumed(item: OffsetToCommit): void {
    this.#handedOut = item;
  }

  /** Commits (unless told not to), leaves the group and ends. */
  async close(): Promise<void> {
    if (this.#fetcher.isClosed) return;
    clearInterval(this.#timer);
    this.#fetcher.close();
    await this.#beating;
    this.#countAsConsumed();
    try {
      if (this.#options.autoCommit !== false) await this.commit();
    } finally {
      await this.#membership.leave().finally(() => this.#client.closeLane(this.#membership.lane));
    }
  }
}

function leaderEpochOf({ records }: StreamChunk): { leaderEpoch?: number } {
  const epoch = records.at(-1)?.leaderEpoch ?? -1;
  return epoch < 0 ? {} : { leaderEpoch: epoch };
}
