import type { ClusterEvent, ClusterOp, ClusterResults } from '../shared/cluster-protocol.ts';
import { findOwner, waitUntilReleased } from './attach-protocol.ts';
import { AttachedClusterHost } from './attached-cluster-host.ts';
import { ClusterError, codeOf } from './cluster-error.ts';
import type { ClusterEnd, ClusterHost, CommandArguments, ReadyEvent, Subscription } from './cluster-host.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { HostEvents } from './host-events.ts';

/** Rounds of looking, then attaching or starting; to lose the race more often than that is no coincidence. */
const maxRounds = 5;

/**
 * Attaches to the cluster that runs on the data directory, or starts one by the host that `makeOwn` makes. Several windows
 * may do this at once: one of them becomes the owner. `kind` is that of the host it came to, from `start` on.
 */
export class SharedClusterHost implements ClusterHost {
  readonly #makeOwn: () => ClusterHost;
  readonly #events = new HostEvents();
  #host: ClusterHost | undefined;
  #stopped = false;

  constructor(makeOwn: () => ClusterHost) {
    this.#makeOwn = makeOwn;
  }

  get kind(): ClusterHost['kind'] {
    return this.#host?.kind ?? 'attached';
  }

  get ready(): ReadyEvent | undefined {
    return this.#host?.ready;
  }

  async start(options: ClusterOptions): Promise<ReadyEvent> {
    if (this.#host !== undefined) throw new ClusterError('WRONG_STATE', 'This cluster was started already');
    for (let round = 1; ; round++) {
      const host = await this.#chooseHost(options.dataDir);
      if (this.#stopped) throw new ClusterError('WRONG_STATE', 'The cluster was stopped while it started');
      this.#host = host;
      const subscription = host.onEvent((event) => this.#events.emit(event));
      try {
        const ready = await host.start(options);
        host.onEnd((end) => this.#events.end(end));
        return ready;
      } catch (error) {
        subscription.dispose();
        host.dispose();
        // Since we looked, somebody began or ended.
        const lostRace = codeOf(error) === (host.kind === 'attached' ? 'WRONG_STATE' : 'DIRECTORY_LOCKED');
        if (!lostRace || this.#stopped || round === maxRounds) throw error;
      }
    }
  }

  async send<O extends ClusterOp>(op: O, args: CommandArguments<O>): Promise<ClusterResults[O]> {
    if (this.#host === undefined) throw new ClusterError('WRONG_STATE', 'The cluster was not started');
    return this.#host.send(op, args);
  }

  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    return this.#events.onEvent(listener);
  }

  onEnd(listener: (end: ClusterEnd) => void): Subscription {
    return this.#events.onEnd(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#host?.stop();
  }

  dispose(): void {
    this.#stopped = true;
    this.#host?.dispose();
  }

  async #chooseHost(dataDir: string | undefined): Promise<ClusterHost> {
    if (dataDir === undefined) return this.#makeOwn();
    const owner = await findOwner(dataDir);
    if (owner === undefined) return this.#makeOwn();
    if (owner.state !== 'stopping') return new AttachedClusterHost();
    await waitUntilReleased(dataDir);
    return this.#makeOwn();
  }
}

/** A host to attach to the cluster that serves on the directory now; undefined when none does. */
export async function findClusterHost(dataDir: string): Promise<AttachedClusterHost | undefined> {
  const owner = await findOwner(dataDir);
  return owner?.state === 'running' ? new AttachedClusterHost() : undefined;
}
