import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import { ApacheKafkaCluster } from '../support/apache-kafka-cluster.ts';
import { tool } from '../support/apache-kafka-tools.ts';
import { freePort } from '../support/free-port.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

const GROUP = 'readers';
const PARTITIONS = [0, 1, 2];

const kafkaProperties = {
  'offsets.topic.num.partitions': '3',
  'group.initial.rebalance.delay.ms': '0',
};

/** Six JVMs start and stop in a test. */
const TIMEOUT_MS = 300_000;

// Three directories, three brokers: whoever boots them finds the other's cluster.
describe.skipIf(lacks('apache-kafka'))('a cluster that changes hands', { timeout: TIMEOUT_MS }, () => {
  let directory: TemporaryDirectory;
  let port: number;

  beforeEach(async () => {
    directory = await temporaryDirectory('cluster-both-ways');
    port = await freePort(3, true);
  });
  afterEach(async () => {
    await directory[Symbol.asyncDispose]();
  });

  const samsa = (): Promise<SamsaCluster> =>
    SamsaCluster.start({
      port,
      dataDir: directory.path,
      args: ['--brokers', '3', '--config', 'offsets.topic.num.partitions=3'],
    });

  const kafka = (quorum: 'dynamic' | 'static'): Promise<ApacheKafkaCluster> =>
    ApacheKafkaCluster.start({
      directories: [1, 2, 3].map((id) => join(directory.path, `broker-${id}`)),
      port,
      controllerPort: port + 1000,
      quorum,
      properties: kafkaProperties,
    });

  it('is the same to Apache Kafka as to Samsa', async () => {
    const first = await samsa();
    await write(first.bootstrap, 'samsa', 0);
    expect((await first.stop()).code).toBe(0);

    const second = await kafka('dynamic');
    await holds(second.bootstrap, ['samsa']);
    const status = await tool('metadata-quorum', ['--bootstrap-server', second.bootstrap, 'describe', '--status']);
    expect(status).toMatch(/CurrentVoters:.*"id": 1.*"id": 2.*"id": 3/);
    await write(second.bootstrap, 'kafka', 1);
    await second.stop();

    const third = await samsa();
    await holds(third.bootstrap, ['samsa', 'kafka']);
    await write(third.bootstrap, 'samsa-again', 2);
    await third.stop();
  });

  it.each(['dynamic', 'static'] as const)('with a %s quorum of Apache Kafka is led by Samsa', async (quorum) => {
    const first = await kafka(quorum);
    await write(first.bootstrap, 'kafka', 0);
    await first.stop();

    const second = await samsa();
    await holds(second.bootstrap, ['kafka']);
    await write(second.bootstrap, 'samsa', 1);
    await holds(second.bootstrap, ['kafka', 'samsa']);
    await second.stop();
  });
});

/** Writes ten records to each partition, and a group's offsets; makes the topic when it is the first to write. */
async function write(bootstrap: string, who: string, round: number): Promise<void> {
  const client = new ClusterClient({ bootstrap });
  try {
    const admin = new Admin(client);
    if (round === 0) {
      const configs = { 'retention.ms': '-1', 'min.insync.replicas': '2' };
      const topic = { name: 'orders', partitions: PARTITIONS.length, replicationFactor: 3, configs };
      expect(await admin.createTopics([topic])).toMatchObject([{ error: null }]);
    }
    const producer = new Producer(client);
    for (const partition of PARTITIONS) {
      const records = Array.from({ length: 10 }, (_, index) => ({ key: who, value: `${who} ${partition} ${index}` }));
      await producer.produce('orders', partition, records);
    }
    const offsets = PARTITIONS.map((partition) => ({ topic: 'orders', partition, offset: 10 * round + partition }));
    const altered = await admin.alterGroupOffsets(GROUP, offsets);
    expect(altered.map(({ error }) => error)).toEqual(PARTITIONS.map(() => null));
  } finally {
    client.close();
  }
}

/** Everything that was written is there, in order, with the topic's configs and the group's offsets. */
async function holds(bootstrap: string, writers: readonly string[]): Promise<void> {
  const client = new ClusterClient({ bootstrap });
  try {
    const admin = new Admin(client);
    await until('all replicas in sync', async () => {
      const [topic] = await admin.describeTopics(['orders']);
      return topic?.partitions.length === 3 && topic.partitions.every(({ isr }) => isr.length === 3);
    });
    const [described] = await admin.describeConfigs([{ type: 'topic', name: 'orders' }]);
    const config = (name: string): string | null | undefined =>
      described?.entries.find((entry) => entry.name === name)?.value;
    expect([config('retention.ms'), config('min.insync.replicas')]).toEqual(['-1', '2']);
    const round = writers.length - 1;
    const offsets = await admin.listGroupOffsets(GROUP);
    expect(offsets.map(({ partition, offset }) => [partition, offset]).sort()).toEqual(
      PARTITIONS.map((partition) => [partition, 10 * round + partition]),
    );
  } finally {
    client.close();
  }
  const count = writers.length * PARTITIONS.length * 10;
  const printed = await tool('console-consumer', [
    ...['--bootstrap-server', bootstrap, '--topic', 'orders', '--from-beginning', '--max-messages', String(count)],
    ...['--timeout-ms', '20000', '--formatter-property', 'print.partition=true'],
  ]);
  const lines = printed.trim().split('\n');
  for (const partition of PARTITIONS) {
    const prefix = `Partition:${partition}\t`;
    const values = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
    const expected = writers.flatMap((who) => Array.from({ length: 10 }, (_, index) => `${who} ${partition} ${index}`));
    expect(values).toEqual(expected);
  }
}
