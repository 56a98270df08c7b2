import { afterEach, describe, expect, test } from 'vitest';
import { ClusterClient } from '../../../extension/client/cluster-client.ts';
import { partitionOfKey } from '../../../extension/client/partitioner.ts';
import { Producer, type ProducerOptions } from '../../../extension/client/producer.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import type { ProduceRequest } from '../../../extension/protocol/generated/produce-request.ts';
import { baseSequence, codecId, producerId, recordCount } from '../../../extension/records/record-batch.ts';
import { readRecords } from '../../../extension/records/record-reader.ts';
import { CLOSE, FakeBroker, SILENCE, type FakeBrokerOptions, type FakeHandler } from '../../support/fake-broker.ts';
import { FakeTopics } from '../../support/fake-topics.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

interface SetUp {
  readonly broker: FakeBroker;
  readonly topics: FakeTopics;
  producer(options?: ProducerOptions): Producer;
  /** Answers of Produce that come before the topics' own. */
  readonly script: FakeHandler[];
}

async function setUp(options?: FakeBrokerOptions): Promise<SetUp> {
  const broker = await FakeBroker.start(options);
  const topics = new FakeTopics();
  topics.serve(broker);
  const client = new ClusterClient({ bootstrap: broker.address, retryTimeoutMs: 300 });
  cleanUps.push(
    () => broker[Symbol.asyncDispose](),

    () => client.close(),
  );
  const script: FakeHandler[] = [];
  let ids = 100;
  broker
    .on('InitProducerId', () => ({ throttleTimeMs: 0, errorCode: 0, producerId: ids++, producerEpoch: 0 }))
    .on(
      'Produce',
      (request, context) => script.shift()?.(request, context) ?? topics.produce(1, request as ProduceRequest),
    );
  return { broker, topics, script, producer: (given) => new Producer(client, given) };
}

