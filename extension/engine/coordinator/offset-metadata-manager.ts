import { ErrorCode } from '../../protocol/errors.ts';
import type { OffsetCommitRequest } from '../../protocol/generated/offset-commit-request.ts';
import type { OffsetCommitResponseTopicInput } from '../../protocol/generated/offset-commit-response.ts';
import type { OffsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import type { OffsetDeleteResponseTopicInput } from '../../protocol/generated/offset-delete-response.ts';
import type { OffsetFetchRequestGroup } from '../../protocol/generated/offset-fetch-request.ts';
import type {
  OffsetFetchResponseGroupInput,
  OffsetFetchResponsePartitionsInput,
} from '../../protocol/generated/offset-fetch-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import { ZERO_UUID } from '../common/random.ts';
import type { CoordinatorRecord, OffsetCommitRecord } from './coordinator-record.ts';
import type { CoordinatorResult } from './coordinator-result.ts';
import type { Group } from './group.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import type { GroupMetadataManager } from './group-metadata-manager.ts';
import type { OffsetAndMetadata } from './offset-and-metadata.ts';
import { OffsetStore } from './offset-store.ts';
import type { OffsetView } from './offset-store.ts';
import { PendingTransactionalOffsets } from './pending-transactional-offsets.ts';
import type { RequestContext } from './request-context.ts';
import type { DeletedTopic } from './topic-directory.ts';

/** From this version on OffsetCommit may say that there is no such group; before, clients know ILLEGAL_GENERATION. */
const COMMIT_WITH_GROUP_ID_NOT_FOUND_VERSION = 9;
const NO_OFFSET = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' } as const;

/** The committed offsets of one partition's groups. Only `replay` changes them. */
export class OffsetMetadataManager {
  readonly #config: GroupCoordinatorConfig;
  readonly #clock: Clock;
  readonly #groups: GroupMetadataManager;
  readonly #offsets = new OffsetStore();
  readonly #pending = new PendingTransactionalOffsets();
  /** While loading, all that is replayed is committed. */
  #isLoaded = false;

  constructor(config: GroupCoordinatorConfig, clock: Clock, groups: GroupMetadataManager) {
    this.#config = config;
    this.#clock = clock;
    this.#groups = groups;
  }

  onLoaded(): void {
    this.#isLoaded = true;
  }

  onCommitted(recordOffset: number): void {
    this.#offsets.commit(recordOffset);
  }

  // Replay

  replay(recordOffset: number, producerId: number, record: OffsetCommitRecord): void {
    const { groupId, topic, partition, value } = record;
    if (value === null) {
      this.#offsets.set(groupId, topic, partition, undefined, recordOffset, !this.#isLoaded);
      this.#pending.removePartition(groupId, topic, partition);
      return;
    }
    // Who commits without ever joining has a group all the same: a simple one.
    if (this.#groups.get(groupId) === undefined) this.#groups.createClassicGroup(groupId);
    if (producerId === -1) this.#offsets.set(groupId, topic, partition, value, recordOffset, !this.#isLoaded);
    else this.#pending.add(producerId, groupId, topic, partition, value, recordOffset);
  }

  replayEndTransactionMarker(producerId: number, isCommit: boolean): void {
    for (const { groupId, topic, partition, value, recordOffset } of this.#pending.take(producerId)) {
      if (!isCommit) continue;
      const existing = this.#offsets.get(groupId, topic, partition, 'latest');
      // A commit outside of the transaction that was written later stands.
      if (existing !== undefined && existing.recordOffset > recordOffset) continue;
      this.#offsets.set(groupId, topic, partition, value, recordOffset, true);
    }
  }

  // Commit

  /**
   * Names and ids of the request's topics have been resolved: `name` is set, `topicId` where it is known.
   *
   * @throws ApiError
   */
  commit(
    context: RequestContext,
    request: OffsetCommitRequest,
  ): CoordinatorResult<OffsetCommitResponseTopicInput[], CoordinatorRecord> {
    this.#validateCommit(context, request);
    const nowMs = this.#clock.nowMs();
    const expireTimestampMs = request.retentionTimeMs === -1 ? undefined : nowMs + request.retentionTimeMs;
    const records: CoordinatorRecord[] = [];
    const topics = request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((partition) => {
        const { partitionIndex } = partition;
        const metadata = partition.committedMetadata ?? '';
        if (metadata.length > this.#config.offsetMetadataMaxSize) {
          return { partitionIndex, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE };
        }
        const value: OffsetAndMetadata = {
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata,
          commitTimestampMs: nowMs,
          expireTimestampMs,
          topicId,
        };
        records.push({ kind: 'offsetCommit', groupId: request.groupId, topic: name, partition: partitionIndex, value });
        return { partitionIndex, errorCode: ErrorCode.NONE };
      }),
    }));
    return { records, response: topics };
  }

  #validateCommit({ apiVersion }: RequestContext, request: OffsetCommitRequest): void {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      if (generationId < 0) return;
      if (apiVersion >= COMMIT_WITH_GROUP_ID_NOT_FOUND_VERSION) this.#groups.group(groupId);
      throw new ApiError(ErrorCode.ILLEGAL_GENERATION);
    }
    group.validateOffsetCommit(memberId, groupInstanceId, generationId, false);
  }

  // Fetch

  /** What the group has committed for the topics asked for, or for all. Names have been resolved. */
  fetch(request: OffsetFetchRequestGroup, view: OffsetView): OffsetFetchResponseGroupInput {
    const { groupId } = request;
    const isKnown = this.#groups.get(groupId) !== undefined;
    if (request.topics === null) return isKnown ? this.#fetchAll(groupId, view) : { groupId, topics: [] };
    const topics = request.topics.map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((partitionIndex) =>
        isKnown
          ? this.#fetchOne(groupId, name, topicId, partitionIndex, view)
          : { partitionIndex, ...NO_OFFSET, errorCode: ErrorCode.NONE },
      ),
    }));
    return { groupId, topics };
  }

  #fetchOne(
    groupId: string,
    topic: string,
    topicId: string,
    partitionIndex: number,
    view: OffsetView,
  ): OffsetFetchResponsePartitionsInput {
    if (view === 'latest' && this.#pending.has(groupId, topic, partitionIndex)) {
      return { partitionIndex, ...NO_OFFSET, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT };
    }
    const value = this.#offsets.get(groupId, topic, partitionIndex, view)?.value;
    // The offset of an earlier topic of the same name is not this one's.
    if (value === undefined || isOtherTopic(value.topicId, topicId)) {
      return { partitionIndex, ...NO_OFFSET, errorCode: ErrorCode.NONE };
    }
    return fetched(partitionIndex, value);
  }

  #fetchAll(groupId: string, view: OffsetView): OffsetFetchResponseGroupInput {
    const topics = this.#offsets.topics(groupId).map((name) => {
      const stored = [...this.#offsets.partitions(groupId, name, view)];
      const partitions = stored.map(([partitionIndex, { value }]) =>
        view === 'latest' && this.#pending.has(groupId, name, partitionIndex)
          ? { partitionIndex, ...NO_OFFSET, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT }
          : fetched(partitionIndex, value),
      );
      return { name, partitions };
    });
    return { groupId, topics: topics.filter(({ partitions }) => partitions.length > 0) };
  }

  // Delete and expire

  /** @throws ApiError GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP */
  delete(request: OffsetDeleteRequest): CoordinatorResult<OffsetDeleteResponseTopicInput[], CoordinatorRecord> {
    const { groupId } = request;
    const group = this.#groups.group(groupId);
    group.validateOffsetDelete();
    const records: CoordinatorRecord[] = [];
    const topics = request.topics.map(({ name, partitions }) => {
      const isSubscribed = group.isSubscribedToTopic(name);
      return {
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          if (isSubscribed) return { partitionIndex, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC };
          const isStored =
            this.#offsets.get(groupId, name, partitionIndex, 'latest') !== undefined ||
            this.#pending.has(groupId, name, partitionIndex);
          if (isStored) records.push(tombstone(groupId, name, partitionIndex));
          return { partitionIndex, errorCode: ErrorCode.NONE };
        }),
      };
    });
    return { records, response: topics };
  }

  /** The records that remove all offsets of a group, pending ones included. */
  tombstones(groupId: string): CoordinatorRecord[] {
    const records = this.#storedPartitions(groupId).map(({ topic, partition }) => tombstone(groupId, topic, partition));
    for (const { topic, partition } of this.#pending.partitions(groupId)) {
      if (this.#offsets.get(groupId, topic, partition, 'latest') === undefined) {
        records.push(tombstone(groupId, topic, partition));
      }
    }
    return records;
  }

  #storedPartitions(groupId: string): { topic: string; partition: number; value: OffsetAndMetadata }[] {
    return this.#offsets.topics(groupId).flatMap((topic) =>
      [...this.#offsets.partitions(groupId, topic, 'latest')].map(([partition, { value }]) => ({
        topic,
        partition,
        value,
      })),
    );
  }

  /** Appends tombstones for the group's offsets that are past their retention; whether none are left then. */
  expire(group: Group, records: CoordinatorRecord[]): boolean {
    const { groupId } = group;
    const hasPending = this.#pending.hasGroup(groupId);
    if (!this.#offsets.hasGroup(groupId)) return !hasPending;
    const retentionStart = group.offsetRetentionStart();
    if (retentionStart === undefined) return false;
    const nowMs = this.#clock.nowMs();
    let allExpired = true;
    for (const { topic, partition, value } of this.#storedPartitions(groupId)) {
      const expiresMs = value.expireTimestampMs ?? retentionStart(value) + this.#config.offsetsRetentionMs;
      const isExpired =
        expiresMs <= nowMs && !group.isSubscribedToTopic(topic) && !this.#pending.has(groupId, topic, partition);
      if (isExpired) records.push(tombstone(groupId, topic, partition));
      else allExpired = false;
    }
    return allExpired && !hasPending;
  }

  /** The records that remove what any group committed for topics that are gone. */
  onTopicsDeleted(deleted: readonly DeletedTopic[]): CoordinatorRecord[] {
    const records: CoordinatorRecord[] = [];
    for (const groupId of this.#offsets.groupIds()) {
      for (const { id, name } of deleted) {
        for (const [partition, { value }] of this.#offsets.partitions(groupId, name, 'latest')) {
          if (!isOtherTopic(value.topicId, id)) records.push(tombstone(groupId, name, partition));
        }
      }
    }
    for (const group of this.#groups.groups()) {
      for (const { topic, partition } of this.#pending.partitions(group.groupId)) {
        if (
          deleted.some(({ name }) => name === topic) &&
          this.#offsets.get(group.groupId, topic, partition, 'latest') === undefined
        ) {
          records.push(tombstone(group.groupId, topic, partition));
        }
      }
    }
    return records;
  }
}

function isOtherTopic(storedId: string, topicId: string): boolean {
  return storedId !== ZERO_UUID && topicId !== ZERO_UUID && storedId !== topicId;
}

function fetched(partitionIndex: number, value: OffsetAndMetadata): OffsetFetchResponsePartitionsInput {
  return {
    partitionIndex,
    committedOffset: value.offset,
    committedLeaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    errorCode: ErrorCode.NONE,
  };
}

function tombstone(groupId: string, topic: string, partition: number): OffsetCommitRecord {
  return { kind: 'offsetCommit', groupId, topic, partition, value: null };
}
