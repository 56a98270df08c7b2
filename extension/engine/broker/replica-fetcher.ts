import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { fetchRequest } from '../../protocol/generated/fetch-request.ts';
import { type FetchResponse, fetchResponse, type PartitionData } from '../../protocol/generated/fetch-response.ts';
import { listOffsetsRequest } from '../../protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../protocol/generated/list-offsets-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { type NodeAddress, type NodeChannel, type NodeNetwork, NodeUnreachableError } from '../common/network.ts';
import { ListOffsetsTimestamp } from '../log/partition-log.ts';
import { FollowedPartition, followedKey } from './followed-partition.ts';
import { type FetchPlan, FollowerFetchSession } from './follower-fetch-session.ts';
import type { Partition } from './partition.ts';
import type { ReplicationQuota } from './replication-quota.ts';
import type { ReplicationSettings } from './replication-settings.ts';

/** What a fetcher works with. */
export interface FetcherContext {
  readonly brokerId: number;
  readonly network: NodeNetwork;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: ReplicationSettings;
  readonly quota: ReplicationQuota;
  brokerEpoch(): number;
  /** A follower's log was cut at `to`, where it ended at `from` before and everything below `highWatermark` was committed. */
  onTruncated(partition: Partition, from: number, to: number, highWatermark: number): void;
}

/** First wait after a failure; it doubles up to `replica.fetch.backoff.ms`. */
const FIRST_RETRY_MS = 10;
const REGISTRATION_POLL_MS = 20;
/** A second request may follow one that waits at the leader, which then answers at once. */
const IN_FLIGHT_MAX = 2;

/**
 * Copies partitions from one broker that leads them: a loop of fetches over one line, in a fetch session (KIP-227), each from
 * where the log ends. The next fetch is what tells the leader that records have arrived.
 *
 * The leader keeps a fetch waiting while there is nothing new. When this broker has something to add meanwhile (another
 * partition, a new epoch), it does not wait for the answer but sends the next request after it.
 */
export class ReplicaFetcher {
  readonly #context: FetcherContext;
  readonly #followed = new Map<string, FollowedPartition>();
  readonly #session: FollowerFetchSession;
  #channel: NodeChannel;
  #inFlight = 0;
  #isPumping = false;
  #timer: Timer | undefined;
  #lineFailures = 0;
  #retryAtMs = -Infinity;
  #closed = false;

  constructor(context: FetcherContext, source: NodeAddress) {
    this.#context = context;
    this.#session = new FollowerFetchSession(context);
    this.#channel = context.network.open(source, 'replica-fetcher');
  }

  get size(): number {
    return this.#followed.size;
  }

  get source(): NodeAddress {
    return this.#channel.address;
  }

  /** Copies a partition from now on, in the leader epoch that it is in. */
  follow(partition: Partition): void {
    const followed = new FollowedPartition(partition, partition.leaderEpoch);
    const before = this.#followed.get(followed.key);
    if (before?.leaderEpoch === followed.leaderEpoch) return;
    try {
      this.#report(followed, () => followed.dropWhatCannotBeCompared());
    } catch (error) {
      return this.#giveUp(followed, error);
    }
    if (before !== undefined) this.#session.leave(before);
    this.#followed.set(followed.key, followed);
    this.#session.changed(followed);
    // A broker that leads is there: what was tried before its election says nothing.
    this.#lineFailures = 0;
    this.#retryAtMs = -Infinity;
    this.#pumpSoon();
  }

  unfollow(partition: Partition): void {
    const followed = this.#followed.get(followedKey(partition.topicId, partition.partition));
    if (followed === undefined) return;
    this.#followed.delete(followed.key);
    this.#session.leave(followed);
  }

  /** The broker has another address, or has come back: tries at once. */
  connectAnew(source: NodeAddress): void {
    this.#channel.close();
    this.#channel = this.#context.network.open(source, 'replica-fetcher');
    this.#session.reset(this.#followed.values());
    this.#inFlight = 0;
    this.#lineFailures = 0;
    this.#retryAtMs = -Infinity;
    this.#pumpSoon();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#channel.close();
    this.#followed.clear();
  }