/** Fails the first partition of a request. */
function failing(errorCode: number): FakeHandler {
  return ({ topicData }: ProduceRequest) => ({
    responses: topicData.map(({ topicId, name, partitionData }) => ({
      topicId,
      name,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  });
}

const batchesOf = (broker: FakeBroker): Buffer[] =>
  broker.requests('Produce').map(({ body }) => (body as ProduceRequest).topicData[0]!.partitionData[0]!.records!);

const text = (value: string) => ({ value });

describe('Producer', () => {
  test('writes to a partition and tells offsets', async () => {
    const { broker, topics, producer } = await setUp();
    topics.add('t', 2);
    const writer = producer();
    const [first] = await writer.produce('t', 1, [text('a')]);
    expect(first).toMatchObject({ topic: 't', partition: 1, offset: 0 });
    const more = await writer.produce('t', 1, [
      text('b'),
      { key: 'k', value: null, headers: [{ key: 'h', value: 'x' }], timestamp: 5 },
    ]);
    expect(more.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(broker.requests('Produce')).toHaveLength(2);
    const records = [...readRecords(topics.find('t', 1)!.batches[1]!)];
    expect(records[1]).toMatchObject({
      key: Buffer.from('k'),
      value: null,
      timestamp: 5,
      headers: [{ key: 'h', value: Buffer.from('x') }],
    });
  });

  test('sends keys where Kafka sends them, records without key to one partition', async () => {
    const { topics, producer } = await setUp();
    topics.add('t', 5);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const results = await producer().produce(
      't',
      null,
      keys.map((key) => ({ key, value: 'v' })),
    );
    expect(results.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOfKey(Buffer.from(key), 5)));
    const keyless = await producer().produce('t', null, [text('a'), text('b')]);
    expect(new Set(keyless.map(({ partition }) => partition)).size).toBe(1);
  });

  test('gathers what comes while a batch is on its way, in order', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    script.push(async (request: ProduceRequest) => {
      await gate;
      return topics.produce(1, request);
    });
    const first = writer.produce('t', 0, [text('0')]);
    await expect.poll(() => broker.requests('Produce').length).toBe(1);
    const rest = [1, 2, 3].map((number) => writer.produce('t', 0, [text(String(number))]));
    release();
    await Promise.all([first, ...rest]);
    expect(batchesOf(broker).map((batch) => recordCount(batch, 0))).toEqual([1, 3]);
    const values = topics
      .find('t', 0)!
      .batches.flatMap((batch) => [...readRecords(batch)].map(({ value }) => String(value)));
    expect(values).toEqual(['0', '1', '2', '3']);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compresses with %s', async (compression) => {
    const { topics, producer } = await setUp();
    topics.add('t', 1);
    await producer({ compression }).produce('t', 0, [text('a'.repeat(100))]);
    const [batch] = topics.find('t', 0)!.batches;
    expect(codecId(batch!, 0)).toBe({ gzip: 1, snappy: 2, lz4: 3, zstd: 4 }[compression]);
  });

  test('counts sequences and repeats a batch unchanged after an error that passes', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer();
    await writer.produce('t', 0, [text('a'), text('b')]);
    script.push(failing(ErrorCode.NOT_LEADER_OR_FOLLOWER), () => CLOSE);
    await writer.produce('t', 0, [text('c')]);
    const batches = batchesOf(broker);
    expect(batches.map((batch) => baseSequence(batch, 0))).toEqual([0, 2, 2, 2]);
    expect(batches.every((batch) => producerId(batch, 0) === 100)).toBe(true);
    expect(batches[2]).toEqual(batches[1]);
    expect(topics.find('t', 0)!.batches).toHaveLength(2);
  });

  test('takes a duplicate for what it is', async () => {
    const { topics, script, producer } = await setUp();
    topics.add('t', 1);
    script.push(failing(ErrorCode.DUPLICATE_SEQUENCE_NUMBER));
    const [result] = await producer().produce('t', 0, [text('a')]);
    expect(result?.offset).toBe(-1);
  });

  test('starts anew when the broker has lost count', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer();
    await writer.produce('t', 0, [text('a')]);
    script.push(failing(ErrorCode.UNKNOWN_PRODUCER_ID));
    await writer.produce('t', 0, [text('b')]);
    const batches = batchesOf(broker);
    expect(batches.map((batch) => [producerId(batch, 0), baseSequence(batch, 0)])).toEqual([
      [100, 0],
      [100, 1],
      [101, 0],
    ]);
  });

  test('fails for good on errors that stay, and goes on with the next records', async () => {
    const { topics, script, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer();
    script.push(failing(ErrorCode.TOPIC_AUTHORIZATION_FAILED));
    await expect(writer.produce('t', 0, [text('a')])).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' });
    expect((await writer.produce('t', 0, [text('b')]))[0]?.offset).toBe(0);
  });

  test('halves a batch that is too large', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    script.push(failing(ErrorCode.MESSAGE_TOO_LARGE));
    const results = await producer().produce('t', 0, [text('a'), text('b'), text('c')]);
    expect(results.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(batchesOf(broker).map((batch) => [recordCount(batch, 0), baseSequence(batch, 0)])).toEqual([
      [3, 0],
      [2, 0],
      [1, 2],
    ]);
  });

  test('gives up when the time for delivery is over', async () => {
    const { topics, script, producer } = await setUp();
    topics.add('t', 1);
    for (let i = 0; i < 100; i++) script.push(failing(ErrorCode.NOT_ENOUGH_REPLICAS));
    const sent = producer({ deliveryTimeoutMs: 100 }).produce('t', 0, [text('a')]);
    await expect(sent).rejects.toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' });
  });

  test('expects no answer with acks=0', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    script.push(() => SILENCE);
    const [result] = await producer({ acks: 0 }).produce('t', 0, [text('a')]);
    expect(result?.offset).toBe(-1);
    await expect.poll(() => broker.requests('Produce').length).toBe(1);
    expect(broker.requests('InitProducerId')).toHaveLength(0);
  });

  test('waits for a topic that is being created', async () => {
    const { topics, producer } = await setUp();
    topics.autoCreates = true;
    expect((await producer().produce('fresh', null, [text('a')]))[0]).toMatchObject({ topic: 'fresh', offset: 0 });
  });

  test('does not wait for ever for a topic that is not there', async () => {
    const { broker, producer } = await setUp();
    const sent = producer({ maxBlockMs: 50, allowAutoTopicCreation: false }).produce('nope', null, [text('a')]);
    await expect(sent).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(broker.requests('Metadata')[0]!.body.allowAutoTopicCreation).toBe(false);
  });

  test('refuses a partition that the topic does not have', async () => {
    const { topics, producer } = await setUp();
    topics.add('t', 2);
    await expect(producer().produce('t', 2, [text('a')])).rejects.toThrow(/has partitions 0 to 1, not 2/);
  });

  test('names topics where brokers know no ids', async () => {
    const { broker, topics, producer } = await setUp({ versions: { Produce: [3, 8], Metadata: [0, 8] } });
    topics.add('t', 1);
    await producer().produce('t', 0, [text('a')]);
    expect(broker.requests('Produce')[0]).toMatchObject({ version: 8, body: { topicData: [{ name: 't' }] } });
  });

  test('writes out what it took when it is closed, and takes no more', async () => {
    const { topics, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer();
    const sent = writer.produce('t', 0, [text('a')]);
    await writer.close();
    expect((await sent)[0]?.offset).toBe(0);
    await expect(writer.produce('t', 0, [text('b')])).rejects.toThrow(/closed/);
  });

  test('lets callers wait while too much is on its way', async () => {
    const { broker, topics, script, producer } = await setUp();
    topics.add('t', 1);
    const writer = producer({ maxBufferedBytes: 200 });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    script.push(async (request: ProduceRequest) => {
      await gate;
      return topics.produce(1, request);
    });
    const first = writer.produce('t', 0, [text('x'.repeat(150))]);
    await expect.poll(() => broker.requests('Produce').length).toBe(1);
    const second = writer.produce('t', 0, [text('y'.repeat(150))]);
    let isSettled = false;
    void second.then(() => (isSettled = true));
    expect(isSettled).toBe(false);
    release();
    await Promise.all([first, second]);
    expect(batchesOf(broker)).toHaveLength(2);
  });

  test('is idempotent only with acks=all', async () => {
    const { producer } = await setUp();
    expect(() => producer({ acks: 1, idempotent: true })).toThrow(TypeError);
  });
});
