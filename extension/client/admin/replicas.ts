import { alterPartitionReassignmentsRequest } from '../../protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import { alterReplicaLogDirsRequest } from '../../protocol/generated/alter-replica-log-dirs-request.ts';
import { alterReplicaLogDirsResponse } from '../../protocol/generated/alter-replica-log-dirs-response.ts';
import { electLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import { electLeadersResponse } from '../../protocol/generated/elect-leaders-response.ts';
import { listPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import { listPartitionReassignmentsResponse } from '../../protocol/generated/list-partition-reassignments-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { groupBy } from '../group-by.ts';
import { kafkaErrorOrNull, throwOnError, type KafkaError } from '../kafka-error.ts';
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

/** With `keepsReplicationFactor` the cluster refuses to change how many replicas there are (brokers before 4.1 do not know of it). */
export async function alterReassignments(
  client: ClusterClient,
  reassignments: readonly Reassignment[],
  keepsReplicationFactor: boolean,
): Promise<PartitionOutcome[]> {
  const response = await client.toController(
    alterPartitionReassignmentsRequest,
    alterPartitionReassignmentsResponse,
    (version) => ({
      timeoutMs: TIMEOUT_MS,
      ...(version >= 1 ? { allowReplicationFactorChange: !keepsReplicationFactor } : {}),
      topics: [...byTopic(reassignments)].map(([name, items]) => ({
        name,
        partitions: items.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
      })),
    }),
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

/** A replica and the directory of its broker that it shall lie in. */
export interface ReplicaMove extends TopicPartition {
  readonly brokerId: number;
  /** Absolute, as the broker has it. */
  readonly path: string;
}

export interface ReplicaMoveOutcome extends ReplicaMove {
  /** REPLICA_NOT_AVAILABLE where the broker has no such replica yet: it will be made in that directory. */
  readonly error: KafkaError | null;
}

/** Moves replicas between directories, each on its broker. Rejects when a broker does not answer. */
export async function alterReplicaLogDirs(
  client: ClusterClient,
  moves: readonly ReplicaMove[],
): Promise<ReplicaMoveOutcome[]> {
  const answers = [...groupBy(moves, ({ brokerId }) => brokerId)].map(async ([brokerId, ofBroker]) => {
    const response = await client.toBroker(brokerId, alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, {
      dirs: [...groupBy(ofBroker, ({ path }) => path)].map(([path, ofPath]) => ({
        path,
        topics: [...byTopic(ofPath)].map(([name, items]) => ({
          name,
          partitions: items.map(({ partition }) => partition),
        })),
      })),
    });
    return ofBroker.map((move): ReplicaMoveOutcome => {
      const topic = response.results.find(({ topicName }) => topicName === move.topic);
      const result = topic?.partitions.find(({ partitionIndex }) => partitionIndex === move.partition);
      const context = `${partitionName(move)} on broker ${brokerId}`;
      return { ...move, error: kafkaErrorOrNull(result?.errorCode ?? 0, context) };
    });
  });
  return (await Promise.all(answers)).flat();
}
