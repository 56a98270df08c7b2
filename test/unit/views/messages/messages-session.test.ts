import { beforeEach, expect, test } from 'vitest';
import { NO_FILTER } from '../../../../extension/shared/messages-contract.ts';
import type { MessageRow, MessagesStatus } from '../../../../extension/shared/messages-contract.ts';
import type { MessageRequest, MessageSink, SourceRecord } from '../../../../extension/views/messages/message-source.ts';
import { MessagesSession } from '../../../../extension/views/messages/messages-session.ts';
import type { SessionOptions } from '../../../../extension/views/messages/messages-session.ts';
import { FakeClock } from '../fake-clock.ts';

let clock: FakeClock;
let sent: MessagesStatus[];
let sink: MessageSink;
let requests: MessageRequest[];
let calls: string[];
let positions: Map<number, number>;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  requests = [];
  calls = [];
  positions = new Map();
});

function open(options: Partial<SessionOptions> = {}): MessagesSession {
  const session = new MessagesSession({
    cluster: 'embedded',
    topic: 'orders',
    clock,
    send: (status) => sent.push(status),
    describe: (error) => ((error as Error).message === 'gone' ? 'gone' : { message: 'refused', next: 'retry' }),
    capacity: 1000,
    from: { kind: 'beginning' },
    source: {
      open: (request, its) => {
        requests.push(request);
        sink = its;
        return {
          positions,
          pause: () => calls.push('pause'),
          resume: () => calls.push('resume'),
          close: () => calls.push('close'),
        };
      },
    },
    ...options,
  });
  session.start();
  return session;
}

function record(offset: number, more: Partial<SourceRecord> = {}): SourceRecord {
  return {
    partition: offset % 3,
    offset,
    timestampMs: 900_000 + offset,
    timestampType: 'create',
    key: Buffer.from(`key-${offset}`),
    value: Buffer.from(`Value ${offset}`),
    headers: [],
    ...more,
  };
}

function records(from: number, count: number): SourceRecord[] {
  return Array.from({ length: count }, (_, i) => record(from + i));
}

function offsets(rows: readonly MessageRow[] | undefined): number[] | undefined {
  return rows?.map(({ offset }) => offset);
}

test('goes from loading over reading to live, and sends at most ten states a second', async () => {
  const session = open();
  expect(session.status.reading).toEqual({ state: 'loading' });
  sink.partitions([0, 1, 2]);
  for (let i = 0; i < 100; i++) sink.records([record(i)]);
  sink.progress(0.5);
  expect(session.status.reading).toEqual({ state: 'reading', share: 0.5 });
  sink.progress(1);
  await clock.pass(100);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({
    reading: { state: 'live' },
    first: 0,
    end: 100,
    buffered: 100,
    partitions: [0, 1, 2],
  });
});

test('the last records are in the histogram even when nothing follows them', async () => {
  open();
  sink.partitions([0]);
  sink.records(records(0, 1));
  await clock.pass(100);
  sink.records(records(1, 9));
  await clock.pass(5000);
  const counted = sent.at(-1)?.histogram?.counts.reduce((a, b) => a + b, 0);
  expect(counted).toBe(10);
  expect(clock.appointments).toBe(0);
});

test('pages start at the place asked for; those of another revision are refused', () => {
  const session = open();
  sink.partitions([0]);
  sink.records(records(0, 250));
  const { revision } = session.status;
  const page = session.page(revision, 200);
  expect(page?.first).toBe(200);
  expect(offsets(page?.rows)).toEqual(Array.from({ length: 50 }, (_, i) => 200 + i));
  expect(session.page(revision + 1, 0)).toBeNull();
});

test('live reading slides: the oldest go, places stay', () => {
  const session = open({ capacity: 100, from: { kind: 'end' } });
  sink.partitions([0]);
  sink.progress(1);
  sink.records(records(0, 100));
  sink.records(records(100, 30));
  const { first, end, revision, reading } = session.status;
  expect({ first, end, reading }).toEqual({ first: 30, end: 130, reading: { state: 'live' } });
  expect(session.page(revision, 0)).toMatchObject({ first: 30 });
});

test('reading what was there stops when the buffer is full, and goes on when told to', () => {
  const session = open({ capacity: 100 });
  sink.partitions([0]);
  sink.progress(0.1);
  sink.records(records(0, 100));
  expect(session.status.reading).toEqual({ state: 'full' });
  expect(calls).toEqual(['pause']);
  session.resume();
  expect(calls).toEqual(['pause', 'resume']);
  sink.records(records(100, 60));
  expect(session.status).toMatchObject({ reading: { state: 'reading' }, first: 60, end: 160 });
  sink.records(records(160, 40));
  expect(session.status.reading).toEqual({ state: 'full' });
});

test('partition, time and text must all hold; what comes later is filtered too', () => {
  const session = open();
  sink.partitions([0, 1, 2]);
  sink.records(records(0, 30));
  const before = session.status.revision;
  session.setFilter({
    partitions: [0],
    time: { kind: 'range', fromMs: 900_003, toMs: 900_020 },
    text: 'VALUE 1',
  });
  sink.records([record(18, { offset: 180, partition: 0, timestampMs: 900_019, value: Buffer.from('value 1') })]);
  const { revision, first, end, shownPartitions } = session.status;
  expect(revision).toBeGreaterThan(before);
  expect(shownPartitions).toEqual([0]);
  expect(end - first).toBe(4);
  expect(offsets(session.page(revision, first)?.rows)).toEqual([12, 15, 18, 180]);
});

