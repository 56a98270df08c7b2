import { beforeEach, expect, test } from 'vitest';
import type { OffsetsSnapshot } from '../../../../extension/shared/offsets-contract.ts';
import { OffsetsFeed, POLL_INTERVAL_MS, RETRY_INTERVAL_MS } from '../../../../extension/views/offsets/offsets-feed.ts';
import type { PartitionSample, TopicSample } from '../../../../extension/views/offsets/topic-sample.ts';
import { FakeClock } from '../fake-clock.ts';

function partition(number: number, highWatermark: number, more: Partial<PartitionSample> = {}): PartitionSample {
  return {
    partition: number,
    leader: 1,
    leaderEpoch: 0,
    replicas: [1, 2, 3],
    isr: [1, 2],
    offline: [3],
    eligible: [],
    logStart: 10,
    lastStable: highWatermark,
    highWatermark,
    logEnd: highWatermark,
    sizeBytes: 100,
    problem: null,
    ...more,
  };
}

function topic(partitions: readonly PartitionSample[]): TopicSample {
  return { internal: false, partitions, cleanupPolicy: 'delete', retentionMs: 1000, retentionBytes: -1 };
}

let clock: FakeClock;
let sent: OffsetsSnapshot[];
let next: () => Promise<TopicSample | null>;
let polls: number;
let feed: OffsetsFeed;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  polls = 0;
  next = () => Promise.resolve(topic([partition(0, 100), partition(1, 200)]));
  feed = new OffsetsFeed({
    cluster: 'embedded',
    topic: 'orders',
    sampler: {
      sample: () => {
        polls++;
        return next();
      },
    },
    clock,
    send: (snapshot) => sent.push(snapshot),
    describe: (error) => ({ message: String(error), next: 'retry' }),
  });
});

test('polls only while it is visible', async () => {
  await clock.pass(10 * POLL_INTERVAL_MS);
  expect(polls).toBe(0);
  feed.setVisible(true);
  await clock.pass(3 * POLL_INTERVAL_MS);
  expect(polls).toBe(4);
  feed.setVisible(false);
  await clock.pass(10 * POLL_INTERVAL_MS);
  expect(polls).toBe(4);
  expect(clock.appointments).toBe(0);
});

test('sends the rows of the window once, then only those that changed', async () => {
  feed.setWindow(0, 2);
  feed.setVisible(true);
  await clock.pass(0);
  expect(sent[0]?.rows.map(({ index }) => index)).toEqual([0, 1]);
  next = () => Promise.resolve(topic([partition(0, 100), partition(1, 210)]));
  await clock.pass(POLL_INTERVAL_MS);
  await clock.pass(8 * POLL_INTERVAL_MS);
  // Row 0 changes once more, when its rate is first known, and while its history of rates fills.
  expect(sent[1]?.rows.find(({ index }) => index === 1)?.value.highWatermark).toBe(210);
  expect(feed.setWindow(1, 2).rows.map(({ index }) => index)).toEqual([1]);
});

test('sums up, finds the common scale, and tells roles', async () => {
  feed.setWindow(0, 2);
  feed.setVisible(true);
  await clock.pass(0);
  const { summary, rows, connection } = sent[0]!;
  expect(connection).toEqual({ state: 'live' });
  expect(summary).toMatchObject({
    partitionCount: 2,
    replication: [3, 3],
    records: 280,
    sizeBytes: 200,
    axisStart: 10,
    axisEnd: 200,
    underReplicated: 2,
    leaderless: 0,
  });
  // Nothing but plain data may cross to the view.
  expect(structuredClone(sent[0])).toEqual(sent[0]);
  expect(rows[0]?.value.replicas.map(({ role }) => role)).toEqual(['leader', 'inSync', 'offline']);
});

test('measures the rate over what it saw', async () => {
  let offset = 0;
  next = () => Promise.resolve(topic([partition(0, (offset += 50))]));
  feed.setWindow(0, 1);
  feed.setVisible(true);
  await clock.pass(4 * POLL_INTERVAL_MS);
  const row = sent.at(-1)?.rows[0]?.value;
  expect(row?.rate).toBe(50);
  expect(row?.rates).toEqual([50, 50, 50, 50]);
});

test('a lost connection keeps the rows, says so, and is tried again', async () => {
  feed.setWindow(0, 2);
  feed.setVisible(true);
  await clock.pass(0);
  next = () => Promise.reject(new Error('refused'));
  await clock.pass(POLL_INTERVAL_MS);
  expect(sent.at(-1)?.connection).toEqual({ state: 'disconnected', message: 'Error: refused', next: 'retry' });
  expect(sent.at(-1)?.summary?.partitionCount).toBe(2);
  next = () => Promise.resolve(topic([partition(0, 100)]));
  await clock.pass(RETRY_INTERVAL_MS);
  expect(sent.at(-1)?.connection).toEqual({ state: 'live' });
});

test('a topic that is gone ends the polling', async () => {
  next = () => Promise.resolve(null);
  feed.setVisible(true);
  await clock.pass(20 * POLL_INTERVAL_MS);
  expect(polls).toBe(1);
  expect(sent.at(-1)?.connection).toEqual({ state: 'gone' });
});

test('an answer that comes after hiding is thrown away', async () => {
  let answer: (sample: TopicSample) => void = () => undefined;
  next = () => new Promise((resolve) => (answer = resolve));
  feed.setVisible(true);
  feed.setVisible(false);
  answer(topic([partition(0, 1)]));
  await clock.pass(0);
  expect(sent).toEqual([]);
});
