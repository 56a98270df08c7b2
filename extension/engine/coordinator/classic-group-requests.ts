import { ErrorCode } from '../../protocol/errors.ts';
import type { HeartbeatRequest } from '../../protocol/generated/heartbeat-request.ts';
import type { HeartbeatResponseInput } from '../../protocol/generated/heartbeat-response.ts';
import type { LeaveGroupRequest, MemberIdentity } from '../../protocol/generated/leave-group-request.ts';
import type { MemberResponseInput } from '../../protocol/generated/leave-group-response.ts';
import type { SyncGroupRequest } from '../../protocol/generated/sync-group-request.ts';
import type { SyncGroupResponseInput } from '../../protocol/generated/sync-group-response.ts';
import { ApiError } from '../common/api-error.ts';
import { ClassicGroup, UNKNOWN_MEMBER_ID } from './classic-group.ts';
import { EMPTY_ASSIGNMENT } from './classic-group-member.ts';
import type { Answer } from './classic-group-member.ts';
import { classicGroupToRecord } from './classic-group-record.ts';
import type { ClassicGroupPorts, ClassicGroupRebalance, ClassicResult } from './classic-group-rebalance.ts';
import { ClassicGroupState } from './classic-group-state.ts';
import { responseErrorCode } from './coordinator-errors.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import { emptyResult, responseOnly } from './coordinator-result.ts';
import type { CoordinatorResult } from './coordinator-result.ts';

const { preparingRebalance, completingRebalance, stable, dead } = ClassicGroupState;

/** SyncGroup, Heartbeat and LeaveGroup for classic groups. */
export class ClassicGroupRequests {
  readonly #ports: ClassicGroupPorts;
  readonly #rebalance: ClassicGroupRebalance;

  constructor(ports: ClassicGroupPorts, rebalance: ClassicGroupRebalance) {
    this.#ports = ports;
    this.#rebalance = rebalance;
  }

