import type { CoordinatorRecord, GroupType } from './coordinator-record.ts';
import type { OffsetAndMetadata } from './offset-and-metadata.ts';

/** When an offset's retention starts, in ms since the epoch. */
export type RetentionStart = (offset: OffsetAndMetadata) => number;

/** A group of any type, as far as offsets, listing and deletion care. */
export interface Group {
  readonly groupId: string;
  readonly type: GroupType;
  /** `consumer`, `connect`, …; empty for a group that only ever stored offsets. */
  readonly protocolTypeName: string;
  /** The state as Kafka prints it. */
  readonly stateName: string;
  /** No members. */
  isEmpty(): boolean;
  /** @throws ApiError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS, … */
  validateOffsetCommit(
    memberId: string,
    groupInstanceId: string | null,
    generationIdOrMemberEpoch: number,
    isTransactional: boolean,
  ): void;
  /** @throws ApiError NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND */
  validateOffsetDelete(): void;
  /** @throws ApiError NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND */
  validateDelete(): void;
  isSubscribedToTopic(topic: string): boolean;
  /** How offsets of topics that it is not subscribed to expire; undefined while they don't. */
  offsetRetentionStart(): RetentionStart | undefined;
  /** The records that remove the group, its offsets aside. */
  tombstones(): CoordinatorRecord[];
}
