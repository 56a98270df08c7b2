import type { BoundNode, BrokerConfigInput, Peers } from '../engine/broker/broker-options.ts';
import type { NewDisk } from './broker-removal.ts';
import type { ClusterEvent, Fault, PartitionState, SegmentState } from '../shared/cluster-protocol.ts';

/** What the supervisor asks of a node's thread. The reply has the shape of `command-channel.ts`. */
export type WorkerCommand =
  /** Once per thread; the node asks by `bound` who its peers are, and goes on when `meet` tells. */
  | { readonly id: number; readonly op: 'start'; readonly input: BrokerConfigInput; readonly faults: readonly Fault[] }
  | { readonly id: number; readonly op: 'meet'; readonly peers: Peers }
  | { readonly id: number; readonly op: 'describe'; readonly topic?: string }
  | { readonly id: number; readonly op: 'segments'; readonly topic: string; readonly partition: number }
  /** The faults of the network that are in force from now on. */
  | { readonly id: number; readonly op: 'faults'; readonly faults: readonly Fault[] }
  /**
   * The thread stops for `ms` and says `thawed` after that. `wake` holds one int32: the supervisor makes it `WAKE` or `DIE` and
   * notifies, which ends the freeze at once.
   */
  | { readonly id: number; readonly op: 'freeze'; readonly ms: number; readonly wake: SharedArrayBuffer }
  /** Moves the replicas of another broker away, by Kafka's own requests to this one; tells by `progress` events. */
  | { readonly id: number; readonly op: 'drain'; readonly broker: number }
  /** Takes another broker out of the quorum, where it votes. */
  | { readonly id: number; readonly op: 'leave-quorum'; readonly broker: number }
  /** Gives the vote of a node's lost disk to its new one, where that is so. */
  | { readonly id: number; readonly op: 'replace-voter'; readonly disk: NewDisk }
  /** Makes another node, which follows the quorum, one of its voters. */
  | { readonly id: number; readonly op: 'join-quorum'; readonly disk: NewDisk }
  /** Takes another broker, which has stopped, out of the cluster. */
  | { readonly id: number; readonly op: 'unregister'; readonly broker: number }
  /** Others take over what the broker leads. */
  | { readonly id: number; readonly op: 'relinquish' }
  /** Controlled shutdown of the broker, then the thread ends. */
  | { readonly id: number; readonly op: 'shutdown' }
  /** The broker stops as if its process had died, then the thread ends. Also ends a thread whose broker never ran. */
  | { readonly id: number; readonly op: 'kill' };

/** What the word of a freeze says. */
export const FROZEN = 0;
export const WAKE = 1;
export const DIE = 2;

type Nothing = Record<never, never>;

export interface WorkerResults {
  readonly start: Nothing;
  readonly meet: Nothing;
  readonly describe: {
    readonly controllerId: number;
    readonly controllerEpoch: number;
    readonly voters: readonly number[];
    /** Of the metadata log; -1 when unknown. */
    readonly quorumHighWatermark: number;
    /** Whether the controller has fenced it; undefined on a controller, and while the broker is not registered. */
    readonly isFenced: boolean | undefined;
    readonly partitions: readonly PartitionState[];
  };
  readonly segments: { readonly segments: readonly SegmentState[] };
  readonly faults: Nothing;
  readonly freeze: Nothing;
  readonly drain: { readonly movedReplicas: number };
  readonly 'leave-quorum': Nothing;
  readonly 'replace-voter': { readonly isReplaced: boolean };
  readonly 'join-quorum': Nothing;
  readonly unregister: Nothing;
  readonly relinquish: Nothing;
  readonly shutdown: Nothing;
  readonly kill: Nothing;
}

/** What a thread says by itself: the node's events, its ports, that a freeze is over, and that the node can't go on. */
export type WorkerEvent =
  | ClusterEvent
  | ({ readonly event: 'bound' } & BoundNode)
  | { readonly event: 'thawed' }
  | { readonly event: 'fatal'; readonly error: string };
