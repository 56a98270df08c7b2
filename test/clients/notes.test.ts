import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import type { ClusterState, PartitionState } from '../../extension/shared/cluster-protocol.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { until } from '../support/until.ts';

/** Partitions are numbered from 0, the note's from 1: its A-2 is A-1 here. */
const A2 = { topic: 'A', partition: 1 };

// The story that the product grew from, told by killing brokers: who leads next, and what it costs.
describe('the notes', () => {
  let cluster: SamsaCluster;
  let client: ClusterClient;
  let admin: Admin;
  let producer: Producer;

  beforeEach(async () => {
    // Controllers of their own: all brokers may die and be watched.
    cluster = await SamsaCluster.start({ args: ['--brokers', '3', '--controllers', '3'] });
    client = new ClusterClient({ bootstrap: cluster.bootstrap });
    admin = new Admin(client);
    producer = new Producer(client);
  });
  afterEach(async () => {
    client.close();
    await cluster.stop();
  });

  const state = (): Promise<ClusterState> => cluster.control<ClusterState>('state');

  async function a2(): Promise<PartitionState> {
    const { partitions } = await state();
    return partitions.find(({ topic, partition }) => topic === A2.topic && partition === A2.partition)!;
  }

  /** Waits until A-2 is as described. */
  function becomes(what: string, fields: Partial<PartitionState>): Promise<unknown> {
    return until(what, async () => {
      const now = await a2();
      return Object.entries(fields).every(
        ([name, value]) => JSON.stringify(now[name as keyof PartitionState]) === JSON.stringify(value),
      );
    });
  }

  async function write(count: number): Promise<void> {
    await producer.produce(
      A2.topic,
      A2.partition,
      Array.from({ length: count }, (_, index) => ({ value: `${index}` })),
    );
  }

  async function unfenced(broker: number): Promise<void> {
    await until(`broker ${broker} serves`, async () => {
      const { brokers } = await state();
      return brokers.find(({ id }) => id === broker)?.fenced === false;
    });
  }

  async function end(): Promise<number> {
    const [found] = await admin.listOffsets([{ ...A2, spec: 'latest' }]);
    return found?.value?.offset ?? -1;
  }

  it('place round robin, elect the first that is in sync, wait, elect uncleanly, and give back', async () => {
    for (const name of ['A', 'B']) await admin.createTopics([{ name, partitions: 2, replicationFactor: 3 }]);
    const { partitions } = await state();
    const assignments = ['A', 'B'].flatMap((topic) => partitions.filter((each) => each.topic === topic));
    expect(assignments.map(({ replicas }) => replicas)).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ]);
    await becomes('all in sync', { leader: 2, isr: [2, 3, 1] });
    await write(10);

    // Broker 2 dies: 3 is the next in order that is in sync.
    await cluster.control('kill', { broker: 2 });
    await becomes('led by 3', { leader: 3, isr: [3, 1] });
    expect(cluster.events.filter(({ event }) => event === 'leader').at(-1)).toMatchObject({
      reason: expect.stringContaining('3 is the first of [2,3,1] that is alive and in sync') as unknown,
    });
    await write(10);

    // The others die too: the last one may come back as leader, nobody else.
    await cluster.control('kill', { broker: 1 });
    await becomes('3 alone', { leader: 3, isr: [3] });
    await write(5);
    await cluster.control('kill', { broker: 3 });
    await becomes('no leader', { leader: -1, isr: [], elr: [3] });
    await cluster.control('start', { broker: 3 });
    await becomes('led by the last one again', { leader: 3, isr: [3], elr: [] });
    expect(await end()).toBe(25);

    // Another one returns first: nothing, until unclean election is allowed.
    await cluster.control('kill', { broker: 3 });
    await becomes('no leader again', { leader: -1, isr: [], elr: [3] });
    await cluster.control('start', { broker: 1 });
    await unfenced(1);
    expect(await a2()).toMatchObject({ leader: -1, isr: [], elr: [3] });
    await admin.incrementalAlterConfigs([
      {
        resource: { type: 'topic', name: 'A' },
        changes: [{ name: 'unclean.leader.election.enable', value: 'true' }],
      },
    ]);
    await becomes('led by 1', { leader: 1, isr: [1] });
    const elected = await cluster.waitForEvent(
      'an unclean election',
      ({ event, topic, partition, unclean }) =>
        event === 'leader' && topic === 'A' && partition === 1 && unclean === true,
    );
    expect(elected).toMatchObject({ leader: 1 });
    expect(await end()).toBe(20);
    await write(2);

    // The old leader follows, and what only it had is lost and counted.
    await cluster.control('start', { broker: 3 });
    const cut = await cluster.waitForEvent(
      'the old leader cuts its log',
      ({ event, broker, topic, partition }) =>
        event === 'truncated' && broker === 3 && topic === 'A' && partition === 1,
    );
    expect(cut).toMatchObject({ from: 25, to: 20, records: 5 });
    await cluster.control('start', { broker: 2 });
    await until('all in sync', async () => (await a2()).isr.length === 3);
    expect(await a2()).toMatchObject({ leader: 1 });
    expect(await end()).toBe(22);

    // The preferred leader takes over when it is asked to.
    await admin.electLeaders('preferred', [A2]);
    await becomes('led by the preferred leader', { leader: 2 });
    await write(1);
    expect(await end()).toBe(23);
  });
});
