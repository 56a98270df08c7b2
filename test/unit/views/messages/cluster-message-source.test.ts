import { expect, test } from 'vitest';
import type { StreamChunk, StreamStatus } from '../../../../extension/client/partition-fetcher.ts';
import type { RecordStreamOptions } from '../../../../extension/client/record-stream.ts';
import { ClusterMessageSource } from '../../../../extension/views/messages/cluster-message-source.ts';
import type { SourcePorts } from '../../../../extension/views/messages/cluster-message-source.ts';
import type { MessageRequest, MessageSink } from '../../../../extension/views/messages/message-source.ts';
import { settle } from '../fake-clock.ts';

function chunk(partition: number, offsets: readonly number[], more: Partial<StreamChunk> = {}): StreamChunk {
  return {
    topic: 'orders',
    partition,
    records: offsets.map((offset) => ({
      topic: 'orders',
      partition,
      offset,
      timestamp: 5,
      timestampType: 'LogAppendTime' as const,
      key: null,
      value: null,
      headers: [],
      leaderEpoch: 0,
    })),
    damaged: [],
    nextOffset: (offsets.at(-1) ?? 0) + 1,
    highWatermark: 100,
    lastStableOffset: 100,
    logStartOffset: 0,
    movedFrom: null,
    ...more,
  };
}

/** Two partitions with offsets 10 to 20, and a stream that is fed by hand. */
function harness(overrides: Partial<SourcePorts> = {}) {
  const said: unknown[][] = [];
  const opened: RecordStreamOptions[] = [];
  const waiting: ((chunk: StreamChunk | null) => void)[] = [];
  let onStatus: (status: StreamStatus) => void = () => undefined;
  const partition = (number: number) => ({
    partition: number,
    leader: 1,
    leaderEpoch: 0,
    replicas: [1],
    isr: [1],
    offlineReplicas: [],
    elr: null,
    lastKnownElr: null,
  });
  const ports: SourcePorts = {
    admin: () => ({
      describeTopics: () =>
        Promise.resolve([
          { name: 'orders', topicId: '', isInternal: false, error: null, partitions: [partition(0), partition(1)] },
        ]),
      listOffsets: (wanted) =>
        Promise.resolve(
          wanted.map(({ topic, partition: number, spec }) => ({
            topic,
            partition: number,
            error: null,
            value: {
              offset: spec === 'earliest' ? 10 : spec === 'latest' ? 20 : number === 0 ? 15 : -1,
              timestamp: -1,
              leaderEpoch: 0,
            },
          })),
        ),
    }),
    stream: (options) => {
      opened.push(options);
      return {
        next: () => new Promise((resolve) => waiting.push(resolve)),
        onStatus: (listener) => (onStatus = listener),
        pause: () => said.push(['stream paused']),
        resume: () => said.push(['stream resumed']),
        close: () => waiting.splice(0).forEach((resolve) => resolve(null)),
      };
    },
    ...overrides,
  };
  const sink: MessageSink = {
    partitions: (all) => said.push(['partitions', all]),
    records: (records) => said.push(['records', records.map(({ offset }) => offset)]),
    note: (note) => said.push(['note', note.offset, note.message]),
    progress: (share) => said.push(['progress', share]),
    waiting: (error) => said.push(['waiting', error?.message]),
    failed: (error) => said.push(['failed', (error as Error).message]),
  };
  const start = (request: Partial<MessageRequest>) =>
    new ClusterMessageSource(ports).open({ topic: 'orders', from: { kind: 'beginning' }, ...request }, sink);
  const feed = async (next: StreamChunk | null): Promise<void> => {
    waiting.shift()?.(next);
    await settle();
  };
  const starts = () => opened[0]?.topics.map((topic) => (typeof topic === 'string' ? topic : topic.from));
  return { said, starts, start, feed, status: (status: StreamStatus) => onStatus(status) };
}

test('says nothing before open has returned, then partitions, progress, records', async () => {
  const { said, start, feed } = harness();
  const reading = start({});
  expect(said).toEqual([]);
  await settle();
  expect(said).toEqual([
    ['partitions', [0, 1]],
    ['progress', 0],
  ]);
  await feed(chunk(0, [10, 19]));
  expect(said.slice(2)).toEqual([
    ['records', [10, 19]],
    ['progress', 0.5],
  ]);
  await feed(chunk(1, [19], { nextOffset: 20 }));
  await feed(chunk(1, [20]));
  expect(said.slice(4)).toEqual([
    ['records', [19]],
    ['progress', 1],
    ['records', [20]],
    ['progress', 1],
  ]);
  expect([...reading.positions]).toEqual([
    [0, 20],
    [1, 21],
  ]);
});

test.each<[string, Partial<MessageRequest>, unknown]>([
  ['the beginning', { from: { kind: 'beginning' } }, [{ offset: 10 }, { offset: 10 }]],
  ['the end', { from: { kind: 'end' } }, [{ offset: 20 }, { offset: 20 }]],
  ['an offset, or the nearer end', { from: { kind: 'offset', offset: 3 } }, [{ offset: 10 }, { offset: 10 }]],
  [
    'a time, the end where nothing is later',
    { from: { kind: 'timestamp', timestampMs: 1 } },
    [{ offset: 15 }, { offset: 20 }],
  ],
  ['the last few', { from: { kind: 'last', count: 4 } }, [{ offset: 16 }, { offset: 16 }]],
  ['where it was before', { resumeAt: new Map([[1, 13]]) }, [{ offset: 10 }, { offset: 13 }]],
  ['one partition', { partitions: [1] }, [{ offset: 10 }]],
])('reads from %s', async (_name, request, expected) => {
  const { start, starts } = harness();
  start(request);
  await settle();
  expect(starts()).toEqual(expected);
});

test('damaged batches become notes', async () => {
  const { said, start, feed } = harness();
  start({});
  await settle();
  const damage = {
    topic: 'orders',
    partition: 0,
    baseOffset: 12,
    lastOffset: 14,
    code: 'CORRUPT_MESSAGE',
    reason: 'The CRC does not match.',
  };
  await feed(chunk(0, [], { damaged: [damage], nextOffset: 15 }));
  expect(said).toContainEqual(['note', 12, 'Offsets 12 to 14 could not be read. The CRC does not match.']);
});

test('a broker that is waited for is told, and its return', async () => {
  const { said, start, status } = harness();
  start({});
  await settle();
  status({ state: 'waiting', error: new Error('refused') });
  status({ state: 'live', error: null });
  expect(said.slice(2)).toEqual([
    ['waiting', 'refused'],
    ['waiting', undefined],
  ]);
});

test('a cluster that is off fails the reading; a closed reading is silent', async () => {
  const off = harness({
    admin: () => {
      throw new Error('off');
    },
  });
  off.start({});
  await settle();
  expect(off.said).toEqual([['failed', 'off']]);
  const closed = harness();
  closed.start({}).close();
  await settle();
  expect(closed.said).toEqual([]);
});

test('a pause before the stream is there holds as well', async () => {
  const { said, start } = harness();
  start({}).pause();
  await settle();
  expect(said).toContainEqual(['stream paused']);
});
