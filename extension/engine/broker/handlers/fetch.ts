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
import { type PartitionRead, readPartitions } from '../fetch-reader.ts';
import type { FetchContext, FetchSessionCache } from '../fetch-session.ts';
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
    this.#session = sessions.open(request, context.apiVersion, isFollower);
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
    };
    for (let isFirst = true; ; isFirst = false) {
      const { reads, sizeBytes } = await readPartitions(this.#replicas, this.#session.targets, limits, isFirst);
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      const enough = sizeBytes >= this.#request.minBytes || this.#isSuperseded;
      if (enough || leftMs <= 0 || reads.length === 0 || reads.some((read) => read.urgent)) return this.#respond(reads);
      const woken = await this.#wait(reads, leftMs);
      if (!woken && sizeBytes === 0) return this.#respond(reads);
    }
  }

  /** Until something happens to one of the partitions (true), or the time is over (false). */
  #wait(reads: readonly PartitionRead[], delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const unwatch: (() => void)[] = [];
      let settled = false;
      const settle = (woken: boolean): void => {
        if (settled) return;
        settled = true;
        timer.cancel();
        for (const stop of unwatch) stop();
        resolve(woken);
      };
      const timer = this.#clock.schedule(delayMs, () => settle(false));
      for (const read of reads) {
        const { partition } = read;
        if (partition === undefined) continue;
        const stop = partition.watch(() => {
          if (this.#isStale(read, partition)) settle(true);
        });
        unwatch.push(stop);
      }
      // Something may have moved while a cold read was under way.
      if (reads.some((read) => read.partition !== undefined && this.#isStale(read, read.partition))) settle(true);
      // A follower with more to ask does not want to wait for what it asked before.
      else if (this.#follower !== undefined) {
        this.#context.onNextRequest?.(() => {
          this.#isSuperseded = true;
          settle(true);
        });
      }
    });
  }

  /** Whether the answer would be another one now. */
  #isStale({ leaderEpoch, end, target }: PartitionRead, partition: Partition): boolean {
    if (partition.leaderEpoch !== leaderEpoch || partition.isOffline) return true;
    if (partition.readableEnd(this.#isolation) !== end) return true;
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
        hasNews: data.divergingEpoch !== undefined,
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
