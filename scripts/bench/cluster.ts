import { setTimeout as delay } from 'node:timers/promises';
import { Admin } from '../../extension/client/admin.ts';
import type { NewTopic } from '../../extension/client/admin/topics.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { startTool } from '../../test/support/apache-kafka-tools.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { until } from '../../test/support/until.ts';
import { NODES } from './cluster-systems.ts';
import type { ClusterSystem, RunningCluster } from './cluster-systems.ts';
import { firstProduce } from './first-produce.ts';
import { consume, produce } from './one-broker.ts';
import type { Metric, Sample } from './report.ts';
import { measureInTurn, type Rounds } from './rounds.ts';
import { perfTool, processorSeconds, residentMib } from './systems.ts';

export interface ClusterOptions extends Rounds {
  /** Records of 100 B per run; a fifth of it at 1 KiB. */
  readonly records: number;
  /** Of three partitions and three replicas each. */
  readonly topics: number;
}

export const clusterMetrics: readonly Metric[] = [
  { key: 'startMs', title: 'Spawn of three brokers to first acknowledged RF 3 produce', unit: 'ms', better: 'less' },
  { key: 'idleMib', title: 'Resident memory of all three, idle', unit: 'MiB', better: 'less' },
  { key: 'produce100', title: 'Produce 100 B, acks=all, RF 3', unit: 'records/s', better: 'more' },
  { key: 'produce1024', title: 'Produce 1 KiB, acks=all, RF 3', unit: 'records/s', better: 'more' },
  { key: 'consume1024', title: 'Consume 1 KiB', unit: 'records/s', better: 'more' },
  { key: 'produceCpu1024', title: "Brokers' processor time, produce 1 KiB", unit: 'µs/record', better: 'less' },
  { key: 'latencyP50', title: 'Produce to consume, RF 3, 50 %', unit: 'ms', better: 'less' },
  { key: 'latencyP99', title: 'Produce to consume, RF 3, 99 %', unit: 'ms', better: 'less' },
  { key: 'loadedMib', title: 'Resident memory of all three, after the load', unit: 'MiB', better: 'less' },
  { key: 'createMs', title: 'Topics of 3 partitions, RF 3, created and led', unit: 'ms', better: 'less' },
  { key: 'failoverMs', title: 'Leader killed to next acknowledged produce', unit: 'ms', better: 'less' },
  { key: 'controllerFailoverMs', title: 'The same when it was the controller too', unit: 'ms', better: 'less' },
];

export function measureClusters(systems: readonly ClusterSystem[], options: ClusterOptions): Promise<Sample[]> {
  return measureInTurn(systems, options, (system) => measureOnce(system, options));
}

async function measureOnce(system: ClusterSystem, options: ClusterOptions): Promise<Record<string, number>> {
  await using folder = await temporaryDirectory('bench');
  const ports = await system.prepare(folder.path);
  const shape = { numPartitions: NODES, replicationFactor: NODES };
  const acknowledged = firstProduce(
    [ports.port, ports.port + 1, ports.port + 2],
    ['first', 'bytes-100', 'bytes-1024'],
    shape,
  );
  const cluster = await system.spawn(folder.path, ports);
  const client = new ClusterClient({ bootstrap: cluster.bootstrap });
  try {
    const startMs = (await acknowledged) - cluster.startedAt;
    const admin = new Admin(client);
    // Every broker is there, so that nothing is measured while one still starts.
    await until('all brokers', async () => (await admin.describeCluster()).brokers.length === NODES, {
      timeoutMs: 60_000,
    });
    await delay(2000);
    const values: Record<string, number> = { startMs, idleMib: await memory(cluster) };
    await throughput(cluster, options.records, values);
    Object.assign(values, await latency(cluster.bootstrap, admin), { loadedMib: await memory(cluster) });
    values['createMs'] = await createTopics(admin, options.topics);
    values['failoverMs'] = await failover(cluster, admin, false);
    values['controllerFailoverMs'] = await failover(cluster, admin, true);
    return values;
  } finally {
    client.close();
    await cluster.stop();
  }
}

async function throughput(cluster: RunningCluster, records: number, values: Record<string, number>): Promise<void> {
  for (const [size, count] of [
    [100, records],
    [1024, Math.ceil(records / 5)],
  ] as const) {
    const before = await seconds(cluster);
    values[`produce${size}`] = await produce(cluster.bootstrap, `bytes-${size}`, size, count);
    values[`produceCpu${size}`] = (((await seconds(cluster)) - before) / count) * 1e6;
    values[`consume${size}`] = await consume(cluster.bootstrap, `bytes-${size}`, count);
  }
}