  /**
   * The group, if it can have members of the classic protocol.
   *
   * @throws ApiError UNKNOWN_MEMBER_ID
   */
  #groupWithMembers(groupId: string): ClassicGroup {
    const group = this.#ports.groups.get(groupId);
    if (!(group instanceof ClassicGroup) || group.isEmpty()) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
    return group;
  }

  // SyncGroup

  /** @throws ApiError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, … */
  sync(request: SyncGroupRequest, answer: Answer<SyncGroupResponseInput>): ClassicResult {
    const group = this.#groupWithMembers(request.groupId);
    validateSync(group, request);
    const member = group.member(request.memberId)!;
    if (group.state === preparingRebalance) throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS);
    this.#rebalance.onSync(group, member.memberId);
    if (group.state === stable) {
      answer({
        errorCode: ErrorCode.NONE,
        protocolType: group.protocolType ?? null,
        protocolName: group.protocolName ?? null,
        assignment: member.assignment,
      });
      return emptyResult();
    }
    group.awaitSync(member, answer);
    return group.isLeader(member.memberId) ? this.#assign(group, request) : emptyResult();
  }

  /** The leader has spoken: its assignment is written, then everybody gets theirs. */
  #assign(group: ClassicGroup, request: SyncGroupRequest): ClassicResult {
    const { generationId, memberId } = request;
    // Copied: it outlives the request that it came in.
    const sent = new Map(request.assignments.map((one) => [one.memberId, Buffer.from(one.assignment)]));
    const assignments = new Map<string, Buffer>();
    for (const member of group.members()) {
      assignments.set(member.memberId, sent.get(member.memberId) ?? EMPTY_ASSIGNMENT);
    }
    return {
      records: [classicGroupToRecord(group, assignments)],
      response: undefined,
      replay: false,
      onAppended: (error) => {
        // Meanwhile somebody may have joined, and all this be of the past.
        if (group.state !== completingRebalance || group.generationId !== generationId) return;
        if (error === undefined) {
          this.#rebalance.assign(group, assignments);
          this.#ports.logger.info(`Group ${group.groupId} is stable with generation ${generationId}.`);
          return;
        }
        this.#rebalance.resetAssignments(group, responseErrorCode(error));
        this.#rebalance.prepareOrComplete(
          group,
          `the assignment of ${memberId} could not be written: ${error.message}`,
        );
      },
    };
  }

  // Heartbeat

  /** @throws ApiError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION */
  heartbeat(request: HeartbeatRequest): CoordinatorResult<HeartbeatResponseInput, CoordinatorRecord> {
    const { groupId, memberId, groupInstanceId, generationId } = request;
    const group = this.#ports.groups.get(groupId);
    if (!(group instanceof ClassicGroup)) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
    if (group.state === dead) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    group.validateMember(memberId, groupInstanceId);
    if (generationId !== group.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION);
    this.#rebalance.scheduleHeartbeat(group, group.member(memberId)!);
    const isRebalancing = group.state === preparingRebalance;
    return responseOnly({ errorCode: isRebalancing ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE });
  }

  /** Committing offsets shows that a member lives just as well. */
  onOffsetCommit(groupId: string, memberId: string): void {
    const group = this.#ports.groups.get(groupId);
    if (!(group instanceof ClassicGroup) || !group.isIn(stable, preparingRebalance)) return;
    const member = group.member(memberId);
    if (member !== undefined) this.#rebalance.scheduleHeartbeat(group, member);
  }

  // LeaveGroup

  /** @throws ApiError UNKNOWN_MEMBER_ID where there is no such group */
  leave(
    request: LeaveGroupRequest,
    members: readonly MemberIdentity[],
  ): CoordinatorResult<MemberResponseInput[], CoordinatorRecord> {
    const group = this.#ports.groups.get(request.groupId);
    if (!(group instanceof ClassicGroup)) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
    if (group.state === dead) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    const responses = members.map((member) => this.#leaveOne(group, member));
    const left = responses.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
    if (left.length === 0) return { records: [], response: responses };
    const result = group.isIn(stable, completingRebalance)
      ? this.#rebalance.prepareOrComplete(group, `${left.map(({ memberId }) => memberId).join(', ')} left`)
      : this.#rebalance.maybeCompleteJoin(group);
    return { ...result, response: responses };
  }

  #leaveOne(group: ClassicGroup, { memberId, groupInstanceId }: MemberIdentity): MemberResponseInput {
    const respond = (errorCode: number): MemberResponseInput => ({ memberId, groupInstanceId, errorCode });
    if (memberId === UNKNOWN_MEMBER_ID) {
      // An administrator removes a static member by its instance id.
      const staticMemberId = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId);
      if (staticMemberId === undefined) return respond(ErrorCode.UNKNOWN_MEMBER_ID);
      this.#rebalance.removeMember(group, group.member(staticMemberId)!);
      return respond(ErrorCode.NONE);
    }
    if (group.isPendingMember(memberId)) {
      group.remove(memberId);
      this.#rebalance.cancelHeartbeat(group, memberId);
      return respond(ErrorCode.NONE);
    }
    try {
      group.validateMember(memberId, groupInstanceId);
    } catch (error) {
      if (error instanceof ApiError) return respond(error.code);
      throw error;
    }
    this.#rebalance.removeMember(group, group.member(memberId)!);
    return respond(ErrorCode.NONE);
  }
}

function validateSync(group: ClassicGroup, request: SyncGroupRequest): void {
  if (group.state === dead) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  group.validateMember(request.memberId, request.groupInstanceId);
  if (request.generationId !== group.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION);
  const isConsistent =
    isSame(request.protocolType, group.protocolType) && isSame(request.protocolName, group.protocolName);
  if (!isConsistent) throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
}

/** Older clients leave both out. */
function isSame(requested: string | null, own: string | undefined): boolean {
  return requested === null || own === undefined || requested === own;
}
