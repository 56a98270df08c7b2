import type { ClusterErrorCode, ClusterEvent, PartitionState, SegmentState } from '../../shared/cluster-protocol.ts';
import type { Clock } from '../common/clock.ts';
import type { FileSystem } from '../common/file-system.ts';
import type { Logger } from '../common/logger.ts';
import type { NodeNetwork } from '../common/network.ts';
import type { Random } from '../common/random.ts';
import type { LogRecoverer } from '../log/log-recovery.ts';
import type { QuorumDescription } from '../raft/raft-ports.ts';
import type { VoterAddress } from '../raft/voter-set.ts';
import type { ListenerFactory } from '../server/server-listener.ts';

/** One listener as `listeners` or `advertised.listeners` name it, e.g. `PLAINTEXT://127.0.0.1:9092`. */
export interface Listener {
  readonly name: string;
  readonly host: string;
  /** 0 asks for any free port. */
  readonly port: number;
}

/** `process.roles`: a broker holds partitions and serves clients, a controller votes in the metadata quorum. */
export type NodeRole = 'broker' | 'controller';

/** What one node needs to run. Plain data, but for the ports, so that it can cross a thread boundary. */
export interface BrokerConfigInput {
  readonly nodeId: number;
  readonly roles: readonly NodeRole[];
  /** Kafka log directories, absolute; made and formatted when empty. The first one holds the metadata log. */
  readonly logDirs: readonly string[];
  /** For formatting a new directory, and checked against `meta.properties` of an old one. */
  readonly clusterId: string;
  /** Client listeners; none on a node that is no broker. */
  readonly listeners: readonly Listener[];
  readonly advertisedListeners: readonly Listener[];
  /** Undefined on a node that is no controller. */
  readonly controllerListener: Listener | undefined;
  /** Broker configs by Kafka's names (`num.partitions`, …): what `server.properties` or `--config` set. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a node has bound, told to the owner of the cluster. */
export interface BoundNode {
  readonly nodeId: number;
  /**
   * Of the first log directory: what meta.properties says (undefined where that has none), or the id that a new one is about
   * to get.
   */
  readonly directoryId: string | undefined;
  /** The directory is not formatted yet. */
  readonly isNew: boolean;
  readonly listeners: readonly Listener[];
  readonly controllerListener: Listener | undefined;
}

/** What the owner of the cluster tells a node that has bound. */
export interface Peers {
  /** Who votes in the metadata quorum of a new cluster, and where the voters of any cluster are now. */
  readonly voters: readonly QuorumVoter[];
  /**
   * Whether the voters are to form a new quorum: all of their directories are new. Where only some are, a new one gets no vote by
   * being formatted: the others do not know its disk, and would be outvoted by a quorum that never was.
   */
  readonly isNewCluster: boolean;
}

/** A voter of the metadata quorum, with the address that it has now and the directory that it told of. */
export type QuorumVoter = VoterAddress;

/** The outside world of a node. */
export interface BrokerPorts {
  readonly network: NodeNetwork;
  readonly makeListener: ListenerFactory;
  /** Called once, when the listeners are bound; resolves when all nodes that start together have their ports. */
  readonly meet: (bound: BoundNode) => Promise<Peers>;
  readonly clock: Clock;
  readonly random: Random;
  readonly fileSystem: FileSystem;
  /** Recovers logs in other threads; without one, the node's own thread does. */
  readonly recoverer?: LogRecoverer;
  readonly logger: Logger;
  /** Called for every `controller`, `leader` and `isr` event that this broker causes or sees first. */
  readonly onEvent: (event: ClusterEvent) => void;
  /** Called once, before anything is bound, with what kills a node that has not started yet. */
  readonly onStarting?: (kill: () => void) => void;
  /** The broker can't go on (its metadata log failed, say): it has stopped serving; the owner ends it. */
  readonly onFatal: (error: Error) => void;
}

/** A node that runs. `startBroker` in `broker-node.ts` makes one. */
export interface RunningBroker {
  readonly nodeId: number;
  readonly clusterId: string;
  /** With the ports that were really bound. */
  readonly listeners: readonly Listener[];
  readonly controllerListener: Listener | undefined;
  controller(): { readonly id: number; readonly epoch: number };
  /** What this node knows of the metadata quorum. */
  quorum(): QuorumDescription;
  /** Of this node as a broker; undefined on a controller, and while it is not registered. */
  isFenced(): boolean | undefined;
  /** All partitions, or one topic's; `replicaStates` holds this broker's own entry only. */
  partitions(topic?: string): PartitionState[];
  /** What lies on disk for one partition here. */
  segments(topic: string, partition: number): SegmentState[];
  /**
   * The first half of {@link shutdown}: others take over what this broker leads. Before a whole cluster stops, all brokers do this
   * together, while there still is a quorum. Never rejects.
   */
  relinquish(): Promise<void>;
  /** Controlled shutdown: answers what is under way, closes logs cleanly. */
  shutdown(): Promise<void>;
  /** As if the process had died: sockets reset, no file is written any more. */
  kill(): void;
}

/** Why a broker did not start; `code` is what the cluster tells its user. */
export class BrokerStartError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokerStartError';
    this.code = code;
  }
}
