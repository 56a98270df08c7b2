import { ErrorCode } from '../../../protocol/errors.ts';
import { type FetchRequest, fetchRequest } from '../../../protocol/generated/fetch-request.ts';
import {
  type FetchableTopicResponseInput,
  fetchResponse,
  type FetchResponseInput,
  type PartitionDataInput,
} from '../../../protocol/generated/fetch-response.ts';
import type { Clock } from '../../common/clock.ts';
import type { ReadIsolation } from '../../log/partition-log.ts';
import { defineHandler, type RequestContext } from '../../server/api-handler.ts';
import { nodeEndpoints } from '../current-leader.ts';
import { type FetchLimits, type PartitionRead, readPartitions } from '../fetch-reader.ts';
import type { FetchContext, FetchSessionCache, FetchTarget } from '../fetch-session.ts';
import type { FetchingFollower } from '../follower-replica.ts';
import type { Partition } from '../partition.ts';
import type { ReplicaManager } from '../replica-manager.ts';

const READ_COMMITTED = 1;
/** From this version on topics go by id. */
const TOPIC_IDS = 13;

/**
 * Fetch, versions 4–18. 7: sessions (KIP-227). 9: leader epochs. 11: rack (KIP-392). 12: diverging epoch (KIP-595). 13: topic
 * ids (KIP-516). 15: replica state. 16: node endpoints (KIP-951). 17: directory ids. 18: known high watermark (KIP-1166).
 *
 * Waits up to `maxWaitMs` for `minBytes`; whatever moves one of its partitions wakes it.
 */
export function fetchHandler(replicas: ReplicaManager, sessions: FetchSessionCache, clock: Clock, maxBytes: number) {
  return defineHandler(fetchRequest, fetchResponse, {
    handle: (request, context) => new FetchOperation(replicas, sessions, clock, maxBytes, request, context).run(),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, responses: [] }),
  });
}

class FetchOperation {
  readonly #replicas: ReplicaManager;
  readonly #clock: Clock;
  readonly #request: FetchRequest;
  readonly #context: RequestContext;
  readonly #session: FetchContext;
  readonly #maxBytes: number;
  readonly #isolation: ReadIsolation;
  readonly #follower: FetchingFollower | undefined;
  #isSuperseded = false;

  constructor(
    replicas: ReplicaManager,
    sessions: FetchSessionCache,
    clock: Clock,
    maxBytes: number,
    request: FetchRequest,
    context: RequestContext,
  ) {
    this.#replicas = replicas;
    this.#clock = clock;
    this.#request = request;
    this.#context = context;
    const brokerId = replicaIdOf(request);
    const isFollower = brokerId >= 0;
    this.#follower = isFollower ? { brokerId, brokerEpoch: request.replicaState.replicaEpoch } : undefined;
    this.#session = sessions.open(request, context.apiVersion, brokerId);
    this.#maxBytes = Math.min(request.maxBytes, maxBytes);
    this.#isolation = isFollower ? 'logEnd' : request.isolationLevel === READ_COMMITTED ? 'committed' : 'highWatermark';
  }

  async run(): Promise<FetchResponseInput> {
    const deadlineMs = this.#clock.monotonicMs() + this.#request.maxWaitMs;
    const limits = {
      maxBytes: this.#maxBytes,
      isolation: this.#isolation,
      apiVersion: this.#context.apiVersion,
      follower: this.#follower,
      location:
        this.#follower === undefined && this.#request.rackId !== ''
          ? { rack: this.#request.rackId, listenerName: this.#context.listenerName }
          : undefined,
    };
    for (let isFirst = true; ; isFirst = false) {
      const { reads, sizeBytes } = await this.#read(limits, isFirst);
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      const enough = sizeBytes >= this.#request.minBytes || this.#isSuperseded;
      const isOver = enough || leftMs <= 0 || this.#session.isEmpty;
      if (isOver || reads.some((read) => read.urgent)) return this.#respond(reads);
      await this.#wait(reads, leftMs);
    }
  }

  async #read(limits: FetchLimits, isFirst: boolean): ReturnType<typeof readPartitions> {
    const targets = this.#session.take();
    try {
      return await readPartitions(this.#replicas, targets, this.#session, limits, isFirst);
    } catch (error) {
      for (const target of targets) this.#session.looked(target, false);
      throw error;
    }
  }

  /** Until something happens to one of the partitions, or the time is over. */
  #wait(reads: readonly PartitionRead[], delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const unwatch: (() => void)[] = [];
      let settled = false;
      const settle = (): void => {
        if (settled) return;
        settled = true;
        timer.cancel();
        this.#session.onChange(undefined);
        for (const stop of unwatch) stop();
        resolve();
      };
      const timer = this.#clock.schedule(delayMs, settle);
      const wake = (target: FetchTarget, partition: Partition): void => {
        if (this.#isStale(target, partition)) settle();
      };
      // Something may have moved while a cold read was under way.
      if (!this.#session.onChange(wake)) {
        for (const { target, partition } of reads) {
          if (partition === undefined || settled) continue;
          unwatch.push(partition.watch(() => wake(target, partition)));
          wake(target, partition);
        }
      }
      // A follower with more to ask does not want to wait for what it asked before.
      if (this.#follower !== undefined && !settled) {
        this.#context.onNextRequest?.(() => {
          this.#isSuperseded = true;
          settle();
        });
      }
    });
  }

  /** Whether the answer would be another one now. */
  #isStale(target: FetchTarget, partition: Partition): boolean {
    if (partition.leaderEpoch !== target.seenLeaderEpoch || partition.isOffline) return true;
    if (partition.readableEnd(this.#isolation) !== target.seenEnd) return true;
    return (
      this.#follower !== undefined && target.inSession && target.sentLogStartOffset !== partition.log.logStartOffset
    );
  }

  #respond(reads: readonly PartitionRead[]): FetchResponseInput {
    const responses: FetchableTopicResponseInput[] = [];
    const byTopic = new Map<string, PartitionDataInput[]>();
    const leaders: number[] = [];
    for (const { target, data, sizeBytes } of reads) {
      const outcome = {
        errorCode: data.errorCode,
        highWatermark: data.highWatermark,
        logStartOffset: data.logStartOffset ?? -1,
        hasRecords: sizeBytes > 0,
        hasNews: data.divergingEpoch !== undefined || data.preferredReadReplica !== undefined,
      };
      if (!this.#session.include(target, outcome)) continue;
      if (data.currentLeader?.leaderId !== undefined) leaders.push(data.currentLeader.leaderId);
      const key = this.#context.apiVersion >= TOPIC_IDS ? target.topicId : target.topic;
      let partitions = byTopic.get(key);
      if (partitions === undefined) {
        partitions = [];
        byTopic.set(key, partitions);
        responses.push(
          this.#context.apiVersion >= TOPIC_IDS
            ? { topicId: target.topicId, partitions }
            : { topic: target.topic, partitions },
        );
      }
      partitions.push(data);
    }
    const endpoints =
      this.#context.apiVersion >= 16 ? nodeEndpoints(this.#replicas.image, leaders, this.#context.listenerName) : [];
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      sessionId: this.#session.sessionId,
      responses,
      ...(endpoints.length > 0 ? { nodeEndpoints: endpoints } : {}),
    };
  }
}

/** Versions before 15 carry the replica id by itself. */
function replicaIdOf(request: FetchRequest): number {
  return request.replicaId >= 0 ? request.replicaId : request.replicaState.replicaId;
}
