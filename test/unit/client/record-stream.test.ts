import { afterEach, describe, expect, test } from 'vitest';
import { ClusterClient } from '../../../extension/client/cluster-client.ts';
import { fetchRecords } from '../../../extension/client/fetch.ts';
import type { StreamChunk } from '../../../extension/client/partition-fetcher.ts';
import { RecordStream, type RecordStreamOptions } from '../../../extension/client/record-stream.ts';
import { FakeBroker, type FakeBrokerOptions } from '../../support/fake-broker.ts';
import { FakeTopics } from '../../support/fake-topics.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

interface SetUp {
  readonly broker: FakeBroker;
  readonly topics: FakeTopics;
  readonly client: ClusterClient;
  stream(options: Partial<RecordStreamOptions>): RecordStream;
}

async function setUp(options?: FakeBrokerOptions): Promise<SetUp> {
  const broker = await FakeBroker.start(options);
  const topics = new FakeTopics().serve(broker);
  const client = new ClusterClient({ bootstrap: broker.address, retryTimeoutMs: 300 });
  cleanUps.push(() => broker[Symbol.asyncDispose]());
  cleanUps.push(() => client.close());
  return {
    broker,
    topics,
    client,
    stream(given) {
      const stream = new RecordStream(client, { topics: ['t'], from: 'beginning', maxWaitMs: 50, ...given });
      cleanUps.push(() => stream.close());
      return stream;
    },
  };
}

const named = (...names: string[]) => names.map((name) => ({ value: Buffer.from(name) }));

async function read(stream: RecordStream, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const chunk = await stream.next(5_000);
    if (chunk === null || chunk === undefined) throw new Error(`only ${found.length} records came`);
    found.push(...chunk.records.map(({ partition, offset, value }) => `${partition}:${offset}:${String(value)}`));
  }
  return found;
}

