/**
 * What the Replicas view asks and is told: of one topic or of the whole cluster, a square per replica, and what happened
 * to them. Offsets are null where they are not known.
 */
import type { ReplicaRole } from './offsets-contract.ts';
import type { BrokerLifecycle } from './cluster-protocol.ts';

/** One column. */
export interface ReplicasBroker {
  readonly id: number;
  readonly state: BrokerLifecycle;
  /** Registered, but not (yet) allowed to lead. */
  readonly fenced: boolean;
  readonly isController: boolean;
  readonly rack: string | null;
  /** Why it is `failed`. */
  readonly error: string | null;
  /** What is done to its network, e.g. `isolated`; null when nothing is. */
  readonly fault: string | null;
}

/** A replica: where its log ends, and how far that is behind its leader's. */
export interface ReplicaCell {
  readonly broker: number;
  readonly role: ReplicaRole;
  readonly logEnd: number | null;
  readonly lag: number | null;
}

/** One row. */
export interface ReplicasPartition {
  readonly topic: string;
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly highWatermark: number | null;
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly ReplicaCell[];
}

/** Whether nobody leads: while nothing can be decided, the metadata go on naming a leader that is gone. */
export function isLeaderless({ leader, replicas }: ReplicasPartition): boolean {
  return leader < 0 || replicas.some(({ broker, role }) => broker === leader && role !== 'leader');
}

export interface ReplicasSummary {
  /** Null for the whole cluster. */
  readonly topic: string | null;
  readonly partitionCount: number;
  readonly underReplicated: number;
  readonly leaderless: number;
  /** Partitions whose preferred leader is in sync and does not lead. */
  readonly notPreferred: number;
  /** E.g. `no majority: 1 of 3 voters`, and what that means. */
  readonly quorumTrouble: { readonly text: string; readonly meaning: string } | null;
  /** What is at the head of the metadata log: epoch of the controller, -1 without one. */
  readonly controllerEpoch: number;
}

/** One line of the timeline: what happened and why. */
export interface TimelineEntry {
  /** Grows from entry to entry. */
  readonly id: number;
  /** Counts entries that are not shown; takes the place of the one before when that is folded too. */
  readonly folded: boolean;
  readonly atMs: number;
  readonly tone: 'plain' | 'good' | 'caution' | 'trouble';
  readonly text: string;
  /** What followed from it, e.g. `epoch 4` or `[2,3,1] → [3,1]`. */
  readonly detail: string;
  readonly broker: number | null;
  readonly topic: string | null;
  readonly partition: number | null;
}

export type ReplicasConnection =
  | { readonly state: 'loading' }
  | { readonly state: 'live' }
  /** `next` is the one step that leads out of it. */
  | { readonly state: 'disconnected'; readonly message: string; readonly next: 'start' | 'retry' };

export interface ReplicasRow {
  readonly index: number;
  readonly value: ReplicasPartition;
}

export interface ReplicasSnapshot {
  readonly connection: ReplicasConnection;
  readonly summary: ReplicasSummary | null;
  readonly brokers: readonly ReplicasBroker[];
  /** Rows of the window that changed. */
  readonly rows: readonly ReplicasRow[];
  /** Entries since the last snapshot, oldest first. */
  readonly timeline: readonly TimelineEntry[];
}

/** What can be done to a broker from here. */
export type BrokerAction = 'stop' | 'kill' | 'start' | 'freeze' | 'isolate' | 'heal';

export type ReplicasContract = {
  readonly requests: {
    /** Says which rows are on screen and gets them, with the whole timeline; later only what changed. */
    readonly window: {
      readonly params: { readonly first: number; readonly end: number; readonly withTimeline: boolean };
      readonly result: ReplicasSnapshot;
    };
    readonly act: {
      readonly params: { readonly action: BrokerAction; readonly broker: number };
      readonly result: null;
    };
    readonly electPreferred: { readonly params: null; readonly result: null };
    readonly retry: { readonly params: null; readonly result: null };
    readonly startCluster: { readonly params: null; readonly result: null };
  };
  readonly events: { readonly update: ReplicasSnapshot };
};

/** What the view keeps over a reload of the window. */
export interface ReplicasState {
  readonly cluster: string;
  /** Null for the whole cluster. */
  readonly topic: string | null;
  readonly broker?: number;
}
