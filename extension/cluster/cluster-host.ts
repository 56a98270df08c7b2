import type {
  ClusterCommand,
  ClusterErrorCode,
  ClusterEvent,
  ClusterOp,
  ClusterResults,
} from '../shared/cluster-protocol.ts';
import type { ClusterOptions } from './cluster-options.ts';

export type ReadyEvent = Extract<ClusterEvent, { event: 'ready' }>;

/** A command's fields besides `id` and `op`. */
export type CommandArguments<O extends ClusterOp> = Omit<Extract<ClusterCommand, { op: O }>, 'id' | 'op'>;

/** Ends a subscription; fits VS Code's `Disposable`. */
export interface Subscription {
  dispose(): void;
}

/**
 * Why a cluster is no longer there. `stopped`: it was asked to, by us or by its owner. `failed`: its process died or it
 * could not go on. `lost`: the owner that we were attached to vanished without a word; its directory is free to take.
 */
export interface ClusterEnd {
  readonly reason: 'stopped' | 'failed' | 'lost';
  readonly code?: ClusterErrorCode;
  /** One line for people; absent when `stopped`. */
  readonly error?: string;
}

/**
 * One cluster, wherever it runs: in a child process of ours (`child-process-cluster-host.ts`), in this process
 * (`in-process-cluster-host.ts`), or owned by another window or terminal (`attached-cluster-host.ts`). A host is good for
 * one start; make another one for the next. `shared-cluster-host.ts` picks: it attaches to the cluster that already runs on
 * the directory, or starts one.
 */
export interface ClusterHost {
  readonly kind: 'childProcess' | 'inProcess' | 'attached';
  /** The `ready` event once it came; undefined again after the end. */
  readonly ready: ReadyEvent | undefined;
  /**
   * Resolves when every broker serves. Rejects with a `ClusterError`: match on its `code`, show its `message`. An attached
   * host uses only `dataDir`.
   */
  start(options: ClusterOptions): Promise<ReadyEvent>;
  /** Rejects with a `ClusterError`, also when the cluster ends before the reply. */
  send<O extends ClusterOp>(op: O, args: CommandArguments<O>): Promise<ClusterResults[O]>;
  /** Events from before the subscription are not repeated; subscribe before `start`. */
  onEvent(listener: (event: ClusterEvent) => void): Subscription;
  /** Called once, after a successful `start`; at once when the end has already come. */
  onEnd(listener: (end: ClusterEnd) => void): Subscription;
  /** Shuts the cluster down cleanly, also one that we are attached to. Resolves when it is gone; never rejects. */
  stop(): Promise<void>;
  /** Lets go without waiting: an own cluster shuts down by itself, an attached one runs on. */
  dispose(): void;
}
