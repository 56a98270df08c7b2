import type { Random } from '../common/random.ts';
import type { ElectionState } from './election-state.ts';
import { LeaderState } from './leader-state.ts';
import type { RaftEffect } from './raft-effect.ts';
import type { RaftLogView } from './raft-log-view.ts';
import type { RaftMessage } from './raft-messages.ts';
import type { LeaderAndEpoch, RaftTiming } from './raft-ports.ts';
import type { RoleState } from './raft-roles.ts';
import { RequestRound } from './request-round.ts';
import { VoteCount } from './vote-count.ts';
import type { ReplicaKey, VoterSet } from './voter-set.ts';

export interface QuorumStateOptions {
  readonly self: ReplicaKey;
  /** Whether this node can vote at all, given that the voters have it. */
  readonly canVote: boolean;
  readonly voters: VoterSet;
  /** Of the record that made them so; -1 where the log does not have it. */
  readonly votersOffset: number;
  /** Those before; undefined where the log does not have them. */
  readonly previousVoters?: VoterSet | undefined;
  /** From `quorum-state`. */
  readonly election: ElectionState;
  readonly log: RaftLogView;
  readonly timing: RaftTiming;
  readonly random: Pick<Random, 'int'>;
}

/** A leader whose end was seen is followed by an election after at most this time, so that not all stand at once. */
export const GRACE_MS = 50;
/** Added to the fetch time-out at most. */
const FETCH_JITTER_MS = 200;
/** At the first start of a quorum its voters stand one after the other, the lowest id first. */
const FIRST_ELECTION_STEP_MS = 50;
/** After a lost election the next one comes within this time, twice it after the second, and so on. */
const FIRST_BACKOFF_MS = 50;
/** The longest time between two attempts to reach a voter. */
const RETRY_MAX_MS = 150;
/** A leader gives up when no majority was heard of for so many fetch time-outs. */
const CHECK_QUORUM_FACTOR = 1.5;

/**
 * The part that a node plays in its epoch, and how it changes. Times are monotonic milliseconds. Transitions:
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
 * a new one, and writes it down first.
 */
export class QuorumState {
  readonly self: ReplicaKey;
  readonly log: RaftLogView;
  role: RoleState = { role: 'unattached', electionAtMs: Infinity };
  voters: VoterSet;
  votersOffset: number;
  previousVoters: VoterSet | undefined;
  /** Everything below is committed; -1 until that is known. */
  highWatermark = -1;
  readonly #options: QuorumStateOptions;
  #election: ElectionState;
  #visibleLeader: LeaderAndEpoch;
  #effects: RaftEffect[] = [];
  #lostElections = 0;
  #saidNoMajority = false;

  constructor(options: QuorumStateOptions) {
    const { election, log } = options;
    this.#options = options;
    this.self = options.self;
    this.log = log;
    this.voters = options.voters;
    this.votersOffset = options.votersOffset;
    this.previousVoters = options.previousVoters;
    // A log may be ahead of quorum-state when that file was lost; epochs never go back.
    const { epoch } = log.end();
    this.#election = election.epoch >= epoch ? election : { epoch, leaderId: -1, voted: undefined };
    this.#visibleLeader = { leaderId: -1, epoch: this.#election.epoch };
  }

  get isVoter(): boolean {
    return this.#options.canVote && this.voters.isVoter(this.self);
  }

  get canVote(): boolean {
    return this.#options.canVote;
  }

  /**
   * A node that is removed stands all the same until it knows that this is committed: its log may be the only one that has what
   * a majority needs (Raft dissertation §4.2.2).
   */
  get mayStand(): boolean {
    if (this.isVoter) return true;
    const isUncommitted = this.votersOffset >= this.highWatermark;
    return this.canVote && isUncommitted && this.previousVoters?.isVoter(this.self) === true;
  }

  get epoch(): number {
    return this.#election.epoch;
  }

  get election(): ElectionState {
    return this.#election;
  }

  /** What the outside is told. The leader does not count as one before it has committed something of its epoch. */
  get visibleLeader(): LeaderAndEpoch {
    return this.#visibleLeader;
  }

  /** Who leads as far as elections go; -1 when nobody is known to. */
  get leaderId(): number {
    return this.role.role === 'resigned' ? -1 : this.#election.leaderId;
  }

