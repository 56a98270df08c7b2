import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, formatProperties, recordedNodeId, serverProperties } from './apache-kafka.ts';
import { startJava, tool } from './apache-kafka-tools.ts';
import type { Child, Finished } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface ApacheKafkaClusterOptions {
  /** A log directory per node; those that are not formatted yet are, all together. */
  readonly directories: readonly string[];
  /** First client port; the others follow. Any free ones by default. */
  readonly port?: number;
  /** Of the first node; the others follow. Formatted directories of a dynamic quorum have theirs recorded. */
  readonly controllerPort?: number;
  /** How the quorum is recorded: in the log (KIP-853, the default), or in the configuration. */
  readonly quorum?: 'dynamic' | 'static';
  readonly properties?: Readonly<Record<string, string>>;
  readonly jvm?: readonly string[];
  /** See `ToolOptions`. */
  readonly quickStart?: boolean;
  readonly readyTimeoutMs?: number;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  readonly directory: string;
  readonly file: string;
}

/** More than three nodes need that stop together and find each other. */
const handOverMs = 30_000;

/** Combined KRaft nodes of Apache Kafka that are one cluster, each in a JVM of its own. */
export class ApacheKafkaCluster implements AsyncDisposable {
  readonly nodes: readonly Node[];
  readonly children: Map<number, Child>;
  /** From the start of the first JVM until all ports accept. */
  readonly startupMs: number;
  readonly #options: ApacheKafkaClusterOptions;

  private constructor(options: ApacheKafkaClusterOptions, nodes: readonly Node[], children: Map<number, Child>) {
    this.#options = options;
    this.nodes = nodes;
    this.children = children;
    const startedAt = Math.min(...[...children.values()].map((child) => child.startedAt));
    this.startupMs = performance.now() - startedAt;
  }

  get bootstrap(): string {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  /** Formats what is not formatted; nothing runs yet. */
  static async prepare(options: ApacheKafkaClusterOptions): Promise<readonly Node[]> {
    const { directories } = options;
    const port = options.port ?? (await freePort(directories.length));
    const controllerPort = options.controllerPort ?? (await freePort(directories.length));
    const nodes = await Promise.all(
      directories.map(async (given, index): Promise<Node> => {
        const directory = resolve(given);
        const isFormatted = existsSync(join(directory, 'meta.properties'));
        const id = isFormatted ? await recordedNodeId(directory) : index + 1;
        const file = join(dirname(directory), `server-${id}-${port + index}.properties`);
        return { id, port: port + index, controllerPort: controllerPort + index, directory, file };
      }),
    );
    for (const node of nodes) {
      await mkdir(dirname(node.directory), { recursive: true });
      await writeFile(node.file, formatProperties(properties(node, nodes, options)));
    }
    await format(nodes, options);
    return nodes;
  }

  /** Resolves when all nodes serve clients. Rejects with the tail of a node's log when it ends or hangs before. */
  static async start(options: ApacheKafkaClusterOptions): Promise<ApacheKafkaCluster> {
    const { nodes, children } = await ApacheKafkaCluster.launch(options);
    await Promise.all(nodes.map((node) => serves(node, children.get(node.id)!, options)));
    return new ApacheKafkaCluster(options, nodes, children);
  }

  /** As {@link start}, but resolves when the JVMs are spawned. */
  static async launch(
    options: ApacheKafkaClusterOptions,
  ): Promise<{ readonly nodes: readonly Node[]; readonly children: Map<number, Child> }> {
    const nodes = await ApacheKafkaCluster.prepare(options);
    const children = new Map<number, Child>();
    for (const node of nodes) children.set(node.id, await launch(node, options));
    return { nodes, children };
  }

  /** Starts a node again that has ended; resolves when its JVM is spawned. */
  static relaunch(node: Node, options: ApacheKafkaClusterOptions): Promise<Child> {
    return launch(node, options);
  }

  async startNode(id: number): Promise<void> {
    const node = this.#node(id);
    const child = await launch(node, this.#options);
    this.children.set(id, child);
    await serves(node, child, this.#options);
  }

  killNode(id: number): Promise<Finished> {
    return this.children.get(this.#node(id).id)!.kill();
  }

  /**
   * Cleanly, but for a node that is left without a quorum: it would wait minutes for a controller to hand over to, as the others
   * have gone, and is killed.
   */
  async stop(): Promise<void> {
    const children = [...this.children.values()];
    for (const child of children) if (!child.hasEnded) child.signal('SIGTERM');
    const all = Promise.all(children.map(({ finished }) => finished));
    await Promise.race([all, delay(handOverMs, undefined, { ref: false })]);
    await this.kill();
  }

  async kill(): Promise<void> {
    await Promise.all([...this.children.values()].map((child) => child.kill()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #node(id: number): Node {
    const node = this.nodes.find((each) => each.id === id);
    if (node === undefined) throw new Error(`There is no node ${id}`);
    return node;
  }
}

function properties(
  { id, port, controllerPort, directory }: Node,
  nodes: readonly Node[],
  options: ApacheKafkaClusterOptions,
): Record<string, string> {
  const replication = String(Math.min(3, nodes.length));
  const addresses = nodes.map((node) => `127.0.0.1:${node.controllerPort}`);
  return {
    ...serverProperties(id, port, controllerPort, directory),
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.replication.factor': replication,
    ...(options.quorum === 'static'
      ? { 'controller.quorum.voters': nodes.map((node, index) => `${node.id}@${addresses[index]}`).join(',') }
      : { 'controller.quorum.bootstrap.servers': addresses.join(',') }),
    ...options.properties,
  };
}

async function format(nodes: readonly Node[], options: ApacheKafkaClusterOptions): Promise<void> {
  const unformatted = nodes.filter(({ directory }) => !existsSync(join(directory, 'meta.properties')));
  if (unformatted.length === 0) return;
  const clusterId = await randomUuid();
  const initial: string[] = [];
  for (const node of nodes) initial.push(`${node.id}@127.0.0.1:${node.controllerPort}:${await randomUuid()}`);
  const voters = options.quorum === 'static' ? [] : ['--initial-controllers', initial.join(',')];
  for (const { file } of unformatted) await tool('storage', ['format', '-t', clusterId, '-c', file, ...voters]);
}

async function randomUuid(): Promise<string> {
  return (await tool('storage', ['random-uuid'])).trim();
}

function launch({ file }: Node, options: ApacheKafkaClusterOptions): Promise<Child> {
  const jvm = ['-Xmx512m', ...(options.jvm ?? [])];
  return startJava('kafka.Kafka', [file], { jvm, quickStart: options.quickStart ?? true, logLevel: 'INFO' });
}

async function serves({ port }: Node, child: Child, options: ApacheKafkaClusterOptions): Promise<void> {
  const timeoutMs = options.readyTimeoutMs ?? 90_000;
  await child.waitForOutput((_, stderr) => stderr.includes('Kafka Server started'), timeoutMs);
  await until(`port ${port} accepts`, () => accepts(port));
}
