import type { Socket } from 'node:net';
import type { ClusterEvent } from '../shared/cluster-protocol.ts';
import type { OwnerEvent } from './attach-protocol.ts';
import type { ReadyEvent } from './cluster-host.ts';
import { lineTransport } from './transport.ts';
import type { Transport } from './transport.ts';

/** Other windows and terminals that look at one cluster; more are turned away. */
const maxClients = 64;

/** How long a client may take to read our last words. */
const farewellMs = 1_000;

export interface AttachServerOptions {
  readonly owner: OwnerEvent;
  /** Answers a client's commands. */
  readonly serve: (transport: Transport, onClose: () => void) => void;
}

/** The owner's side of the directory's socket: says who it is, passes on events, answers commands. */
export class AttachServer {
  readonly #serve: AttachServerOptions['serve'];
  readonly #clients = new Map<Transport, Socket>();
  #owner: OwnerEvent;
  #ready: ReadyEvent | undefined;

  constructor({ owner, serve }: AttachServerOptions) {
    this.#owner = owner;
    this.#serve = serve;
  }

  accept(socket: Socket): void {
    if (this.#clients.size >= maxClients) {
      socket.destroy();
      return;
    }
    const transport = lineTransport(socket, socket);
    this.#clients.set(transport, socket);
    this.#serve(transport, () => this.#clients.delete(transport));
    transport.send(this.#owner);
    if (this.#ready !== undefined) transport.send(this.#ready);
  }

  /** Says who owns the directory, and hangs up: for sockets that other users of the machine reach as well. */
  identify(socket: Socket): void {
    socket.end(`${JSON.stringify(this.#owner)}\n`);
  }

  publish(event: ClusterEvent): void {
    if (event.event === 'bootstrap') {
      const { bootstrap } = event;
      this.#ready = this.#ready && { ...this.#ready, bootstrap };
      this.#owner = { ...this.#owner, bootstrap };
    } else if (event.event === 'ready') {
      this.#ready = event;
      this.#owner = { ...this.#owner, bootstrap: event.bootstrap, state: 'running' };
      this.#send(this.#owner);
    }
    this.#send(event);
  }

  /** The clients know then that the end of their connection is an orderly one. */
  announceStop(): void {
    this.#owner = { ...this.#owner, state: 'stopping' };
    this.#send(this.#owner);
  }

  /** Sends what is queued, then closes; a client that does not take it is cut off. */
  close(): void {
    for (const socket of this.#clients.values()) {
      socket.destroySoon();
      setTimeout(() => socket.destroy(), farewellMs).unref();
    }
  }

  #send(message: object): void {
    for (const client of this.#clients.keys()) client.send(message);
  }
}
