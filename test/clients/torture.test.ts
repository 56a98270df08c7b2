import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { startJava } from '../support/apache-kafka-tools.ts';
import { Child } from '../support/child.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { lacks, python } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { seededRandom, torment } from './torture/faults.ts';
import { checkHistory, type Read, type Written } from './torture/history.ts';

const SECONDS = Number(process.env['SAMSA_TORTURE_SECONDS'] ?? 120);
const SEED = Number(process.env['SAMSA_TORTURE_SEED'] ?? Date.now() % 1_000_000);
const BROKERS = 3;
const PARTITIONS = 6;
const TOPIC = 'torture';

const script = (name: string): string => fileURLToPath(new URL(`torture/${name}`, import.meta.url));
const rdkafka = (...args: readonly string[]): Child => new Child(python!, [script('torture.py'), ...args]);
const java = (...args: readonly string[]): Promise<Child> =>
  startJava(script('Torture.java'), args, { logLevel: 'ERROR', jvm: ['-Xmx128m'] });

const skips = lacks('apache-kafka') || lacks('python-confluent-kafka');

describe.skipIf(skips)('brokers that die, freeze and part at random', { timeout: SECONDS * 1000 + 240_000 }, () => {
  it(`lose, double and reorder nothing in ${SECONDS} s (seed ${SEED})`, async () => {
    await using cluster = await SamsaCluster.start({ args: ['--brokers', String(BROKERS)], readyTimeoutMs: 60_000 });
    const { bootstrap } = cluster;
    const client = new ClusterClient({ bootstrap });
    const admin = new Admin(client);
    const configs = { 'min.insync.replicas': '2' };
    await admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: BROKERS, configs }]);

    const shape = [bootstrap, TOPIC, String(PARTITIONS)];
    const producers = { rd: rdkafka('produce', 'rd', ...shape), java: await java('produce', 'java', ...shape) };
    const consumers = { rd: rdkafka('consume', ...shape), java: await java('consume', ...shape) };
    const all = [...Object.values(producers), ...Object.values(consumers)];
    try {
      for (const child of all) await child.waitForOutput((stdout) => stdout.length > 0, 60_000);
      const harm = await torment(cluster, BROKERS, seededRandom(SEED), Date.now() + SECONDS * 1000);
      const context = (): string => `seed ${SEED}\n${harm.join('\n')}\n${cluster.log.slice(-3000)}`;

      for (const child of Object.values(producers)) child.endInput('stop\n');
      for (const child of Object.values(producers)) {
        await child.waitForOutput((stdout) => stdout.endsWith('end\n'), 140_000);
      }
      await until(
        'all replicas are in sync',
        async () => {
          const [topic] = await admin.describeTopics([TOPIC]);
          return topic?.partitions.every(({ isr }) => isr.length === BROKERS) === true;
        },
        { timeoutMs: 60_000 },
      );
      const written = Object.entries(producers).flatMap(([name, child]) => writtenBy(name, child.stdout));
      const acknowledged = written.filter(({ offset }) => offset !== undefined);
      const ends = await endsOf(admin);
      await until(
        'consumers have read all',
        () => Object.values(consumers).every((child) => hasReadTo(ends, child.stdout)),
        { timeoutMs: 60_000 },
      );

      const read = Object.entries(consumers).flatMap(([name, child]) => readBy(name, child.stdout));
      const complaints = Object.values(consumers).flatMap((child) => child.stdout.match(/^! .*$/gm) ?? []);
      expect({ problems: checkHistory(written, read).slice(0, 20), complaints }, context()).toEqual({
        problems: [],
        complaints: [],
      });
      expect(harm.length).toBeGreaterThan(SECONDS / 15);
      expect(acknowledged.length).toBeGreaterThan(SECONDS * 20);
    } finally {
      client.close();
      await Promise.all(all.map((child) => child.kill()));
    }
  });
});

function writtenBy(producer: string, output: string): Written[] {
  return [...output.matchAll(/^([af]) (\d+) (\d+) (\S+)$/gm)].map(([, kind, partition, number, rest]) => ({
    producer,
    partition: Number(partition),
    number: Number(number),
    offset: kind === 'a' ? Number(rest) : undefined,
  }));
}

function readBy(consumer: string, output: string): Read[] {
  return [...output.matchAll(/^r (\d+) (\d+) (.*)$/gm)].map(([, partition, offset, value]) => ({
    consumer,
    partition: Number(partition),
    offset: Number(offset),
    value: value ?? '',
  }));
}

async function endsOf(admin: Admin): Promise<Map<number, number>> {
  const wanted = Array.from({ length: PARTITIONS }, (_, partition) => ({
    topic: TOPIC,
    partition,
    spec: 'latest' as const,
  }));
  const listed = await admin.listOffsets(wanted);
  return new Map(listed.map(({ partition, value }) => [partition, value?.offset ?? -1]));
}

function hasReadTo(ends: ReadonlyMap<number, number>, output: string): boolean {
  const latest = new Map<number, number>();
  for (const [, partition, offset] of output.matchAll(/^r (\d+) (\d+) /gm))
    latest.set(Number(partition), Number(offset));
  return [...ends].every(([partition, end]) => (latest.get(partition) ?? -1) >= end - 1);
}
