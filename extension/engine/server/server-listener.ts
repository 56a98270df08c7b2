import type { SocketServerOptions } from './socket-server.ts';

/** A listener of a node, on sockets or in a simulation. */
export interface ServerListener {
  /** Binds; the port that was bound. Nothing is read before {@link open}. Rejects with Node's error (`EADDRINUSE`, …). */
  listen(): Promise<number>;
  open(): void;
  /** Accepts nothing more. Connections go on until `close` or `reset`. */
  stopAccepting(): void;
  /** Ends every connection after what was written to it. */
  close(): void;
  /** Resets every connection: the peers see what the death of a process looks like. */
  reset(): void;
}

export type ListenerFactory = (options: SocketServerOptions) => ServerListener;
