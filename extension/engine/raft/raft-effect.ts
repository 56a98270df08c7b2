import type { ElectionState } from './election-state.ts';
import type { RaftMessage } from './raft-messages.ts';
import type { LeaderAndEpoch } from './raft-ports.ts';
import type { ReplicaKey } from './voter-set.ts';

/** What the driver must do, in this order, before it tells the core anything else. */
export type RaftEffect =
  /**
   * Write `quorum-state` and make it durable, at once unless it is about the leader alone: epoch and vote keep a node from
   * contradicting itself after a restart, who led only saves it a question.
   */
  | { readonly type: 'persist'; readonly election: ElectionState; readonly urgent: boolean }
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
