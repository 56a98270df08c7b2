import { join } from 'node:path';
import { ApacheKafkaCluster } from '../../test/support/apache-kafka-cluster.ts';
import { Child } from '../../test/support/child.ts';
import { freePort } from '../../test/support/free-port.ts';
import { isAvailable } from '../../test/support/tools.ts';
import { serverFlags, shippedCli } from './systems.ts';

const START_TIMEOUT_MS = 120_000;
export const NODES = 3;

export interface RunningCluster {
  readonly bootstrap: string;
  /** Every process that is part of it. */
  readonly children: readonly Child[];
  /** When the first process was spawned, by `performance.now()`. */
  readonly startedAt: number;
  /** As a crash: resolves when it is on its way, not when all is over. */
  kill(broker: number): Promise<void>;
  /** Starts one that was killed; resolves when it is on its way. */
  start(broker: number): Promise<void>;
  stop(): Promise<unknown>;
}

/** A cluster of three combined nodes that is measured. */
export interface ClusterSystem {
  readonly name: string;
  missing(): string | undefined;
  /** What has to happen before time is taken. */
  prepare(directory: string): Promise<{ readonly port: number; readonly controllerPort: number }>;
  /** Resolves as soon as the processes are spawned. */
  spawn(directory: string, ports: { readonly port: number; readonly controllerPort: number }): Promise<RunningCluster>;
}

const samsa: ClusterSystem = {
  name: 'samsa',
  missing: () => undefined,
  async prepare() {
    await shippedCli();
    const port = await freePort(NODES, true);
    return { port, controllerPort: port + 1000 };
  },
  async spawn(directory, { port }) {
    const args = ['start', '--brokers', String(NODES), '--port', String(port), '--data-dir', directory];
    const child = new Child(process.execPath, [await shippedCli(), ...args, '--json', '--control']);
    return {
      bootstrap: bootstrapOf(port),
      children: [child],
      startedAt: child.startedAt,
      kill(broker) {
        child.write(`${JSON.stringify({ id: broker, op: 'kill', broker })}\n`);
        return Promise.resolve();
      },
      start(broker) {
        child.write(`${JSON.stringify({ id: broker, op: 'start', broker })}\n`);
        return Promise.resolve();
      },
      stop: () => child.stop(30_000),
    };
  },
};

const apacheKafka: ClusterSystem = {
  name: 'apache-kafka',
  missing: () => (isAvailable('apache-kafka') ? undefined : 'Apache Kafka needs java and mvn'),
  async prepare(directory) {
    const port = await freePort(NODES, true);
    const ports = { port, controllerPort: port + 1000 };
    await ApacheKafkaCluster.prepare(kafkaOptions(directory, ports));
    return ports;
  },
  async spawn(directory, ports) {
    const options = kafkaOptions(directory, ports);
    const { nodes, children } = await ApacheKafkaCluster.launch(options);
    return {
      bootstrap: bootstrapOf(ports.port),
      get children() {
        return [...children.values()];
      },
      startedAt: Math.min(...[...children.values()].map(({ startedAt }) => startedAt)),
      async kill(broker) {
        await children.get(broker)?.kill();
      },
      async start(broker) {
        const node = nodes.find(({ id }) => id === broker);
        if (node !== undefined) children.set(broker, await ApacheKafkaCluster.relaunch(node, options));
      },
      stop: () =>
        Promise.all([...children.values()].map((child) => (child.hasEnded ? child.finished : child.stop(60_000)))),
    };
  },
};

function kafkaOptions(directory: string, ports: { readonly port: number; readonly controllerPort: number }) {
  const directories = Array.from({ length: NODES }, (_, index) => join(directory, `node-${index + 1}`));
  return { directories, ...ports, jvm: serverFlags, quickStart: false, readyTimeoutMs: START_TIMEOUT_MS };
}

function bootstrapOf(port: number): string {
  return Array.from({ length: NODES }, (_, index) => `127.0.0.1:${port + index}`).join(',');
}

export const clusterSystems: readonly ClusterSystem[] = [samsa, apacheKafka];
