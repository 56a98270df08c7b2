/**
 * What the cluster's supervisor and whoever runs it (the extension, the command line, tests) say to each other: commands,
 * replies and events, as JSON objects. They travel over Node's IPC, as lines on stdin and stdout (`--control`, `--json`),
 * and over the data directory's socket, always in this shape.
 */

/** Where a broker is in its life. `failed` carries an error and waits for a start. */
export type BrokerLifecycle = 'starting' | 'running' | 'stopping' | 'stopped' | 'killed' | 'frozen' | 'failed';

export interface BrokerState {
  readonly id: number;
  readonly state: BrokerLifecycle;
  readonly host: string;
  /** The client listener's port; 0 until it is known. */
  readonly port: number;
  readonly controllerPort: number;
  /** Kafka log directories, absolute. */
  readonly logDirs: readonly string[];
  /** Why the broker is `failed`, for people. */
  readonly error?: string;
}

/** What one broker knows of its own copy of a partition. Offsets are -1 when unknown. */
export interface ReplicaState {
  readonly broker: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly sizeBytes: number;
  readonly segmentCount: number;
}

export interface PartitionState {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  /** Of the brokers that run, in assignment order. */
  readonly replicaStates: readonly ReplicaState[];
}

export interface ClusterState {
  readonly clusterId: string;
  /** `host:port,…` of the brokers that have a client listener. */
  readonly bootstrap: string;
  readonly dataDir: string;
  /** -1 while the quorum has no leader. */
  readonly controllerId: number;
  readonly controllerEpoch: number;
  readonly brokers: readonly BrokerState[];
  readonly partitions: readonly PartitionState[];
}

/** One file of a segment. `usedBytes` is less than `sizeBytes` where the tail of an index is preallocated. */
export interface SegmentFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

export interface SegmentState {
  readonly baseOffset: number;
  /** The offset after the last one; -1 when it is not known without reading the file. */
  readonly nextOffset: number;
  readonly active: boolean;
  readonly sizeBytes: number;
  readonly largestTimestampMs: number;
  readonly files: readonly SegmentFile[];
}

/** Commands. `id` is any number; the reply carries it back. */
export type ClusterCommand =
  | { readonly id: number; readonly op: 'state'; readonly topic?: string }
  | {
      readonly id: number;
      readonly op: 'segments';
      readonly broker: number;
      readonly topic: string;
      readonly partition: number;
    }
  /** Controlled stop of one broker; its files are closed cleanly. */
  | { readonly id: number; readonly op: 'stop'; readonly broker: number }
  /** Sockets reset, nothing written any more. */
  | { readonly id: number; readonly op: 'kill'; readonly broker: number }
  | { readonly id: number; readonly op: 'start'; readonly broker: number }
  /** Ends the whole cluster cleanly, and the process with it. */
  | { readonly id: number; readonly op: 'shutdown' };

export type ClusterOp = ClusterCommand['op'];

/** What each command's reply carries besides `reply` and `ok`. */
export interface ClusterResults {
  readonly state: ClusterState;
  readonly segments: { readonly segments: readonly SegmentState[] };
  readonly stop: { readonly state: BrokerLifecycle };
  readonly kill: { readonly state: BrokerLifecycle };
  readonly start: { readonly state: BrokerLifecycle; readonly startupMs: number };
  readonly shutdown: Record<never, never>;
}

export type ClusterReply =
  | ({ readonly reply: number; readonly ok: true } & Partial<ClusterResults[ClusterOp]>)
  | { readonly reply: number; readonly ok: false; readonly error: string; readonly code?: ClusterErrorCode };

/** Why a cluster did not start or a command failed, for code to match on; the message is for people. */
export type ClusterErrorCode =
  | 'PORT_IN_USE'
  | 'DIRECTORY_LOCKED'
  | 'DIRECTORY_UNWRITABLE'
  | 'CLUSTER_ID_MISMATCH'
  | 'DISK_FULL'
  | 'CORRUPT_METADATA'
  | 'BAD_ARGUMENT'
  | 'UNKNOWN_BROKER'
  | 'WRONG_STATE'
  | 'INTERNAL';

export type ClusterEvent =
  | {
      readonly event: 'ready';
      readonly bootstrap: string;
      readonly startupMs: number;
      readonly dataDir: string;
      readonly clusterId: string;
      readonly pid: number;
    }
  | { readonly event: 'failed'; readonly code: ClusterErrorCode; readonly error: string }
  | {
      readonly event: 'broker-state';
      readonly broker: number;
      readonly state: BrokerLifecycle;
      readonly error?: string;
    }
  | { readonly event: 'controller'; readonly controller: number; readonly epoch: number }
  | {
      readonly event: 'leader';
      readonly topic: string;
      readonly partition: number;
      readonly leader: number;
      readonly epoch: number;
      readonly reason: string;
    }
  | {
      readonly event: 'isr';
      readonly topic: string;
      readonly partition: number;
      readonly isr: readonly number[];
      readonly reason: string;
    }
  /** A line of a broker's log, already formatted. */
  | {
      readonly event: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly broker: number;
      readonly message: string;
    };

/** All that a supervisor sends. */
export type ClusterMessage = ClusterReply | ClusterEvent;
