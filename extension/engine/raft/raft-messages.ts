import type { LeaderAndEpoch, OffsetAndEpoch } from './raft-ports.ts';
import type { ReplicaKey } from './voter-set.ts';

/** What the core asks other voters. Fetches are not among them: they carry records, which are the driver's business. */
export type RaftMessage =
  | { readonly kind: 'vote'; readonly epoch: number; readonly logEnd: OffsetAndEpoch; readonly preVote: boolean }
  | { readonly kind: 'begin'; readonly epoch: number }
  /** `successors`: who should lead next, the best first. */
  | { readonly kind: 'end'; readonly epoch: number; readonly successors: readonly ReplicaKey[] };

/** Why a request is refused, by the names of Kafka's error codes. */
export type RaftRefusal =
  | 'NONE'
  | 'FENCED_LEADER_EPOCH'
  | 'UNKNOWN_LEADER_EPOCH'
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'INVALID_VOTER_KEY'
  | 'INVALID_REQUEST'
  | 'INCONSISTENT_VOTER_SET';

/** A request to vote, as it comes in. */
export interface VoteQuestion {
  readonly candidate: ReplicaKey;
  /** Whom the candidate believes to ask; undefined where it did not say. */
  readonly asked: ReplicaKey | undefined;
  readonly epoch: number;
  readonly logEnd: OffsetAndEpoch;
  readonly preVote: boolean;
}

export interface VoteAnswer {
  readonly error: RaftRefusal;
  readonly granted: boolean;
}

/** What another node answered, whatever the question: `leader` is what that node believes. */
export interface RemoteAnswer {
  /** `OTHER`: an error that says nothing about epochs and leaders. */
  readonly error: RaftRefusal | 'OTHER';
  readonly leader: LeaderAndEpoch;
  /** For votes. */
  readonly granted: boolean;
}

/** What a leader does with a fetch. */
export type FetchDecision =
  | { readonly kind: 'refused'; readonly error: RaftRefusal }
  /** The logs part there: the follower must cut its own back to it. */
  | { readonly kind: 'diverging'; readonly end: OffsetAndEpoch }
  /** What it asks for is only in a snapshot. */
  | { readonly kind: 'snapshot'; readonly id: OffsetAndEpoch }
  | { readonly kind: 'valid' };

/** Whom to fetch from: the leader, or anybody, to learn who that is. */
export type FetchTarget =
  | { readonly kind: 'leader'; readonly leaderId: number; readonly epoch: number }
  | { readonly kind: 'anybody'; readonly epoch: number };
