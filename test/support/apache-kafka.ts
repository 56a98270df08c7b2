import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { startJava, tool } from './apache-kafka-tools.ts';
import type { Child, Finished } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface ApacheKafkaOptions {
  /** Log directory; formatted when it has no meta.properties yet, else booted on as it is. */
  readonly directory: string;
  /** Clients' port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  readonly controllerPort?: number;
  /** Ignored for a formatted directory, which has its own. */
  readonly nodeId?: number;
  /**
   * How a new directory records its quorum: `dynamic` keeps the voters in the log (KIP-853, the default), `static` in
   * the configuration.
   */
  readonly quorum?: 'dynamic' | 'static';
  /** Added to server.properties, replacing what is there. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly jvm?: readonly string[];
  /** See `ToolOptions`. */
  readonly quickStart?: boolean;
  readonly readyTimeoutMs?: number;
}

/** A combined KRaft node (broker and controller) of Apache Kafka. */
export class ApacheKafka implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly child: Child;
  /** From start of the JVM until the port accepts and the log says so. */
  readonly startupMs: number;

  private constructor(directory: string, port: number, child: Child, startupMs: number) {
    this.directory = directory;
    this.port = port;
    this.child = child;
    this.startupMs = startupMs;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Standard error so far: the broker's log from INFO on. */
  get log(): string {
    return this.child.stderr;
  }

  /** Resolves when clients are served. Rejects with the tail of the broker's log when it ends or hangs before. */
  static async start(options: ApacheKafkaOptions): Promise<ApacheKafka> {
    const directory = resolve(options.directory);
    const port = options.port ?? (await freePort());
    const controllerPort = options.controllerPort ?? (await freePort());
    const formatted = existsSync(join(directory, 'meta.properties'));
    const nodeId = formatted ? await recordedNodeId(directory) : (options.nodeId ?? 1);
    const isStatic = formatted || options.quorum === 'static';
    const server = {
      ...serverProperties(nodeId, port, controllerPort, directory),
      ...(isStatic
        ? { 'controller.quorum.voters': `${nodeId}@127.0.0.1:${controllerPort}` }
        : { 'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}` }),
      ...options.properties,
    };
    const file = join(dirname(directory), `server-${nodeId}-${port}.properties`);
    await mkdir(dirname(directory), { recursive: true });
    await writeFile(file, formatProperties(server));
    if (!formatted) {
      const clusterId = (await tool('storage', ['random-uuid'])).trim();
      await tool('storage', ['format', '-t', clusterId, '-c', file, ...(isStatic ? [] : ['--standalone'])]);
    }
    const jvm = ['-Xmx1g', ...(options.jvm ?? [])];
    const quickStart = options.quickStart ?? true;
    const child = await startJava('kafka.Kafka', [file], { jvm, quickStart, logLevel: 'INFO' });
    await child.waitForOutput((_, stderr) => stderr.includes('Kafka Server started'), options.readyTimeoutMs ?? 60_000);
    await until(`port ${port} accepts`, () => accepts(port));
    return new ApacheKafka(directory, port, child, performance.now() - child.startedAt);
  }

  /** A controlled shutdown; leaves the clean-shutdown file. */
  stop(timeoutMs = 30_000): Promise<Finished> {
    return this.child.stop(timeoutMs);
  }

  kill(): Promise<Finished> {
    return this.child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.child.hasEnded) await this.stop();
  }
}

export function serverProperties(
  id: number,
  port: number,
  controllerPort: number,
  directory: string,
): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': directory,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}

export function formatProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

export async function recordedNodeId(directory: string): Promise<number> {
  const text = await readFile(join(directory, 'meta.properties'), 'utf8');
  const id = /^node\.id=(\d+)$/m.exec(text)?.[1];
  if (id === undefined) throw new Error(`${directory}/meta.properties has no node.id`);
  return Number(id);
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
