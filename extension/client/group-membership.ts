import { ErrorCode } from '../protocol/errors.ts';
import { heartbeatRequest } from '../protocol/generated/heartbeat-request.ts';
import { heartbeatResponse } from '../protocol/generated/heartbeat-response.ts';
import { joinGroupRequest } from '../protocol/generated/join-group-request.ts';
import { joinGroupResponse, type JoinGroupResponse } from '../protocol/generated/join-group-response.ts';
import { leaveGroupRequest } from '../protocol/generated/leave-group-request.ts';
import { leaveGroupResponse } from '../protocol/generated/leave-group-response.ts';
import { syncGroupRequest } from '../protocol/generated/sync-group-request.ts';
import { syncGroupResponse } from '../protocol/generated/sync-group-response.ts';
import type { Committer } from './admin/group-offsets.ts';
import { CoordinatorType, type ClusterClient } from './cluster-client.ts';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts';
import { KafkaError, throwOnError } from './kafka-error.ts';
import type { TopicPartition } from './leader-routing.ts';
import { assignRanges, type Subscriber } from './range-assignor.ts';

export interface MembershipOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly instanceId: string | null;
}

const PROTOCOL = 'range';
/** How often the leading member looks whether its topics have grown. */
const DISCOVERY_INTERVAL_MS = 30_000;

let lanes = 0;
const ANSWER_GRACE_MS = 5_000;

/** What tells a member to join again. */
const JOIN_AGAIN: ReadonlySet<number> = new Set<number>([
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
]);

export function asksToJoinAgain(error: unknown): boolean {
  return error instanceof KafkaError && JOIN_AGAIN.has(error.errorCode);
}

/**
 * One member of a classic group: join, sync, heartbeat, leave (KIP-62, KIP-394). Holds no timers: the caller decides when
 * to do what.
 */
export class GroupMembership {
  readonly #client: ClusterClient;
  readonly #options: MembershipOptions;
  /** Joining may take long: nobody else's requests wait behind it. */
  readonly lane = `group-${++lanes}`;
  #memberId = '';
  #generation = -1;
  /** What this member, as the leader, shared out; undefined for the others. */
  #sharedOut: ReadonlyMap<string, number> | undefined;
  #lastDiscoveryMs = 0;

  constructor(client: ClusterClient, options: MembershipOptions) {
    this.#client = client;
    this.#options = options;
  }

  get committer(): Committer {
    return { memberId: this.#memberId, generation: this.#generation };
  }

  /** Joins (again) and resolves with what this member is to read. */
  async join(): Promise<TopicPartition[]> {
    for (;;) {
      try {
        return await this.#sync(await this.#join());
      } catch (error) {
        if (!asksToJoinAgain(error)) throw error;
        if ((error as KafkaError).errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
      }
    }
  }

  async #join(): Promise<JoinGroupResponse> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, topics, instanceId } = this.#options;
    for (;;) {
      const response = await this.#client.toCoordinator(
        CoordinatorType.group,
        groupId,
        joinGroupRequest,
        joinGroupResponse,
        (version) => ({
          groupId,
          sessionTimeoutMs,
          memberId: this.#memberId,
          protocolType: 'consumer',
          protocols: [{ name: PROTOCOL, metadata: encodeSubscription(topics) }],
          ...(version >= 1 ? { rebalanceTimeoutMs } : {}),
          ...(version >= 5 ? { groupInstanceId: instanceId } : {}),
        }),
        ({ errorCode }) => errorCode,
        { lane: this.lane, timeoutMs: rebalanceTimeoutMs + ANSWER_GRACE_MS },
      );
      if (response.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.#memberId = response.memberId;
        continue;
      }
      throwOnError(response.errorCode, `group '${groupId}'`);
      this.#memberId = response.memberId;
      this.#generation = response.generationId;
      return response;
    }
  }

  async #sync(joined: JoinGroupResponse): Promise<TopicPartition[]> {
    const { groupId, instanceId } = this.#options;
    this.#sharedOut = undefined;
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    const assignments = isLeader ? await this.#assign(joined) : [];
    const response = await this.#client.toCoordinator(
      CoordinatorType.group,
      groupId,
      syncGroupRequest,
      syncGroupResponse,
      (version) => ({
        groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        assignments,
        ...(version >= 3 ? { groupInstanceId: instanceId } : {}),
        ...(version >= 5 ? { protocolType: 'consumer', protocolName: joined.protocolName } : {}),
      }),
      ({ errorCode }) => errorCode,
      { lane: this.lane, timeoutMs: this.#options.rebalanceTimeoutMs + ANSWER_GRACE_MS },
    );
    throwOnError(response.errorCode, `group '${groupId}'`);
    return decodeAssignment(response.assignment);
  }

  async #assign(joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members: Subscriber[] = joined.members.map(({ memberId, metadata }) => ({
      memberId,
      topics: decodeSubscription(metadata),
    }));
    const names = [...new Set(members.flatMap(({ topics }) => topics))];
    const counts = await this.#partitionCounts(names);
    this.#sharedOut = counts;
    this.#lastDiscoveryMs = performance.now();
    return [...assignRanges(members, counts)].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment(partitions),
    }));
  }

  async #partitionCounts(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { topics } = await this.#client.metadata({ topics: names });
    return new Map([...topics].map(([name, topic]) => [name, topic.partitions.length]));
  }

  /** Whether this member leads and the group's topics have changed since it shared them out; looks now and then. */
  async hasOutgrownAssignment(): Promise<boolean> {
    const known = this.#sharedOut;
    if (known === undefined || performance.now() - this.#lastDiscoveryMs < DISCOVERY_INTERVAL_MS) return false;
    this.#lastDiscoveryMs = performance.now();
    const now = await this.#partitionCounts([...known.keys()]);
    return [...known].some(([name, count]) => now.get(name) !== count);
  }

  /** Rejects with an error that {@link asksToJoinAgain} when the group rebalances. */
  async heartbeat(): Promise<void> {
    const { groupId, instanceId } = this.#options;
    const response = await this.#client.toCoordinator(
      CoordinatorType.group,
      groupId,
      heartbeatRequest,
      heartbeatResponse,
      (version) => ({
        groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        ...(version >= 3 ? { groupInstanceId: instanceId } : {}),
      }),
      ({ errorCode }) => errorCode,
      { lane: this.lane },
    );
    throwOnError(response.errorCode, `group '${groupId}'`);
  }

  /** Tells the coordinator that this member goes; one with an instance id stays until its session ends, as in Kafka. */
  async leave(): Promise<void> {
    const { groupId, instanceId } = this.#options;
    if (this.#memberId === '' || instanceId !== null) return;
    const memberId = this.#memberId;
    this.#memberId = '';
    const response = await this.#client.toCoordinator(
      CoordinatorType.group,
      groupId,
      leaveGroupRequest,
      leaveGroupResponse,
      (version) => ({ groupId, ...(version >= 3 ? { members: [{ memberId }] } : { memberId }) }),
      ({ errorCode }) => errorCode,
      { lane: this.lane },
    );
    throwOnError(response.errorCode, `group '${groupId}'`);
  }
}
