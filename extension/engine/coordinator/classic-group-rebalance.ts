import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { joinError, UNKNOWN_MEMBER_ID } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import { EMPTY_ASSIGNMENT } from './classic-group-member.ts';
import type { ClassicGroupMember } from './classic-group-member.ts';
import { classicGroupToRecord } from './classic-group-record.ts';
import { ClassicGroupState } from './classic-group-state.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import { emptyResult } from './coordinator-result.ts';
import type { CoordinatorResult } from './coordinator-result.ts';
import type { CoordinatorTimer } from './coordinator-timer.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import type { GroupMetadataManager } from './group-metadata-manager.ts';

export type ClassicResult = CoordinatorResult<void, CoordinatorRecord>;

const { empty, preparingRebalance, completingRebalance, stable, dead } = ClassicGroupState;

/** Everything that the classic protocol's parts share. */
export interface ClassicGroupPorts {
  readonly config: GroupCoordinatorConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timer: CoordinatorTimer<CoordinatorRecord>;
  readonly groups: GroupMetadataManager;
}

/**
 * Moves a classic group through its rebalance: who is waited for, for how long, and what happens then.
 *
 * Three timers a group: `join` while members rejoin (or the first ones gather), `sync` from the new generation until
 * every member has asked for its assignment, and `heartbeat`, one a member.
 */
export class ClassicGroupRebalance {
  readonly #ports: ClassicGroupPorts;

  constructor(ports: ClassicGroupPorts) {
    this.#ports = ports;
  }

  // Preparing

  /** What follows when a member joined or left: a new rebalance, or perhaps the end of the one under way. */
  prepareOrComplete(group: ClassicGroup, reason: string): ClassicResult {
    return group.canRebalance() ? this.prepare(group, reason) : this.maybeCompleteJoin(group);
  }

  prepare(group: ClassicGroup, reason: string): ClassicResult {
    const { clock, config, logger, timer } = this.#ports;
    if (group.state === completingRebalance) this.resetAssignments(group, ErrorCode.REBALANCE_IN_PROGRESS);
    this.#cancelSyncExpiration(group);
    const isInitial = group.state === empty;
    logger.info(`Group ${group.groupId} rebalances from ${group.state}, generation ${group.generationId}: ${reason}.`);
    group.transitionTo(preparingRebalance, clock.nowMs());
    if (!isInitial) return this.#completeOrWait(group);
    // The first members of a group tend to come together: wait for them.
    const delayMs = config.groupInitialRebalanceDelayMs;
    const remainingMs = Math.max(group.rebalanceTimeoutMs() - delayMs, 0);
    timer.schedule(joinKey(group.groupId), delayMs, () => this.#onInitialDelay(group, delayMs, remainingMs));
    return emptyResult();
  }

  /** Each newcomer extends the delay, up to the rebalance timeout. */
  #onInitialDelay(group: ClassicGroup, delayMs: number, remainingMs: number): ClassicResult {
    if (!this.#isCurrent(group)) return emptyResult();
    if (!group.newMemberAdded || remainingMs === 0) return this.#complete(group);
    group.newMemberAdded = false;
    const nextDelayMs = Math.min(this.#ports.config.groupInitialRebalanceDelayMs, remainingMs);
    const nextRemainingMs = Math.max(remainingMs - delayMs, 0);
    this.#ports.timer.schedule(joinKey(group.groupId), nextDelayMs, () =>
      this.#onInitialDelay(group, nextDelayMs, nextRemainingMs),
    );
    return emptyResult();
  }

  #completeOrWait(group: ClassicGroup): ClassicResult {
    if (group.hasAllMembersJoined()) return this.#complete(group);
    this.#scheduleJoinTimeout(group);
    return emptyResult();
  }

