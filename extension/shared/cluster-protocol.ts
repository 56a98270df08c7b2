/**
 * What the cluster's supervisor and whoever runs it (the extension, the command line, tests) say to each other: commands,
 * replies and events, as JSON objects. They travel over Node's IPC, as lines on stdin and stdout (`--control`, `--json`),
 * and over the data directory's socket, always in this shape.
 */

/** Where a broker is in its life. `failed` carries an error and waits for a start. */
export type BrokerLifecycle = 'starting' | 'running' | 'stopping' | 'stopped' | 'killed' | 'frozen' | 'failed';

export type NodeRole = 'broker' | 'controller';

/** What is done to the network between nodes, as lost or late packets: the sockets themselves stay as they are. */
export type Fault =
  /** No packet passes between the broker and the other nodes; with `clients` none from clients either. */
  | { readonly kind: 'isolate'; readonly broker: number; readonly clients: boolean }
  /** What `from` sends to `to` comes `delayMs` later; without one of them, any node. */
  | { readonly kind: 'slow'; readonly from?: number; readonly to?: number; readonly delayMs: number }
  /** What `from` sends never reaches `to`; the other direction works. */
  | { readonly kind: 'drop'; readonly from: number; readonly to: number };

/** One node: a broker, a controller, or both. */
export interface BrokerState {
  readonly id: number;
  readonly state: BrokerLifecycle;
  readonly roles: readonly NodeRole[];
  /** What the controller thinks of it: a fenced one leads nothing. Undefined until that is known, and on controllers. */
  readonly fenced?: boolean;
  readonly rack?: string;
  /** Those in force that concern it. */
  readonly faults: readonly Fault[];
  readonly host: string;
  /** The client listener's port; 0 until it is known, and on nodes that are controllers only. */
  readonly port: number;
  /** 0 until it is known, and on nodes that are brokers only. */
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
  /** Where this broker leads: what it knows of the others, also of those that do not run. */
  readonly followers?: readonly FollowerState[];
}

