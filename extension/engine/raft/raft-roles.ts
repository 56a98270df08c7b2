import type { LeaderState } from './leader-state.ts';
import type { RequestRound } from './request-round.ts';
import type { VoteCount } from './vote-count.ts';
import type { ReplicaKey } from './voter-set.ts';

/**
 * The parts a node plays, each with what it needs to remember only while it plays it. Times are monotonic. How one becomes the
 * other stands above `QuorumState`.
 */
export type RoleState = Unattached | Standing | Follower | Leader | Resigned;

export type RaftRole = RoleState['role'];

/** Knows its epoch, and may know its leader, but not how to reach it, or nobody leads. */
export interface Unattached {
  readonly role: 'unattached';
  electionAtMs: number;
}

/** Asks for votes: a prospective whether it would get them, a candidate for real, in an epoch of its own. */
export interface Standing {
  readonly role: 'prospective' | 'candidate';
  readonly votes: VoteCount;
  endsAtMs: number;
  /** As it was when this node followed. */
  readonly leaderIs: LeaderHealth;
}

/**
 * `unreachable`: silent for too long, or nobody listens there any more; `resigned`: it said itself that it does not lead the
 * epoch any more, and so never will again.
 */
export type LeaderHealth = 'alive' | 'unreachable' | 'resigned';

export interface Follower {
  readonly role: 'follower';
  /** When the leader has been silent for too long. */
  fetchDeadlineMs: number;
  /** It has had an answer of this leader in this epoch, so it does not help others to depose it. */
  hasFetched: boolean;
  leaderIs: LeaderHealth;
  /** When to stand before the deadline, because the leader is gone. */
  standAtMs: number;
}

export interface Leader {
  readonly role: 'leader';
  readonly leader: LeaderState;
  /** Voters to be told who leads, until they fetch. */
  begins: RequestRound;
  beginsAgainAtMs: number;
}

/** Led in this epoch and will not again. */
export interface Resigned {
  readonly role: 'resigned';
  readonly successors: readonly ReplicaKey[];
  readonly ends: RequestRound;
  readonly endsAtMs: number;
}