  #scheduleJoinTimeout(group: ClassicGroup): void {
    this.#ports.timer.schedule(joinKey(group.groupId), group.rebalanceTimeoutMs(), () =>
      this.#isCurrent(group) ? this.#complete(group) : emptyResult(),
    );
  }

  /** Ends the join phase if everybody is there; the first rebalance of a group waits for its delay all the same. */
  maybeCompleteJoin(group: ClassicGroup): ClassicResult {
    const isReady = group.state === preparingRebalance && group.previousState !== empty && group.hasAllMembersJoined();
    return isReady ? this.#complete(group) : emptyResult();
  }

  /** Ends the join phase with those who are there. */
  #complete(group: ClassicGroup): ClassicResult {
    const { clock, logger, timer } = this.#ports;
    timer.cancel(joinKey(group.groupId));
    for (const member of group.members()) {
      // Static members keep their place while they are away.
      if (member.awaitingJoin !== undefined || member.isStatic) continue;
      logger.info(`Group ${group.groupId} goes on without ${member.memberId}, which did not rejoin in time.`);
      this.#drop(group, member.memberId);
    }
    if (group.state === dead) return emptyResult();
    if (!group.maybeElectNewJoinedLeader() && group.memberCount > 0) {
      // Nobody is there but absent static members: wait once more.
      this.#scheduleJoinTimeout(group);
      return emptyResult();
    }
    group.initNextGeneration(clock.nowMs());
    if (group.state === empty) return this.#persistEmpty(group);
    logger.info(`Group ${group.groupId} has generation ${group.generationId} with ${group.memberCount} members.`);
    for (const member of group.members()) {
      group.completeJoin(member, {
        errorCode: ErrorCode.NONE,
        generationId: group.generationId,
        protocolType: group.protocolType ?? null,
        protocolName: group.protocolName ?? null,
        leader: group.leaderId ?? '',
        memberId: member.memberId,
        members: group.isLeader(member.memberId) ? group.joinResponseMembers() : [],
      });
      this.scheduleHeartbeat(group, member);
      member.isNew = false;
      group.addPendingSyncMember(member.memberId);
    }
    this.#scheduleSyncExpiration(group);
    return emptyResult();
  }

  #persistEmpty(group: ClassicGroup): ClassicResult {
    const { logger } = this.#ports;
    logger.info(`Group ${group.groupId} is empty now, at generation ${group.generationId}.`);
    return {
      records: [classicGroupToRecord(group)],
      response: undefined,
      replay: false,
      onAppended(error) {
        // Should this broker stop now, the last generation comes back and its members time out: no harm.
        if (error !== undefined) {
          logger.warn(`That group ${group.groupId} is empty could not be written: ${error.message}`);
        }
      },
    };
  }

  // Syncing

  #scheduleSyncExpiration(group: ClassicGroup): void {
    const { generationId } = group;
    this.#ports.timer.schedule(syncKey(group.groupId), group.rebalanceTimeoutMs(), () =>
      this.#onSyncExpired(group, generationId),
    );
  }

  #onSyncExpired(group: ClassicGroup, generationId: number): ClassicResult {
    const isExpected = group.generationId === generationId && group.isIn(completingRebalance, stable);
    if (!this.#isCurrent(group) || !isExpected || group.hasReceivedSyncFromAllMembers()) return emptyResult();
    const late = group.pendingSyncMembers();
    for (const memberId of late) this.#drop(group, memberId);
    return this.prepare(group, `${late.join(', ')} did not ask for an assignment in time`);
  }

  #cancelSyncExpiration(group: ClassicGroup): void {
    group.clearPendingSyncMembers();
    this.#ports.timer.cancel(syncKey(group.groupId));
  }

  /** The member has asked for its assignment. */
  onSync(group: ClassicGroup, memberId: string): void {
    group.removePendingSyncMember(memberId);
    if (group.isIn(completingRebalance, stable) && group.hasReceivedSyncFromAllMembers()) {
      this.#cancelSyncExpiration(group);
    }
  }

  /** Every member gets its assignment; those who wait for it are answered. */
  assign(group: ClassicGroup, assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of group.members()) member.assignment = assignments.get(member.memberId) ?? EMPTY_ASSIGNMENT;
    this.#answerSyncs(group, ErrorCode.NONE);
    group.transitionTo(stable, this.#ports.clock.nowMs());
  }

  /** Takes all assignments back; those who wait for one are told `errorCode`. */
  resetAssignments(group: ClassicGroup, errorCode: number): void {
    for (const member of group.members()) member.assignment = EMPTY_ASSIGNMENT;
    this.#answerSyncs(group, errorCode);
  }

  #answerSyncs(group: ClassicGroup, errorCode: number): void {
    const isOk = errorCode === ErrorCode.NONE;
    for (const member of group.members()) {
      const wasWaiting = group.completeSync(member, {
        errorCode,
        protocolType: isOk ? (group.protocolType ?? null) : null,
        protocolName: isOk ? (group.protocolName ?? null) : null,
        assignment: member.assignment,
      });
      // While it waited it could not send heartbeats.
      if (wasWaiting) this.scheduleHeartbeat(group, member);
    }
  }

  // Sessions

  /** The member has shown that it lives: its session starts anew. */
  scheduleHeartbeat(group: ClassicGroup, member: ClassicGroupMember, timeoutMs = member.sessionTimeoutMs): void {
    this.scheduleExpiration(group, member.memberId, timeoutMs);
  }

  /** Also for an id that was handed out and is not a member's yet. */
  scheduleExpiration(group: ClassicGroup, memberId: string, timeoutMs: number): void {
    this.#ports.timer.schedule(heartbeatKey(group.groupId, memberId), timeoutMs, () =>
      this.#onHeartbeatExpired(group, memberId),
    );
  }

  #onHeartbeatExpired(group: ClassicGroup, memberId: string): ClassicResult {
    if (!this.#isCurrent(group) || group.state === dead) return emptyResult();
    if (group.isPendingMember(memberId)) {
      group.remove(memberId);
      return this.maybeCompleteJoin(group);
    }
    const member = group.member(memberId);
    if (member === undefined || member.hasSatisfiedHeartbeat()) return emptyResult();
    this.#ports.logger.info(`Member ${memberId} of group ${group.groupId} has not been heard of for too long.`);
    this.removeMember(group, member);
    if (group.isIn(stable, completingRebalance)) {
      return this.prepareOrComplete(group, `the session of ${memberId} expired`);
    }
    return group.state === preparingRebalance && group.hasAllMembersJoined() ? this.#complete(group) : emptyResult();
  }

  /** Removes a member; whatever of it still waits learns that it is none any more, and may join again. */
  removeMember(group: ClassicGroup, member: ClassicGroupMember): void {
    const error = ErrorCode.UNKNOWN_MEMBER_ID;
    group.completeJoin(member, joinError(UNKNOWN_MEMBER_ID, error));
    group.completeSync(member, { errorCode: error, assignment: EMPTY_ASSIGNMENT });
    this.#drop(group, member.memberId);
  }

  /** Removes a member, or an id that is not one yet, with its timer. */
  #drop(group: ClassicGroup, memberId: string): void {
    group.remove(memberId);
    this.cancelHeartbeat(group, memberId);
  }

  cancelHeartbeat(group: ClassicGroup, memberId: string): void {
    this.#ports.timer.cancel(heartbeatKey(group.groupId, memberId));
  }

  // Loading

  /** Members of a group that was read from the log have a full session to show up. */
  onLoaded(group: ClassicGroup): ClassicResult {
    for (const member of group.members()) this.scheduleHeartbeat(group, member);
    return group.memberCount > this.#ports.config.groupMaxSize
      ? this.prepare(group, `it has ${group.memberCount} members, more than group.max.size`)
      : emptyResult();
  }

  /** The group is led elsewhere: answers all that waits. */
  onUnloaded(group: ClassicGroup): void {
    group.transitionTo(dead, this.#ports.clock.nowMs());
    for (const member of group.members()) {
      group.completeJoin(member, joinError(member.memberId, ErrorCode.NOT_COORDINATOR));
      group.completeSync(member, { errorCode: ErrorCode.NOT_COORDINATOR, assignment: EMPTY_ASSIGNMENT });
    }
  }

  /** Whether a timer's group is still the one of that name. */
  #isCurrent(group: ClassicGroup): boolean {
    return this.#ports.groups.get(group.groupId) === group;
  }
}

function joinKey(groupId: string): string {
  return `join\0${groupId}`;
}

function syncKey(groupId: string): string {
  return `sync\0${groupId}`;
}

function heartbeatKey(groupId: string, memberId: string): string {
  return `heartbeat\0${groupId}\0${memberId}`;
}
