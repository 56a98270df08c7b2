import { ErrorCode } from '../../protocol/errors.ts';
import { ApiKey } from '../../protocol/generated/apis.ts';
import { consumerGroupDescribeRequest } from '../../protocol/generated/consumer-group-describe-request.ts';
import {
  consumerGroupDescribeResponse,
  type Assignment,
  type DescribedGroup as ConsumerGroup,
} from '../../protocol/generated/consumer-group-describe-response.ts';
import { deleteGroupsRequest } from '../../protocol/generated/delete-groups-request.ts';
import { deleteGroupsResponse } from '../../protocol/generated/delete-groups-response.ts';
import { describeGroupsRequest } from '../../protocol/generated/describe-groups-request.ts';
import {
  describeGroupsResponse,
  type DescribedGroup as ClassicGroup,
} from '../../protocol/generated/describe-groups-response.ts';
import { listGroupsRequest } from '../../protocol/generated/list-groups-request.ts';
import { listGroupsResponse } from '../../protocol/generated/list-groups-response.ts';
import { CoordinatorType, type ClusterClient } from '../cluster-client.ts';
import type { BrokerNode } from '../cluster-metadata.ts';
import { decodeAssignment, decodeSubscription } from '../consumer-protocol.ts';
import { KafkaError, kafkaErrorOrNull, throwOnError } from '../kafka-error.ts';
import type { TopicPartition } from '../leader-routing.ts';

export interface GroupListing {
  readonly groupId: string;
  /** `classic`, `consumer`, `share`, `streams`; empty from brokers before 3.8. */
  readonly type: string;
  /** `consumer` for groups of consumers; empty for groups that only commit offsets. */
  readonly protocolType: string;
  /** As Kafka spells it: `Stable`, `Empty`, `PreparingRebalance`, …; empty from brokers before 2.6. */
  readonly state: string;
}

export interface GroupList {
  /** Ascending by name. */
  readonly groups: readonly GroupListing[];
  /** Brokers that did not answer: their groups are missing. */
  readonly failures: readonly { readonly brokerId: number; readonly error: Error }[];
}

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  /** Topics subscribed to by name. */
  readonly topics: readonly string[];
  readonly assignment: readonly TopicPartition[];
  /** What the coordinator wants the member to have (KIP-848); null in classic groups. */
  readonly targetAssignment: readonly TopicPartition[] | null;
  /** KIP-848 only, else null. */
  readonly epoch: number | null;
  /** Whether a member of a KIP-848 group speaks the classic protocol; null where it is not told. */
  readonly isClassic: boolean | null;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly type: 'classic' | 'consumer';
  readonly protocolType: string;
  readonly state: string;
  /** The assignor in use; empty while there is none. */
  readonly assignor: string;
  readonly coordinator: BrokerNode;
  /** KIP-848 only, else null. */
  readonly epoch: number | null;
  readonly targetEpoch: number | null;
  readonly members: readonly GroupMember[];
}

export interface ListGroupsOptions {
  /** Kafka's spelling: `Stable`, `Empty`, … */
  readonly states?: readonly string[];
  /** `classic`, `consumer`, `share`, `streams`. */
  readonly types?: readonly string[];
}

/** Asks every broker for the groups that it coordinates. Rejects only when no broker answers. */
export async function listGroups(client: ClusterClient, options: ListGroupsOptions): Promise<GroupList> {
  const { brokers } = await client.metadata();
  const answers = await Promise.allSettled(
    brokers.map(async ({ id }) => {
      const response = await client.toBroker(id, listGroupsRequest, listGroupsResponse, (version) => ({
        ...(version >= 4 ? { statesFilter: options.states ?? [] } : {}),
        ...(version >= 5 ? { typesFilter: options.types ?? [] } : {}),
      }));
      throwOnError(response.errorCode, `groups of broker ${id}`);
      return response.groups;
    }),
  );
  const groups = new Map<string, GroupListing>();
  const failures: { brokerId: number; error: Error }[] = [];
  answers.forEach((answer, index) => {
    if (answer.status === 'rejected') {
      failures.push({ brokerId: brokers[index]!.id, error: answer.reason as Error });
      return;
    }
    for (const { groupId, groupType, protocolType, groupState } of answer.value) {
      groups.set(groupId, { groupId, type: groupType.toLowerCase(), protocolType, state: groupState });
    }
  });
  if (failures.length > 0 && failures.length === brokers.length) throw failures[0]!.error;
  return { groups: [...groups.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1)), failures };
}

