import { ErrorCode } from '../../protocol/errors.ts';
import type { JoinGroupRequest } from '../../protocol/generated/join-group-request.ts';
import type { JoinGroupResponseInput } from '../../protocol/generated/join-group-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Random } from '../common/random.ts';
import { ClassicGroup, joinError, NO_LEADER, UNKNOWN_MEMBER_ID } from './classic-group.ts';
import { ClassicGroupMember } from './classic-group-member.ts';
import type { Answer, MemberProtocol } from './classic-group-member.ts';
import { classicGroupToRecord, emptyClassicGroupRecord } from './classic-group-record.ts';
import type { ClassicGroupPorts, ClassicGroupRebalance, ClassicResult } from './classic-group-rebalance.ts';
import { ClassicGroupState } from './classic-group-state.ts';
import { responseErrorCode } from './coordinator-errors.ts';
import { GroupType } from './coordinator-record.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import { emptyResult } from './coordinator-result.ts';
import { hostText, memberUuid } from './member-identity.ts';
import type { Group } from './group.ts';
import type { RequestContext } from './request-context.ts';

/** From this version on a dynamic member has to come back with the id it is given (KIP-394). */
const MEMBER_ID_REQUIRED_VERSION = 4;
/** From this version on a leader that came back can be told to keep the assignment (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9;
/** How long a new member may wait in JoinGroup: its client may be gone, and no heartbeat can tell. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000;

const { empty, preparingRebalance, completingRebalance, stable, dead } = ClassicGroupState;

/** One JoinGroup on its way through. */
interface Join {
  readonly context: RequestContext;
  readonly request: JoinGroupRequest;
  readonly protocols: readonly MemberProtocol[];
  readonly rebalanceTimeoutMs: number;
  readonly answer: Answer<JoinGroupResponseInput>;
}

/**
 * JoinGroup for classic groups. v0 has no rebalance timeout; v1–3 answer a new member with its id at once; v4+ send it
 * away with an id first; v5+ know static members (KIP-345); v9 may skip the assignment.
 */
export class ClassicGroupJoin {
  readonly #ports: ClassicGroupPorts;
  readonly #rebalance: ClassicGroupRebalance;
  readonly #random: Random;

  constructor(ports: ClassicGroupPorts, rebalance: ClassicGroupRebalance, random: Random) {
    this.#ports = ports;
    this.#rebalance = rebalance;
    this.#random = random;
  }

