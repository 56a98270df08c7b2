import type { Random } from '../common/random.ts';
import type { ElectionState } from './election-state.ts';
import { LeaderState } from './leader-state.ts';
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
import type { LeaderAndEpoch, OffsetAndEpoch, RaftTiming } from './raft-ports.ts';
import { RaftError, RaftErrorCode } from './raft-ports.ts';
import { electionStateAt, followerState, RETRY_MAX_MS } from './raft-roles.ts';
import type { RaftRole, RoleState } from './raft-roles.ts';
import { RequestRound } from './request-round.ts';
import { VoteCount } from './vote-count.ts';
import { sameReplica } from './voter-set.ts';
import type { ReplicaKey, VoterSet } from './voter-set.ts';

/** What the driver must do, in this order, before it tells the core anything else. */
export type RaftEffect =
  /** Write `quorum-state` and make it durable. */
  | { readonly type: 'persist'; readonly election: ElectionState }
  /** Ask another voter, and tell `answered` or `unanswered` what came of it. */
  | { readonly type: 'send'; readonly to: ReplicaKey; readonly message: RaftMessage }
  /** Append the control records that open an epoch. */
  | { readonly type: 'openEpoch'; readonly epoch: number; readonly granting: readonly number[] }
  /** Everything below is committed now. */
  | { readonly type: 'commit'; readonly highWatermark: number }
  /** Tell the listener, once everything committed before has been handed over. */
  | { readonly type: 'leader'; readonly leader: LeaderAndEpoch }
  /** Tell whoever watches the quorum. */
  | { readonly type: 'status'; readonly hasMajority: boolean; readonly reason: string };

export interface RaftCoreOptions {
  readonly self: ReplicaKey;
  /** Whether this node can vote at all, given that the voters have it. */
  readonly canVote: boolean;
  readonly voters: VoterSet;
  /** Of the record that made them so; -1 where the log does not have it. */
  readonly votersOffset: number;
  /** From `quorum-state`. */
  readonly election: ElectionState;
  readonly log: RaftLogView;
  readonly timing: RaftTiming;
  readonly random: Pick<Random, 'int'>;
}

/** A leader whose end was seen is followed by an election after at most this time, so that not all stand at once. */
const GRACE_MS = 50;
/** Whoever gave its vote, or its word, to another waits for that one's success. */
const YIELD_MS = 200;
/** Added to the fetch time-out at most. */
const FETCH_JITTER_MS = 200;
/** A candidate that was refused once shares its epoch with another: it does not wait out its time. */
const SPLIT_VOTE_MS = 100;
/** At the first start of a quorum its voters stand one after the other, the lowest id first. */
const FIRST_ELECTION_STEP_MS = 50;
/** After a lost election the next one comes within this time, twice it after the second, and so on. */
const FIRST_BACKOFF_MS = 50;

/**
 * The quorum's rules without disk, network or clock: facts go in, effects come out ({@link takeEffects}). Times are
 * monotonic milliseconds. Transitions:
 *
 *   unattached  → prospective     the election time-out passed and it may vote
 *   unattached  → follower        it heard of a leader
 *   prospective → candidate       a majority would vote for it (pre-vote, KIP-996: no epoch is spent before that)
 *   prospective → follower        no majority would, and it knows a leader of this epoch, or heard of one
 *   prospective → unattached      no majority would, and there is no leader
 *   candidate   → leader          a majority voted for it
 *   candidate   → follower        another one won
 *   candidate   → unattached      nobody won in time
 *   follower    → prospective     the leader was silent for too long, said farewell, or is seen to be gone
 *   leader      → resigned        no majority fetched from it for too long, it was asked to, or it votes no more
 *   resigned    → unattached      in the next epoch, after a while
 *   any         → unattached, follower     a later epoch is heard of
 *
 * An observer (a node without a vote) is unattached or follower. An epoch is never led twice: becoming candidate takes
 * a new one, and writes it down first. What was voted is written down before it is answered.
 */
