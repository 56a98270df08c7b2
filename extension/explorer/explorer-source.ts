import type { BrokerLifecycle, Fault, SegmentState, VoterState } from '../shared/cluster-protocol.ts';
import type { LogProgress } from './start-progress.ts';

export interface BrokerFacts {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** It decides at the moment. */
  readonly isController: boolean;
  readonly state: BrokerLifecycle;
  /** Of the embedded cluster only: what can be broken, and is. */
  readonly own?: OwnBrokerFacts;
  /** Why it is `failed`. */
  readonly error?: string;
  /** How far it has come while it starts. */
  readonly progress?: LogProgress;
}

export interface OwnBrokerFacts {
  /** A controller that is no broker. */
  readonly isOnlyController: boolean;
  /** It votes in the metadata quorum. */
  readonly isVoter: boolean;
  /** The controller lets it lead nothing; undefined while that is not known. */
  readonly fenced?: boolean;
  readonly faults: readonly Fault[];
}

/** One copy of a partition. Offsets are undefined where its broker does not tell. */
export interface ReplicaFacts {
  readonly broker: number;
  readonly isLeader: boolean;
  /** First in the assignment: leads when it can. */
  readonly isPreferred: boolean;
  readonly isInSync: boolean;
  /** Its broker runs. */
  readonly isOnline: boolean;
  readonly end?: number;
  /** Records that the leader has and it has not; undefined where one of the two does not tell. */
  readonly lag?: number;
  readonly sizeBytes?: number;
}

export interface PartitionFacts {
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  /** Nobody could be elected in its place yet; unknown of clusters that are not ours. */
  readonly isLeaderDown?: boolean;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicFacts {
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionFacts[];
  /** Why nothing more is known of it. */
  readonly error?: string;
}

/** `end` is the offset after the last record that consumers may see. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

export interface GroupFacts {
  readonly group: string;
  /** Kafka's word: `Stable`, `Empty`, … */
  readonly state: string;
  /** Kafka's word: `classic`, `consumer`, `share`, `streams`. */
  readonly type: string;
  /** Undefined where it was not asked for. */
  readonly lag?: number;
}

export interface MemberFacts {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  readonly instanceId: string | null;
  /** Partitions by topic. */
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

export interface GroupOffsetFacts {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number;
  /** Undefined where the end is not known. */
  readonly lag?: number;
  readonly metadata: string;
}

/**
 * What the tree reads, of any cluster. Every call rejects with an error for people.
 */
export interface ExplorerSource {
  /** By id. */
  brokers(): Promise<readonly BrokerFacts[]>;
  /** By name. */
  topics(): Promise<readonly TopicFacts[]>;
  /** Of the given topics, by topic and partition; partitions whose leader does not answer are missing. */
  offsets(topics: readonly TopicFacts[]): Promise<ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>>;
  /** Bytes of the leaders' logs of a topic, by partition. */
  sizes(topic: TopicFacts): Promise<ReadonlyMap<number, number>>;
  /** The voters of a cluster of ours; absent where these are not known. */
  voters?(): Promise<readonly VoterState[]>;
  /** In assignment order; absent where the cluster's files are out of reach. */
  replicas?(topic: string, partition: number): Promise<readonly ReplicaFacts[]>;
  /** By base offset; absent where the cluster's files are out of reach. */
  segments?(topic: string, partition: number, broker: number): Promise<readonly SegmentState[]>;
  /** By name. */
  groups(): Promise<readonly GroupFacts[]>;
  /** By member id. */
  members(group: string): Promise<readonly MemberFacts[]>;
  /** By topic and partition. */
  groupOffsets(group: string): Promise<readonly GroupOffsetFacts[]>;
}
