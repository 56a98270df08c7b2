import { ErrorCode } from '../../protocol/errors.ts';
import { ApiKey } from '../../protocol/generated/apis.ts';
import { createPartitionsRequest } from '../../protocol/generated/create-partitions-request.ts';
import { createPartitionsResponse } from '../../protocol/generated/create-partitions-response.ts';
import { createTopicsRequest } from '../../protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../protocol/generated/create-topics-response.ts';
import { deleteTopicsRequest } from '../../protocol/generated/delete-topics-request.ts';
import { deleteTopicsResponse } from '../../protocol/generated/delete-topics-response.ts';
import { describeTopicPartitionsRequest } from '../../protocol/generated/describe-topic-partitions-request.ts';
import {
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsResponse,
  type DescribeTopicPartitionsResponsePartition,
} from '../../protocol/generated/describe-topic-partitions-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import type { PartitionMetadata, TopicMetadata } from '../cluster-metadata.ts';
import { KafkaError, kafkaErrorOrNull } from '../kafka-error.ts';

export interface NewTopic {
  readonly name: string;
  /** The cluster's default when left out. */
  readonly partitions?: number;
  /** The cluster's default when left out. */
  readonly replicationFactor?: number;
  /** Broker ids per partition, preferred leader first; in place of the two numbers. */
  readonly assignment?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

export interface CreatedTopic {
  readonly name: string;
  readonly topicId: string;
  /** -1 when the broker does not tell (before 2.4). */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly error: KafkaError | null;
}

/** What became of one named thing. */
export interface NamedResult {
  readonly name: string;
  readonly error: KafkaError | null;
}

export interface ChangeOptions {
  readonly timeoutMs?: number;
  /** Checks without doing anything. */
  readonly validateOnly?: boolean;
}

export interface PartitionDescription extends PartitionMetadata {
  /** Eligible leader replicas (KIP-966); null where the broker does not tell. */
  readonly elr: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

export interface TopicDescription extends Omit<TopicMetadata, 'partitions'> {
  readonly partitions: readonly PartitionDescription[];
}

const CHANGE_TIMEOUT_MS = 30_000;
const PARTITIONS_PER_RESPONSE = 2_000;

export async function createTopics(
  client: ClusterClient,
  topics: readonly NewTopic[],
  options: ChangeOptions,
): Promise<CreatedTopic[]> {
  const response = await client.toController(
    createTopicsRequest,
    createTopicsResponse,
    {
      timeoutMs: options.timeoutMs ?? CHANGE_TIMEOUT_MS,
      validateOnly: options.validateOnly ?? false,
      topics: topics.map((topic) => ({
        name: topic.name,
        numPartitions: topic.assignment === undefined ? (topic.partitions ?? -1) : -1,
        replicationFactor: topic.assignment === undefined ? (topic.replicationFactor ?? -1) : -1,
        assignments: (topic.assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
      })),
    },
    ({ topics: results }) => results.map(({ errorCode }) => errorCode),
  );
  return response.topics.map((result) => ({
    name: result.name,
    topicId: result.topicId,
    partitions: result.numPartitions,
    replicationFactor: result.replicationFactor,
    error: kafkaErrorOrNull(result.errorCode, `topic '${result.name}'`, result.errorMessage),
  }));
}

export async function deleteTopics(
  client: ClusterClient,
  names: readonly string[],
  options: ChangeOptions,
): Promise<NamedResult[]> {
  const timeoutMs = options.timeoutMs ?? CHANGE_TIMEOUT_MS;
  const response = await client.toController(
    deleteTopicsRequest,
    deleteTopicsResponse,
    (version) =>
      version >= 6 ? { topics: names.map((name) => ({ name })), timeoutMs } : { topicNames: names, timeoutMs },
    ({ responses }) => responses.map(({ errorCode }) => errorCode),
  );
  return response.responses.map(({ name, errorCode, errorMessage }) => ({
    name: name ?? '',
    error: kafkaErrorOrNull(errorCode, `topic '${name}'`, errorMessage),
  }));
}

export interface MorePartitions {
  readonly name: string;
  /** The new total. */
  readonly totalCount: number;
  /** Broker ids per new partition. */
  readonly assignment?: readonly (readonly number[])[];
}

export async function createPartitions(
  client: ClusterClient,
  topics: readonly MorePartitions[],
  options: ChangeOptions,
): Promise<NamedResult[]> {
  const response = await client.toController(
    createPartitionsRequest,
    createPartitionsResponse,
    {
      timeoutMs: options.timeoutMs ?? CHANGE_TIMEOUT_MS,
      validateOnly: options.validateOnly ?? false,
      topics: topics.map(({ name, totalCount, assignment }) => ({
        name,
        count: totalCount,
        assignments: assignment?.map((brokerIds) => ({ brokerIds })) ?? null,
      })),
    },
    ({ results }) => results.map(({ errorCode }) => errorCode),
  );
  return response.results.map(({ name, errorCode, errorMessage }) => ({
    name,
    error: kafkaErrorOrNull(errorCode, `topic '${name}'`, errorMessage),
  }));
}

/** All topics by name, ascending. */
export async function listTopics(client: ClusterClient, includeInternal: boolean): Promise<TopicMetadata[]> {
  const { topics } = await client.metadata({ topics: null });
  return [...topics.values()]
    .filter(({ isInternal }) => includeInternal || !isInternal)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The given topics with their partitions, in the order asked for. Brokers from 3.8 on answer in pages and tell the eligible
 * leader replicas; older ones are asked for plain metadata.
 */
export async function describeTopics(
  client: ClusterClient,
  names: readonly string[],
  pageSize = PARTITIONS_PER_RESPONSE,
): Promise<TopicDescription[]> {
  if (names.length === 0) return [];
  const connection = await client.anyConnection();
  const found = connection.versions.has(ApiKey.DescribeTopicPartitions)
    ? await describeByPages(client, names, pageSize)
    : await describeByMetadata(client, names);
  return names.map((name) => found.get(name) ?? unknownTopic(name));
}

async function describeByMetadata(
  client: ClusterClient,
  names: readonly string[],
): Promise<Map<string, TopicDescription>> {
  const { topics } = await client.metadata({ topics: names });
  return new Map(
    [...topics].map(([name, topic]) => {
      const partitions = topic.partitions.map((partition) => ({ ...partition, elr: null, lastKnownElr: null }));
      return [name, { ...topic, partitions }];
    }),
  );
}

async function describeByPages(
  client: ClusterClient,
  names: readonly string[],
  pageSize: number,
): Promise<Map<string, TopicDescription>> {
  const found = new Map<string, TopicDescription>();
  const sorted = [...new Set(names)].sort();
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null;
  do {
    const from: DescribeTopicPartitionsResponse['nextCursor'] = cursor;
    const wanted = from === null ? sorted : sorted.filter((name) => name >= from.topicName);
    const page: DescribeTopicPartitionsResponse = await client.toAny(
      describeTopicPartitionsRequest,
      describeTopicPartitionsResponse,
      { topics: wanted.map((name) => ({ name })), responsePartitionLimit: pageSize, cursor: from },
    );
    for (const topic of page.topics) {
      const name = topic.name ?? '';
      const before = found.get(name)?.partitions ?? [];
      found.set(name, {
        name,
        topicId: topic.topicId,
        isInternal: topic.isInternal,
        partitions: [...before, ...topic.partitions.map(partitionDescription)],
        error: kafkaErrorOrNull(topic.errorCode, `topic '${name}'`),
      });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

function partitionDescription(partition: DescribeTopicPartitionsResponsePartition): PartitionDescription {
  return {
    partition: partition.partitionIndex,
    leader: partition.errorCode === ErrorCode.LEADER_NOT_AVAILABLE ? -1 : partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
    elr: partition.eligibleLeaderReplicas,
    lastKnownElr: partition.lastKnownElr,
  };
}

function unknownTopic(name: string): TopicDescription {
  const error = new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${name}'`);
  return { name, topicId: '', isInternal: false, partitions: [], error };
}
