import { alterPartitionReassignmentsRequest } from '../../protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import { electLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import { electLeadersResponse } from '../../protocol/generated/elect-leaders-response.ts';
import { listPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import { listPartitionReassignmentsResponse } from '../../protocol/generated/list-partition-reassignments-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { kafkaErrorOrNull, throwOnError } from '../kafka-error.ts';
import { byTopic, partitionName, type TopicPartition } from '../leader-routing.ts';
import type { PartitionOutcome } from './group-offsets.ts';

const TIMEOUT_MS = 60_000;

/** `unclean` lets a replica lead that lacks records: they are lost. */
export type ElectionType = 'preferred' | 'unclean';

/** Elects leaders of the given partitions, or of all. ELECTION_NOT_NEEDED comes for those that are fine. */
export async function electLeaders(
  client: ClusterClient,
  type: ElectionType,
  partitions: readonly TopicPartition[] | null,
): Promise<PartitionOutcome[]> {
  const topicPartitions =
    partitions === null
      ? null
      : [...byTopic(partitions)].map(([topic, items]) => ({
          topic,
          partitions: items.map(({ partition }) => partition),
        }));
  const response = await client.toController(
    electLeadersRequest,
    electLeadersResponse,
    (version) => ({
      topicPartitions,
      timeoutMs: TIMEOUT_MS,
      ...(version >= 1 ? { electionType: type === 'unclean' ? 1 : 0 } : {}),
    }),
    ({ errorCode }) => (errorCode === 0 ? [] : [errorCode]),
  );
  throwOnError(response.errorCode, 'election of leaders');
  return response.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId: partition, errorCode, errorMessage }) => ({
      topic,
      partition,
      error: kafkaErrorOrNull(errorCode, partitionName({ topic, partition }), errorMessage),
    })),
  );
}

/** The replicas a partition shall have, preferred leader first; null cancels a reassignment that is under way. */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[] | null;
}

export async function alterReassignments(
  client: ClusterClient,
  reassignments: readonly Reassignment[],
): Promise<PartitionOutcome[]> {
  const response = await client.toController(
    alterPartitionReassignmentsRequest,
    alterPartitionReassignmentsResponse,
    {
      timeoutMs: TIMEOUT_MS,
      topics: [...byTopic(reassignments)].map(([name, items]) => ({
        name,
        partitions: items.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
      })),
    },
    ({ errorCode }) => (errorCode === 0 ? [] : [errorCode]),
  );
  throwOnError(response.errorCode, 'reassignment', response.errorMessage);
  return response.responses.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode, errorMessage }) => ({
      topic,
      partition,
      error: kafkaErrorOrNull(errorCode, partitionName({ topic, partition }), errorMessage),
    })),
  );
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

/** Reassignments under way, of the given partitions or of all. */
export async function listReassignments(
  client: ClusterClient,
  partitions: readonly TopicPartition[] | null,
): Promise<OngoingReassignment[]> {
  const topics =
    partitions === null
      ? null
      : [...byTopic(partitions)].map(([name, items]) => ({
          name,
          partitionIndexes: items.map(({ partition }) => partition),
        }));
  const response = await client.toController(
    listPartitionReassignmentsRequest,
    listPartitionReassignmentsResponse,
    { timeoutMs: TIMEOUT_MS, topics },
    ({ errorCode }) => (errorCode === 0 ? [] : [errorCode]),
  );
  throwOnError(response.errorCode, 'reassignments', response.errorMessage);
  return response.topics.flatMap(({ name: topic, partitions: items }) =>
    items.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
      topic,
      partition,
      replicas,
      addingReplicas,
      removingReplicas,
    })),
  );
}