  join(context: RequestContext, request: JoinGroupRequest, answer: Answer<JoinGroupResponseInput>): ClassicResult {
    const { groups } = this.#ports;
    const { groupId, memberId } = request;
    const existing = groups.get(groupId);
    if (existing instanceof ClassicGroup) return this.#joinGroup(existing, this.#toJoin(context, request, answer));
    const isConvertible = existing === undefined || (existing.isEmpty() && existing.type !== GroupType.share);
    if (!isConvertible) {
      answer(joinError(UNKNOWN_MEMBER_ID, ErrorCode.INCONSISTENT_GROUP_PROTOCOL));
      return emptyResult();
    }
    // Whoever has an id had it from a group that is gone.
    if (memberId !== UNKNOWN_MEMBER_ID) {
      answer(joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID));
      return emptyResult();
    }
    const group = groups.createClassicGroup(groupId);
    const result = this.#joinGroup(group, this.#toJoin(context, request, answer));
    return this.#persistNewGroup(group, existing, result, answer);
  }

  /** A new group is written at once, so that it is there after a restart even before its first generation. */
  #persistNewGroup(
    group: ClassicGroup,
    converted: Group | undefined,
    result: ClassicResult,
    answer: Answer<JoinGroupResponseInput>,
  ): ClassicResult {
    const tombstones: CoordinatorRecord[] = converted?.tombstones() ?? [];
    return {
      records: [...tombstones, ...(result.records.length > 0 ? result.records : [emptyClassicGroupRecord(group)])],
      response: undefined,
      replay: false,
      onAppended: (error) => {
        result.onAppended?.(error);
        if (error === undefined) return;
        this.#ports.logger.warn(`Group ${group.groupId} could not be written: ${error.message}`);
        answer(joinError(UNKNOWN_MEMBER_ID, responseErrorCode(error)));
        if (this.#ports.groups.get(group.groupId) === group) {
          for (const member of group.members()) this.#rebalance.removeMember(group, member);
          this.#ports.groups.remove(group.groupId);
          if (converted !== undefined) this.#ports.groups.put(converted);
        }
      },
    };
  }

  #toJoin(context: RequestContext, request: JoinGroupRequest, answer: Answer<JoinGroupResponseInput>): Join {
    const protocols = new Map<string, MemberProtocol>();
    for (const { name, metadata } of request.protocols) {
      // Copied: it outlives the request that it came in.
      if (!protocols.has(name)) protocols.set(name, { name, metadata: Buffer.from(metadata) });
    }
    return {
      context,
      request,
      protocols: [...protocols.values()],
      rebalanceTimeoutMs: context.apiVersion === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
      answer,
    };
  }

  #joinGroup(group: ClassicGroup, join: Join): ClassicResult {
    const { memberId, protocolType } = join.request;
    if (!this.#isAccepted(group, memberId)) {
      group.remove(memberId);
      return refuse(join, UNKNOWN_MEMBER_ID, ErrorCode.GROUP_MAX_SIZE_REACHED);
    }
    if (group.state === dead) return refuse(join, memberId, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    if (!group.supportsProtocols(protocolType, join.protocols)) {
      return refuse(join, memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    return memberId === UNKNOWN_MEMBER_ID ? this.#joinNew(group, join) : this.#joinExisting(group, join);
  }

  #isAccepted(group: ClassicGroup, memberId: string): boolean {
    const { groupMaxSize } = this.#ports.config;
    if (group.isIn(empty, dead)) return true;
    const member = group.member(memberId);
    // While it rebalances, who has rejoined is in; the others compete for what is left.
    if (group.state === preparingRebalance) {
      return member?.awaitingJoin !== undefined || group.awaitingJoinCount < groupMaxSize;
    }
    return member !== undefined || group.memberCount < groupMaxSize;
  }

  // Members without an id

  #joinNew(group: ClassicGroup, join: Join): ClassicResult {
    const { context, request } = join;
    const { groupInstanceId } = request;
    const newMemberId = `${groupInstanceId ?? String(context.clientId)}-${memberUuid(this.#random)}`;
    if (groupInstanceId !== null) {
      const oldMemberId = group.staticMemberId(groupInstanceId);
      if (oldMemberId !== undefined) return this.#replaceStatic(group, join, groupInstanceId, oldMemberId, newMemberId);
    } else if (context.apiVersion >= MEMBER_ID_REQUIRED_VERSION) {
      group.addPendingMember(newMemberId);
      this.#rebalance.scheduleExpiration(group, newMemberId, request.sessionTimeoutMs);
      return refuse(join, newMemberId, ErrorCode.MEMBER_ID_REQUIRED);
    }
    return this.#addMember(group, join, newMemberId);
  }

  #addMember(group: ClassicGroup, join: Join, memberId: string): ClassicResult {
    const { context, request } = join;
    const member = new ClassicGroupMember({
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: context.clientId ?? '',
      clientHost: hostText(context.clientHost),
      rebalanceTimeoutMs: join.rebalanceTimeoutMs,
      sessionTimeoutMs: request.sessionTimeoutMs,
      protocolType: request.protocolType,
      protocols: join.protocols,
    });
    member.isNew = true;
    if (group.state === preparingRebalance && group.previousState === empty) group.newMemberAdded = true;
    group.add(member, join.answer);
    this.#rebalance.scheduleHeartbeat(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
    return this.#rebalance.prepareOrComplete(group, `${memberId} joins, ${clientReason(request)}`);
  }

  /** A static member comes back: with a new id, and without a rebalance unless it changes the group's protocol. */
  #replaceStatic(
    group: ClassicGroup,
    join: Join,
    groupInstanceId: string,
    oldMemberId: string,
    newMemberId: string,
  ): ClassicResult {
    if (group.isIn(empty, dead)) {
      throw new ApiError(
        ErrorCode.UNKNOWN_SERVER_ERROR,
        `Group ${group.groupId} is ${group.state} but has the static member ${groupInstanceId}.`,
      );
    }
    const previousLeader = group.leaderId;
    const member = group.replaceStaticMember(groupInstanceId, oldMemberId, newMemberId);
    this.#rebalance.cancelHeartbeat(group, oldMemberId);
    const before = { ...member };
    this.#update(group, member, join);
    this.#rebalance.scheduleHeartbeat(group, member);
    const reason = `static member ${groupInstanceId} came back, ${clientReason(join.request)}`;
    if (group.state === preparingRebalance) return this.#rebalance.maybeCompleteJoin(group);
    // The leader may be assigning to the old id just now.
    if (group.state === completingRebalance) return this.#rebalance.prepare(group, reason);
    if (group.selectProtocol() !== group.protocolName) return this.#rebalance.prepareOrComplete(group, reason);
    return {
      records: [classicGroupToRecord(group)],
      response: undefined,
      replay: false,
      onAppended: (error) => {
        if (group.member(newMemberId) !== member) return;
        if (error !== undefined) {
          group.update(member, before.protocols, before.rebalanceTimeoutMs, before.sessionTimeoutMs, undefined);
          const old = group.replaceStaticMember(groupInstanceId, newMemberId, oldMemberId);
          this.#rebalance.cancelHeartbeat(group, newMemberId);
          this.#rebalance.scheduleHeartbeat(group, old);
          join.answer(joinError(UNKNOWN_MEMBER_ID, responseErrorCode(error)));
          return;
        }
        const canSkip = join.context.apiVersion >= SKIP_ASSIGNMENT_VERSION;
        const isLeader = canSkip && group.isLeader(newMemberId);
        group.completeJoin(member, {
          ...currentGeneration(group, newMemberId, isLeader),
          // An older client would assign if it saw that it leads; it has to find itself a follower.
          leader: (canSkip ? group.leaderId : previousLeader) ?? NO_LEADER,
          skipAssignment: isLeader,
        });
      },
    };
  }

  // Members with an id

  #joinExisting(group: ClassicGroup, join: Join): ClassicResult {
    const { memberId, groupInstanceId } = join.request;
    if (group.isPendingMember(memberId)) {
      // Static members are never told to come back with an id.
      if (groupInstanceId !== null) return refuse(join, UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_SERVER_ERROR);
      return this.#addMember(group, join, memberId);
    }
    try {
      group.validateMember(memberId, groupInstanceId);
    } catch (error) {
      if (error instanceof ApiError) return refuse(join, memberId, error.code);
      throw error;
    }
    const member = group.member(memberId)!;
    const isUnchanged = member.matches(join.protocols);
    switch (group.state) {
      case preparingRebalance:
        return this.#rejoin(group, member, join, 'rejoins');
      case completingRebalance:
        // It may not have got the response: it gets it again.
        if (!isUnchanged) return this.#rejoin(group, member, join, 'changed its metadata');
        join.answer(currentGeneration(group, memberId, group.isLeader(memberId)));
        return emptyResult();
      case stable:
        // A leader rejoins to assign anew: topics may have changed.
        if (group.isLeader(memberId)) return this.#rejoin(group, member, join, 'leads and rejoins');
        if (!isUnchanged) return this.#rejoin(group, member, join, 'changed its metadata');
        join.answer(currentGeneration(group, memberId, false));
        return emptyResult();
      case empty:
      case dead:
        return refuse(join, memberId, ErrorCode.UNKNOWN_MEMBER_ID);
    }
  }

  #rejoin(group: ClassicGroup, member: ClassicGroupMember, join: Join, what: string): ClassicResult {
    this.#update(group, member, join);
    return this.#rebalance.prepareOrComplete(group, `${member.memberId} ${what}, ${clientReason(join.request)}`);
  }

  #update(group: ClassicGroup, member: ClassicGroupMember, join: Join): void {
    group.update(member, join.protocols, join.rebalanceTimeoutMs, join.request.sessionTimeoutMs, join.answer);
  }
}

function refuse(join: Join, memberId: string, errorCode: number): ClassicResult {
  join.answer(joinError(memberId, errorCode));
  return emptyResult();
}

function currentGeneration(group: ClassicGroup, memberId: string, withMembers: boolean): JoinGroupResponseInput {
  return {
    errorCode: ErrorCode.NONE,
    generationId: group.generationId,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocolName ?? null,
    leader: group.leaderId ?? NO_LEADER,
    memberId,
    members: withMembers ? group.joinResponseMembers() : [],
  };
}

function clientReason(request: JoinGroupRequest): string {
  return `client reason: ${request.reason === null || request.reason === '' ? 'not provided' : request.reason}`;
}