  /** Once all partitions of one change are there. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#context.clock.defer(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#retryAtMs > nowMs) return this.#pumpIn(this.#retryAtMs - nowMs);
    // The leader must be able to tell this process from the one before.
    if (this.#context.brokerEpoch() < 0) return this.#pumpIn(REGISTRATION_POLL_MS);
    const nextMs = this.#session.revive(nowMs);
    while (this.#mayFetch()) this.#fetch();
    if (nextMs !== Infinity) this.#pumpIn(nextMs - nowMs);
  }

  #pumpIn(delayMs: number): void {
    this.#timer = this.#context.clock.schedule(delayMs, () => this.#pump());
  }

  #mayFetch(): boolean {
    if (this.#inFlight === 0) return this.#followed.size > this.#session.delayedCount;
    return this.#inFlight < IN_FLIGHT_MAX && this.#session.hasNews;
  }

  #fetch(): void {
    const plan = this.#session.next(this.#followed.values());
    const channel = this.#channel;
    this.#inFlight++;
    const { socketTimeoutMs } = this.#context.settings;
    channel.send(fetchRequest, fetchResponse, plan.request, { timeoutMs: plan.waitMs + socketTimeoutMs }).then(
      (response) => this.#guarded(channel, () => this.#answered(plan, response)),
      (error: unknown) => this.#guarded(channel, () => this.#failed(plan, error)),
    );
  }

  /** Answers of a line that was given up count for nothing. */
  #guarded(channel: NodeChannel, action: () => void): void {
    if (this.#closed || channel !== this.#channel) return;
    this.#inFlight--;
    try {
      action();
    } catch (error) {
      this.#context.logger.error(
        `what broker ${this.source.nodeId} answered to a fetch could not be taken over`,
        error,
      );
      this.#failLine();
    }
    this.#pump();
  }

  #failed(plan: FetchPlan, error: unknown): void {
    if (!this.#session.isCurrent(plan)) return;
    const { logger } = this.#context;
    const isExpected = error instanceof NodeUnreachableError;
    if (this.#lineFailures === 0 && isExpected)
      logger.info(`replicas of broker ${this.source.nodeId}: ${error.message}`);
    if (!isExpected) logger.error(`a fetch from broker ${this.source.nodeId} failed`, error);
    this.#failLine();
  }

  #failLine(): void {
    this.#session.reset(this.#followed.values());
    this.#retryAtMs = this.#context.clock.monotonicMs() + this.#backoffMs(this.#lineFailures++);
  }

  #backoffMs(failures: number): number {
    return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 20), this.#context.settings.fetchBackoffMs);
  }

  #answered(plan: FetchPlan, response: FetchResponse): void {
    if (!this.#session.isCurrent(plan)) return;
    if (response.errorCode !== ErrorCode.NONE) {
      const { logger } = this.#context;
      logger.debug(`broker ${this.source.nodeId} refused a fetch: ${errorName(response.errorCode)}`);
      if (this.#session.isOver(response.errorCode)) this.#session.reset(this.#followed.values());
      else this.#failLine();
      return;
    }
    this.#lineFailures = 0;
    this.#session.onAnswer(plan, response.sessionId);
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const followed = this.#followed.get(followedKey(topicId, data.partitionIndex));
        if (followed !== undefined && plan.number >= followed.since) this.#take(plan, followed, data);
      }
    }
  }

  #take(plan: FetchPlan, followed: FollowedPartition, data: PartitionData): void {
    const isCurrent = plan.number >= followed.positionSince;
    if (data.errorCode !== ErrorCode.NONE) {
      if (isCurrent && !this.#session.isDelayed(followed)) this.#refused(followed, data.errorCode);
      return;
    }
    try {
      const { epoch, endOffset } = data.divergingEpoch;
      if (endOffset >= 0 || epoch >= 0) {
        if (isCurrent) this.#cut(followed, () => followed.cutAtDivergence({ leaderEpoch: epoch, endOffset }));
        return;
      }
      followed.failures = 0;
      if (isCurrent && data.records !== null && data.records.length > 0) {
        followed.append(data.records);
        this.#session.moved(followed);
        this.#throttle(followed, data);
      }
      if (plan.number < followed.matchedSince) return;
      followed.takeOver(data.highWatermark, data.logStartOffset);
      if (followed.told?.logStartOffset !== followed.partition.log.logStartOffset) this.#session.changed(followed);
    } catch (error) {
      this.#giveUp(followed, error);
    }
  }

  #throttle(followed: FollowedPartition, { records, highWatermark }: PartitionData): void {
    const { isFollowerThrottled, log } = followed.partition;
    if (!isFollowerThrottled) return;
    const { quota, clock } = this.#context;
    quota.record(records?.length ?? 0);
    if (log.logEndOffset < highWatermark && quota.waitMs > 0) {
      this.#session.delay(followed, clock.monotonicMs() + quota.waitMs);
    }
  }

  /** The leader does not serve the partition, or not from that offset. */
  #refused(followed: FollowedPartition, code: number): void {
    const { logger } = this.#context;
    if (code === ErrorCode.OFFSET_OUT_OF_RANGE) {
      this.#session.delay(followed, Infinity);
      this.#findOffset(followed).catch((error: unknown) => {
        logger.debug(`${followed.name}: the leader's offsets could not be asked for: ${String(error)}`);
        this.#delay(followed);
      });
      return;
    }
    logger.debug(`${followed.name} cannot be fetched from broker ${this.source.nodeId} yet: ${errorName(code)}`);
    this.#delay(followed);
  }

  #delay(followed: FollowedPartition): void {
    if (this.#closed || this.#followed.get(followed.key) !== followed) return;
    const delayMs = this.#backoffMs(followed.failures++);
    this.#session.delay(followed, this.#context.clock.monotonicMs() + delayMs);
    this.#pumpSoon();
  }

  /**
   * This log ends where the leader's does not reach: past it (an unclean election: what is too much goes), or before it (what came
   * between is deleted: this log starts anew where the leader's does).
   */
  async #findOffset(followed: FollowedPartition): Promise<void> {
    const { log } = followed.partition;
    const latest = await this.#leaderOffset(followed, ListOffsetsTimestamp.LATEST);
    const earliest =
      latest < log.nextOffset ? latest : await this.#leaderOffset(followed, ListOffsetsTimestamp.EARLIEST);
    if (this.#closed || this.#followed.get(followed.key) !== followed) return;
    try {
      if (latest < log.nextOffset) this.#cut(followed, () => followed.cutTo(latest));
      else if (earliest > log.nextOffset) {
        this.#context.logger.info(
          `${followed.name} ends at ${log.nextOffset}, its leader starts at ${earliest}: starting anew there`,
        );
        this.#cut(followed, () => {
          log.truncateFullyAndStartAt(earliest);
          return 0;
        });
      }
    } catch (error) {
      return this.#giveUp(followed, error);
    }
    this.#session.resume(followed);
    this.#pumpSoon();
  }

  async #leaderOffset(followed: FollowedPartition, timestamp: number): Promise<number> {
    const { topic, partition } = followed.partition;
    const asked = { partitionIndex: partition, currentLeaderEpoch: followed.leaderEpoch, timestamp };
    const response = await this.#channel.send(
      listOffsetsRequest,
      listOffsetsResponse,
      {
        replicaId: this.#context.brokerId,
        isolationLevel: 0,
        topics: [{ name: topic, partitions: [asked] }],
        timeoutMs: this.#context.settings.socketTimeoutMs,
      },
      { timeoutMs: this.#context.settings.socketTimeoutMs },
    );
    const answer = response.topics[0]?.partitions[0];
    if (answer === undefined) throw new ApiError(ErrorCode.UNKNOWN_SERVER_ERROR);
    if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
    return answer.offset;
  }

  #cut(followed: FollowedPartition, cut: () => number): void {
    this.#report(followed, cut);
    this.#session.moved(followed);
    followed.matchedSince = followed.positionSince;
  }

  #report(followed: FollowedPartition, cut: () => number): void {
    const { partition } = followed;
    const { highWatermark } = partition.log;
    const count = cut();
    if (count === 0) return;
    const end = partition.log.logEndOffset;
    this.#context.logger.info(
      `${followed.name} was cut from ${end + count} to ${end}, where its leader's log parts from it`,
    );
    this.#context.onTruncated(partition, end + count, end, highWatermark);
    partition.changed();
  }

  /** Records that are not what they should be are asked for again; a log that failed is left alone until the metadata change. */
  #giveUp(followed: FollowedPartition, error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    const { logger } = this.#context;
    if (error.code === ErrorCode.KAFKA_STORAGE_ERROR && followed.partition.isOffline) {
      this.#followed.delete(followed.key);
      this.#session.leave(followed);
      return;
    }
    logger.warn(`what broker ${this.source.nodeId} sent of ${followed.name} was refused: ${error.message}`);
    this.#delay(followed);
  }
}
