import { ErrorCode } from '../../protocol/errors.ts';
import { offsetCommitRequest } from '../../protocol/generated/offset-commit-request.ts';
import { offsetCommitResponse } from '../../protocol/generated/offset-commit-response.ts';
import { offsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import { offsetDeleteResponse } from '../../protocol/generated/offset-delete-response.ts';
import { offsetFetchRequest } from '../../protocol/generated/offset-fetch-request.ts';
import { offsetFetchResponse, type OffsetFetchResponse } from '../../protocol/generated/offset-fetch-response.ts';
import { CoordinatorType, type ClusterClient } from '../cluster-client.ts';
import { kafkaErrorOrNull, throwOnError, type KafkaError } from '../kafka-error.ts';
import { byTopic, partitionName, type TopicPartition } from '../leader-routing.ts';

export interface CommittedOffset extends TopicPartition {
  /** Of the next record to consume. */
  readonly offset: number;
  /** -1 where it was not given. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** UNSTABLE_OFFSET_COMMIT while a transaction is about to change it. */
  readonly error: KafkaError | null;
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

/** Who commits; a group without members takes commits from anybody. */
export interface Committer {
  readonly memberId: string;
  readonly generation: number;
}

export interface PartitionOutcome extends TopicPartition {
  readonly error: KafkaError | null;
}

/** Later versions name topics by id. */
const LAST_VERSION_WITH_NAMES = 9;

/** The committed offsets of a group, of all partitions or the given ones; those without a commit are left out. */
export async function listGroupOffsets(
  client: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  requireStable: boolean,
): Promise<CommittedOffset[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, items]) => ({
          name,
          partitionIndexes: items.map((item) => item.partition),
        }));
  const response = await client.toCoordinator(
    CoordinatorType.group,
    groupId,
    offsetFetchRequest,
    offsetFetchResponse,
    (version) => ({
      ...(version >= 8 ? { groups: [{ groupId, topics }] } : { groupId, topics }),
      ...(version >= 7 ? { requireStable } : {}),
    }),
    fetchErrorCode,
    { maxVersion: LAST_VERSION_WITH_NAMES },
  );
  throwOnError(fetchErrorCode(response), `offsets of group '${groupId}'`);
  const answered = response.groups[0]?.topics ?? response.topics;
  return answered
    .flatMap(({ name: topic, partitions: items }) =>
      items.map((item) => ({
        topic,
        partition: item.partitionIndex,
        offset: item.committedOffset,
        leaderEpoch: item.committedLeaderEpoch,
        metadata: item.metadata ?? '',
        error: kafkaErrorOrNull(item.errorCode, `offset of group '${groupId}'`),
      })),
    )
    .filter(({ offset, error }) => offset >= 0 || error !== null);
}

function fetchErrorCode(response: OffsetFetchResponse): number {
  return response.groups[0]?.errorCode ?? response.errorCode;
}

/** Commits offsets, as a member or (by default) from outside into a group without members. */
export async function commitGroupOffsets(
  client: ClusterClient,
  groupId: string,
  offsets: readonly OffsetToCommit[],
  committer: Committer = { memberId: '', generation: -1 },
  lane = '',
): Promise<PartitionOutcome[]> {
  const response = await client.toCoordinator(
    CoordinatorType.group,
    groupId,
    offsetCommitRequest,
    offsetCommitResponse,
    (version) => ({
      groupId,
      memberId: committer.memberId,
      generationIdOrMemberEpoch: committer.generation,
      topics: [...byTopic(offsets)].map(([name, items]) => ({
        name,
        partitions: items.map((item) => ({
          partitionIndex: item.partition,
          committedOffset: item.offset,
          committedMetadata: item.metadata ?? '',
          ...(version >= 6 ? { committedLeaderEpoch: item.leaderEpoch ?? -1 } : {}),
        })),
      })),
    }),
    ({ topics }) => topics[0]?.partitions[0]?.errorCode ?? ErrorCode.NONE,
    { maxVersion: LAST_VERSION_WITH_NAMES, lane },
  );
  return response.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode }) => ({
      topic,
      partition,
      error: kafkaErrorOrNull(errorCode, `offset of ${partitionName({ topic, partition })} in group '${groupId}'`),
    })),
  );
}

/** Forgets committed offsets. Rejects when the whole request is refused, for instance for a group that does not exist. */
export async function deleteGroupOffsets(
  client: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<PartitionOutcome[]> {
  const response = await client.toCoordinator(
    CoordinatorType.group,
    groupId,
    offsetDeleteRequest,
    offsetDeleteResponse,
    {
      groupId,
      topics: [...byTopic(partitions)].map(([name, items]) => ({
        name,
        partitions: items.map(({ partition }) => ({ partitionIndex: partition })),
      })),
    },
    ({ errorCode }) => errorCode,
  );
  throwOnError(response.errorCode, `offsets of group '${groupId}'`);
  return response.topics.flatMap(({ name: topic, partitions: items }) =>
    items.map(({ partitionIndex: partition, errorCode }) => ({
      topic,
      partition,
      error: kafkaErrorOrNull(errorCode, `offset of ${partitionName({ topic, partition })} in group '${groupId}'`),
    })),
  );
}
