import type { ClusterEvent, ClusterOp, ClusterResults } from '../shared/cluster-protocol.ts';
import { threadSpawner } from './broker-thread.ts';
import type { ThreadSpawner } from './broker-thread.ts';
import { ClusterError, codeOf, messageOf } from './cluster-error.ts';
import type { ClusterEnd, ClusterHost, CommandArguments, ReadyEvent, Subscription } from './cluster-host.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { planCluster } from './cluster-plan.ts';
import { EmbeddedCluster } from './embedded-cluster.ts';
import { HostEvents } from './host-events.ts';

/** The supervisor in this process, each broker in a thread: where child processes are not allowed. */
export class InProcessClusterHost implements ClusterHost {
  readonly kind = 'inProcess';
  readonly #spawn: ThreadSpawner;
  readonly #events = new HostEvents();
  #cluster: EmbeddedCluster | undefined;
  #ready: ReadyEvent | undefined;

  constructor(spawn: ThreadSpawner = threadSpawner()) {
    this.#spawn = spawn;
  }

  get ready(): ReadyEvent | undefined {
    return this.#ready;
  }

  async start(options: ClusterOptions): Promise<ReadyEvent> {
    if (this.#cluster !== undefined) throw new ClusterError('WRONG_STATE', 'This cluster was started already');
    try {
      const cluster = new EmbeddedCluster({
        plan: planCluster(options),
        spawn: this.#spawn,
        onEvent: (event) => this.#events.emit(event),
      });
      this.#cluster = cluster;
      this.#ready = await cluster.start();
      void cluster.ended.then(() => {
        this.#ready = undefined;
        this.#events.end({ reason: 'stopped' });
      });
      return this.#ready;
    } catch (error) {
      throw new ClusterError(codeOf(error), messageOf(error), { cause: error });
    }
  }

  async send<O extends ClusterOp>(op: O, args: CommandArguments<O>): Promise<ClusterResults[O]> {
    if (this.#cluster === undefined) throw new ClusterError('WRONG_STATE', 'The cluster was not started');
    const handler = this.#cluster.handlers[op] as (command: object) => ClusterResults[O] | Promise<ClusterResults[O]>;
    try {
      return await handler({ ...args, id: 0, op });
    } catch (error) {
      throw new ClusterError(codeOf(error), messageOf(error), { cause: error });
    }
  }

  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    return this.#events.onEvent(listener);
  }

  onEnd(listener: (end: ClusterEnd) => void): Subscription {
    return this.#events.onEnd(listener);
  }

  async stop(): Promise<void> {
    await this.#cluster?.shutdown();
  }

  dispose(): void {
    void this.stop();
  }
}
