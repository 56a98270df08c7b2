import { ErrorCode } from '../../protocol/errors.ts';
import type { DeletableGroupResultInput } from '../../protocol/generated/delete-groups-response.ts';
import type { DescribedGroupInput } from '../../protocol/generated/describe-groups-response.ts';
import type { ListedGroupInput } from '../../protocol/generated/list-groups-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import { ClassicGroup } from './classic-group.ts';
import { classicGroupFromRecord } from './classic-group-record.ts';
import { ClassicGroupState } from './classic-group-state.ts';
import { GroupType } from './coordinator-record.ts';
import type { ForeignGroupRecord, GroupMetadataRecord } from './coordinator-record.ts';
import { ForeignGroup } from './foreign-group.ts';
import type { Group } from './group.ts';

/** First version of DescribeGroups that says in words that a group does not exist. */
const DESCRIBE_WITH_ERROR_VERSION = 6;

/** The groups of one partition: which there are, and what can be said of them. Their members are ClassicGroupManager's. */
export class GroupMetadataManager {
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  groups(): IterableIterator<Group> {
    return this.#groups.values();
  }

  classicGroups(): ClassicGroup[] {
    return [...this.#groups.values()].filter((group) => group instanceof ClassicGroup);
  }

  /** @throws ApiError GROUP_ID_NOT_FOUND */
  group(groupId: string): Group {
    const group = this.#groups.get(groupId);
    if (group === undefined) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    return group;
  }

  /** @throws ApiError GROUP_ID_NOT_FOUND, also for a group of another type */
  classicGroup(groupId: string): ClassicGroup {
    const group = this.group(groupId);
    if (group instanceof ClassicGroup) return group;
    throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a classic group.`);
  }

  /** A new group without members, in place of whatever there was. */
  createClassicGroup(groupId: string): ClassicGroup {
    const group = new ClassicGroup(groupId, ClassicGroupState.empty, this.#clock.nowMs());
    this.#groups.set(groupId, group);
    return group;
  }

  put(group: Group): void {
    this.#groups.set(group.groupId, group);
  }

  remove(groupId: string): void {
    this.#groups.delete(groupId);
  }

  // Replay

  replayGroupMetadata({ groupId, value }: GroupMetadataRecord): void {
    if (value !== null) {
      this.#groups.set(groupId, classicGroupFromRecord(groupId, value));
      return;
    }
    const group = this.#groups.get(groupId);
    // After an upgrade to another type, the tombstone is of what the group was before.
    if (group?.type === GroupType.classic) this.#groups.delete(groupId);
  }

  replayForeignGroup(record: ForeignGroupRecord): void {
    const { groupId, groupType, valueBytes } = record;
    let group = this.#groups.get(groupId);
    if (!(group instanceof ForeignGroup) || group.type !== groupType) {
      if (valueBytes === null) return;
      group = new ForeignGroup(groupId, groupType);
      this.#groups.set(groupId, group);
    }
    const foreign = group as ForeignGroup;
    foreign.replay(record);
    if (!foreign.exists) this.#groups.delete(groupId);
  }

  // Requests

  /** @param states in lower case; empty for all. Likewise `types`. */
  list(states: ReadonlySet<string>, types: ReadonlySet<string>): ListedGroupInput[] {
    const listed: ListedGroupInput[] = [];
    for (const group of this.#groups.values()) {
      if (states.size > 0 && !states.has(group.stateName.toLowerCase())) continue;
      if (types.size > 0 && !types.has(group.type)) continue;
      listed.push({
        groupId: group.groupId,
        protocolType: group.protocolTypeName,
        groupState: group.stateName,
        groupType: group.type,
      });
    }
    return listed;
  }

  describe(groupId: string, apiVersion: number): DescribedGroupInput {
    let group: ClassicGroup;
    try {
      group = this.classicGroup(groupId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const isError = apiVersion >= DESCRIBE_WITH_ERROR_VERSION;
      return {
        errorCode: isError ? error.code : ErrorCode.NONE,
        errorMessage: isError ? error.message : null,
        groupId,
        groupState: ClassicGroupState.dead,
        protocolType: '',
        protocolData: '',
        members: [],
      };
    }
    const protocolName = group.state === ClassicGroupState.stable ? group.protocolName : undefined;
    return {
      errorCode: ErrorCode.NONE,
      groupId,
      groupState: group.stateName,
      protocolType: group.protocolTypeName,
      protocolData: protocolName ?? '',
      members: group.members().map((member) => member.describe(protocolName)),
    };
  }

  /** Whether the group may be deleted. */
  checkDelete(groupId: string): DeletableGroupResultInput {
    try {
      this.group(groupId).validateDelete();
      return { groupId, errorCode: ErrorCode.NONE };
    } catch (error) {
      if (error instanceof ApiError) return { groupId, errorCode: error.code };
      throw error;
    }
  }
}
