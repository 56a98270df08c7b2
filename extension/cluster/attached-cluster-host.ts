import type { ClusterCommand, ClusterEvent, ClusterOp, ClusterResults } from '../shared/cluster-protocol.ts';
import { isOwnerEvent } from './attach-protocol.ts';
import type { OwnerEvent } from './attach-protocol.ts';
import { ClusterError } from './cluster-error.ts';
import type { ClusterEnd, ClusterHost, CommandArguments, ReadyEvent, Subscription } from './cluster-host.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { CommandClient } from './command-channel.ts';
import { connectToOwner } from './directory-lock.ts';
import { HostEvents } from './host-events.ts';
import { lineTransport } from './transport.ts';

/**
 * A cluster that another window or terminal owns, reached through its directory's socket. It lives as long as its owner
 * keeps it: then `onEnd` says `stopped`, or `lost` when the owner died, and whoever wants to go on starts their own.
 */
export class AttachedClusterHost implements ClusterHost {
  readonly kind = 'attached';
  readonly #events = new HostEvents();
  #client: CommandClient<ClusterCommand, ClusterResults> | undefined;
  #owner: OwnerEvent | undefined;
  #ready: ReadyEvent | undefined;
  #onReady: ((ready: ReadyEvent) => void) | undefined;
  #closed = false;

  get ready(): ReadyEvent | undefined {
    return this.#ready;
  }

  /** Who owns the cluster; undefined before `start` connected. */
  get owner(): OwnerEvent | undefined {
    return this.#owner;
  }

  /** Rejects with `WRONG_STATE` when nobody owns `dataDir`, or when the owner ends before it is ready. */
  async start(options: ClusterOptions): Promise<ReadyEvent> {
    const { dataDir } = options;
    if (dataDir === undefined) throw new ClusterError('BAD_ARGUMENT', 'To attach takes a data directory');
    if (this.#client !== undefined) throw new ClusterError('WRONG_STATE', 'This cluster was attached already');
    const socket = await connectToOwner(dataDir, true);
    if (socket === undefined) throw new ClusterError('WRONG_STATE', `No cluster runs on ${dataDir}`);
    return new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#client = new CommandClient(
        lineTransport(socket, socket),
        (event) => this.#onMessage(event as ClusterEvent | OwnerEvent),
        () => {
          reject(new ClusterError('WRONG_STATE', `The cluster on ${dataDir} ended before it was ready`));
          this.#onClose();
        },
      );
    });
  }

  async send<O extends ClusterOp>(op: O, args: CommandArguments<O>): Promise<ClusterResults[O]> {
    if (this.#client === undefined) throw new ClusterError('WRONG_STATE', 'The cluster was not attached');
    return this.#client.request(op, args);
  }

  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    return this.#events.onEvent(listener);
  }

  onEnd(listener: (end: ClusterEnd) => void): Subscription {
    return this.#events.onEnd(listener);
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.onEnd(() => resolve()));
    // Without a reply the connection has closed, which is what is wanted.
    await this.send('shutdown', {}).catch(() => {});
    if (this.#client !== undefined && !this.#closed) await ended;
  }

  dispose(): void {
    this.#client?.close();
  }

  #onMessage(event: ClusterEvent | OwnerEvent): void {
    if (isOwnerEvent(event)) {
      this.#owner = event;
      return;
    }
    if (event.event === 'ready') {
      this.#ready = event;
      this.#onReady?.(event);
    }
    this.#events.emit(event);
  }

  #onClose(): void {
    this.#closed = true;
    this.#ready = undefined;
    if (this.#owner?.state === 'stopping') this.#events.end({ reason: 'stopped' });
    else this.#events.end({ reason: 'lost', error: `The cluster's owner, process ${this.#owner?.pid}, is gone` });
  }
}
