import type {
  CreatableReplicaAssignment,
  CreatableTopic,
  CreateTopicsRequest,
} from '../../protocol/generated/create-topics-request.ts';
import type {
  CreatableTopicResultInput,
  CreateTopicsResponseInput,
} from '../../protocol/generated/create-topics-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { randomUuid, ZERO_UUID } from '../common/random.ts';
import { checkTopicConfigs } from './config-checks.ts';
import { versionOf } from './control-context.ts';
import type { ControlContext, Decision } from './control-context.ts';
import { ConfigResourceType } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { newDirectory } from './partition-changes.ts';
import { NO_LEADER } from './partition-registration.ts';
import { firstPlacement, isActiveBroker, placementAfter, placementBrokers, placeReplicas } from './replica-placer.ts';
import { SortedMap } from './sorted-map.ts';
import {
  CLUSTER_METADATA_TOPIC,
  collisionKey,
  hasCollisionCharacter,
  isInternalTopic,
  topicNameProblem,
} from './topic-names.ts';

/** Partitions that one request may make. */
export const MAX_PARTITIONS_PER_REQUEST = 10_000;

/** Decides on new topics: each by itself, all records of one in one batch. */
export function createTopics(
  context: ControlContext,
  request: CreateTopicsRequest,
): Decision<CreateTopicsResponseInput> {
  const records: NewMetadataRecord[] = [];
  const results: CreatableTopicResultInput[] = [];
  const once = new Map<string, CreatableTopic>();
  const repeated = new Set<string>();
  for (const topic of request.topics) {
    if (once.has(topic.name)) repeated.add(topic.name);
    once.set(topic.name, topic);
  }
  const isTooMuch = totalPartitions(context, request) > MAX_PARTITIONS_PER_REQUEST;
  /** The preferred leader of the last partition that this request places. */
  const cursor: { last: number | undefined } = { last: undefined };
  for (const [name, topic] of once) {
    try {
      if (repeated.has(name)) throw new ApiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
      if (isTooMuch) {
        throw new ApiError(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
      }
      const created = createTopic(context, topic, cursor);
      if (!request.validateOnly) records.push(...created.records);
      results.push(created.result);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      results.push(failed(name, error));
    }
  }
  return { records, response: { throttleTimeMs: 0, topics: results }, atomic: 'topic', cause: 'the topic was created' };
}

function failed(name: string, error: ApiError): CreatableTopicResultInput {
  return { name, topicId: ZERO_UUID, errorCode: error.code, errorMessage: error.message, configs: [] };
}

function totalPartitions(context: ControlContext, request: CreateTopicsRequest): number {
  return request.topics.reduce((sum, topic) => {
    if (topic.assignments.length > 0) return sum + topic.assignments.length;
    return sum + (topic.numPartitions === -1 ? defaultPartitions(context) : Math.max(topic.numPartitions, 0));
  }, 0);
}

function createTopic(
  context: ControlContext,
  topic: CreatableTopic,
  cursor: { last: number | undefined },
): { result: CreatableTopicResultInput; records: NewMetadataRecord[] } {
  const { image, resolver, random } = context;
  checkName(context, topic.name);
  const configs = newConfigs(context, topic);
  const assignments =
    topic.assignments.length > 0 ? manualAssignments(context, topic) : placedAssignments(context, topic, cursor);
  if (!isInternalTopic(topic.name)) cursor.last = assignments.at(-1)?.[0];

  const topicId = randomUuid(random);
  const records: NewMetadataRecord[] = [{ type: 'TOPIC_RECORD', version: 0, data: { name: topic.name, topicId } }];
  for (const [name, value] of configs) {
    const data = { resourceType: ConfigResourceType.TOPIC, resourceName: topic.name, name, value };
    records.push({ type: 'CONFIG_RECORD', version: 0, data });
  }
  for (const [partitionId, replicas] of assignments.entries()) {
    records.push(partitionRecord(context, topicId, partitionId, replicas));
  }
  const effective = resolver.effectiveTopicConfigs(image.configs, configs);
  return {
    records,
    result: {
      name: topic.name,
      topicId,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      numPartitions: assignments.length,
      replicationFactor: assignments[0]?.length ?? -1,
      configs: effective,
    },
  };
}

function checkName(context: ControlContext, name: string): void {
  const { topics } = context.image;
  if (name === CLUSTER_METADATA_TOPIC) {
    throw new ApiError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`);
  }
  const problem = topicNameProblem(name);
  if (problem !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
  if (topics.get(name) !== undefined) {
    throw new ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  }
  if (!hasCollisionCharacter(name)) return;
  const [other] = topics.colliding.get(collisionKey(name)) ?? [];
  if (other !== undefined) {
    throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`);
  }
}

