import { ErrorCode } from '../../protocol/errors.ts';
import type {
  JoinGroupResponseInput,
  JoinGroupResponseMemberInput,
} from '../../protocol/generated/join-group-response.ts';
import type { SyncGroupResponseInput } from '../../protocol/generated/sync-group-response.ts';
import { ApiError } from '../common/api-error.ts';
import { ClassicGroupMember } from './classic-group-member.ts';
import type { Answer, MemberProtocol } from './classic-group-member.ts';
import { ClassicGroupState, isValidTransition } from './classic-group-state.ts';
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from './consumer-protocol.ts';
import { GroupType } from './coordinator-record.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import type { Group, RetentionStart } from './group.ts';
import { ProtocolElection } from './protocol-election.ts';

export const UNKNOWN_MEMBER_ID = '';
export const NO_LEADER = '';

const { empty, preparingRebalance, completingRebalance, stable, dead } = ClassicGroupState;

/**
 * A group of the classic rebalance protocol: members, who leads them, and how far their rebalance has come. It decides
 * nothing on its own; ClassicGroupManager drives it. What of it is durable is in classic-group-record.ts.
 */
export class ClassicGroup implements Group {
  readonly groupId: string;
  readonly type = GroupType.classic;
  generationId = 0;
  protocolType: string | undefined;
  protocolName: string | undefined;
  leaderId: string | undefined;
  /** When the state was last entered, in ms since the epoch; undefined in records of very old brokers. */
  stateTimestampMs: number | undefined;
  /** During the delay of the first rebalance: whether somebody joined since it was last looked at. */
  newMemberAdded = false;
  readonly #members = new Map<string, ClassicGroupMember>();
  /** Group instance id → member id. */
  readonly #staticMembers = new Map<string, string>();
  /** Ids that were handed out with MEMBER_ID_REQUIRED and not used yet. */
  readonly #pendingJoinMembers = new Set<string>();
  /** Members that have been told the generation and have not sent SyncGroup. */
  readonly #pendingSyncMembers = new Set<string>();
  readonly #protocols = new ProtocolElection();
  #awaitingJoinCount = 0;
  #state: ClassicGroupState;
  #previousState: ClassicGroupState;
  /** Undefined where it can't be told: not a consumer group, or a subscription that is not readable. */
  #subscribedTopics: ReadonlySet<string> | undefined;

  constructor(groupId: string, state: ClassicGroupState, stateTimestampMs: number | undefined) {
    this.groupId = groupId;
    this.#state = state;
    this.#previousState = dead;
    this.stateTimestampMs = stateTimestampMs;
  }

  /** Sets what a record says about the group as a whole, once its members are added. */
  restore(from: Pick<ClassicGroup, 'generationId' | 'protocolType' | 'protocolName' | 'leaderId'>): void {
    this.generationId = from.generationId;
    this.protocolType = from.protocolType;
    this.protocolName = from.protocolName;
    this.leaderId = from.leaderId;
    this.#subscribedTopics = this.#computeSubscribedTopics();
  }

  get state(): ClassicGroupState {
    return this.#state;
  }

  get previousState(): ClassicGroupState {
    return this.#previousState;
  }

  get stateName(): string {
    return this.#state;
  }

  get protocolTypeName(): string {
    return this.protocolType ?? '';
  }

