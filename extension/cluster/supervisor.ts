import type { BrokerConfigInput } from '../engine/broker/broker-options.ts';
import type {
  BrokerLifecycle,
  ClusterEvent,
  ClusterState,
  PartitionState,
  SegmentState,
} from '../shared/cluster-protocol.ts';
import type { ThreadSpawner } from './broker-thread.ts';
import { ClusterError } from './cluster-error.ts';
import { formatAddress } from './cluster-plan.ts';
import { ManagedBroker } from './managed-broker.ts';
import type { WorkerResults } from './worker-protocol.ts';

/** How long a broker may take to close its files before it is killed. */
const shutdownTimeoutMs = 10_000;

export interface SupervisorOptions {
  readonly dataDir: string;
  readonly clusterId: string;
  readonly brokers: readonly BrokerConfigInput[];
  readonly spawn: ThreadSpawner;
  readonly onEvent: (event: ClusterEvent) => void;
}

/** The brokers of one cluster: starts and ends them, passes their events on, puts together what each of them knows. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #brokers: ReadonlyMap<number, ManagedBroker>;
  #controller = { id: -1, epoch: -1 };

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#brokers = new Map(
      options.brokers.map((input) => [
        input.nodeId,
        new ManagedBroker(input, options.spawn, (event) => this.#on(event)),
      ]),
    );
  }

  /** `host:port,…` in order of broker ids. */
  get bootstrap(): string {
    const addresses = [...this.#brokers.values()].flatMap((broker) => broker.address ?? []);
    return addresses
      .filter(({ port }) => port !== 0)
      .map(formatAddress)
      .join(',');
  }

  /** Starts all brokers. Rejects with the first failure, after the others have ended too. */
  async start(): Promise<void> {
    try {
      await Promise.all([...this.#brokers.values()].map((broker) => broker.start()));
    } catch (error) {
      await this.shutdown();
      throw error;
    }
  }

  /** Stops all brokers cleanly; those that do not stop in time, or fail to, are killed. Never rejects. */
  async shutdown(): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((broker) => broker.end(shutdownTimeoutMs)));
  }

  async state(topic?: string): Promise<ClusterState> {
    const brokers = [...this.#brokers.values()];
    // One that dies or hangs while it is asked leaves the others' answers standing.
    const answers = await Promise.allSettled(
      brokers.filter(({ lifecycle }) => lifecycle === 'running').map((broker) => broker.describe(topic)),
    );
    const known = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const controller = latestController(known);
    return {
      clusterId: this.#options.clusterId,
      bootstrap: this.bootstrap,
      dataDir: this.#options.dataDir,
      controllerId: controller?.controllerId ?? -1,
      controllerEpoch: controller?.controllerEpoch ?? this.#controller.epoch,
      brokers: brokers.map((broker) => broker.snapshot()),
      partitions: mergePartitions(known.map(({ partitions }) => partitions)),
    };
  }

  segments(broker: number, topic: string, partition: number): Promise<readonly SegmentState[]> {
    return this.#broker(broker).segments(topic, partition);
  }

  async startBroker(id: number): Promise<{ state: BrokerLifecycle; startupMs: number }> {
    const broker = this.#broker(id);
    const startMs = performance.now();
    await broker.start();
    return { state: broker.lifecycle, startupMs: Math.round(performance.now() - startMs) };
  }

  async stopBroker(id: number): Promise<{ state: BrokerLifecycle }> {
    const broker = this.#broker(id);
    await broker.stop();
    return { state: broker.lifecycle };
  }

  async killBroker(id: number): Promise<{ state: BrokerLifecycle }> {
    const broker = this.#broker(id);
    await broker.kill();
    return { state: broker.lifecycle };
  }

  #broker(id: number): ManagedBroker {
    const broker = this.#brokers.get(id);
    if (broker !== undefined) return broker;
    const known = [...this.#brokers.keys()].join(', ');
    throw new ClusterError('UNKNOWN_BROKER', `There is no broker ${id}; the cluster has ${known}`);
  }

  #on(event: ClusterEvent): void {
    if (event.event === 'controller') {
      // Every broker reports what it sees; the late news of a slow one is none.
      if (event.epoch < this.#controller.epoch) return;
      if (event.epoch === this.#controller.epoch && event.controller === this.#controller.id) return;
      this.#controller = { id: event.controller, epoch: event.epoch };
    }
    this.#options.onEvent(event);
  }
}

type Description = WorkerResults['describe'];

function latestController(descriptions: readonly Description[]): Description | undefined {
  let latest: Description | undefined;
  for (const description of descriptions) {
    if (latest === undefined || description.controllerEpoch > latest.controllerEpoch) latest = description;
  }
  return latest;
}

/**
 * One view of each partition: leader and ISR as the broker with the newest metadata has them, every broker's own replica
 * state in assignment order.
 */
export function mergePartitions(views: readonly (readonly PartitionState[])[]): PartitionState[] {
  const merged = new Map<string, PartitionState>();
  for (const partition of views.flat()) {
    const key = `${partition.topicId}-${partition.partition}`;
    const other = merged.get(key);
    merged.set(key, other === undefined ? partition : mergeTwo(other, partition));
  }
  return [...merged.values()];
}

function mergeTwo(a: PartitionState, b: PartitionState): PartitionState {
  const newest = b.partitionEpoch > a.partitionEpoch ? b : a;
  const states = [...a.replicaStates, ...b.replicaStates];
  const position = (broker: number): number => {
    const index = newest.replicas.indexOf(broker);
    return index < 0 ? newest.replicas.length : index;
  };
  return { ...newest, replicaStates: states.sort((x, y) => position(x.broker) - position(y.broker)) };
}
