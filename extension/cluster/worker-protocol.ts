import type { BrokerConfigInput, Listener } from '../engine/broker/broker-options.ts';
import type { ClusterEvent, PartitionState, SegmentState } from '../shared/cluster-protocol.ts';

/** What the supervisor asks of a broker's thread. The reply has the shape of `command-channel.ts`. */
export type WorkerCommand =
  /** Once per thread. */
  | { readonly id: number; readonly op: 'start'; readonly input: BrokerConfigInput }
  | { readonly id: number; readonly op: 'describe'; readonly topic?: string }
  | { readonly id: number; readonly op: 'segments'; readonly topic: string; readonly partition: number }
  /** Controlled shutdown of the broker, then the thread ends. */
  | { readonly id: number; readonly op: 'shutdown' }
  /** The broker stops as if its process had died, then the thread ends. Also ends a thread whose broker never ran. */
  | { readonly id: number; readonly op: 'kill' };

export interface WorkerResults {
  readonly start: {
    readonly clusterId: string;
    /** With the ports that were really bound. */
    readonly listeners: readonly Listener[];
    readonly controllerListener: Listener | undefined;
  };
  readonly describe: {
    readonly controllerId: number;
    readonly controllerEpoch: number;
    readonly partitions: readonly PartitionState[];
  };
  readonly segments: { readonly segments: readonly SegmentState[] };
  readonly shutdown: Record<never, never>;
  readonly kill: Record<never, never>;
}

/** What a thread says by itself: the broker's events, and that the broker can't go on. */
export type WorkerEvent = ClusterEvent | { readonly event: 'fatal'; readonly error: string };
