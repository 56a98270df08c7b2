import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { GroupType } from './coordinator-record.ts';
import type { CoordinatorRecord, ForeignGroupRecord } from './coordinator-record.ts';
import type { Group } from './group.ts';

/**
 * A group of a type that is not served here (KIP-848, KIP-932, KIP-1071), found in a log that Apache Kafka wrote. It is
 * listed, its offsets are served, and nothing of it is touched, unless it is empty and somebody deletes it or joins it
 * with the classic protocol.
 */
export class ForeignGroup implements Group {
  readonly groupId: string;
  readonly type: GroupType;
  /** Keys that have a value in the log, and whether each is a member's; by their bytes. */
  readonly #keys = new Map<string, { readonly key: Buffer; readonly isMember: boolean }>();
  #memberCount = 0;

  constructor(groupId: string, type: GroupType) {
    this.groupId = groupId;
    this.type = type;
  }

  get protocolTypeName(): string {
    return this.type;
  }

  get stateName(): string {
    return this.isEmpty() ? 'Empty' : 'Stable';
  }

  isEmpty(): boolean {
    return this.#memberCount === 0;
  }

  /** Whether the log still holds anything of it. */
  get exists(): boolean {
    return this.#keys.size > 0;
  }

  replay(record: ForeignGroupRecord): void {
    const id = record.keyBytes.toString('latin1');
    const known = this.#keys.get(id);
    if (record.valueBytes === null) {
      if (known?.isMember === true) this.#memberCount--;
      this.#keys.delete(id);
      return;
    }
    const isMember = record.role === 'member';
    if (known === undefined && isMember) this.#memberCount++;
    this.#keys.set(id, { key: record.keyBytes, isMember });
  }

  validateOffsetCommit(memberId: string, groupInstanceId: string | null, memberEpoch: number): void {
    const isAdmin = memberEpoch < 0 && memberId === '' && groupInstanceId === null;
    if (!isAdmin || !this.isEmpty()) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  validateOffsetDelete(): void {
    if (!this.isEmpty()) throw new ApiError(ErrorCode.NON_EMPTY_GROUP);
  }

  validateDelete(): void {
    if (!this.isEmpty()) throw new ApiError(ErrorCode.NON_EMPTY_GROUP);
    // A share group has state in another topic as well.
    if (this.type === GroupType.share) {
      throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${this.groupId} is a share group, which is not served.`);
    }
  }

  isSubscribedToTopic(): boolean {
    return false;
  }

  /** Its offsets are kept for as long as its type is not served. */
  offsetRetentionStart(): undefined {
    return undefined;
  }

  tombstones(): CoordinatorRecord[] {
    return [...this.#keys.values()].map(({ key, isMember }) => ({
      kind: 'foreignGroup',
      groupId: this.groupId,
      groupType: this.type,
      role: isMember ? 'member' : 'other',
      keyBytes: key,
      valueBytes: null,
    }));
  }
}