  takeEffects(): RaftEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** The part after a start, from what was written down before. */
  begin(nowMs: number): void {
    const { leaderId } = this.#election;
    if (this.isVoter && this.#others().length === 0) this.stand(nowMs);
    else if (leaderId === this.self.id) {
      // It led until it stopped. Nobody else can lead in that epoch, and its log is as good as any.
      const ends = new RequestRound([], nowMs, RETRY_MAX_MS);
      this.role = { role: 'resigned', ends, successors: [], endsAtMs: nowMs + this.int(GRACE_MS) };
    } else if (leaderId >= 0 && this.voters.get(leaderId) !== undefined) this.#follow(nowMs);
    else this.role = { role: 'unattached', electionAtMs: this.#firstElectionAt(nowMs) };
  }

  get nextDeadlineMs(): number {
    const { role } = this;
    switch (role.role) {
      case 'unattached':
        return this.mayStand ? role.electionAtMs : Infinity;
      case 'prospective':
      case 'candidate':
        return Math.min(role.endsAtMs, role.votes.requests.nextMs);
      case 'follower':
        return this.mayStand ? Math.min(role.fetchDeadlineMs, role.standAtMs) : role.fetchDeadlineMs;
      case 'leader':
        return Math.min(role.leader.checkQuorumAtMs, role.begins.nextMs, role.beginsAgainAtMs);
      case 'resigned':
        return Math.min(role.endsAtMs, role.ends.nextMs);
    }
  }

  /** Asks whether a majority would vote for this node. Epoch and vote stay as they are. */
  stand(nowMs: number): void {
    const leaderIs = this.role.role === 'follower' ? this.role.leaderIs : 'alive';
    const votes = new VoteCount(this.self.id, this.voters, nowMs, RETRY_MAX_MS);
    this.role = { role: 'prospective', votes, endsAtMs: this.electionAt(nowMs), leaderIs };
    if (votes.isWon) this.win(votes, nowMs);
  }

  /** A majority said yes: to a prospective, that it may ask for real; to a candidate, that it leads. */
  win(votes: VoteCount, nowMs: number): void {
    if (this.role.role === 'prospective') this.#becomeCandidate(nowMs);
    else this.#becomeLeader(votes, nowMs);
  }

  #becomeCandidate(nowMs: number): void {
    this.#setElection({ epoch: this.epoch + 1, leaderId: -1, voted: this.self });
    const votes = new VoteCount(this.self.id, this.voters, nowMs, RETRY_MAX_MS);
    this.role = { role: 'candidate', votes, endsAtMs: this.electionAt(nowMs), leaderIs: 'alive' };
    if (votes.isWon) this.win(votes, nowMs);
  }

  #becomeLeader(votes: VoteCount, nowMs: number): void {
    const { epoch, self, voters } = this;
    const { fetchTimeoutMs } = this.#options.timing;
    const checkQuorumMs = fetchTimeoutMs * CHECK_QUORUM_FACTOR;
    const leader = new LeaderState(self, epoch, this.log.end().offset, voters, nowMs, checkQuorumMs);
    this.#setElection({ epoch, leaderId: self.id, voted: undefined });
    const periodMs = fetchTimeoutMs / 2;
    const begins = new RequestRound(this.#others(), nowMs, periodMs);
    this.role = { role: 'leader', leader, begins, beginsAgainAtMs: nowMs + periodMs };
    this.#lostElections = 0;
    this.add({ type: 'openEpoch', epoch, granting: votes.granted });
    this.status(true, electedReason(self.id, votes.granted, voters.size));
  }

  /** No majority said yes in time, or too many said no. */
  lose(nowMs: number): void {
    const { role } = this;
    if (role.role !== 'prospective' && role.role !== 'candidate') return;
    const { answered } = role.votes;
    if (answered < this.voters.majority() && !this.#saidNoMajority) {
      this.status(false, `no majority: ${answered} of ${this.voters.size} voters can be reached`);
    }
    const { electionBackoffMaxMs } = this.#options.timing;
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(this.#lostElections++, 10), electionBackoffMaxMs);
    const againAtMs = nowMs + 1 + this.int(backoffMs);
    const { leaderId } = this.#election;
    if (role.role === 'prospective' && leaderId >= 0 && leaderId !== this.self.id) {
      const follower = this.#follow(nowMs);
      follower.leaderIs = role.leaderIs;
      if (role.leaderIs !== 'alive') follower.standAtMs = againAtMs;
    } else this.role = { role: 'unattached', electionAtMs: againAtMs };
  }

  /** The leader of the epoch does not lead any more, or cannot be reached. */
  leaderGone(leaderIs: 'unreachable' | 'resigned', nowMs: number): void {
    const { role } = this;
    if (role.role !== 'follower') return;
    if (!this.mayStand) role.fetchDeadlineMs = this.fetchDeadline(nowMs);
    else if (role.leaderIs === 'alive') role.standAtMs = nowMs + this.int(GRACE_MS);
    if (role.leaderIs !== 'resigned') role.leaderIs = leaderIs;
  }

  /** The leader that this node follows was heard of. */
  leaderAlive(nowMs: number): void {
    const { role } = this;
    if (role.role !== 'follower' || role.leaderIs === 'resigned') return;
    role.fetchDeadlineMs = this.fetchDeadline(nowMs);
    role.leaderIs = 'alive';
    role.standAtMs = Infinity;
    this.#lostElections = 0;
    if (this.#saidNoMajority) this.status(true, `node ${this.leaderId} leads epoch ${this.epoch}`);
  }

  resign(nowMs: number, reason: string, hasMajority: boolean): void {
    const { role } = this;
    if (role.role !== 'leader') return;
    const others = this.#others();
    // Whoever is not to be elected any more only has to find the next leader.
    const isDone = others.length === 0 || !this.isVoter;
    this.role = {
      role: 'resigned',
      successors: role.leader.successors(),
      ends: new RequestRound(others, nowMs, RETRY_MAX_MS),
      endsAtMs: isDone ? nowMs + GRACE_MS : this.electionAt(nowMs),
    };
    this.status(hasMajority, `node ${this.self.id} gave up the lead of epoch ${this.epoch}: ${reason}`);
  }

  leaveResigned(nowMs: number): void {
    const wasFarewell = this.role.role === 'resigned' && this.role.successors.length > 0;
    this.becomeUnattached(this.epoch + 1, nowMs);
    // Right after a start there is nobody to wait for.
    this.role = { role: 'unattached', electionAtMs: wasFarewell ? this.electionAt(nowMs) : nowMs };
  }

  becomeUnattached(epoch: number, nowMs: number): void {
    const electionAtMs = this.#deadlineToKeep(nowMs);
    this.#setElection({ epoch, leaderId: -1, voted: epoch === this.epoch ? this.#election.voted : undefined });
    this.role = { role: 'unattached', electionAtMs };
  }

  /** Hearing of later epochs must not keep a node from standing for ever. */
  #deadlineToKeep(nowMs: number): number {
    const { role } = this;
    if (role.role === 'unattached') return Math.max(role.electionAtMs, nowMs);
    if (role.role === 'follower' && role.leaderIs === 'alive') return Math.max(role.fetchDeadlineMs, nowMs);
    return this.electionAt(nowMs);
  }

  becomeFollower(epoch: number, leaderId: number, nowMs: number): void {
    this.#setElection({ epoch, leaderId, voted: epoch === this.epoch ? this.#election.voted : undefined });
    this.#follow(nowMs);
    this.#lostElections = 0;
    this.status(true, `node ${leaderId} leads epoch ${epoch}`);
  }

  #follow(nowMs: number): RoleState & { role: 'follower' } {
    const fetchDeadlineMs = this.fetchDeadline(nowMs);
    const role = {
      ...({ role: 'follower', leaderIs: 'alive' } as const),
      ...{ fetchDeadlineMs, hasFetched: false, standAtMs: Infinity },
    };
    this.role = role;
    return role;
  }

  /** The vote of this epoch goes to `candidate`; who won hears of it in time. */
  giveVote(candidate: ReplicaKey, nowMs: number): void {
    if (this.#election.voted !== undefined) return;
    this.#setElection({ ...this.#election, voted: candidate });
    this.role = { role: 'unattached', electionAtMs: this.electionAt(nowMs) };
  }

  /** Tells those voters again who leads that do not fetch. */
  beginAgain(nowMs: number): void {
    const { role } = this;
    if (role.role !== 'leader') return;
    const periodMs = this.#options.timing.fetchTimeoutMs / 2;
    const silent = role.leader
      .voters()
      .filter(({ key, lastFetchMs }) => key.id !== this.self.id && (lastFetchMs < 0 || nowMs - lastFetchMs > periodMs));
    role.begins = new RequestRound(
      silent.map(({ key }) => key.id),
      nowMs,
      periodMs,
    );
    role.beginsAgainAtMs = nowMs + periodMs;
  }

  add(effect: RaftEffect): void {
    this.#effects.push(effect);
  }

  status(hasMajority: boolean, reason: string): void {
    this.#saidNoMajority = !hasMajority;
    this.add({ type: 'status', hasMajority, reason });
  }

  /** After every input: who is to be asked now, and what the outside sees. */
  settle(nowMs: number): void {
    const { role } = this;
    if (role.role === 'leader' && !this.isVoter && role.leader.highWatermark > this.votersOffset) {
      this.resign(nowMs, 'it votes no more', true);
    }
    this.#sendDue(nowMs);
    this.#showLeader();
  }

  #sendDue(nowMs: number): void {
    const { role, epoch } = this;
    if (role.role === 'prospective' || role.role === 'candidate') {
      const preVote = role.role === 'prospective';
      this.#send(role.votes.requests, { kind: 'vote', epoch, preVote, logEnd: this.log.end() }, nowMs);
    } else if (role.role === 'leader') this.#send(role.begins, { kind: 'begin', epoch }, nowMs);
    else if (role.role === 'resigned') {
      this.#send(role.ends, { kind: 'end', epoch, successors: role.successors }, nowMs);
    }
  }

  #send(round: RequestRound, message: RaftMessage, nowMs: number): void {
    for (const id of round.takeDue(nowMs)) {
      const to = this.voters.get(id);
      if (to === undefined) round.answered(id);
      else this.add({ type: 'send', to: { id, directoryId: to.directoryId }, message });
    }
  }