async function latency(bootstrap: string, admin: Admin): Promise<Record<'latencyP50' | 'latencyP99', number>> {
  await create(admin, [{ name: 'latency', partitions: 1, replicationFactor: NODES }]);
  const output = await perfTool('e2e-latency', [
    ...['--bootstrap-server', bootstrap, '--topic', 'latency', '--num-records', '5000'],
    ...['--producer-acks', 'all', '--record-size', '100'],
  ]);
  const percentile = (name: string): number => Number(new RegExp(`${name} = (\\d+)`).exec(output)?.[1]);
  return { latencyP50: percentile('50th'), latencyP99: percentile('99th') };
}

/** Until every partition has a leader that all of its replicas follow. */
async function createTopics(admin: Admin, count: number): Promise<number> {
  const names = Array.from({ length: count }, (_, index) => `many-${index}`);
  const startedAt = performance.now();
  for (let at = 0; at < names.length; at += 100) {
    const some = names.slice(at, at + 100);
    await create(
      admin,
      some.map((name) => ({ name, partitions: 3, replicationFactor: NODES })),
    );
  }
  await until(
    'all partitions in sync',
    async () => {
      const topics = await admin.listTopics({ includeInternal: false });
      const many = topics.filter(({ name }) => name.startsWith('many-'));
      return (
        many.length === count && many.every(({ partitions }) => partitions.every(({ isr }) => isr.length === NODES))
      );
    },
    { timeoutMs: 300_000 },
  );
  return performance.now() - startedAt;
}

let failovers = 0;

/** From the kill of a partition's leader to the next produce that Kafka's own producer, already running, gets acknowledged. */
async function failover(cluster: RunningCluster, admin: Admin, isController: boolean): Promise<number> {
  const { leaderId } = await admin.describeQuorum();
  const ids = (await admin.describeCluster()).brokers.map(({ id }) => id);
  const victim = isController ? leaderId : ids.find((id) => id !== leaderId)!;
  const topic = `failover-${failovers++}`;
  const others = ids.filter((id) => id !== victim);
  await create(admin, [{ name: topic, assignment: [[victim, ...others]] }]);
  const producer = await startTool('verifiable-producer', [
    ...['--bootstrap-server', cluster.bootstrap, '--topic', topic, '--throughput', '200', '--acks', '-1'],
  ]);
  try {
    const acks = (): number[] => acknowledgements(producer.stdout);
    await until('the producer runs', () => acks().length >= 200, { timeoutMs: 60_000 });
    const killedAt = Date.now();
    await cluster.kill(victim);
    // Long after the kill and steady again: whatever silence there was is over.
    await until(
      'produces after the kill',
      () => Date.now() - killedAt > STEADY_MS && Date.now() - (acks().at(-1) ?? 0) < PAUSE_MS,
      { timeoutMs: 120_000 },
    );
    const failoverMs = longestSilence(acks().filter((atMs) => atMs > killedAt - PAUSE_MS)) - killedAt;
    await cluster.start(victim);
    await until(
      'the killed broker is back',
      async () => {
        const [description] = await admin.describeTopics([topic]);
        return description?.partitions[0]?.isr.length === NODES;
      },
      { timeoutMs: 120_000 },
    );
    return failoverMs;
  } finally {
    await producer.kill();
  }
}

/** A running producer that is acknowledged is never silent for so long. */
const PAUSE_MS = 200;
const STEADY_MS = 3_000;

/** When each record was acknowledged, by the wall clock. */
function acknowledgements(output: string): number[] {
  return [...output.matchAll(/"timestamp":(\d+),"name":"producer_send_success"/g)].map(([, atMs]) => Number(atMs));
}

/** When the longest pause between two moments ended. */
function longestSilence(moments: readonly number[]): number {
  let end = moments[0] ?? Number.NaN;
  let longest = 0;
  for (let index = 1; index < moments.length; index++) {
    const pause = moments[index]! - moments[index - 1]!;
    if (pause <= longest) continue;
    longest = pause;
    end = moments[index]!;
  }
  return end;
}

async function create(admin: Admin, topics: readonly NewTopic[]): Promise<void> {
  for (const { name, error } of await admin.createTopics(topics)) {
    if (error !== null) throw new Error(`${name} cannot be created: ${error.message}`);
  }
}

async function memory({ children }: RunningCluster): Promise<number> {
  const each = await Promise.all(children.map(residentMib));
  return each.reduce((sum, mib) => sum + mib, 0);
}

async function seconds({ children }: RunningCluster): Promise<number> {
  const each = await Promise.all(children.map(processorSeconds));
  return each.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0);
}