export class RaftCore {
  readonly self: ReplicaKey;
  readonly #options: RaftCoreOptions;
  readonly #log: RaftLogView;
  #voters: VoterSet;
  #votersOffset: number;
  #election: ElectionState;
  #state: RoleState;
  #highWatermark = -1;
  #visibleLeader: LeaderAndEpoch;
  #effects: RaftEffect[] = [];
  #lostElections = 0;
  #saidNoMajority = false;

  constructor(options: RaftCoreOptions) {
    this.#options = options;
    this.self = options.self;
    this.#log = options.log;
    this.#voters = options.voters;
    this.#votersOffset = options.votersOffset;
    // A log may be ahead of quorum-state when that file was lost; epochs never go back.
    this.#election = electionStateAt(options.election, options.log.end());
    this.#state = { role: 'unattached', electionAtMs: Infinity };
    this.#visibleLeader = { leaderId: -1, epoch: this.#election.epoch };
  }

  get role(): RaftRole {
    return this.#state.role;
  }

  get voters(): VoterSet {
    return this.#voters;
  }

  get isVoter(): boolean {
    return this.#options.canVote && this.#voters.isVoter(this.self);
  }

  get epoch(): number {
    return this.#election.epoch;
  }

  /** What other nodes are told. The leader does not count as one before it has committed something of its epoch. */
  get leaderAndEpoch(): LeaderAndEpoch {
    return this.#visibleLeader;
  }

