import type { LeaderState } from './leader-state.ts';
import { GRACE_MS, QuorumState } from './quorum-state.ts';
import type { QuorumStateOptions } from './quorum-state.ts';
import type { RaftEffect } from './raft-effect.ts';
import { isUpToDate, placeOf } from './raft-log-view.ts';
import type { RaftLogView } from './raft-log-view.ts';
import type {
  FetchDecision,
  FetchTarget,
  RaftMessage,
  RaftRefusal,
  RemoteAnswer,
  VoteAnswer,
  VoteQuestion,
} from './raft-messages.ts';
import type { LeaderAndEpoch, OffsetAndEpoch } from './raft-ports.ts';
import { RaftError, RaftErrorCode } from './raft-ports.ts';
import type { RaftRole } from './raft-roles.ts';
import type { RequestRound } from './request-round.ts';
import { sameReplica } from './voter-set.ts';
import type { ReplicaKey, VoterSet } from './voter-set.ts';

/** Whoever gave its vote, or its word, to another waits for that one's success. */
const YIELD_MS = 200;
/** A candidate that was refused once shares its epoch with another: it does not wait out its time. */
const SPLIT_VOTE_MS = 100;

/**
 * The quorum's rules without disk, network or clock: facts go in, effects come out ({@link takeEffects}). Times are
 * monotonic milliseconds. The parts that a node plays, and how they change, are the business of {@link QuorumState}; here
 * is what requests, answers and the log mean to them. What was voted is written down before it is answered.
 */
export class RaftCore {
  readonly self: ReplicaKey;
  readonly #state: QuorumState;
  readonly #log: RaftLogView;
  readonly #backoffMaxMs: number;

  constructor(options: QuorumStateOptions) {
    this.self = options.self;
    this.#log = options.log;
    this.#backoffMaxMs = options.timing.electionBackoffMaxMs;
    this.#state = new QuorumState(options);
  }

  get role(): RaftRole {
    return this.#state.role.role;
  }

  get voters(): VoterSet {
    return this.#state.voters;
  }

  get isVoter(): boolean {
    return this.#state.isVoter;
  }

  get epoch(): number {
    return this.#state.epoch;
  }

  /** What the outside is told. The leader does not count as one before it has committed something of its epoch. */
  get leaderAndEpoch(): LeaderAndEpoch {
    return this.#state.visibleLeader;
  }

  /** Who leads as far as elections go; -1 when nobody is known to. */
  get leaderId(): number {
    return this.#state.leaderId;
  }

  /** Whether this node can be made a voter: what it tells a leader that it has must be on disk even before. */
  get canVote(): boolean {
    return this.#state.canVote;
  }

  get highWatermark(): number {
    return this.#state.highWatermark;
  }

  /** What the leader knows of the replicas; undefined on others. */
  get leaderState(): LeaderState | undefined {
    const { role } = this.#state;
    return role.role === 'leader' ? role.leader : undefined;
  }

  takeEffects(): RaftEffect[] {
    return this.#state.takeEffects();
  }

  /** The node is up. Depending on what it did last, it follows, waits for an election or stands for one. */
  start(nowMs: number): void {
    this.#state.begin(nowMs);
    this.#state.settle(nowMs);
  }

  /** When {@link tick} is due; Infinity when nothing is to come by itself. */
  get nextDeadlineMs(): number {
    return this.#state.nextDeadlineMs;
  }

  tick(nowMs: number): void {
    const state = this.#state;
    const { role } = state;
    switch (role.role) {
      case 'unattached':
        if (state.mayStand && nowMs >= role.electionAtMs) state.stand(nowMs);
        break;
      case 'prospective':
      case 'candidate':
        if (nowMs >= role.endsAtMs) state.lose(nowMs);
        break;
      case 'follower':
        if (nowMs < Math.min(role.fetchDeadlineMs, role.standAtMs)) break;
        if (state.mayStand) state.stand(nowMs);
        else state.leaderGone('unreachable', nowMs);
        break;
      case 'leader':
        if (nowMs >= role.leader.checkQuorumAtMs) {
          const { heardVoters } = role.leader;
          state.resign(nowMs, `no majority: ${heardVoters} of ${state.voters.size} voters answered in time`, false);
        } else if (nowMs >= role.beginsAgainAtMs) state.beginAgain(nowMs);
        break;
      case 'resigned':
        if (nowMs >= role.endsAtMs) state.leaveResigned(nowMs);
        break;
    }
    state.settle(nowMs);
  }