/** One group of either protocol. Rejects with GROUP_ID_NOT_FOUND when there is none. */
export async function describeGroup(client: ClusterClient, groupId: string): Promise<GroupDescription> {
  const connection = await client.anyConnection();
  if (connection.versions.has(ApiKey.ConsumerGroupDescribe)) {
    const group = await describeConsumerGroup(client, groupId);
    if (group !== null) return group;
  }
  const response = await client.toCoordinator(
    CoordinatorType.group,
    groupId,
    describeGroupsRequest,
    describeGroupsResponse,
    { groups: [groupId] },
    ({ groups }) => groups[0]?.errorCode ?? ErrorCode.NONE,
  );
  const group = response.groups[0];
  if (group === undefined) throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `group '${groupId}'`);
  throwOnError(group.errorCode, `group '${groupId}'`, group.errorMessage);
  // Brokers before 4.0 call a group that does not exist dead instead of refusing.
  return classicDescription(group, await client.coordinator(CoordinatorType.group, groupId));
}

/** Null when the group is of the classic protocol, or does not exist. */
async function describeConsumerGroup(client: ClusterClient, groupId: string): Promise<GroupDescription | null> {
  const response = await client.toCoordinator(
    CoordinatorType.group,
    groupId,
    consumerGroupDescribeRequest,
    consumerGroupDescribeResponse,
    { groupIds: [groupId], includeAuthorizedOperations: false },
    ({ groups }) => groups[0]?.errorCode ?? ErrorCode.NONE,
  );
  const group = response.groups[0];
  if (group === undefined || CLASSIC.has(group.errorCode)) return null;
  throwOnError(group.errorCode, `group '${groupId}'`, group.errorMessage);
  return consumerDescription(group, await client.coordinator(CoordinatorType.group, groupId));
}

const CLASSIC: ReadonlySet<number> = new Set<number>([ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.UNSUPPORTED_VERSION]);

function classicDescription(group: ClassicGroup, coordinator: BrokerNode): GroupDescription {
  const isConsumers = group.protocolType === 'consumer';
  return {
    groupId: group.groupId,
    type: 'classic',
    protocolType: group.protocolType,
    state: group.groupState,
    assignor: group.protocolData,
    coordinator,
    epoch: null,
    targetEpoch: null,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      topics: isConsumers && member.memberMetadata.length > 0 ? decodeSubscription(member.memberMetadata) : [],
      assignment: isConsumers ? decodeAssignment(member.memberAssignment) : [],
      targetAssignment: null,
      epoch: null,
      isClassic: null,
    })),
  };
}

function consumerDescription(group: ConsumerGroup, coordinator: BrokerNode): GroupDescription {
  return {
    groupId: group.groupId,
    type: 'consumer',
    protocolType: 'consumer',
    state: group.groupState,
    assignor: group.assignorName,
    coordinator,
    epoch: group.groupEpoch,
    targetEpoch: group.assignmentEpoch,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      topics: member.subscribedTopicNames,
      assignment: partitionsOf(member.assignment),
      targetAssignment: partitionsOf(member.targetAssignment),
      epoch: member.memberEpoch,
      isClassic: member.memberType === -1 ? null : member.memberType === 0,
    })),
  };
}

function partitionsOf(assignment: Assignment): TopicPartition[] {
  return assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) => ({ topic: topicName, partition })),
  );
}

/** What became of one group. */
export interface GroupResult {
  readonly groupId: string;
  readonly error: Error | null;
}

/** Deletes groups that have no members, and their offsets. */
export async function deleteGroups(client: ClusterClient, groupIds: readonly string[]): Promise<GroupResult[]> {
  return Promise.all(
    groupIds.map(async (groupId): Promise<GroupResult> => {
      try {
        const response = await client.toCoordinator(
          CoordinatorType.group,
          groupId,
          deleteGroupsRequest,
          deleteGroupsResponse,
          { groupsNames: [groupId] },
          ({ results }) => results[0]?.errorCode ?? ErrorCode.NONE,
        );
        const errorCode = response.results[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        return { groupId, error: kafkaErrorOrNull(errorCode, `group '${groupId}'`) };
      } catch (error) {
        return { groupId, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
}