  /** Who leads as far as elections go; -1 when nobody is known to. */
  get leaderId(): number {
    return this.#state.role === 'resigned' ? -1 : this.#election.leaderId;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** What the leader knows of the replicas; undefined on others. */
  get leaderState(): LeaderState | undefined {
    return this.#state.role === 'leader' ? this.#state.leader : undefined;
  }

  get votersOffset(): number {
    return this.#votersOffset;
  }

  takeEffects(): RaftEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** The node is up. Depending on what it did last, it follows, waits for an election or stands for one. */
  start(nowMs: number): void {
    const { leaderId } = this.#election;
    if (this.isVoter && this.#others().length === 0) this.#stand(nowMs);
    else if (leaderId === this.self.id) {
      // It led until it stopped. Nobody else can lead in that epoch, and its log is as good as any.
      const ends = new RequestRound([], nowMs, RETRY_MAX_MS);
      this.#state = { role: 'resigned', ends, successors: [], endsAtMs: nowMs + this.#int(GRACE_MS) };
    } else if (leaderId >= 0 && this.#voters.get(leaderId) !== undefined) {
      this.#state = followerState(this.#fetchDeadline(nowMs));
    } else this.#state = { role: 'unattached', electionAtMs: this.#firstElectionAt(nowMs) };
    this.#settle(nowMs);
  }

  /** When {@link tick} is due; Infinity when nothing is to come by itself. */
  get nextDeadlineMs(): number {
    const state = this.#state;
    switch (state.role) {
      case 'unattached':
        return this.isVoter ? state.electionAtMs : Infinity;
      case 'prospective':
      case 'candidate':
        return Math.min(state.endsAtMs, state.votes.requests.nextMs);
      case 'follower':
        return this.isVoter ? Math.min(state.fetchDeadlineMs, state.standAtMs) : state.fetchDeadlineMs;
      case 'leader':
        return Math.min(state.leader.checkQuorumAtMs, state.begins.nextMs, state.beginsAgainAtMs);
      case 'resigned':
        return Math.min(state.endsAtMs, state.ends.nextMs);
    }
  }

  tick(nowMs: number): void {
    const state = this.#state;
    switch (state.role) {
      case 'unattached':
        if (this.isVoter && nowMs >= state.electionAtMs) this.#stand(nowMs);
        break;
      case 'prospective':
      case 'candidate':
        if (nowMs >= state.endsAtMs) this.#lose(nowMs);
        break;
      case 'follower':
        if (nowMs >= Math.min(state.fetchDeadlineMs, state.standAtMs)) this.#leaderSilent(nowMs);
        break;
      case 'leader':
        if (nowMs >= state.leader.checkQuorumAtMs) {
          const { heardVoters } = state.leader;
          this.#resign(nowMs, `no majority: ${heardVoters} of ${this.#voters.size} voters answered in time`, false);
        } else if (nowMs >= state.beginsAgainAtMs) this.#beginAgain(nowMs);
        break;
      case 'resigned':
        if (nowMs >= state.endsAtMs) this.#leaveResigned(nowMs);
        break;
    }
    this.#settle(nowMs);
  }

  /** This node stood still for so long (the machine slept, say): the others had no chance to be heard. */
  postpone(ms: number): void {
    const state = this.#state;
    if (state.role === 'follower') state.fetchDeadlineMs += ms;
    else if (state.role === 'unattached') state.electionAtMs += ms;
    else if (state.role === 'leader') state.leader.postpone(ms);
  }

  vote(question: VoteQuestion, nowMs: number): VoteAnswer {
    const { candidate, asked, epoch, logEnd, preVote } = question;
    if (epoch < this.epoch) return { error: 'FENCED_LEADER_EPOCH', granted: false };
    const lastEpochLimit = preVote ? epoch : epoch - 1;
    const isNobody = candidate.id < 0 || candidate.id === this.self.id;
    if (isNobody || logEnd.offset < 0 || logEnd.epoch < 0 || logEnd.epoch > lastEpochLimit) {
      return { error: 'INVALID_REQUEST', granted: false };
    }
    if (epoch > this.epoch) this.#becomeUnattached(epoch, nowMs);
    let answer: VoteAnswer = { error: 'NONE', granted: false };
    if (!this.#isAsked(asked)) answer = { error: 'INVALID_VOTER_KEY', granted: false };
    else if (this.#grants(candidate, logEnd, preVote)) {
      answer = { error: 'NONE', granted: true };
      if (preVote) this.#yield(nowMs);
      else this.#giveVote(candidate, nowMs);
    }
    this.#settle(nowMs);
    return answer;
  }

  beginQuorumEpoch(leader: LeaderAndEpoch, asked: ReplicaKey | undefined, nowMs: number): RaftRefusal {
    return this.#fromLeader(leader, asked, nowMs);
  }

  /** The leader gives up; the first of `successors` stands at once, the others after it had its chance. */
  endQuorumEpoch(leader: LeaderAndEpoch, successors: readonly ReplicaKey[], nowMs: number): RaftRefusal {
    const refusal = this.#fromLeader(leader, undefined, nowMs);
    const state = this.#state;
    if (refusal !== 'NONE' || state.role !== 'follower' || this.#election.leaderId !== leader.leaderId) return refusal;
    const rank = successors.findIndex((key) => sameReplica(key, this.self));
    if (this.isVoter && rank < 0) return 'INCONSISTENT_VOTER_SET';
    state.isLeaderGone = true;
    const delayMs =
      rank === 0 ? 0 : Math.min(YIELD_MS * rank, this.#options.timing.electionBackoffMaxMs) + this.#int(GRACE_MS);
    state.standAtMs = nowMs + delayMs;
    this.#settle(nowMs);
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
    const state = this.#state;
    if (state.role !== 'leader') return;
    if (state.leader.progressOf(key) !== undefined) state.begins.answered(key.id);
    if (state.leader.fetched(key, offset, this.#log.end().offset, nowMs)) this.#leaderCommits(state.leader);
    this.#settle(nowMs);
  }

  /** A replica follows this leader, though its log is not where it could be counted: it fetches a snapshot, or truncates. */
  replicaFollows(key: ReplicaKey, nowMs: number): void {
    if (this.#state.role === 'leader') this.#state.leader.heardOf(key, nowMs);
  }

  /** Another voter answered a {@link RaftMessage}. */
  answered(from: ReplicaKey, message: RaftMessage, answer: RemoteAnswer, nowMs: number): void {
    if (this.#learn(answer, nowMs)) this.#roundOf(message)?.failed(from.id, nowMs);
    else this.#take(from, message, answer, nowMs);
    this.#settle(nowMs);
  }

  /** No answer to a {@link RaftMessage} came: it is asked again after a while. */
  unanswered(to: ReplicaKey, message: RaftMessage, nowMs: number): void {
    this.#roundOf(message)?.failed(to.id, nowMs);
    this.#settle(nowMs);
  }

  /** Whom the driver should fetch from at present, if anybody. */
  fetchTarget(): FetchTarget | undefined {
    const { role } = this.#state;
    if (role === 'unattached') return { kind: 'anybody', epoch: this.epoch };
    if (role !== 'follower') return undefined;
    if (!this.isVoter && this.#state.isLeaderGone) return { kind: 'anybody', epoch: this.epoch };
    return { kind: 'leader', leaderId: this.#election.leaderId, epoch: this.epoch };
  }

  /** A fetch of `epoch` was answered. False: there is nothing in the answer to go by. */
  fetchAnswered(from: number, epoch: number, answer: RemoteAnswer, nowMs: number): boolean {
    const isSuperseded = this.#learn(answer, nowMs);
    const state = this.#state;
    const isOurs = state.role === 'follower' && this.epoch === epoch && this.#election.leaderId === from;
    const isGood = isOurs && !isSuperseded && answer.error === 'NONE';
    if (isGood) {
      state.fetchDeadlineMs = this.#fetchDeadline(nowMs);
      state.hasFetched = true;
      state.isLeaderGone = false;
      state.standAtMs = Infinity;
      this.#lostElections = 0;
      if (this.#saidNoMajority) this.#status(true, `node ${from} leads epoch ${epoch}`);
    } else if (isOurs && answer.error === 'NOT_LEADER_OR_FOLLOWER') this.#leaderGone(nowMs);
    this.#settle(nowMs);
    return isGood;
  }

  /** The leader told how far things are committed. */
  leaderCommitted(highWatermark: number): void {
    const known = Math.min(highWatermark, this.#log.end().offset);
    if (this.#state.role !== 'follower' || known <= this.#highWatermark) return;
    this.#highWatermark = known;
    this.#effects.push({ type: 'commit', highWatermark: known });
  }

  /** Nobody listens any more where the leader of `epoch` did: its process has ended. */
  leaderGone(leaderId: number, epoch: number, nowMs: number): void {
    if (this.epoch !== epoch || this.#election.leaderId !== leaderId) return;
    this.#leaderGone(nowMs);
    this.#settle(nowMs);
  }

  /** Everything below `endOffset` survives a loss of power on this node. */
  flushed(endOffset: number, nowMs: number): void {
    const state = this.#state;
    if (state.role !== 'leader' || !state.leader.flushed(endOffset, nowMs)) return;
    this.#leaderCommits(state.leader);
    this.#settle(nowMs);
  }

  /** A voters record was appended at `offset`, or one was cut off; it counts from then on, committed or not (KIP-853). */
  setVoters(voters: VoterSet, offset: number, nowMs: number): void {
    this.#voters = voters;
    this.#votersOffset = offset;
    const state = this.#state;
    if (state.role === 'leader') {
      if (state.leader.setVoters(voters)) this.#leaderCommits(state.leader);
      state.beginsAgainAtMs = nowMs;
    } else if ((state.role === 'prospective' || state.role === 'candidate') && !this.isVoter) {
      const { leaderId } = this.#election;
      if (leaderId >= 0) this.#becomeFollower(this.epoch, leaderId, nowMs);
      else this.#becomeUnattached(this.epoch, nowMs);
    }
    this.#settle(nowMs);
  }

  /** Throws RaftError NOT_LEADER unless records may be appended in `epoch`. */
  expectLeader(epoch: number): void {
    const { leaderId } = this.#visibleLeader;
    if (this.role === 'leader' && this.epoch === epoch && leaderId === this.self.id) return;
    throw new RaftError(
      RaftErrorCode.NOT_LEADER,
      `Node ${this.self.id} does not lead the metadata quorum in epoch ${epoch} (epoch ${this.epoch}, leader ${leaderId}).`,
    );
  }

  /** Gives up leadership in `epoch` and says so to the other voters; does nothing when it is gone already. */
  resign(epoch: number, nowMs: number, reason = 'it was asked to give up'): void {
    if (this.#state.role !== 'leader' || this.epoch !== epoch) return;
    this.#resign(nowMs, reason, true);
    this.#settle(nowMs);
  }

  /** Whether every voter has been told that this leader resigned; true on any other node. */
  get hasSaidFarewell(): boolean {
    return this.#state.role !== 'resigned' || this.#state.ends.isDone;
  }

  #isAsked(asked: ReplicaKey | undefined): boolean {
    return asked === undefined || sameReplica(asked, this.self);
  }

  #grants(candidate: ReplicaKey, logEnd: OffsetAndEpoch, preVote: boolean): boolean {
    const state = this.#state;
    const isCurrent = isUpToDate(logEnd, this.#log.end());
    if (state.role === 'leader') return false;
    if (preVote) return isCurrent && (state.role !== 'follower' || !state.hasFetched || state.isLeaderGone);
    const { voted, leaderId } = this.#election;
    if (voted !== undefined) return sameReplica(voted, candidate);
    return (state.role === 'unattached' || state.role === 'prospective') && leaderId < 0 && isCurrent;
  }

  #giveVote(candidate: ReplicaKey, nowMs: number): void {
    if (this.#election.voted !== undefined) return;
    this.#setElection({ ...this.#election, voted: candidate });
    this.#state = { role: 'unattached', electionAtMs: this.#electionAt(nowMs) };
  }

  /** Another one may stand: it is given a chance before this node does. */
  #yield(nowMs: number): void {
    const state = this.#state;
    const untilMs = nowMs + YIELD_MS + this.#int(GRACE_MS);
    if (state.role === 'follower' && state.standAtMs < untilMs) state.standAtMs = untilMs;
    else if (state.role === 'unattached' && state.electionAtMs < untilMs) state.electionAtMs = untilMs;
  }

  #fromLeader(leader: LeaderAndEpoch, asked: ReplicaKey | undefined, nowMs: number): RaftRefusal {
    if (leader.epoch < this.epoch) return 'FENCED_LEADER_EPOCH';
    const isTwo =
      leader.epoch === this.epoch && this.#election.leaderId >= 0 && this.#election.leaderId !== leader.leaderId;
    if (leader.leaderId < 0 || leader.leaderId === this.self.id || isTwo) return 'INVALID_REQUEST';
    this.#heardOfLeader(leader, nowMs);
    this.#settle(nowMs);
    return this.#isAsked(asked) ? 'NONE' : 'INVALID_VOTER_KEY';
  }

  /** Takes over what an answer says of epochs and leaders. True when the answer is of no further use. */
  #learn({ error, leader }: RemoteAnswer, nowMs: number): boolean {
    if (leader.epoch < this.epoch || error === 'UNKNOWN_LEADER_EPOCH') return true;
    const isLater = leader.epoch > this.epoch;
    const isNews = this.#election.leaderId < 0 || this.role === 'unattached';
    if (isLater || (isNews && leader.leaderId >= 0 && leader.leaderId !== this.self.id)) {
      this.#heardOfLeader(leader, nowMs);
    }
    return isLater || error === 'FENCED_LEADER_EPOCH';
  }

  #heardOfLeader(leader: LeaderAndEpoch, nowMs: number): void {
    const { leaderId, epoch } = leader;
    const state = this.#state;
    if (state.role === 'follower' && epoch === this.epoch && this.#election.leaderId === leaderId) {
      state.isLeaderGone = false;
      state.standAtMs = Infinity;
      return;
    }
    // One that claims that this node leads in an epoch of which it knows nothing has forgotten more than it says.
    if (leaderId < 0 || leaderId === this.self.id) this.#becomeUnattached(epoch, nowMs);
    else this.#becomeFollower(epoch, leaderId, nowMs);
  }

  #roundOf(message: RaftMessage): RequestRound | undefined {
    const state = this.#state;
    if (message.epoch !== this.epoch) return undefined;
    if (message.kind === 'vote') {
      const role = message.preVote ? 'prospective' : 'candidate';
      return state.role === role ? state.votes.requests : undefined;
    }
    if (message.kind === 'begin') return state.role === 'leader' ? state.begins : undefined;
    return state.role === 'resigned' ? state.ends : undefined;
  }

  #take(from: ReplicaKey, message: RaftMessage, answer: RemoteAnswer, nowMs: number): void {
    const round = this.#roundOf(message);
    if (round === undefined) return;
    const state = this.#state;
    if (state.role !== 'prospective' && state.role !== 'candidate') {
      if (message.kind === 'end' || answer.error === 'NONE') round.answered(from.id);
      else round.failed(from.id, nowMs);
      return;
    }
    if (answer.error !== 'NONE' && answer.error !== 'INVALID_VOTER_KEY') return round.failed(from.id, nowMs);
    state.votes.record(from.id, answer.granted);
    if (state.votes.isWon) this.#win(state.votes, nowMs);
    else if (state.votes.isLost) this.#lose(nowMs);
    else if (!answer.granted && state.role === 'candidate') {
      state.endsAtMs = Math.min(state.endsAtMs, nowMs + SPLIT_VOTE_MS + this.#int(SPLIT_VOTE_MS));
    }
  }

  /** Asks whether a majority would vote for this node. Epoch and vote stay as they are. */
  #stand(nowMs: number): void {
    const votes = new VoteCount(this.self.id, this.#voters, nowMs, RETRY_MAX_MS);
    const wasGone = this.#state.role === 'follower' && this.#state.isLeaderGone;
    this.#state = { role: 'prospective', votes, endsAtMs: this.#electionAt(nowMs), isLeaderGone: wasGone };
    if (votes.isWon) this.#win(votes, nowMs);
  }

  #win(votes: VoteCount, nowMs: number): void {
    if (this.#state.role === 'prospective') this.#becomeCandidate(nowMs);
    else this.#becomeLeader(votes, nowMs);
  }

  #becomeCandidate(nowMs: number): void {
    this.#setElection({ epoch: this.epoch + 1, leaderId: -1, voted: this.self });
    const votes = new VoteCount(this.self.id, this.#voters, nowMs, RETRY_MAX_MS);
    this.#state = { role: 'candidate', votes, endsAtMs: this.#electionAt(nowMs), isLeaderGone: true };
    if (votes.isWon) this.#win(votes, nowMs);
  }

  #becomeLeader(votes: VoteCount, nowMs: number): void {
    const { epoch } = this;
    const { fetchTimeoutMs } = this.#options.timing;
    const leader = new LeaderState(this.self, epoch, this.#log.end().offset, this.#voters, nowMs, fetchTimeoutMs * 1.5);
    this.#setElection({ epoch, leaderId: this.self.id, voted: undefined });
    const begins = new RequestRound(this.#others(), nowMs, fetchTimeoutMs / 2);
    this.#state = { role: 'leader', leader, begins, beginsAgainAtMs: nowMs + fetchTimeoutMs / 2 };
    this.#lostElections = 0;
    this.#effects.push({ type: 'openEpoch', epoch, granting: votes.granted });
    this.#status(true, electedReason(this.self.id, votes.granted, this.#voters.size));
  }

  #lose(nowMs: number): void {
    const state = this.#state;
    if (state.role !== 'prospective' && state.role !== 'candidate') return;
    const { timing } = this.#options;
    const { answered } = state.votes;
    if (answered < this.#voters.majority() && !this.#saidNoMajority) {
      this.#status(false, `no majority: ${answered} of ${this.#voters.size} voters can be reached`);
    }
    const backoffMs = Math.min(
      FIRST_BACKOFF_MS * 2 ** Math.min(this.#lostElections++, 10),
      timing.electionBackoffMaxMs,
    );
    const againAtMs = nowMs + 1 + this.#int(backoffMs);
    const { leaderId } = this.#election;
    if (state.role === 'prospective' && leaderId >= 0 && leaderId !== this.self.id) {
      const follower = followerState(this.#fetchDeadline(nowMs));
      follower.isLeaderGone = state.isLeaderGone;
      if (state.isLeaderGone) follower.standAtMs = againAtMs;
      this.#state = follower;
    } else this.#state = { role: 'unattached', electionAtMs: againAtMs };
  }

  #leaderSilent(nowMs: number): void {
    if (this.isVoter) this.#stand(nowMs);
    else this.#leaderGone(nowMs);
  }

  #leaderGone(nowMs: number): void {
    const state = this.#state;
    if (state.role !== 'follower') return;
    if (!this.isVoter) state.fetchDeadlineMs = this.#fetchDeadline(nowMs);
    if (!state.isLeaderGone && this.isVoter) state.standAtMs = nowMs + this.#int(GRACE_MS);
    state.isLeaderGone = true;
  }

  #resign(nowMs: number, reason: string, hasMajority: boolean): void {
    const state = this.#state;
    if (state.role !== 'leader') return;
    const others = this.#others();
    // Whoever is not to be elected any more only has to find the next leader.
    const isDone = others.length === 0 || !this.isVoter;
    this.#state = {
      role: 'resigned',
      successors: state.leader.successors(),
      ends: new RequestRound(others, nowMs, RETRY_MAX_MS),
      endsAtMs: isDone ? nowMs + GRACE_MS : this.#electionAt(nowMs),
    };
    this.#status(hasMajority, `node ${this.self.id} gave up the lead of epoch ${this.epoch}: ${reason}`);
  }

  #leaveResigned(nowMs: number): void {
    const wasFarewell = this.#state.role === 'resigned' && this.#state.successors.length > 0;
    this.#becomeUnattached(this.epoch + 1, nowMs);
    // Right after a start there is nobody to wait for.
    this.#state = { role: 'unattached', electionAtMs: wasFarewell ? this.#electionAt(nowMs) : nowMs };
  }

  #becomeUnattached(epoch: number, nowMs: number): void {
    const deadlineMs = this.#deadlineToKeep(nowMs);
    this.#setElection({ epoch, leaderId: -1, voted: epoch === this.epoch ? this.#election.voted : undefined });
    this.#state = { role: 'unattached', electionAtMs: deadlineMs };
  }

  /** Hearing of later epochs must not keep a node from standing for ever. */
  #deadlineToKeep(nowMs: number): number {
    const state = this.#state;
    if (state.role === 'unattached') return Math.max(state.electionAtMs, nowMs);
    if (state.role === 'follower' && !state.isLeaderGone) return Math.max(state.fetchDeadlineMs, nowMs);
    return this.#electionAt(nowMs);
  }

  #becomeFollower(epoch: number, leaderId: number, nowMs: number): void {
    const voted = epoch === this.epoch ? this.#election.voted : undefined;
    this.#setElection({ epoch, leaderId, voted });
    this.#state = followerState(this.#fetchDeadline(nowMs));
    this.#lostElections = 0;
    this.#status(true, `node ${leaderId} leads epoch ${epoch}`);
  }

  #beginAgain(nowMs: number): void {
    const state = this.#state;
    if (state.role !== 'leader') return;
    const periodMs = this.#options.timing.fetchTimeoutMs / 2;
    const silent = state.leader
      .voters()
      .filter(({ key, lastFetchMs }) => key.id !== this.self.id && (lastFetchMs < 0 || nowMs - lastFetchMs > periodMs));
    state.begins = new RequestRound(
      silent.map(({ key }) => key.id),
      nowMs,
      periodMs,
    );
    state.beginsAgainAtMs = nowMs + periodMs;
  }

  #leaderCommits(leader: LeaderState): void {
    const { highWatermark } = leader;
    this.#highWatermark = Math.max(this.#highWatermark, highWatermark);
    this.#effects.push({ type: 'commit', highWatermark });
  }

  /** After every input: who is to be asked now, and what the outside sees. */
  #settle(nowMs: number): void {
    const state = this.#state;
    if (state.role === 'leader' && !this.isVoter && state.leader.highWatermark > this.#votersOffset) {
      this.#resign(nowMs, 'it votes no more', true);
    }
    this.#sendDue(nowMs);
    this.#showLeader();
  }

  #sendDue(nowMs: number): void {
    const state = this.#state;
    const { epoch } = this;
    if (state.role === 'prospective' || state.role === 'candidate') {
      const preVote = state.role === 'prospective';
      this.#send(state.votes.requests, { kind: 'vote', epoch, preVote, logEnd: this.#log.end() }, nowMs);
    } else if (state.role === 'leader') this.#send(state.begins, { kind: 'begin', epoch }, nowMs);
    else if (state.role === 'resigned') {
      this.#send(state.ends, { kind: 'end', epoch, successors: state.successors }, nowMs);
    }
  }

