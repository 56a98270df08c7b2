import type { ClusterHost } from '../cluster/cluster-host.ts';
import type { ClusterErrorCode, ClusterEvent } from '../shared/cluster-protocol.ts';
import type { Event } from './emitter.ts';
import type { LogProgress } from './start-progress.ts';

/** Facts about a cluster that answers. */
export interface ClusterFacts {
  /** `host:port,…` */
  readonly bootstrap: string;
  readonly clusterId: string;
  /** Absolute; broker directories lie below it. */
  readonly dataDir: string;
  readonly startupMs: number;
  /** Of the process that runs the brokers. */
  readonly pid: number;
}

/**
 * Legal transitions:
 * off → starting → running | attached | failed | off (cancelled); off → attached (somebody else started it);
 * running | attached → stopping → off; running → failed (its process died) | off (another window stopped it);
 * attached → off | starting (its owner went away); failed → starting | attached.
 */
export type SessionState =
  | { readonly kind: 'off' }
  /** With `progress` once a broker has told how many logs it has to open. */
  | { readonly kind: 'starting'; readonly progress?: LogProgress }
  /** This window owns the brokers' process. */
  | ({ readonly kind: 'running' } & ClusterFacts)
  /** Another window or a terminal owns it. */
  | ({ readonly kind: 'attached' } & ClusterFacts)
  | { readonly kind: 'stopping' }
  | { readonly kind: 'failed'; readonly code: ClusterErrorCode; readonly message: string };

/**
 * One cluster as the window sees it. There is a single object of this kind for the embedded cluster, made when the
 * extension is activated and alive until it is deactivated; remote clusters will be further objects of this interface.
 */
export interface ClusterSession<Client> {
  /** Stable, for tree ids and webview state: `embedded`. */
  readonly id: string;
  readonly state: SessionState;
  /** After every change of `state`. */
  readonly onDidChange: Event<SessionState>;
  /** What the brokers report: states, leaders, ISRs, log lines. */
  readonly onDidReceiveEvent: Event<ClusterEvent>;
  /** Something in the cluster was changed from this window (a topic made, records written): worth a refresh. */
  readonly onDidChangeContents: Event<void>;
  /** How far a broker that starts has come; undefined for those that do not, and before it tells. */
  progressOf(broker: number): LogProgress | undefined;
  /** `running` or `attached`. */
  readonly isUp: boolean;
  /** Undefined unless the cluster is up. */
  readonly bootstrap: string | undefined;
  /**
   * The client of the cluster that is up, made upon first use and closed when the cluster goes away: ask for it each time,
   * do not keep it. Throws a ClusterError when the cluster is not up.
   */
  client(): Client;
  /** What Kafka's protocol cannot say, asked of the supervisor. Rejects with a ClusterError. */
  readonly send: ClusterHost['send'];
  /** Fires `onDidChangeContents`. */
  contentsChanged(): void;
  /** Resolves when the cluster is up; rejects with a ClusterError, `state` is `failed` by then. */
  start(): Promise<void>;
  /** Resolves when it is off. Stops the cluster for every window that is attached to it. */
  stop(): Promise<void>;
}
