import type { ReplicaKey } from './voter-set.ts';

/**
 * What a node must remember of elections across restarts, and writes down before it acts on it: the latest epoch, who
 * leads in it, and whom it voted for.
 */
export interface ElectionState {
  readonly epoch: number;
  /** -1 while not known. */
  readonly leaderId: number;
  readonly voted: ReplicaKey | undefined;
}

export const INITIAL_ELECTION: ElectionState = { epoch: 0, leaderId: -1, voted: undefined };
