/**
 * What the metadata layer sees of the quorum, and nothing of how it is kept. One node with one voter implements it today;
 * a quorum of three does so without a change here.
 */

/** A position in the metadata log: the log ends (exclusive) at `offset`, and its last record has `epoch`. */
export interface OffsetAndEpoch {
  readonly offset: number;
  readonly epoch: number;
}

/** Who leads; `leaderId` is -1 while nobody is known to. */
export interface LeaderAndEpoch {
  readonly leaderId: number;
  readonly epoch: number;
}

/** One address of a node, e.g. `CONTROLLER`, 127.0.0.1, 10092. */
export interface VoterEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** One committed batch of metadata records; control records are kept from the listener, so offsets may have gaps. */
export interface CommittedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly appendTimestampMs: number;
  readonly sizeBytes: number;
  /** Values of the records in order, each a frame (see metadata-record-serde.ts). */
  readonly records: readonly Buffer[];
}

/** A snapshot that replaces everything before it. */
export interface SnapshotSource {
  readonly id: OffsetAndEpoch;
  readonly lastContainedLogTimestampMs: number;
  /** Record values, batch by batch. Throws RaftError CORRUPT_METADATA. */
  batches(): Iterable<readonly Buffer[]>;
}

/**
 * Who follows the metadata log. Called in log order, never from inside `append`. A listener that throws stops the node:
 * its state no longer is what the log says.
 */
export interface RaftListener {
  onCommit(batches: readonly CommittedBatch[]): void;
  onLoadSnapshot(snapshot: SnapshotSource): void;
  /**
   * A new leader or epoch is known. When it is this node, everything committed in earlier epochs has been handed over
   * before, and `append` works from now on.
   */
  onLeaderChange(leader: LeaderAndEpoch): void;
}

/** How far one replica of the metadata log is. Times are -1 when unknown; the leader's own are the present. */
export interface QuorumReplica {
  readonly replicaId: number;
  readonly directoryId: string;
  readonly logEndOffset: number;
  readonly lastFetchTimestampMs: number;
  readonly lastCaughtUpTimestampMs: number;
}

/** The material of DescribeQuorum. */
export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  readonly nodes: readonly { readonly nodeId: number; readonly listeners: readonly VoterEndpoint[] }[];
}

/** What this node sees of the quorum, told when it changes. */
export interface QuorumStatus {
  /** -1 while nobody leads. */
  readonly leaderId: number;
  readonly epoch: number;
  /** Ids of those who vote. */
  readonly voters: readonly number[];
  /** False once too few voters answer for anybody to lead. */
  readonly hasMajority: boolean;
  /** For people, e.g. "node 2 was elected by nodes 2 and 3". */
  readonly reason: string;
}

/** Times of the quorum, in ms, by the names that Kafka gives them. */
export interface RaftTiming {
  /** `controller.quorum.election.timeout.ms` */
  readonly electionTimeoutMs: number;
  /** `controller.quorum.fetch.timeout.ms` */
  readonly fetchTimeoutMs: number;
  /** `controller.quorum.election.backoff.max.ms` */
  readonly electionBackoffMaxMs: number;
  /** `controller.quorum.request.timeout.ms` */
  readonly requestTimeoutMs: number;
}

/** One node's part in the quorum. */
export interface RaftClient {
  readonly nodeId: number;
  /** Attaches the only listener and hands it what is committed so far. */
  register(listener: RaftListener): void;
  leaderAndEpoch(): LeaderAndEpoch;
  /** Everything below is committed; -1 until the first commit is known. */
  highWatermark(): number;
  logEndOffset(): number;
  /**
   * Appends records that become visible together or not at all. They are written at the end of this turn of the event
   * loop together with all others, and committed later: `onCommit` then carries the same offsets.
   *
   * @returns the offset of the last record
   * @throws RaftError NOT_LEADER unless this node leads in `epoch`
   */
  append(epoch: number, records: readonly Buffer[]): number;
  /** Writes a snapshot of the state at `id`, then lets go of the log before it. Does nothing when there is one at or past `id`. */
  createSnapshot(
    id: OffsetAndEpoch,
    lastContainedLogTimestampMs: number,
    batches: Iterable<readonly Buffer[]>,
  ): Promise<void>;
  /** The latest snapshot, or undefined while there is none but the empty one of a formatted directory. */
  latestSnapshot(): OffsetAndEpoch | undefined;
  /** Supported and effective kraft.version: 1 where voters are kept in the log (KIP-853), 0 where they are configured. */
  kraftVersion(): number;
  describeQuorum(): QuorumDescription;
  /** Gives up leadership in `epoch`, so that another voter takes over; this node may win again. */
  resign(epoch: number): void;
}

/** Why the quorum refused or failed. `code` is stable. */
export const RaftErrorCode = {
  /** Another node leads, or nobody, or a later epoch has begun. */
  NOT_LEADER: 'NOT_LEADER',
  /** A file of `__cluster_metadata-0` does not say what it must: damage that is not a torn tail. */
  CORRUPT_METADATA: 'CORRUPT_METADATA',
  /** The directory belongs to another cluster or node. */
  INCONSISTENT_DIRECTORY: 'INCONSISTENT_DIRECTORY',
  /** Reading or writing failed; the cause says how. */
  STORAGE: 'STORAGE',
  /** The node is shutting down. */
  CLOSED: 'CLOSED',
} as const;

export type RaftErrorCode = (typeof RaftErrorCode)[keyof typeof RaftErrorCode];

export class RaftError extends Error {
  readonly code: RaftErrorCode;

  constructor(code: RaftErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RaftError';
    this.code = code;
  }
}