/** A follower as its leader sees it. */
export interface FollowerState {
  readonly broker: number;
  /** The offset that it fetched from last; -1 before its first fetch from this leader. */
  readonly logEndOffset: number;
  /** For how long it has not had everything, in ms: 0 while it has, -1 when it never had. */
  readonly lagMs: number;
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

/** A voter of the metadata quorum. `alive`: it runs, and is not cut off from the others. */
export interface VoterState {
  readonly id: number;
  readonly alive: boolean;
}

export interface QuorumState {
  /** -1 while nobody leads. */
  readonly leaderId: number;
  readonly epoch: number;
  readonly voters: readonly VoterState[];
  /** Whether metadata can change; `quorum-health.ts` has the words. */
  readonly hasMajority: boolean;
  /** Of the metadata log; -1 when unknown. */
  readonly highWatermark: number;
}

export interface ClusterState {
  readonly clusterId: string;
  /** `host:port,…` of the brokers that have a client listener. */
  readonly bootstrap: string;
  readonly dataDir: string;
  /** -1 while the quorum has no leader. */
  readonly controllerId: number;
  readonly controllerEpoch: number;
  readonly quorum: QuorumState;
  readonly brokers: readonly BrokerState[];
  /** Nodes that are controllers only; empty where brokers are the quorum. */
  readonly controllers: readonly BrokerState[];
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
  /** Its thread really stops for `ms`; `heal`, `stop` and `kill` end that early. */
  | { readonly id: number; readonly op: 'freeze'; readonly broker: number; readonly ms: number }
  | { readonly id: number; readonly op: 'isolate'; readonly broker: number; readonly clients?: boolean }
  /** Ends what concerns one node, or everything. */
  | { readonly id: number; readonly op: 'heal'; readonly broker?: number }
  /** 0 ends it. */
  | { readonly id: number; readonly op: 'slow'; readonly from?: number; readonly to?: number; readonly delayMs: number }
  | { readonly id: number; readonly op: 'drop'; readonly from: number; readonly to: number }
  | { readonly id: number; readonly op: 'add-broker'; readonly rack?: string }
  /** Moves its replicas to the others first; takes as long as that does, and tells by `progress` events. */
  | { readonly id: number; readonly op: 'remove-broker'; readonly broker: number }
  /** What happened after the event with the number `since`; all that is kept (1,000) without. */
  | { readonly id: number; readonly op: 'events'; readonly since?: number }
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
  readonly freeze: { readonly state: BrokerLifecycle };
  readonly isolate: { readonly faults: readonly Fault[] };
  readonly heal: { readonly faults: readonly Fault[] };
  readonly slow: { readonly faults: readonly Fault[] };
  readonly drop: { readonly faults: readonly Fault[] };
  readonly 'add-broker': { readonly broker: number; readonly state: BrokerLifecycle; readonly startupMs: number };
  readonly 'remove-broker': { readonly broker: number; readonly movedReplicas: number };
  /** Oldest first, without `log` events. `lastSeq` is that of the latest event there was; 0 before the first. */
  readonly events: { readonly events: readonly ClusterEvent[]; readonly lastSeq: number };
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

/** Put on events by the supervisor. */
export interface EventStamp {
  /** Wall clock, milliseconds since the epoch. */
  readonly atMs?: number;
  /** Grows by one with each event but `log`. */
  readonly seq?: number;
}

export type ClusterEvent = EventStamp &
  (
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
        /** Of a failure that has a code of its own. */
        readonly code?: ClusterErrorCode;
      }
    | { readonly event: 'controller'; readonly controller: number; readonly epoch: number }
    /** The quorum has a leader, or lost it (-1). `voters` are node ids. */
    | {
        readonly event: 'quorum';
        readonly leader: number;
        readonly epoch: number;
        readonly voters: readonly number[];
        readonly hasMajority: boolean;
        readonly reason: string;
      }
    /** What the controller decided about a broker. */
    | {
        readonly event: 'registration';
        readonly broker: number;
        readonly state: 'registered' | 'unfenced' | 'fenced' | 'controlled-shutdown' | 'unregistered';
        readonly epoch: number;
        readonly reason: string;
      }
    /** From the active controller, when it is committed; `reason` is for people. */
    | {
        readonly event: 'leader';
        readonly topic: string;
        readonly partition: number;
        /** -1 when nobody may lead. */
        readonly leader: number;
        readonly epoch: number;
        readonly partitionEpoch?: number;
        readonly replicas?: readonly number[];
        readonly isr?: readonly number[];
        readonly elr?: readonly number[];
        /** Elected outside of the ISR. */
        readonly unclean?: boolean;
        readonly reason: string;
      }
    /** As `leader`, when only the ISR changed. */
    | {
        readonly event: 'isr';
        readonly topic: string;
        readonly partition: number;
        readonly isr: readonly number[];
        readonly partitionEpoch?: number;
        readonly elr?: readonly number[];
        readonly reason: string;
      }
    /** A follower cut its log to what its leader has: `records` of its own are gone. */
    | {
        readonly event: 'truncated';
        readonly broker: number;
        readonly topic: string;
        readonly partition: number;
        readonly from: number;
        readonly to: number;
        readonly records: number;
      }
    /** A log can't be compacted; it is left alone until the broker's next start and grows. */
    | {
        readonly event: 'uncleanable';
        readonly broker: number;
        readonly topic: string;
        readonly partition: number;
        readonly reason: string;
      }
    /** The network was broken or healed on purpose. */
    | {
        readonly event: 'fault';
        /** The node that it is about; -1 for all. */
        readonly broker: number;
        /** In force from now on, all of them. */
        readonly faults: readonly Fault[];
        readonly reason: string;
      }
    /** Brokers came or went since `ready`: what to connect to from now on. */
    | { readonly event: 'bootstrap'; readonly bootstrap: string }
    /** How far the removal of a broker has come, or the opening of its logs at its start. */
    | {
        readonly event: 'progress';
        readonly broker: number;
        readonly done: number;
        readonly total: number;
        readonly message: string;
      }
    /** A line of a broker's log, already formatted. */
    | {
        readonly event: 'log';
        readonly level: 'debug' | 'info' | 'warn' | 'error';
        readonly broker: number;
        readonly message: string;
      }
  );

/** All that a supervisor sends. */
export type ClusterMessage = ClusterReply | ClusterEvent;