function newConfigs(context: ControlContext, topic: CreatableTopic): SortedMap<string> {
  const missing = topic.configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (missing.length > 0) {
    throw new ApiError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${missing.join(',')}`);
  }
  let configs = SortedMap.empty<string>();
  for (const { name, value } of topic.configs) configs = configs.with(name, value ?? '');
  checkTopicConfigs(context.resolver, context.image.configs, configs);
  return configs;
}

function defaultPartitions(context: ControlContext): number {
  return context.resolver.brokerNumber(context.image.configs, 'num.partitions');
}

function placedAssignments(
  context: ControlContext,
  topic: CreatableTopic,
  cursor: { last: number | undefined },
): number[][] {
  const { image, resolver } = context;
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    throw new ApiError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (topic.numPartitions < -1 || topic.numPartitions === 0) {
    throw new ApiError(ErrorCode.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.');
  }
  const partitions = topic.numPartitions === -1 ? defaultPartitions(context) : topic.numPartitions;
  const replicationFactor =
    topic.replicationFactor === -1
      ? resolver.brokerNumber(image.configs, 'default.replication.factor')
      : topic.replicationFactor;
  const brokers = placementBrokers(image);
  const start =
    cursor.last === undefined || isInternalTopic(topic.name)
      ? firstPlacement(image, topic.name, brokers)
      : placementAfter(brokers, cursor.last);
  return placeReplicas(brokers, start, partitions, replicationFactor);
}

function manualAssignments(context: ControlContext, topic: CreatableTopic): number[][] {
  if (topic.replicationFactor !== -1) {
    throw new ApiError(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    );
  }
  if (topic.numPartitions !== -1) {
    throw new ApiError(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    );
  }
  const byPartition = new Map<number, CreatableReplicaAssignment>();
  for (const assignment of topic.assignments) {
    if (byPartition.has(assignment.partitionIndex)) {
      throw badAssignment(`Found multiple manual partition assignments for partition ${assignment.partitionIndex}`);
    }
    byPartition.set(assignment.partitionIndex, assignment);
  }
  let replicationFactor: number | undefined;
  for (const { brokerIds } of topic.assignments) {
    checkManualAssignment(context, brokerIds, replicationFactor);
    replicationFactor = brokerIds.length;
  }
  return topic.assignments.map((_assignment, partition) => {
    const replicas = byPartition.get(partition)?.brokerIds;
    if (replicas === undefined) throw badAssignment('partitions should be a consecutive 0-based integer sequence');
    return replicas;
  });
}

/**
 * A list of replicas that somebody wrote by hand.
 *
 * @throws ApiError INVALID_REPLICA_ASSIGNMENT
 */
export function checkManualAssignment(
  context: ControlContext,
  replicas: readonly number[],
  replicationFactor: number | undefined,
): void {
  const { brokers } = context.image.cluster;
  checkReplicas(context, replicas, replicationFactor);
  if (!replicas.some((replica) => isActiveBroker(brokers.get(replica)))) {
    throw badAssignment(
      'All brokers specified in the manual partition assignment are fenced or in controlled shutdown.',
    );
  }
}

/**
 * The same, but its brokers may all be away.
 *
 * @throws ApiError INVALID_REPLICA_ASSIGNMENT
 */
export function checkReplicas(
  context: ControlContext,
  replicas: readonly number[],
  replicationFactor: number | undefined,
): void {
  const { brokers } = context.image.cluster;
  if (replicas.length === 0) throw badAssignment('The manual partition assignment includes an empty replica list.');
  const sorted = [...replicas].sort((a, b) => a - b);
  for (const [index, replica] of sorted.entries()) {
    if (!brokers.has(replica)) {
      throw badAssignment(
        `The manual partition assignment includes broker ${replica}, but no such broker is registered.`,
      );
    }
    if (replica === sorted[index - 1]) {
      throw badAssignment(`The manual partition assignment includes the broker ${replica} more than once.`);
    }
  }
  if (replicationFactor !== undefined && replicas.length !== replicationFactor) {
    throw badAssignment(
      `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
}

export function badAssignment(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
}

/** A new partition: active replicas are in step, the first of them leads. */
export function partitionRecord(
  context: ControlContext,
  topicId: string,
  partitionId: number,
  replicas: readonly number[],
): NewMetadataRecord {
  const { brokers } = context.image.cluster;
  const version = versionOf(context);
  const isr = replicas.filter((replica) => isActiveBroker(brokers.get(replica)));
  return {
    type: 'PARTITION_RECORD',
    version: version.partition,
    data: {
      topicId,
      partitionId,
      replicas,
      isr,
      addingReplicas: [],
      removingReplicas: [],
      leader: isr[0] ?? NO_LEADER,
      leaderEpoch: 0,
      partitionEpoch: 0,
      ...(version.directories === true
        ? { directories: replicas.map((replica) => newDirectory(context, replica)) }
        : {}),
    },
  };
}