  /** This node stood still for so long (the machine slept, say): the others had no chance to be heard. */
  postpone(ms: number): void {
    const { role } = this.#state;
    if (role.role === 'follower') role.fetchDeadlineMs += ms;
    else if (role.role === 'unattached') role.electionAtMs += ms;
    else if (role.role === 'leader') role.leader.postpone(ms);
  }

  vote(question: VoteQuestion, nowMs: number): VoteAnswer {
    const { candidate, asked, epoch, logEnd, preVote } = question;
    if (epoch < this.epoch) return { error: 'FENCED_LEADER_EPOCH', granted: false };
    const lastEpochLimit = preVote ? epoch : epoch - 1;
    const isNobody = candidate.id < 0 || candidate.id === this.self.id;
    if (isNobody || logEnd.offset < 0 || logEnd.epoch < 0 || logEnd.epoch > lastEpochLimit) {
      return { error: 'INVALID_REQUEST', granted: false };
    }
    if (epoch > this.epoch) this.#state.becomeUnattached(epoch, nowMs);
    let answer: VoteAnswer = { error: 'NONE', granted: false };
    if (!this.#isAsked(asked)) answer = { error: 'INVALID_VOTER_KEY', granted: false };
    else if (this.#grants(candidate, logEnd, preVote)) {
      answer = { error: 'NONE', granted: true };
      if (preVote) this.#yield(nowMs);
      else this.#state.giveVote(candidate, nowMs);
    }
    this.#state.settle(nowMs);
    return answer;
  }

  beginQuorumEpoch(leader: LeaderAndEpoch, asked: ReplicaKey | undefined, nowMs: number): RaftRefusal {
    return this.#fromLeader(leader, asked, nowMs);
  }

  /** The leader gives up; the first of `successors` stands at once, the others after it had its chance. */
  endQuorumEpoch(leader: LeaderAndEpoch, successors: readonly ReplicaKey[], nowMs: number): RaftRefusal {
    const refusal = this.#fromLeader(leader, undefined, nowMs);
    const { role } = this.#state;
    if (refusal !== 'NONE' || role.role !== 'follower' || this.#state.election.leaderId !== leader.leaderId) {
      return refusal;
    }
    const rank = successors.findIndex((key) => sameReplica(key, this.self));
    if (this.isVoter && rank < 0) return 'INCONSISTENT_VOTER_SET';
    this.#state.leaderGone('resigned', nowMs);
    const delayMs = rank === 0 ? 0 : Math.min(YIELD_MS * rank, this.#backoffMaxMs) + this.#state.int(GRACE_MS);
    role.standAtMs = nowMs + delayMs;
    this.#state.settle(nowMs);
    return refusal;
  }

  /** What a leader answers to a fetch in `epoch` for what follows `offset`, where the follower's last record has `lastEpoch`. */
  checkFetch(epoch: number, offset: number, lastEpoch: number): FetchDecision {
    const refusal = this.checkLeader(epoch);
    return refusal === 'NONE' ? placeOf(this.#log, offset, lastEpoch) : { kind: 'refused', error: refusal };
  }

  /** Whether a request to the leader of `epoch` is meant for this node. */
  checkLeader(epoch: number): RaftRefusal {
    if (epoch < this.epoch) return 'FENCED_LEADER_EPOCH';
    if (epoch > this.epoch) return 'UNKNOWN_LEADER_EPOCH';
    return this.role === 'leader' ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER';
  }

  /** A fetch was found valid: the replica has everything below `offset` on disk. */
  replicaFetched(key: ReplicaKey, offset: number, nowMs: number): void {
    const { role } = this.#state;
    if (role.role !== 'leader') return;
    if (role.leader.progressOf(key) !== undefined) role.begins.answered(key.id);
    if (role.leader.fetched(key, offset, this.#log.end().offset, nowMs)) this.#leaderCommits(role.leader);
    this.#state.settle(nowMs);
  }

  /** A replica follows this leader, though its log is not where it could be counted: it fetches a snapshot, or truncates. */
  replicaFollows(key: ReplicaKey, nowMs: number): void {
    this.leaderState?.heardOf(key, nowMs);
  }

  /** Another voter answered a {@link RaftMessage}. */
  answered(from: ReplicaKey, message: RaftMessage, answer: RemoteAnswer, nowMs: number): void {
    if (this.#learn(answer, nowMs)) this.unanswered(from, message, nowMs);
    else this.#take(from, message, answer, nowMs);
    this.#state.settle(nowMs);
  }

  /** No answer to a {@link RaftMessage} came: it is asked again after a while. A farewell is said once: who is not there sees it. */
  unanswered(to: ReplicaKey, message: RaftMessage, nowMs: number): void {
    const round = this.#roundOf(message);
    if (message.kind === 'end') round?.answered(to.id);
    else round?.failed(to.id, nowMs);
    this.#state.settle(nowMs);
  }

  /** Whom the driver should fetch from at present, if anybody. */
  fetchTarget(): FetchTarget | undefined {
    const { role } = this.#state;
    const { epoch } = this;
    if (role.role === 'unattached') return { kind: 'anybody', epoch };
    if (role.role !== 'follower') return undefined;
    if (!this.#state.mayStand && role.leaderIs !== 'alive') return { kind: 'anybody', epoch };
    return { kind: 'leader', leaderId: this.#state.election.leaderId, epoch };
  }

  /** A fetch of `epoch` was answered. False: there is nothing in the answer to go by. */
  fetchAnswered(from: number, epoch: number, answer: RemoteAnswer, nowMs: number): boolean {
    const isSuperseded = this.#learn(answer, nowMs);
    const { role } = this.#state;
    const isOurs = role.role === 'follower' && this.epoch === epoch && this.#state.election.leaderId === from;
    const isGood = isOurs && !isSuperseded && answer.error === 'NONE';
    if (isGood) {
      role.hasFetched = true;
      this.#state.leaderAlive(nowMs);
    } else if (isOurs && answer.error === 'NOT_LEADER_OR_FOLLOWER') this.#state.leaderGone('resigned', nowMs);
    this.#state.settle(nowMs);
    return isGood;
  }

  /** The leader told how far things are committed. */
  leaderCommitted(highWatermark: number): void {
    const known = Math.min(highWatermark, this.#log.end().offset);
    if (this.role !== 'follower' || known <= this.highWatermark) return;
    this.#state.highWatermark = known;
    this.#state.add({ type: 'commit', highWatermark: known });
  }

  /** Nobody listens any more where the leader of `epoch` did: its process has ended. */
  leaderGone(leaderId: number, epoch: number, nowMs: number): void {
    if (this.epoch !== epoch || this.#state.election.leaderId !== leaderId) return;
    this.#state.leaderGone('unreachable', nowMs);
    this.#state.settle(nowMs);
  }

  /** Everything below `endOffset` survives a loss of power on this node. */
  flushed(endOffset: number, nowMs: number): void {
    const { role } = this.#state;
    if (role.role !== 'leader' || !role.leader.flushed(endOffset, nowMs)) return;
    this.#leaderCommits(role.leader);
    this.#state.settle(nowMs);
  }

  /** A voters record was appended at `offset`, or one was cut off; it counts from then on, committed or not (KIP-853). */
  setVoters(voters: VoterSet, offset: number, previous: VoterSet | undefined, nowMs: number): void {
    const state = this.#state;
    state.voters = voters;
    state.votersOffset = offset;
    state.previousVoters = previous;
    const { role } = state;
    if (role.role === 'leader') {
      if (role.leader.setVoters(voters)) this.#leaderCommits(role.leader);
      role.beginsAgainAtMs = nowMs;
    } else if ((role.role === 'prospective' || role.role === 'candidate') && !state.mayStand) {
      const { leaderId } = state.election;
      if (leaderId >= 0) state.becomeFollower(state.epoch, leaderId, nowMs);
      else state.becomeUnattached(state.epoch, nowMs);
    }
    state.settle(nowMs);
  }

  /** Throws RaftError NOT_LEADER unless records may be appended in `epoch`. */
  expectLeader(epoch: number): void {
    const { leaderId } = this.leaderAndEpoch;
    if (this.role === 'leader' && this.epoch === epoch && leaderId === this.self.id) return;
    throw new RaftError(
      RaftErrorCode.NOT_LEADER,
      `Node ${this.self.id} does not lead the metadata quorum in epoch ${epoch} (epoch ${this.epoch}, leader ${leaderId}).`,
    );
  }

  /** Gives up leadership in `epoch` and says so to the other voters; does nothing when it is gone already. */
  resign(epoch: number, nowMs: number, reason = 'it was asked to give up'): void {
    if (this.role !== 'leader' || this.epoch !== epoch) return;
    this.#state.resign(nowMs, reason, true);
    this.#state.settle(nowMs);
  }

  /** Whether every voter has been told that this leader resigned; true on any other node. */
  get hasSaidFarewell(): boolean {
    const { role } = this.#state;
    return role.role !== 'resigned' || role.ends.isDone;
  }

  #isAsked(asked: ReplicaKey | undefined): boolean {
    return asked === undefined || sameReplica(asked, this.self);
  }

  #grants(candidate: ReplicaKey, logEnd: OffsetAndEpoch, preVote: boolean): boolean {
    const { role, election } = this.#state;
    const isCurrent = isUpToDate(logEnd, this.#log.end());
    if (role.role === 'leader') return false;
    if (preVote) return isCurrent && (role.role !== 'follower' || !role.hasFetched || role.leaderIs !== 'alive');
    if (election.voted !== undefined) return sameReplica(election.voted, candidate);
    return (role.role === 'unattached' || role.role === 'prospective') && election.leaderId < 0 && isCurrent;
  }

  /** Another one may stand: it is given a chance before this node does. */
  #yield(nowMs: number): void {
    const { role } = this.#state;
    const untilMs = nowMs + YIELD_MS + this.#state.int(GRACE_MS);
    if (role.role === 'follower' && role.standAtMs < untilMs) role.standAtMs = untilMs;
    else if (role.role === 'unattached' && role.electionAtMs < untilMs) role.electionAtMs = untilMs;
  }

  #fromLeader(leader: LeaderAndEpoch, asked: ReplicaKey | undefined, nowMs: number): RaftRefusal {
    const { leaderId } = this.#state.election;
    if (leader.epoch < this.epoch) return 'FENCED_LEADER_EPOCH';
    const isTwo = leader.epoch === this.epoch && leaderId >= 0 && leaderId !== leader.leaderId;
    if (leader.leaderId < 0 || leader.leaderId === this.self.id || isTwo) return 'INVALID_REQUEST';
    this.#heardOfLeader(leader, nowMs);
    this.#state.settle(nowMs);
    return this.#isAsked(asked) ? 'NONE' : 'INVALID_VOTER_KEY';
  }

  /** Takes over what an answer says of epochs and leaders. True when the answer is of no further use. */
  #learn({ error, leader }: RemoteAnswer, nowMs: number): boolean {
    if (leader.epoch < this.epoch || error === 'UNKNOWN_LEADER_EPOCH') return true;
    const isLater = leader.epoch > this.epoch;
    const isNews = this.#state.election.leaderId < 0 || this.role === 'unattached';
    if (isLater || (isNews && leader.leaderId >= 0 && leader.leaderId !== this.self.id)) {
      this.#heardOfLeader(leader, nowMs);
    }
    return isLater || error === 'FENCED_LEADER_EPOCH';
  }

  #heardOfLeader(leader: LeaderAndEpoch, nowMs: number): void {
    const { leaderId, epoch } = leader;
    const state = this.#state;
    const isFollowed = this.role === 'follower' && epoch === this.epoch && state.election.leaderId === leaderId;
    // One that claims that this node leads in an epoch of which it knows nothing has forgotten more than it says.
    if (isFollowed) state.leaderAlive(nowMs);
    else if (leaderId < 0 || leaderId === this.self.id) state.becomeUnattached(epoch, nowMs);
    else state.becomeFollower(epoch, leaderId, nowMs);
  }

  #roundOf(message: RaftMessage): RequestRound | undefined {
    const { role } = this.#state;
    if (message.epoch !== this.epoch) return undefined;
    if (message.kind === 'vote') {
      const asking = message.preVote ? 'prospective' : 'candidate';
      return role.role === asking ? role.votes.requests : undefined;
    }
    if (message.kind === 'begin') return role.role === 'leader' ? role.begins : undefined;
    return role.role === 'resigned' ? role.ends : undefined;
  }

  #take(from: ReplicaKey, message: RaftMessage, answer: RemoteAnswer, nowMs: number): void {
    const round = this.#roundOf(message);
    if (round === undefined) return;
    const state = this.#state;
    const { role } = state;
    if (role.role !== 'prospective' && role.role !== 'candidate') {
      if (message.kind === 'end' || answer.error === 'NONE') round.answered(from.id);
      else round.failed(from.id, nowMs);
      return;
    }
    if (answer.error !== 'NONE' && answer.error !== 'INVALID_VOTER_KEY') return round.failed(from.id, nowMs);
    role.votes.record(from.id, answer.granted);
    if (role.votes.isWon) state.win(role.votes, nowMs);
    else if (role.votes.isLost) state.lose(nowMs);
    else if (!answer.granted && role.role === 'candidate') {
      role.endsAtMs = Math.min(role.endsAtMs, nowMs + SPLIT_VOTE_MS + state.int(SPLIT_VOTE_MS));
    }
  }

  #leaderCommits(leader: LeaderState): void {
    const { highWatermark } = leader;
    this.#state.highWatermark = Math.max(this.highWatermark, highWatermark);
    this.#state.add({ type: 'commit', highWatermark });
  }
}
