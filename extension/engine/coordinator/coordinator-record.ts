import type { GroupMetadataValueInput } from '../../protocol/generated/group-metadata-value.ts';
import type { OffsetAndMetadata } from './offset-and-metadata.ts';

/** Group types as ListGroups names them. */
export const GroupType = { classic: 'classic', consumer: 'consumer', share: 'share', streams: 'streams' } as const;

export type GroupType = (typeof GroupType)[keyof typeof GroupType];

/** What a group has read of one partition; a null value takes it back. */
export interface OffsetCommitRecord {
  readonly kind: 'offsetCommit';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly value: OffsetAndMetadata | null;
}

/** A classic group as a whole; a null value removes it. */
export interface GroupMetadataRecord {
  readonly kind: 'groupMetadata';
  readonly groupId: string;
  readonly value: GroupMetadataValueInput | null;
}

/** A record of a group type that is kept but not served: its bytes, and what they tell about the group. */
export interface ForeignGroupRecord {
  readonly kind: 'foreignGroup';
  readonly groupId: string;
  readonly groupType: GroupType;
  /** Whether the key is the group's own, one of its members', or any other. */
  readonly role: 'group' | 'member' | 'other';
  readonly keyBytes: Buffer;
  /** Null is a tombstone. */
  readonly valueBytes: Buffer | null;
}

/** One record of `__consumer_offsets`. */
export type CoordinatorRecord = OffsetCommitRecord | GroupMetadataRecord | ForeignGroupRecord;