  #showLeader(): void {
    const { role, epoch } = this;
    const isGone = (role.role === 'follower' || role.role === 'prospective') && role.leaderIs !== 'alive';
    const isNew = role.role === 'leader' && role.leader.highWatermark < 0;
    const leaderId = isGone || isNew ? -1 : this.leaderId;
    const before = this.#visibleLeader;
    if (before.leaderId === leaderId && before.epoch === epoch) return;
    this.#visibleLeader = { leaderId, epoch };
    if (leaderId >= 0 || before.leaderId >= 0) this.add({ type: 'leader', leader: this.#visibleLeader });
  }

  #setElection(election: ElectionState): void {
    const { epoch, leaderId, voted } = this.#election;
    this.#election = election;
    const isSameVote = epoch === election.epoch && (voted === election.voted || election.voted === undefined);
    if (isSameVote && leaderId === election.leaderId) return;
    // Of two in a row only the second matters.
    const last = this.#effects.at(-1);
    if (last?.type === 'persist') this.#effects.pop();
    this.add({ type: 'persist', election, urgent: !isSameVote || (last?.type === 'persist' && last.urgent) });
  }

  #others(): number[] {
    return this.voters.ids().filter((id) => id !== this.self.id);
  }

  #firstElectionAt(nowMs: number): number {
    const hasHistory = this.epoch > 0 || this.log.end().offset > 0;
    if (hasHistory) return nowMs + this.int(GRACE_MS * 3);
    return nowMs + Math.max(this.voters.ids().indexOf(this.self.id), 0) * FIRST_ELECTION_STEP_MS;
  }

  electionAt(nowMs: number): number {
    const { electionTimeoutMs } = this.#options.timing;
    return nowMs + electionTimeoutMs + this.int(electionTimeoutMs);
  }

  /** Followers of one leader hear of it at the same times; what is random keeps them from standing at the same time. */
  fetchDeadline(nowMs: number): number {
    return nowMs + this.#options.timing.fetchTimeoutMs + this.int(FETCH_JITTER_MS);
  }

  /** A random whole number in [0, bound). */
  int(bound: number): number {
    return bound < 1 ? 0 : this.#options.random.int(bound);
  }
}

function electedReason(leaderId: number, granting: readonly number[], size: number): string {
  if (size === 1) return `node ${leaderId} is the only voter`;
  return `node ${leaderId} was elected by nodes ${granting.join(', ')}: ${granting.length} of ${size} voters`;
}
