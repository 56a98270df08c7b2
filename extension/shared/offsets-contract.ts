/** What the Offsets view of one topic asks and is told. Offsets and rates are null where they are not known. */

/** The shape of a replica: see the vocabulary in the view's legend. */
export type ReplicaRole = 'leader' | 'inSync' | 'behind' | 'eligible' | 'offline';

export interface ReplicaMark {
  readonly broker: number;
  readonly role: ReplicaRole;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number | null;
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly ReplicaMark[];
  readonly isr: readonly number[];
  readonly logStart: number | null;
  readonly lastStable: number | null;
  readonly highWatermark: number | null;
  readonly logEnd: number | null;
  /** Of the leader's copy. */
  readonly sizeBytes: number | null;
  /** Records per second over the last seconds. */
  readonly rate: number | null;
  /** Recent rates, oldest first. */
  readonly rates: readonly number[];
  /** Why the numbers of this partition are missing or old, for people. */
  readonly problem: string | null;
}

export interface OffsetsSummary {
  readonly topic: string;
  readonly cluster: string;
  readonly internal: boolean;
  readonly partitionCount: number;
  /** Smallest and largest number of replicas. */
  readonly replication: readonly [number, number];
  /** `cleanup.policy` as Kafka writes it: `delete`, `compact` or both; null while it is not known. */
  readonly cleanupPolicy: string | null;
  /** -1 is without limit. */
  readonly retentionMs: number | null;
  readonly retentionBytes: number | null;
  readonly sizeBytes: number | null;
  readonly records: number | null;
  readonly rate: number | null;
  /** The common scale of all bars. */
  readonly axisStart: number;
  readonly axisEnd: number;
  readonly underReplicated: number;
  readonly leaderless: number;
}

export type OffsetsConnection =
  | { readonly state: 'loading' }
  | { readonly state: 'live' }
  /** `next` is the one step that leads out of it. */
  | { readonly state: 'disconnected'; readonly message: string; readonly next: 'start' | 'retry' }
  | { readonly state: 'gone' };

export interface OffsetsSnapshot {
  readonly connection: OffsetsConnection;
  readonly summary: OffsetsSummary | null;
  /** Rows of the window that changed, by partition order. */
  readonly rows: readonly OffsetsRow[];
}

/** A row and its place in the list. */
export interface OffsetsRow {
  readonly index: number;
  readonly value: PartitionOffsets;
}

export type OffsetsContract = {
  readonly requests: {
    /** Says which rows are on screen (`first` inclusive, `end` exclusive) and gets them; only those are sent later. */
    readonly window: {
      readonly params: { readonly first: number; readonly end: number };
      readonly result: OffsetsSnapshot;
    };
    readonly openMessages: { readonly params: { readonly partition?: number }; readonly result: null };
    readonly produce: { readonly params: null; readonly result: null };
    readonly retry: { readonly params: null; readonly result: null };
    readonly startCluster: { readonly params: null; readonly result: null };
    readonly close: { readonly params: null; readonly result: null };
  };
  readonly events: {
    readonly update: OffsetsSnapshot;
  };
};

/** What the view keeps over a reload of the window. */
export interface OffsetsState {
  readonly cluster: string;
  readonly topic: string;
  readonly active?: number;
}