  #send(round: RequestRound, message: RaftMessage, nowMs: number): void {
    for (const id of round.takeDue(nowMs)) {
      const to = this.#voters.get(id);
      if (to === undefined) round.answered(id);
      else this.#effects.push({ type: 'send', to: { id, directoryId: to.directoryId }, message });
    }
  }

  #showLeader(): void {
    const state = this.#state;
    const isGone = state.role === 'follower' && state.isLeaderGone;
    const isNew = state.role === 'leader' && state.leader.highWatermark < 0;
    const leaderId = isGone || isNew ? -1 : this.leaderId;
    const { epoch } = this;
    const before = this.#visibleLeader;
    if (before.leaderId === leaderId && before.epoch === epoch) return;
    this.#visibleLeader = { leaderId, epoch };
    if (leaderId >= 0 || before.leaderId >= 0) this.#effects.push({ type: 'leader', leader: this.#visibleLeader });
  }

  #status(hasMajority: boolean, reason: string): void {
    this.#saidNoMajority = !hasMajority;
    this.#effects.push({ type: 'status', hasMajority, reason });
  }

  #setElection(election: ElectionState): void {
    const before = this.#election;
    const isSame =
      before.epoch === election.epoch && before.leaderId === election.leaderId && before.voted === election.voted;
    this.#election = election;
    if (!isSame) this.#effects.push({ type: 'persist', election });
  }

  #others(): number[] {
    return this.#voters.ids().filter((id) => id !== this.self.id);
  }

  #firstElectionAt(nowMs: number): number {
    const hasHistory = this.epoch > 0 || this.#log.end().offset > 0;
    if (hasHistory) return nowMs + this.#int(GRACE_MS * 3);
    return nowMs + this.#voters.ids().indexOf(this.self.id) * FIRST_ELECTION_STEP_MS;
  }

  #electionAt(nowMs: number): number {
    const { electionTimeoutMs } = this.#options.timing;
    return nowMs + electionTimeoutMs + this.#int(electionTimeoutMs);
  }

  /** Followers of one leader hear of it at the same times; what is random keeps them from standing at the same time. */
  #fetchDeadline(nowMs: number): number {
    return nowMs + this.#options.timing.fetchTimeoutMs + this.#int(FETCH_JITTER_MS);
  }

  #int(bound: number): number {
    return bound < 1 ? 0 : this.#options.random.int(bound);
  }
}

function electedReason(leaderId: number, granting: readonly number[], size: number): string {
  if (size === 1) return `node ${leaderId} is the only voter`;
  return `node ${leaderId} was elected by nodes ${granting.join(', ')}, ${granting.length} of ${size} voters`;
}
