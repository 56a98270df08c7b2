import type { ClusterCommand, ClusterErrorCode, ClusterEvent, ClusterResults } from '../shared/cluster-protocol.ts';
import type { Event } from './emitter.ts';

/** Facts about a cluster that answers. */
export interface ClusterFacts {
  /** `host:port,…` */
  readonly bootstrap: string;
  readonly clusterId: string;
  /** Absolute; broker directories lie below it. */
  readonly dataDir: string;
  /** 0 when attached to a cluster that somebody else started. */
  readonly startupMs: number;
  readonly pid: number;
}

/**
 * Legal transitions:
 * off → starting → running | attached | failed; running | attached → stopping → off; running → failed (its process died);
 * attached → off | starting (whoever owned it went away); failed → starting | off.
 */
export type SessionState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  /** This window owns the brokers' process. */
  | ({ readonly kind: 'running' } & ClusterFacts)
  /** Another window or a terminal owns it. */
  | ({ readonly kind: 'attached' } & ClusterFacts)
  | { readonly kind: 'stopping' }
  | { readonly kind: 'failed'; readonly code: ClusterErrorCode; readonly message: string };

/** A command without its number; the session gives it one. */
export type ClusterCall<Op extends ClusterCommand['op']> = Omit<Extract<ClusterCommand, { op: Op }>, 'id'>;

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
  /** What the running brokers report: states, leaders, ISRs, log lines. */
  readonly onDidReceiveEvent: Event<ClusterEvent>;
  /** Something in the cluster was changed from this window (a topic made, records written): worth a refresh. */
  readonly onDidChangeContents: Event<void>;
  /** `running` or `attached`. */
  readonly isUp: boolean;
  /** Undefined unless the cluster is up. */
  readonly bootstrap: string | undefined;
  /**
   * The client of the cluster that is up, made upon first use and closed when the cluster goes away: ask for it each time,
   * do not keep it. Throws a SessionError when the cluster is not up.
   */
  client(): Client;
  /** What Kafka's protocol cannot say, asked of the supervisor. Rejects with a SessionError. */
  call<Op extends ClusterCommand['op']>(command: ClusterCall<Op>): Promise<ClusterResults[Op]>;
  /** Fires `onDidChangeContents`. */
  contentsChanged(): void;
  /** Resolves when the cluster is up; rejects with a SessionError, `state` is `failed` by then. */
  start(): Promise<void>;
  /** Resolves when it is off. Stops the cluster for every window that is attached to it. */
  stop(): Promise<void>;
}

/** An error with Samsa's own code; `message` is for people. */
export class SessionError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string) {
    super(message);
    this.name = 'SessionError';
    this.code = code;
  }
}
