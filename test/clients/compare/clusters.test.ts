import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApacheKafkaCluster } from '../../support/apache-kafka-cluster.ts';
import { SamsaCluster } from '../../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../support/temporary-directory.ts';
import { lacks } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { Side, versionsOf, type Json } from './both-brokers.ts';

const TOPICS = {
  t: [
    [1, 2, 3],
    [2, 3, 1],
    [3, 1, 2],
  ],
  r: [
    [1, 2],
    [2, 1],
  ],
  s: [[1]],
  alone: [[3]],
  strict: [[3, 1]],
};

/** What the controllers decided, without what depends on the moment: the order in which replicas caught up. */
async function state(side: Side): Promise<Json> {
  const topics = Object.keys(TOPICS).map((name) => ({ name }));
  const answer = await side.send('DescribeTopicPartitions', 0, { topics, responsePartitionLimit: 100, cursor: null });
  const sorted = new Set(['isrNodes', 'eligibleLeaderReplicas', 'lastKnownElr', 'offlineReplicas']);
  return JSON.parse(
    JSON.stringify(answer, (key, field: Json) => (sorted.has(key) && Array.isArray(field) ? [...field].sort() : field)),
  ) as Json;
}

async function isInSync(side: Side): Promise<boolean> {
  const { topics } = (await state(side)) as {
    topics: { partitions: { replicaNodes: number[]; isrNodes: number[] }[] }[];
  };
  return topics.every(({ partitions }) =>
    partitions.every(({ replicaNodes, isrNodes }) => replicaNodes.length === isrNodes.length),
  );
}

const reassign = (topic: string, partition: number, replicas: number[] | null) => ({
  timeoutMs: 10_000,
  topics: [{ name: topic, partitions: [{ partitionIndex: partition, replicas }] }],
});