test('text is found in keys and headers as well', () => {
  const session = open();
  sink.partitions([0]);
  sink.records([
    record(1, { key: Buffer.from('needle') }),
    record(2, { headers: [{ key: 'trace', value: Buffer.from('NEEDLE') }] }),
    record(3, { headers: [{ key: 'Needle', value: null }] }),
    record(4),
  ]);
  session.setFilter({ ...NO_FILTER, text: 'needle' });
  const { revision, first } = session.status;
  expect(offsets(session.page(revision, first)?.rows)).toEqual([1, 2, 3]);
});

test('"the last minute" moves on with the time', async () => {
  const session = open();
  sink.partitions([0]);
  const nowMs = clock.nowMs();
  sink.records([record(1, { timestampMs: nowMs - 59_000 }), record(2, { timestampMs: nowMs })]);
  session.setFilter({ ...NO_FILTER, time: { kind: 'last', lastMs: 60_000 } });
  expect(session.status.end - session.status.first).toBe(2);
  await clock.pass(2000);
  sink.records([record(3, { timestampMs: clock.nowMs() })]);
  const { revision, first } = session.status;
  expect(offsets(session.page(revision, first)?.rows)).toEqual([2, 3]);
});

test('damaged batches are rows that every text lets through', () => {
  const session = open();
  sink.partitions([0]);
  sink.note({ partition: 0, offset: 7, message: 'the CRC does not match' });
  session.setFilter({ ...NO_FILTER, text: 'nothing like it' });
  const { revision, first, undecodable } = session.status;
  expect(undecodable).toBe(1);
  expect(session.page(revision, first)?.rows).toEqual([
    { kind: 'note', partition: 0, offset: 7, message: 'the CRC does not match' },
  ]);
  expect(session.detail(revision, first)).toBeNull();
});

test('the detail carries copies, cut at the limit, with the whole size', () => {
  const session = open();
  sink.partitions([0]);
  const value = Buffer.alloc(300 * 1024, 1);
  sink.records([record(1, { value, headers: [{ key: 'h', value: Buffer.from('x') }] })]);
  const detail = session.detail(session.status.revision, 0);
  expect(detail?.value?.bytes.length).toBe(256 * 1024);
  expect(detail?.value?.bytes.buffer.byteLength).toBe(256 * 1024);
  expect(detail?.value?.sizeBytes).toBe(300 * 1024);
  expect(detail?.headers).toEqual([{ key: 'h', value: new Uint8Array([120]) }]);
});

test('pause and resume; a paused reading is not called live by progress', () => {
  const session = open();
  sink.partitions([0]);
  sink.progress(1);
  session.pause();
  sink.progress(1);
  sink.waiting(new Error('broker 1'));
  expect(session.status.reading).toEqual({ state: 'paused' });
  session.resume();
  expect(session.status.reading).toEqual({ state: 'live' });
});

test('a broker that does not answer is said and forgotten', () => {
  const session = open();
  sink.partitions([0]);
  sink.progress(1);
  sink.waiting(new Error('nothing listens on 127.0.0.1:9092'));
  expect(session.status.reading).toEqual({ state: 'waiting', message: 'nothing listens on 127.0.0.1:9092' });
  sink.waiting(null);
  expect(session.status.reading).toEqual({ state: 'live' });
});

test('after a lost connection reading goes on where it ended, with what was read', () => {
  const session = open();
  sink.partitions([0]);
  sink.records(records(0, 5));
  positions.set(0, 5);
  sink.failed(new Error('reset'));
  expect(session.status.reading).toEqual({ state: 'disconnected', message: 'refused', next: 'retry' });
  session.reconnect();
  expect(requests[1]?.resumeAt?.get(0)).toBe(5);
  expect(session.status.buffered).toBe(5);
});

test('a seek starts over, and what the old reading still says is ignored', () => {
  const session = open();
  sink.partitions([0]);
  const old = sink;
  sink.records(records(0, 5));
  session.seek({ kind: 'offset', offset: 42 });
  old.records(records(5, 5));
  old.failed(new Error('closed'));
  expect(requests[1]).toEqual({ topic: 'orders', from: { kind: 'offset', offset: 42 } });
  expect(session.status).toMatchObject({ buffered: 0, reading: { state: 'loading' } });
});

test('a topic that is gone stays gone', () => {
  const session = open();
  sink.failed(new Error('gone'));
  session.disconnect(new Error('off'));
  session.reconnect();
  expect(session.status.reading).toEqual({ state: 'gone' });
  expect(requests).toHaveLength(1);
});

test('only the partition asked for is read', () => {
  const session = open({ partition: 2 });
  expect(requests[0]?.partitions).toEqual([2]);
  expect(session.status.partition).toBe(2);
});

test('a filter over many records is applied in slices', async () => {
  // Every look at the clock takes a millisecond.
  let readings = 0;
  const ticking = new FakeClock();
  const session = open({
    capacity: 50_000,
    clock: { nowMs: () => 1_000_000 + ++readings, after: (delayMs, call) => ticking.after(delayMs, call) },
  });
  sink.partitions([0]);
  sink.records(records(0, 50_000));
  await ticking.pass(1000);
  session.setFilter({ ...NO_FILTER, text: 'value 49999' });
  expect(session.status.filtering).toBeGreaterThan(0);
  expect(session.status.filtering).toBeLessThan(1);
  await ticking.pass(10_000);
  expect(session.status).toMatchObject({ filtering: null, first: 0, end: 1 });
});