describe('RecordStream', () => {
  test('reads all partitions to the end and ends there', async () => {
    const { topics, stream } = await setUp();
    const [first, second] = topics.add('t', 3);
    topics.append(first!, named('a', 'b'));
    topics.append(first!, named('c'));
    topics.append(first!, named('d'));
    topics.append(second!, named('e'));
    const found: string[] = [];
    for await (const { partition, offset, value } of stream({ until: 'end' }).records()) {
      found.push(`${partition}:${offset}:${String(value)}`);
    }
    expect(found.filter((text) => text.startsWith('0'))).toEqual(['0:0:a', '0:1:b', '0:2:c', '0:3:d']);
    expect(found.filter((text) => text.startsWith('1'))).toEqual(['1:0:e']);
  });

  test('ends at once where there is nothing', async () => {
    const { topics, stream } = await setUp();
    topics.add('t', 2);
    const chunks: StreamChunk[] = [];
    for await (const chunk of stream({ until: 'end' })) chunks.push(chunk);
    expect(chunks).toEqual([]);
  });

  test('does not go past the end that it started with', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({ until: 'end' });
    expect(await read(reading, 1)).toEqual(['0:0:a']);
    topics.append(partition!, named('late'));
    expect(await reading.next()).toBeNull();
  });

  test('follows what is written', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('old'));
    const reading = stream({ from: 'end' });
    const next = read(reading, 2);
    expect(await reading.next(20)).toBeUndefined();
    topics.append(partition!, named('new'));
    topics.append(partition!, named('newer'));
    expect(await next).toEqual(['0:1:new', '0:2:newer']);
  });

  test.each<[string, RecordStreamOptions['from'], string[]]>([
    ['the beginning', 'beginning', ['0:0:a', '0:1:b', '0:2:c']],
    ['an offset', { offset: 1 }, ['0:1:b', '0:2:c']],
    ['a time', { timestampMs: 2_000 }, ['0:1:b', '0:2:c']],
    ['the last records', { last: 1 }, ['0:2:c']],
    ['more last records than there are', { last: 50 }, ['0:0:a', '0:1:b', '0:2:c']],
  ])('starts at %s', async (_, from, expected) => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, [{ value: Buffer.from('a'), timestamp: 1_000 }]);
    topics.append(partition!, [{ value: Buffer.from('b'), timestamp: 2_000 }]);
    topics.append(partition!, [{ value: Buffer.from('c'), timestamp: 3_000 }]);
    expect(await read(stream({ from }), expected.length)).toEqual(expected);
  });

  test('starts at the end where no record is late enough', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({ from: { timestampMs: 9_999_999 } });
    const next = read(reading, 1);
    expect(await reading.next(20)).toBeUndefined();
    topics.append(partition!, named('b'));
    expect(await next).toEqual(['0:1:b']);
  });

  test('keeps to partitions and limits', async () => {
    const { topics, stream } = await setUp();
    for (const partition of topics.add('t', 2)) topics.append(partition, named('a', 'b', 'c'));
    const reading = stream({ topics: [{ topic: 't', partitions: [1], from: { offset: 1 } }], maxRecords: 1 });
    expect(await read(reading, 1)).toEqual(['1:1:b']);
    expect(await reading.next()).toBeNull();
  });

  test('holds back while paused, and moves when told to', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({});
    const states: string[] = [];
    reading.onStatus(({ state }) => states.push(state));
    expect(await read(reading, 1)).toEqual(['0:0:a']);
    reading.pause();
    topics.append(partition!, named('b'));
    expect(await reading.next(30)).toBeUndefined();
    reading.resume();
    expect(await read(reading, 1)).toEqual(['0:1:b']);
    await reading.seek([{ topic: 't', partition: 0 }], 'beginning');
    expect(await read(reading, 2)).toEqual(['0:0:a', '0:1:b']);
    expect(states).toEqual(['paused', 'live']);
  });

  test('rests while its buffer is full', async () => {
    const { broker, topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    for (let i = 0; i < 10; i++) topics.append(partition!, [{ value: Buffer.alloc(1_000) }]);
    const reading = stream({ maxBufferedBytes: 1_000 });
    await reading.next(5_000);
    await expect.poll(() => broker.requests('Fetch').length).toBeGreaterThanOrEqual(2);
    const asked = broker.requests('Fetch').length;
    expect(asked).toBeLessThan(5);
    expect((await read(reading, 8)).length).toBe(8);
  });

  test('goes on after the connection broke', async () => {
    const { broker, topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({});
    expect(await read(reading, 1)).toEqual(['0:0:a']);
    const states: string[] = [];
    reading.onStatus(({ state }) => states.push(state));
    broker.dropConnections();
    await expect.poll(() => states).toContain('waiting');
    topics.append(partition!, named('b'));
    expect(await read(reading, 1)).toEqual(['0:1:b']);
    await expect.poll(() => reading.status).toEqual({ state: 'live', error: null });
  });

  test('follows a leader that moved', async () => {
    const { broker, topics, stream } = await setUp();
    const second = await FakeBroker.start({ nodeId: 2 });
    cleanUps.push(() => second[Symbol.asyncDispose]());
    topics.serve(broker, [second]).serve(second, [broker]);
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({});
    expect(await read(reading, 1)).toEqual(['0:0:a']);
    partition!.leader = 2;
    topics.append(partition!, named('b'));
    expect(await read(reading, 1)).toEqual(['0:1:b']);
    expect(second.requests('Fetch').length).toBeGreaterThan(0);
  });

  test('says when it had to go on elsewhere', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a', 'b'));
    topics.append(partition!, named('c'));
    partition!.logStart = 2;
    partition!.batches.shift();
    const chunk = await stream({ from: { offset: 0 } }).next(5_000);
    expect(chunk).toMatchObject({ movedFrom: 0, nextOffset: 3, records: [{ offset: 2 }] });
  });

  test('reports damage and reads on', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    const bad = topics.append(partition!, named('bad'));
    bad[bad.length - 1]! ^= 0xff;
    topics.append(partition!, named('good'));
    const chunk = await stream({}).next(5_000);
    expect(chunk?.damaged).toMatchObject([{ code: 'CORRUPT_MESSAGE', baseOffset: 0, lastOffset: 0 }]);
    expect(chunk?.records.map(({ value }) => String(value))).toEqual(['good']);
  });

  test('leaves out aborted transactions when asked to', async () => {
    const { broker, topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('aborted'), {
      producerId: 5,
      producerEpoch: 0,
      baseSequence: 0,
      isTransactional: true,
    });
    topics.append(partition!, named('plain'));
    partition!.aborted = [{ producerId: 5, firstOffset: 0 }];
    expect(await read(stream({ isolation: 'read_committed' }), 1)).toEqual(['0:1:plain']);
    expect(broker.requests('Fetch')[0]!.body.isolationLevel).toBe(1);
    expect(await read(stream({}), 2)).toHaveLength(2);
  });

  test('finds partitions that are added', async () => {
    const { topics, stream } = await setUp();
    topics.add('t', 1);
    const reading = stream({ from: 'end', discoveryIntervalMs: 20 });
    const next = read(reading, 1);
    expect(await reading.next(20)).toBeUndefined();
    const [added] = topics.add('t', 1);
    topics.append(added!, named('first'));
    expect(await next).toEqual(['1:0:first']);
  });

  test('speaks to brokers that know no topic ids', async () => {
    const { broker, topics, stream } = await setUp({
      versions: { Fetch: [4, 11], Metadata: [0, 8], ListOffsets: [1, 5] },
    });
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    expect(await read(stream({}), 1)).toEqual(['0:0:a']);
    expect(broker.requests('Fetch')[0]).toMatchObject({ version: 11, body: { topics: [{ topic: 't' }] } });
  });

  test('fails for a topic that is not there', async () => {
    const { stream } = await setUp();
    await expect(stream({ topics: ['nope'] }).next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  test('fails when reading is forbidden', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    partition!.errors.push(29);
    await expect(stream({}).next(5_000)).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' });
  });

  test('fails when the topic is deleted and stays away', async () => {
    const { topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const reading = stream({});
    await read(reading, 1);
    topics.partitions.length = 0;
    await expect(reading.next(10_000)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  test('ends for whoever waits when it is closed or aborted', async () => {
    const { topics, stream } = await setUp();
    topics.add('t', 1);
    const abort = new AbortController();
    const reading = stream({ from: 'end', signal: abort.signal });
    const waiting = reading.next();
    setImmediate(() => abort.abort());
    expect(await waiting).toBeNull();
    expect(await reading.next()).toBeNull();
  });

  test('leaves nothing open behind it', async () => {
    const { broker, topics, stream } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    for await (const chunk of stream({})) {
      expect(chunk.records).toHaveLength(1);
      break;
    }
    // The client's own remains, that of the stream goes.
    await expect.poll(() => broker.openConnections).toBe(1);
    expect(broker.connections).toBe(2);
  });
});

describe('fetchRecords', () => {
  test('reads one page', async () => {
    const { topics, client } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a', 'b'));
    topics.append(partition!, named('c'));
    topics.append(partition!, named('d'));
    const page = await fetchRecords(client, { topic: 't', partition: 0, offset: 1 });
    expect(page.records.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(page).toMatchObject({ nextOffset: 3, highWatermark: 4, logStartOffset: 0 });
  });

  test('refuses an offset outside of the log', async () => {
    const { topics, client } = await setUp();
    topics.add('t', 1);
    await expect(fetchRecords(client, { topic: 't', partition: 0, offset: 5 })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    });
  });
});
