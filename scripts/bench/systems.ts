import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ApacheKafka } from '../../test/support/apache-kafka.ts';
import { runTool } from '../../test/support/apache-kafka-tools.ts';
import { Child, runChild } from '../../test/support/child.ts';
import { SamsaCluster } from '../../test/support/samsa-cluster.ts';
import { isAvailable } from '../../test/support/tools.ts';
import { root } from '../support/paths.ts';

export interface Running {
  /** The one process that is the broker; `startedAt` is when it was spawned. */
  readonly child: Child;
  stop(): Promise<unknown>;
}

/** A broker that is measured. */
export interface System {
  readonly name: string;
  /** Why it cannot be measured here, or undefined. */
  missing(): string | undefined;
  /** What has to happen once, before time is taken: compiling, formatting. */
  prepare(directory: string, port: number): Promise<void>;
  start(directory: string, port: number): Promise<Running>;
}

const samsa: System = {
  name: 'samsa',
  missing: () => undefined,
  prepare: () => Promise.resolve(),
  async start(directory, port) {
    const cluster = await SamsaCluster.start({ port, dataDir: directory });
    return { child: cluster.child, stop: () => cluster.stop() };
  },
};

/** As kafka-server-start.sh starts it. */
const serverFlags = [
  ...['-Xms1g', '-Xmx1g', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent'],
];

const apacheKafka: System = {
  name: 'apache-kafka',
  missing: () => (isAvailable('apache-kafka') ? undefined : 'Apache Kafka needs java and mvn'),
  async prepare(directory, port) {
    const broker = await ApacheKafka.start({ directory, port });
    await broker.stop();
  },
  async start(directory, port) {
    const broker = await ApacheKafka.start({ directory, port, jvm: serverFlags, quickStart: false });
    return { child: broker.child, stop: () => broker.stop() };
  },
};

const kfakeProgram = join(root, '.cache', 'kfake');

const kfake: System = {
  name: 'kfake',
  missing: () => (isAvailable('go') ? undefined : 'franz-go kfake needs go (https://go.dev/dl)'),
  async prepare(directory) {
    await mkdir(directory, { recursive: true });
    const cwd = join(root, 'scripts', 'bench', 'kfake');
    const { code, stderr } = await runChild('go', ['build', '-o', kfakeProgram, '.'], { cwd, timeoutMs: 300_000 });
    if (code !== 0) throw new Error(`go build failed:\n${stderr}`);
  },
  start(directory, port) {
    const child = new Child(kfakeProgram, ['-port', String(port), '-dir', directory]);
    return Promise.resolve({ child, stop: () => child.stop() });
  },
};

export const systems: readonly System[] = [samsa, apacheKafka, kfake];

/** Resident memory of a process in MiB. */
export async function residentMib(child: Child): Promise<number> {
  const { stdout } = await runChild('ps', ['-o', 'rss=', '-p', String(child.pid)]);
  return Number(stdout.trim()) / 1024;
}

/** Runs one of Kafka's performance tools as its script does, and returns what it printed. */
export async function perfTool(
  name: 'producer-perf' | 'consumer-perf' | 'e2e-latency',
  args: string[],
): Promise<string> {
  const { code, stdout, stderr } = await runTool(name, args, {
    jvm: ['-Xmx2g', '-server', '-XX:+UseG1GC'],
    quickStart: false,
    logLevel: 'ERROR',
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`${name} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}