  isIn(...states: readonly ClassicGroupState[]): boolean {
    return states.includes(this.#state);
  }

  isEmpty(): boolean {
    return this.#state === empty;
  }

  transitionTo(state: ClassicGroupState, nowMs: number): void {
    if (!isValidTransition(this.#state, state)) {
      throw new Error(`Group ${this.groupId} can't go from ${this.#state} to ${state}.`);
    }
    this.#previousState = this.#state;
    this.#state = state;
    this.stateTimestampMs = nowMs;
  }

  canRebalance(): boolean {
    return isValidTransition(this.#state, preparingRebalance);
  }

  // Members

  members(): ClassicGroupMember[] {
    return [...this.#members.values()];
  }

  get memberCount(): number {
    return this.#members.size;
  }

  get awaitingJoinCount(): number {
    return this.#awaitingJoinCount;
  }

  get staticMemberCount(): number {
    return this.#staticMembers.size;
  }

  member(memberId: string): ClassicGroupMember | undefined {
    return this.#members.get(memberId);
  }

  hasMember(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  /** The member id behind a group instance id. */
  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticMembers.get(groupInstanceId);
  }

  /** Takes a member in; the first one decides the protocol type and leads. */
  add(member: ClassicGroupMember, answer?: Answer<JoinGroupResponseInput>): void {
    if (this.#members.size === 0) this.protocolType = member.protocolType;
    this.leaderId ??= member.memberId;
    this.#members.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.#staticMembers.set(member.groupInstanceId, member.memberId);
    this.#protocols.add(member);
    this.#setAwaitingJoin(member, answer);
    this.#pendingJoinMembers.delete(member.memberId);
  }

  /** Forgets a member, or an id that was only handed out. Requests that wait must have been answered before. */
  remove(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member !== undefined) {
      this.#members.delete(memberId);
      this.#protocols.remove(member);
      this.#setAwaitingJoin(member, undefined);
      if (member.groupInstanceId !== null && this.#staticMembers.get(member.groupInstanceId) === memberId) {
        this.#staticMembers.delete(member.groupInstanceId);
      }
    }
    if (this.isLeader(memberId)) this.leaderId = this.#members.keys().next().value;
    this.#pendingJoinMembers.delete(memberId);
    this.#pendingSyncMembers.delete(memberId);
  }

  update(
    member: ClassicGroupMember,
    protocols: readonly MemberProtocol[],
    rebalanceTimeoutMs: number,
    sessionTimeoutMs: number,
    answer: Answer<JoinGroupResponseInput> | undefined,
  ): void {
    this.#protocols.remove(member);
    member.protocols = protocols;
    this.#protocols.add(member);
    member.rebalanceTimeoutMs = rebalanceTimeoutMs;
    member.sessionTimeoutMs = sessionTimeoutMs;
    this.#setAwaitingJoin(member, answer);
  }

  /** A static member that came back gets a new id; whoever still uses the old one is told that it is fenced. */
  replaceStaticMember(groupInstanceId: string, oldMemberId: string, newMemberId: string): ClassicGroupMember {
    const old = this.#members.get(oldMemberId);
    if (old === undefined) throw new Error(`Group ${this.groupId} has no member ${oldMemberId} to replace.`);
    this.completeJoin(old, {
      errorCode: ErrorCode.FENCED_INSTANCE_ID,
      protocolName: null,
      leader: NO_LEADER,
      memberId: oldMemberId,
      members: [],
    });
    this.completeSync(old, { errorCode: ErrorCode.FENCED_INSTANCE_ID, assignment: Buffer.alloc(0) });
    const member = new ClassicGroupMember({ ...old, groupInstanceId, memberId: newMemberId });
    this.#members.delete(oldMemberId);
    this.#members.set(newMemberId, member);
    if (this.isLeader(oldMemberId)) this.leaderId = newMemberId;
    this.#staticMembers.set(groupInstanceId, newMemberId);
    return member;
  }

  /** @throws ApiError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  validateMember(memberId: string, groupInstanceId: string | null): void {
    if (groupInstanceId !== null) {
      const existing = this.#staticMembers.get(groupInstanceId);
      if (existing === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
      if (existing !== memberId) throw new ApiError(ErrorCode.FENCED_INSTANCE_ID);
    }
    if (!this.#members.has(memberId)) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  // Joining

  isPendingMember(memberId: string): boolean {
    return this.#pendingJoinMembers.has(memberId);
  }

  addPendingMember(memberId: string): void {
    this.#pendingJoinMembers.add(memberId);
  }

  hasAllMembersJoined(): boolean {
    return this.#members.size === this.#awaitingJoinCount && this.#pendingJoinMembers.size === 0;
  }

  /** As long as the most patient member allows. */
  rebalanceTimeoutMs(): number {
    let maxMs = 0;
    for (const { rebalanceTimeoutMs } of this.#members.values()) maxMs = Math.max(maxMs, rebalanceTimeoutMs);
    return maxMs;
  }

  #setAwaitingJoin(member: ClassicGroupMember, answer: Answer<JoinGroupResponseInput> | undefined): void {
    const replaced = member.awaitingJoin;
    member.awaitingJoin = answer;
    this.#awaitingJoinCount += Number(answer !== undefined) - Number(replaced !== undefined);
    // The member gave up on its first request, whose connection is most likely gone.
    if (answer !== undefined) replaced?.(joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS));
  }

  /** Answers the member's JoinGroup, if one waits. */
  completeJoin(member: ClassicGroupMember, response: JoinGroupResponseInput): boolean {
    const answer = member.awaitingJoin;
    if (answer === undefined) return false;
    this.#setAwaitingJoin(member, undefined);
    answer(response);
    return true;
  }

  /** Leaves leadership with the leader if it rejoined, else gives it to somebody who did; false if nobody did. */
  maybeElectNewJoinedLeader(): boolean {
    const leader = this.leaderId === undefined ? undefined : this.#members.get(this.leaderId);
    if (leader === undefined) return false;
    if (leader.awaitingJoin !== undefined) return true;
    const joined = this.members().find((member) => member.awaitingJoin !== undefined);
    if (joined === undefined) return false;
    this.leaderId = joined.memberId;
    return true;
  }

  /** The next generation: CompletingRebalance with a protocol selected, or Empty. */
  initNextGeneration(nowMs: number): void {
    this.generationId++;
    if (this.#members.size === 0) {
      this.protocolName = undefined;
      this.transitionTo(empty, nowMs);
    } else {
      this.protocolName = this.selectProtocol();
      this.transitionTo(completingRebalance, nowMs);
    }
    this.#subscribedTopics = this.#computeSubscribedTopics();
    this.#pendingSyncMembers.clear();
  }

  /** What the leader is told about the members. */
  joinResponseMembers(): JoinGroupResponseMemberInput[] {
    return this.members().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadata(this.protocolName ?? '') ?? Buffer.alloc(0),
    }));
  }

