import { Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { until } from '../support/until.ts';

const { CompressionTypes, Kafka, logLevel } = kafkajs;

let cluster: SamsaCluster;
beforeAll(async () => {
  cluster = await SamsaCluster.start();
});
afterAll(async () => {
  await cluster?.stop();
});

describe('kafkajs', () => {
  const connect = (): InstanceType<typeof Kafka> =>
    new Kafka({ clientId: 'kafkajs', brokers: [cluster.bootstrap], logLevel: logLevel.ERROR });

  it('administers topics, configs and offsets', async () => {
    const admin = connect().admin();
    await admin.connect();
    try {
      expect(
        await admin.createTopics({ topics: [{ topic: 'js-admin', numPartitions: 3 }], waitForLeaders: true }),
      ).toBe(true);
      expect(await admin.listTopics()).toContain('js-admin');
      const { topics } = await admin.fetchTopicMetadata({ topics: ['js-admin'] });
      expect(topics[0]!.partitions.map((partition) => partition.leader)).toEqual([1, 1, 1]);
      await admin.createPartitions({ topicPartitions: [{ topic: 'js-admin', count: 5 }] });
      expect(await admin.fetchTopicOffsets('js-admin')).toHaveLength(5);
      const { brokers, controller } = await admin.describeCluster();
      expect([brokers.length, controller]).toEqual([1, 1]);
      await admin.deleteTopics({ topics: ['js-admin'] });
      expect(await admin.listTopics()).not.toContain('js-admin');
    } finally {
      await admin.disconnect();
    }
  });

  it('produces, and two members of a group share what there is', async () => {
    const admin = connect().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 4 }], waitForLeaders: true });
    const producer = connect().producer({ idempotent: true });
    await producer.connect();
    const messages = Array.from({ length: 200 }, (_, i) => ({
      key: String(i),
      value: `v${i}`,
      headers: { n: String(i) },
    }));
    await producer.send({ topic: 'js', messages, compression: CompressionTypes.GZIP });
    const consumers = [connect().consumer({ groupId: 'js-group' }), connect().consumer({ groupId: 'js-group' })];
    const seen = new Set<string>();
    for (const consumer of consumers) {
      await consumer.connect();
      await consumer.subscribe({ topic: 'js', fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void seen.add(`${message.key}=${message.value}`) });
    }
    await until('all records were seen', () => seen.size === 200, { timeoutMs: 60_000 });
    const described = await until(
      'both are members',
      async () => {
        const { groups } = await admin.describeGroups(['js-group']);
        return groups[0]!.state === 'Stable' && groups[0]!.members.length === 2 ? groups[0] : undefined;
      },
      { timeoutMs: 60_000 },
    );
    expect(described.protocol).toBe('RoundRobinAssigner');
    for (const consumer of consumers) await consumer.disconnect();
    const offsets = await admin.fetchOffsets({ groupId: 'js-group', topics: ['js'] });
    expect(offsets[0]!.partitions.reduce((sum, partition) => sum + Number(partition.offset), 0)).toBe(200);
    await producer.disconnect();
    await admin.disconnect();
  });
});

describe('@platformatic/kafka', () => {
  it('produces and consumes', async () => {
    const options = { clientId: 'platformatic', bootstrapBrokers: [cluster.bootstrap], autocreateTopics: true };
    const producer = new Producer({ ...options, serializers: stringSerializers });
    const messages = Array.from({ length: 50 }, (_, i) => ({
      topic: 'platformatic',
      key: `k${i}`,
      value: `v${i}`,
      headers: { h: 'x' },
    }));
    await producer.send({ messages });
    const consumer = new Consumer({ ...options, groupId: 'platformatic-group', deserializers: stringDeserializers });
    const stream = await consumer.consume({
      topics: ['platformatic'],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: true,
    });
    const seen: string[] = [];
    for await (const message of stream) {
      seen.push(`${message.key}=${message.value}`);
      if (seen.length === messages.length) break;
    }
    expect(seen.sort()).toEqual(messages.map(({ key, value }) => `${key}=${value}`).sort());
    await consumer.close(true);
    await producer.close();
  });
});
