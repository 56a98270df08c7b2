import type { MetadataResponse, MetadataResponsePartition } from '../protocol/generated/metadata-response.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { kafkaErrorOrNull, type KafkaError } from './kafka-error.ts';

export interface BrokerNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  /** 22 characters of URL-safe base64; zeros (`AAAAAAAAAAAAAAAAAAAAAA`) from brokers before 2.8. */
  readonly topicId: string;
  readonly isInternal: boolean;
  /** Ascending. */
  readonly partitions: readonly PartitionMetadata[];
  /** Why the topic has no partitions here. */
  readonly error: KafkaError | null;
}

export interface ClusterMetadata {
  readonly clusterId: string | null;
  /** Where requests for the controller go; in KRaft any broker that forwards them. -1 when there is none. */
  readonly controllerId: number;
  /** Ascending by id. */
  readonly brokers: readonly BrokerNode[];
  /** The topics that were asked for, by name. */
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}

export const ZERO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

export function clusterMetadata(response: MetadataResponse): ClusterMetadata {
  const topics = new Map<string, TopicMetadata>();
  for (const topic of response.topics) {
    if (topic.name === null) continue;
    topics.set(topic.name, {
      name: topic.name,
      topicId: topic.topicId,
      isInternal: topic.isInternal,
      partitions: topic.partitions.map(partitionMetadata).sort((a, b) => a.partition - b.partition),
      error: kafkaErrorOrNull(topic.errorCode, `topic '${topic.name}'`),
    });
  }
  const brokers = response.brokers.map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack }));
  return {
    clusterId: response.clusterId,
    controllerId: response.controllerId,
    brokers: brokers.sort((a, b) => a.id - b.id),
    topics,
  };
}

function partitionMetadata(partition: MetadataResponsePartition): PartitionMetadata {
  const hasLeader = partition.errorCode !== ErrorCode.LEADER_NOT_AVAILABLE;
  return {
    partition: partition.partitionIndex,
    leader: hasLeader ? partition.leaderId : -1,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
  };
}
