import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import { ClientSource } from '../../extension/explorer/client-source.ts';
import { ApacheKafka } from '../support/apache-kafka.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';

interface Cluster extends AsyncDisposable {
  readonly bootstrap: string;
}

const clusters: readonly [name: string, isMissing: boolean, start: () => Promise<Cluster>][] = [
  [
    'Samsa',
    false,
    async () => {
      const cluster = await SamsaCluster.start();
      return { bootstrap: cluster.ready.bootstrap, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
    },
  ],
  [
    'Apache Kafka',
    lacks('apache-kafka'),
    async () => {
      const directory = await temporaryDirectory('explorer');
      const kafka = await ApacheKafka.start({ directory: directory.path });
      const end = async (): Promise<void> => {
        await kafka[Symbol.asyncDispose]();
        await directory.remove();
      };
      return { bootstrap: kafka.bootstrap, [Symbol.asyncDispose]: end };
    },
  ],
];

/** The tree asks any cluster the same way, so it must tell the same of both. */
describe.for(clusters)('the explorer of %s', ([, isMissing, start]) => {
  describe.skipIf(isMissing)('reads', () => {
    let cluster: Cluster | undefined;
    let client: ClusterClient | undefined;
    let source: ClientSource;

    beforeAll(async () => {
      cluster = await start();
      const made = new ClusterClient({ bootstrap: cluster.bootstrap });
      client = made;
      source = new ClientSource(() => made);
      const admin = new Admin(made);
      await admin.createTopics([{ name: 'orders', partitions: 2, replicationFactor: 1 }]);
      const producer = new Producer(made);
      await producer.produce('orders', 1, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
      await producer.close();
      await admin.alterGroupOffsets('billing', [{ topic: 'orders', partition: 1, offset: 1, metadata: 'note' }]);
    });

    afterAll(async () => {
      client?.close();
      await cluster?.[Symbol.asyncDispose]();
    });

    test('brokers', async () => {
      const [broker, ...others] = await source.brokers();
      expect(others).toEqual([]);
      expect(broker).toMatchObject({ host: '127.0.0.1', rack: null, isController: true, state: 'running' });
      expect(`${broker?.host}:${broker?.port}`).toBe(cluster?.bootstrap);
    });

    test('topics, their ends and sizes', async () => {
      const topics = await source.topics();
      expect(topics.map(({ topic, isInternal }) => ({ topic, isInternal }))).toEqual([
        { topic: '__consumer_offsets', isInternal: true },
        { topic: 'orders', isInternal: false },
      ]);
      const orders = topics.filter(({ topic }) => topic === 'orders');
      expect((await source.offsets(orders)).get('orders')).toEqual(
        new Map([
          [0, { start: 0, end: 0 }],
          [1, { start: 0, end: 3 }],
        ]),
      );
      const sizes = await source.sizes(orders[0]!);
      expect(sizes.get(0)).toBe(0);
      expect(sizes.get(1)).toBeGreaterThan(60);
    });

    test('groups, their members and lag', async () => {
      expect(await source.groups()).toEqual([{ group: 'billing', state: 'Empty', type: 'classic' }]);
      expect(await source.members('billing')).toEqual([]);
      expect(await source.groupOffsets('billing')).toEqual([
        { topic: 'orders', partition: 1, committed: 1, lag: 2, metadata: 'note' },
      ]);
    });
  });
});
