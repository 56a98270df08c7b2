import type {
  AlterPartitionReassignmentsRequest,
  ReassignablePartition,
} from '../../protocol/generated/alter-partition-reassignments-request.ts';
import type { AlterPartitionReassignmentsResponseInput } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import type { ListPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import type {
  ListPartitionReassignmentsResponseInput,
  OngoingTopicReassignmentInput,
} from '../../protocol/generated/list-partition-reassignments-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { ControlContext, Decision } from './control-context.ts';
import type { TopicImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { allowsUncleanElection, changesOf, leaderAcceptor } from './partition-changes.ts';
import { isReassigning, reassignment, revertedReassignment } from './partition-reassignment.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { badAssignment, checkReplicas } from './topic-control.ts';

/**
 * Gives partitions other replicas, or (without replicas) takes that back while it is under way. New replicas are added first;
 * the old ones go when the new ones are in the ISR. Errors stand with the partitions.
 */
export function alterPartitionReassignments(
  context: ControlContext,
  request: AlterPartitionReassignmentsRequest,
): Decision<AlterPartitionReassignmentsResponseInput> {
  const { allowReplicationFactorChange } = request;
  const records: NewMetadataRecord[] = [];
  const done = new Set<string>();
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((wanted) => {
      const { partitionIndex } = wanted;
      try {
        const key = `${name}/${partitionIndex}`;
        if (done.has(key)) throw new ApiError(ErrorCode.INVALID_REQUEST, 'The partition is named more than once.');
        done.add(key);
        const record = alterOne(context, name, wanted, allowReplicationFactorChange);
        if (record !== undefined) records.push(record);
        return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { partitionIndex, errorCode: error.code, errorMessage: error.message };
      }
    }),
  }));
  return {
    records,
    response: {
      throttleTimeMs: 0,
      allowReplicationFactorChange,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      responses,
    },
    atomic: true,
    cause: 'a reassignment was asked for',
  };
}

function alterOne(
  context: ControlContext,
  name: string,
  wanted: ReassignablePartition,
  allowReplicationFactorChange: boolean,
): NewMetadataRecord | undefined {
  const topic = context.image.topics.get(name);
  if (topic === undefined) {
    throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `Unable to find a topic named ${name}.`);
  }
  const partition = topic.partitions[wanted.partitionIndex];
  if (partition === undefined) {
    throw new ApiError(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `Unable to find partition ${name}:${wanted.partitionIndex}.`,
    );
  }
  const common = {
    ...changesOf(context, topic),
    partitionId: wanted.partitionIndex,
    partition,
    isAcceptableLeader: leaderAcceptor(context, partition),
  };
  if (wanted.replicas === null) {
    const { replicas, isr } = reverted(context, topic, wanted.partitionIndex, partition);
    return buildPartitionChange({
      ...common,
      targetReplicas: replicas,
      targetIsr: isr,
      targetRemoving: [],
      targetAdding: [],
    });
  }
  checkReplicas(context, wanted.replicas, undefined);
  if (!allowReplicationFactorChange) checkReplicationFactor(partition, wanted.replicas.length);
  const target = reassignment(partition, wanted.replicas);
  return buildPartitionChange({
    ...common,
    election: 'online',
    targetReplicas: target.replicas,
    targetRemoving: target.removing,
    targetAdding: target.adding,
  });
}

function reverted(
  context: ControlContext,
  topic: TopicImage,
  partitionIndex: number,
  partition: PartitionRegistration,
): { readonly replicas: readonly number[]; readonly isr: readonly number[] } {
  if (!isReassigning(partition)) {
    throw new ApiError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, 'No partition reassignment is in progress.');
  }
  const revert = revertedReassignment(partition);
  if (revert.isUnclean && !allowsUncleanElection(context, topic.name)) {
    throw badAssignment(
      `Unable to revert partition assignment for ${topic.name}:${partitionIndex} because it would require an unclean leader election.`,
    );
  }
  return revert;
}

/** The replicas that there will be when the reassignment under way, if any, is through. */
function checkReplicationFactor(partition: PartitionRegistration, wanted: number): void {
  const { replicas, addingReplicas, removingReplicas } = partition;
  const current = new Set([...replicas, ...addingReplicas].filter((replica) => !removingReplicas.includes(replica)))
    .size;
  if (current === wanted) return;
  throw new ApiError(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    `The replication factor is changed from ${current} to ${wanted}`,
  );
}

/** The reassignments that are under way: all, or those of the partitions that are asked for. */
export function listPartitionReassignments(
  context: ControlContext,
  request: ListPartitionReassignmentsRequest,
): Decision<ListPartitionReassignmentsResponseInput> {
  const wanted =
    request.topics?.map(({ name, partitionIndexes }) => [context.image.topics.get(name), partitionIndexes] as const) ??
    [...context.index.reassigning].map(([id, ids]) => [context.image.topics.getById(id), ids] as const);
  const topics: OngoingTopicReassignmentInput[] = [];
  for (const [topic, ids] of wanted) {
    const partitions = [...ids].flatMap((partitionIndex) => {
      const partition = topic?.partitions[partitionIndex];
      if (partition === undefined || !isReassigning(partition)) return [];
      const { replicas, addingReplicas, removingReplicas } = partition;
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }];
    });
    if (topic !== undefined && partitions.length > 0) topics.push({ name: topic.name, partitions });
  }
  return { records: [], response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics } };
}
