import type {
  CreatePartitionsRequest,
  CreatePartitionsTopic,
} from '../../protocol/generated/create-partitions-request.ts';
import type {
  CreatePartitionsResponseInput,
  CreatePartitionsTopicResultInput,
} from '../../protocol/generated/create-partitions-response.ts';
import type { DeleteTopicsRequest } from '../../protocol/generated/delete-topics-request.ts';
import type {
  DeletableTopicResultInput,
  DeleteTopicsResponseInput,
} from '../../protocol/generated/delete-topics-response.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { ZERO_UUID } from '../common/random.ts';
import type { ControlContext, Decision } from './control-context.ts';
import type { TopicImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { placementAfter, placementBrokers, placeReplicas } from './replica-placer.ts';
import { badAssignment, checkManualAssignment, MAX_PARTITIONS_PER_REQUEST, partitionRecord } from './topic-control.ts';

const UNKNOWN_TOPIC = 'This server does not host this topic-partition.';
const UNKNOWN_ID = 'This server does not host this topic ID.';

/**
 * Deletes topics by name, or from version 6 on by id.
 *
 * @throws ApiError TOPIC_DELETION_DISABLED while `delete.topic.enable` is false
 */
export function deleteTopics(
  context: ControlContext,
  request: DeleteTopicsRequest,
): Decision<DeleteTopicsResponseInput> {
  const { image, resolver } = context;
  if (resolver.broker(image.configs, 'delete.topic.enable') === 'false') {
    throw new ApiError(ErrorCode.TOPIC_DELETION_DISABLED, 'Topic deletion is disabled.');
  }
  const wanted = [...request.topics, ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))];
  const responses: DeletableTopicResultInput[] = [];
  const records: NewMetadataRecord[] = [];
  const refuse = (name: string | null, topicId: string, errorCode: number, errorMessage: string): void => {
    responses.push({ name, topicId, errorCode, errorMessage });
  };
  const names = countBy(wanted.map(({ name }) => name).filter((name) => name !== null));
  const ids = countBy(wanted.map(({ topicId }) => topicId).filter((id) => id !== ZERO_UUID));
  const done = new Set<string | null>();
  for (const { name, topicId } of wanted) {
    const key = name ?? topicId;
    if (done.has(key) && key !== ZERO_UUID) continue;
    done.add(key);
    if (name !== null && topicId !== ZERO_UUID) {
      refuse(name, topicId, ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.');
    } else if (name === null && topicId === ZERO_UUID) {
      refuse(name, topicId, ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.');
    } else if (name !== null && (names.get(name) ?? 0) > 1) {
      refuse(name, ZERO_UUID, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
    } else if (name === null && (ids.get(topicId) ?? 0) > 1) {
      refuse(null, topicId, ErrorCode.INVALID_REQUEST, 'Duplicate topic id.');
    } else {
      const topic = name !== null ? image.topics.get(name) : image.topics.getById(topicId);
      if (topic === undefined && name !== null) {
        refuse(name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC);
      } else if (topic === undefined) refuse(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID, UNKNOWN_ID);
      else if (name === null && names.has(topic.name)) continue;
      else if (name !== null && ids.has(topic.id)) {
        const why = 'The provided topic name maps to an ID that was already supplied.';
        refuse(name, topic.id, ErrorCode.INVALID_REQUEST, why);
      } else {
        records.push({ type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: topic.id } });
        responses.push({ name: topic.name, topicId: topic.id, errorCode: ErrorCode.NONE, errorMessage: null });
      }
    }
  }
  return { records, response: { throttleTimeMs: 0, responses }, atomic: true };
}

function countBy(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Adds partitions to topics. */
export function createPartitions(
  context: ControlContext,
  request: CreatePartitionsRequest,
): Decision<CreatePartitionsResponseInput> {
  const records: NewMetadataRecord[] = [];
  const results: CreatePartitionsTopicResultInput[] = [];
  const counts = countBy(request.topics.map(({ name }) => name));
  const done = new Set<string>();
  for (const topic of request.topics) {
    if (done.has(topic.name)) continue;
    done.add(topic.name);
    try {
      if ((counts.get(topic.name) ?? 0) > 1) throw new ApiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
      const added = addPartitions(context, topic, MAX_PARTITIONS_PER_REQUEST - records.length);
      if (!request.validateOnly) records.push(...added);
      results.push({ name: topic.name, errorCode: ErrorCode.NONE, errorMessage: null });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const errorMessage = error.message === errorName(error.code) ? null : error.message;
      results.push({ name: topic.name, errorCode: error.code, errorMessage });
    }
  }
  return { records, response: { throttleTimeMs: 0, results }, atomic: true, cause: 'partitions were added' };
}

function addPartitions(context: ControlContext, topic: CreatePartitionsTopic, allowed: number): NewMetadataRecord[] {
  const existing = context.image.topics.get(topic.name);
  if (existing === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const before = existing.partitions.length;
  if (topic.count === before) {
    throw new ApiError(ErrorCode.INVALID_PARTITIONS, `Topic already has ${before} partition(s).`);
  }
  if (topic.count < before) {
    throw new ApiError(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${topic.name} currently has ${before} partition(s); ${topic.count} would not be an increase.`,
    );
  }
  const additional = topic.count - before;
  if (additional > allowed) {
    throw new ApiError(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
  }
  const replicationFactor = existing.partitions[0]?.replicas.length ?? 1;
  const assignments =
    topic.assignments === null
      ? placedAdditions(context, existing, additional, replicationFactor)
      : manualAdditions(context, topic.assignments, additional, replicationFactor);
  return assignments.map((replicas, index) => partitionRecord(context, existing.id, before + index, replicas));
}

/** The round robin goes on where the topic's last partition left it. */
function placedAdditions(
  context: ControlContext,
  topic: TopicImage,
  additional: number,
  replicationFactor: number,
): number[][] {
  const brokers = placementBrokers(context.image);
  const start = placementAfter(brokers, topic.partitions.at(-1)?.replicas[0]);
  return placeReplicas(brokers, start, additional, replicationFactor);
}

function manualAdditions(
  context: ControlContext,
  assignments: readonly { readonly brokerIds: readonly number[] }[],
  additional: number,
  replicationFactor: number,
): (readonly number[])[] {
  if (assignments.length !== additional) {
    throw badAssignment(
      `Attempted to add ${additional} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    );
  }
  for (const { brokerIds } of assignments) checkManualAssignment(context, brokerIds, replicationFactor);
  return assignments.map(({ brokerIds }) => brokerIds);
}
