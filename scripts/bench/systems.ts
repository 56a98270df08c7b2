import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApacheKafka } from '../../test/support/apache-kafka.ts';
import { runTool } from '../../test/support/apache-kafka-tools.ts';
import { Child, runChild } from '../../test/support/child.ts';
import { samsaCli } from '../../test/support/samsa-cluster.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../test/support/temporary-directory.ts';
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
  /** What has to happen before time is taken: compiling, formatting. */
  prepare(directory: string, port: number): Promise<void>;
  start(directory: string, port: number): Promise<Running>;
}

const START_TIMEOUT_MS = 120_000;

/** The program as it ships: away from node_modules, where it would find native code that the extension does not have. */
let shipped: Promise<TemporaryDirectory> | undefined;

async function ship(): Promise<TemporaryDirectory> {
  const folder = await temporaryDirectory('bench-dist');
  await cp(dirname(samsaCli), folder.path, { recursive: true });
  return folder;
}

/** The command line, where it runs as users run it. */
export async function shippedCli(): Promise<string> {
  return join((await (shipped ??= ship())).path, 'cli.cjs');
}

function samsa(name: string, isShipped: boolean): System {
  return {
    name,
    missing: () => undefined,
    prepare: async () => {
      if (isShipped) await (shipped ??= ship());
    },
    async start(directory, port) {
      const cli = isShipped ? await shippedCli() : samsaCli;
      const args = [cli, 'start', '--port', String(port), '--data-dir', directory, '--json'];
      const child = new Child(process.execPath, args);
      await child.waitForOutput((stdout) => stdout.includes('"event":"ready"'), START_TIMEOUT_MS);
      return { child, stop: () => child.stop(30_000) };
    },
  };
}

/** As kafka-server-start.sh starts it. */
export const serverFlags = [
  ...['-Xms1g', '-Xmx1g', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent'],
];

/** A formatted directory, to copy. */
let formatted: Promise<TemporaryDirectory> | undefined;

async function format(): Promise<TemporaryDirectory> {
  const folder = await temporaryDirectory('bench-kafka');
  const broker = await ApacheKafka.start({
    directory: join(folder.path, 'data'),
    readyTimeoutMs: START_TIMEOUT_MS,
  });
  await broker.stop(START_TIMEOUT_MS);
  return folder;
}

const apacheKafka: System = {
  name: 'apache-kafka',
  missing: () => (isAvailable('apache-kafka') ? undefined : 'Apache Kafka needs java and mvn'),
  async prepare(directory) {
    const { path } = await (formatted ??= format());
    await cp(join(path, 'data'), directory, { recursive: true });
  },
  async start(directory, port) {
    const broker = await ApacheKafka.start({
      ...{ directory, port, jvm: serverFlags, quickStart: false },
      readyTimeoutMs: START_TIMEOUT_MS,
    });
    return { child: broker.child, stop: () => broker.stop(START_TIMEOUT_MS) };
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

/** `samsa+native` finds `@node-rs/crc32` beside it, which the extension does not ship; measured only when asked for. */
export const systems: readonly System[] = [samsa('samsa', true), apacheKafka, kfake, samsa('samsa+native', false)];
export const defaultSystems: readonly string[] = ['samsa', 'apache-kafka', 'kfake'];

/** Resident memory of a process in MiB. */
export async function residentMib(child: Child): Promise<number> {
  const { stdout } = await runChild('ps', ['-o', 'rss=', '-p', String(child.pid)]);
  return Number(stdout.trim()) / 1024;
}

/** Kernel ticks in a second, as /proc counts them on every Linux that Node runs on. */
const TICKS = 100;

/** Processor time that a process has used, in seconds; undefined where there is no /proc. */
export async function processorSeconds(child: Child): Promise<number | undefined> {
  const path = `/proc/${child.pid}/stat`;
  if (!existsSync(path)) return undefined;
  const stat = await readFile(path, 'utf8');
  // The fields after the name, which may hold blanks: utime and stime are the 12th and 13th of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
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