/** Three brokers each: what becomes of partitions while one is away, as far as it does not depend on timing. */
describe.skipIf(lacks('apache-kafka'))('three brokers of Apache Kafka and of Samsa', () => {
  let directory: TemporaryDirectory;
  let kafka: ApacheKafkaCluster;
  let samsa: SamsaCluster;
  let sides: [Side, Side];

  beforeAll(async () => {
    directory = await temporaryDirectory('compare-clusters');
    const properties = { 'group.initial.rebalance.delay.ms': '0', 'broker.session.timeout.ms': '4000' };
    const directories = [1, 2, 3].map((id) => `${directory.path}/kafka-${id}`);
    [kafka, samsa] = await Promise.all([
      ApacheKafkaCluster.start({ directories, properties, jvm: ['-Xmx256m'], readyTimeoutMs: 170_000 }),
      SamsaCluster.start({ args: ['--brokers', '3'] }),
    ]);
    sides = [await Side.connect('Apache Kafka', kafka.nodes[0]!.port), await Side.connect('Samsa', samsa.port)];
  }, 180_000);

  afterAll(async () => {
    for (const side of sides ?? []) side.connection.close();
    await Promise.all([kafka?.kill(), samsa?.stop()]);
    await directory?.[Symbol.asyncDispose]();
  }, 60_000);

  /** Both answer the same to the highest version of a request, now. */
  async function same(api: string, body: object): Promise<Json> {
    const version = versionsOf(api).at(-1)!;
    const [theirs, ours] = await Promise.all(sides.map((side) => side.send(api, version, body)));
    expect(ours).toEqual(theirs);
    return ours!;
  }

  /** Both come to the same state. */
  async function sameState(): Promise<void> {
    let last: Json[] = [];
    await until(
      'both clusters are in the same state',
      async () => {
        last = await Promise.all(sides.map(state));
        return JSON.stringify(last[0]) === JSON.stringify(last[1]) ? true : undefined;
      },
      { timeoutMs: 20_000 },
    ).catch(() => expect(last[1]).toEqual(last[0]));
  }

  it('have the same leaders for given assignments', async () => {
    const topics = Object.entries(TOPICS).map(([name, assignments]) => ({
      ...{ name, numPartitions: -1, replicationFactor: -1 },
      configs: name === 'strict' ? [{ name: 'min.insync.replicas', value: '2' }] : [],
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    }));
    await same('CreateTopics', { topics, timeoutMs: 10_000, validateOnly: false });
    await sameState();
  }, 60_000);

  it('hand over what a broker leads that stops, and can not give it back', async () => {
    await Promise.all([kafka.children.get(3)!.stop(60_000), samsa.control('stop', { broker: 3 })]);
    await sameState();
    await same('ElectLeaders', { electionType: 0, topicPartitions: null, timeoutMs: 10_000 });
    await same('ElectLeaders', { electionType: 1, topicPartitions: null, timeoutMs: 10_000 });
    await sameState();
  }, 90_000);

  it('wait with a reassignment for a broker that is away', async () => {
    await same('AlterPartitionReassignments', reassign('s', 0, [3, 1]));
    await same('ListPartitionReassignments', { timeoutMs: 10_000, topics: null });
    await sameState();
    await same('AlterPartitionReassignments', reassign('s', 0, [3, 1]));
    await same('ListPartitionReassignments', { timeoutMs: 10_000, topics: null });
    await same('AlterPartitionReassignments', reassign('s', 0, null));
    await same('AlterPartitionReassignments', reassign('s', 0, null));
    await same('ListPartitionReassignments', { timeoutMs: 10_000, topics: null });
    await sameState();
    // One takes the other's place, and has a new replica that is alive.
    await same('AlterPartitionReassignments', reassign('s', 0, [3, 1]));
    await same('AlterPartitionReassignments', reassign('s', 0, [2, 3]));
    await sameState();
    await same('ListPartitionReassignments', { timeoutMs: 10_000, topics: null });
  }, 60_000);

  it('complete reassignments in the same epochs', async () => {
    await same('AlterPartitionReassignments', reassign('r', 0, [2]));
    await sameState();
    await same('AlterPartitionReassignments', reassign('r', 1, [1, 2]));
    await sameState();
    await same('ElectLeaders', {
      electionType: 0,
      topicPartitions: [{ topic: 'r', partitions: [0, 1] }],
      timeoutMs: 10_000,
    });
    await sameState();
    await same('AlterPartitionReassignments', reassign('t', 0, [1, 2]));
    await sameState();
    await same('AlterPartitionReassignments', { ...reassign('t', 1, [2]), allowReplicationFactorChange: false });
    await same('AlterPartitionReassignments', reassign('r', 0, [2, 1]));
    await sameState();
    await same('ListPartitionReassignments', { timeoutMs: 10_000, topics: null });
  }, 60_000);

  it('take the broker back', async () => {
    await Promise.all([kafka.startNode(3), samsa.control('start', { broker: 3 })]);
    for (const side of sides) {
      await until(`all replicas are in sync in ${side.name}`, () => isInSync(side));
    }
    await sameState();
    await same('ElectLeaders', { electionType: 0, topicPartitions: null, timeoutMs: 10_000 });
    await sameState();
    await same('AlterPartitionReassignments', reassign('t', 2, [2, 1]));
    await sameState();
    await same('UnregisterBroker', { brokerId: 9 });
  }, 120_000);

  it('lose a broker without warning, and take it back', async () => {
    await Promise.all([kafka.killNode(3), samsa.control('kill', { broker: 3 })]);
    await sameState();
    expect(JSON.stringify(await state(sides[1]))).toContain('"lastKnownElr":[3]');
    await same('ElectLeaders', {
      electionType: 1,
      topicPartitions: [{ topic: 'alone', partitions: [0] }],
      timeoutMs: 1000,
    });
    await Promise.all([kafka.startNode(3), samsa.control('start', { broker: 3 })]);
    for (const side of sides) await until(`all replicas are in sync in ${side.name}`, () => isInSync(side));
    await sameState();
  }, 120_000);
});