  // Syncing

  addPendingSyncMember(memberId: string): void {
    this.#pendingSyncMembers.add(memberId);
  }

  removePendingSyncMember(memberId: string): void {
    this.#pendingSyncMembers.delete(memberId);
  }

  pendingSyncMembers(): string[] {
    return [...this.#pendingSyncMembers];
  }

  clearPendingSyncMembers(): void {
    this.#pendingSyncMembers.clear();
  }

  hasReceivedSyncFromAllMembers(): boolean {
    return this.#pendingSyncMembers.size === 0;
  }

  awaitSync(member: ClassicGroupMember, answer: Answer<SyncGroupResponseInput>): void {
    const replaced = member.awaitingSync;
    member.awaitingSync = answer;
    replaced?.({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS, assignment: Buffer.alloc(0) });
  }

  /** Answers the member's SyncGroup, if one waits. */
  completeSync(member: ClassicGroupMember, response: SyncGroupResponseInput): boolean {
    const answer = member.awaitingSync;
    if (answer === undefined) return false;
    member.awaitingSync = undefined;
    answer(response);
    return true;
  }

  // Protocols

  /** Whether a member with these protocols may join: one of them must be common to all. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.#state === empty) return protocolType !== '' && protocols.length > 0;
    return this.protocolType === protocolType && this.#protocols.hasCommon(protocols, this.#members.size);
  }

  selectProtocol(): string {
    const selected = this.#protocols.select(this.members());
    if (selected === undefined) throw new Error(`The members of group ${this.groupId} have no protocol in common.`);
    return selected;
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  #computeSubscribedTopics(): ReadonlySet<string> | undefined {
    if (!this.usesConsumerProtocol) return undefined;
    if (this.#members.size === 0) return new Set();
    const { protocolName } = this;
    return protocolName === undefined
      ? undefined
      : subscribedTopics(this.members().map((member) => member.metadata(protocolName)));
  }

  isSubscribedToTopic(topic: string): boolean {
    // A consumer group whose subscriptions can't be read may be subscribed to anything.
    return this.#subscribedTopics?.has(topic) ?? this.usesConsumerProtocol;
  }

  // Offsets and deletion

  validateOffsetCommit(
    memberId: string,
    groupInstanceId: string | null,
    generationId: number,
    isTransactional: boolean,
  ): void {
    if (this.#state === dead) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    // An admin client, or a consumer that assigns its partitions itself.
    if (generationId < 0 && this.#state === empty) return;
    if (generationId >= 0 || memberId !== UNKNOWN_MEMBER_ID || groupInstanceId !== null) {
      this.validateMember(memberId, groupInstanceId);
      if (generationId !== this.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION);
    } else if (!isTransactional && this.#state !== empty) {
      throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID);
    }
    if (!isTransactional && this.#state === completingRebalance) throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS);
  }

  validateOffsetDelete(): void {
    if (this.#state === dead) throw deadGroup(this.groupId);
    if (this.isIn(stable, preparingRebalance, completingRebalance) && !this.usesConsumerProtocol) {
      throw new ApiError(ErrorCode.NON_EMPTY_GROUP);
    }
  }

  validateDelete(): void {
    if (this.#state === dead) throw deadGroup(this.groupId);
    if (this.#state !== empty) throw new ApiError(ErrorCode.NON_EMPTY_GROUP);
  }

  offsetRetentionStart(): RetentionStart | undefined {
    // It never had members: each offset on its own.
    if (this.protocolType === undefined) return (offset) => offset.commitTimestampMs;
    const { stateTimestampMs } = this;
    if (this.#state === empty) return (offset) => stateTimestampMs ?? offset.commitTimestampMs;
    const knowsTopics = this.usesConsumerProtocol && this.#subscribedTopics !== undefined;
    return knowsTopics && this.#state === stable ? (offset) => offset.commitTimestampMs : undefined;
  }

  tombstones(): CoordinatorRecord[] {
    return [{ kind: 'groupMetadata', groupId: this.groupId, value: null }];
  }
}

function deadGroup(groupId: string): ApiError {
  return new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is in dead state.`);
}

/** A JoinGroup response that says nothing but what went wrong. */
export function joinError(memberId: string, errorCode: number): JoinGroupResponseInput {
  return { errorCode, protocolName: null, leader: NO_LEADER, memberId, members: [] };
}
