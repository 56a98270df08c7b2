import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import type { FileState } from '../../../../extension/shared/segment-contract.ts';
import { DiskSegmentBytes, UnreadableBytes } from '../../../../extension/views/segment-editor/segment-bytes.ts';
import type { SegmentBytes } from '../../../../extension/views/segment-editor/segment-bytes.ts';
import { SegmentDocument, WATCH_INTERVAL_MS } from '../../../../extension/views/segment-editor/segment-document.ts';
import { FakeClock } from '../fake-clock.ts';
import { MemoryBytes } from './memory-bytes.ts';

let clock: FakeClock;
let states: FileState[];
let document: SegmentDocument | undefined;

beforeEach(() => {
  clock = new FakeClock();
  states = [];
});

afterEach(() => document?.dispose());

function batch(baseOffset: number): Buffer {
  return new RecordBatchBuilder({ baseOffset }).append({ value: Buffer.from(`value ${baseOffset}`) }).build();
}

function open(bytes: SegmentBytes, path = '/d/orders-0/00000000000000000000.log'): SegmentDocument {
  document = new SegmentDocument({ path, bytes, clock, onChange: (state) => states.push(state) });
  return document;
}

test('opens with size, names and the structure found so far', async () => {
  const content = Buffer.concat([batch(0), batch(1)]);
  const state = await open(new MemoryBytes(content)).open();
  expect(state).toMatchObject({
    kind: 'log',
    topic: 'orders',
    partition: 0,
    name: '00000000000000000000.log',
    sizeBytes: content.length,
    unitCount: 2,
    trouble: null,
    revision: 1,
  });
});

test('a page carries bytes that own their buffer, and regions', async () => {
  const content = Buffer.concat(Array.from({ length: 100 }, (_, i) => batch(i)));
  const opened = open(new MemoryBytes(content));
  await opened.open();
  const page = await opened.bytes(1);
  expect(page.at).toBe(4096);
  expect(Buffer.from(page.bytes)).toEqual(content.subarray(4096, 8192));
  expect(page.bytes.buffer.byteLength).toBe(page.bytes.length);
  expect(page.regions!.length).toBeGreaterThan(10);
  expect((await opened.bytes(99)).bytes.length).toBe(0);
});

test('what is appended appears; what was there is kept', async () => {
  const file = new MemoryBytes(batch(0));
  const opened = open(file);
  await opened.open();
  opened.setVisible(true);
  await clock.pass(0);
  const before = file.content!;
  file.write(Buffer.concat([before, batch(1)]));
  await clock.pass(WATCH_INTERVAL_MS);
  expect(states.at(-1)).toMatchObject({ unitCount: 2, revision: 2, keptBytes: before.length, trouble: null });
});

test('nobody looks, nothing is watched', async () => {
  const file = new MemoryBytes(batch(0));
  const opened = open(file);
  await opened.open();
  opened.setVisible(true);
  await clock.pass(0);
  opened.setVisible(false);
  file.write(Buffer.concat([batch(0), batch(1)]));
  await clock.pass(5 * WATCH_INTERVAL_MS);
  expect(opened.state.revision).toBe(1);
  expect(clock.appointments).toBe(0);
});

test('a file that was cut is said, and read anew', async () => {
  const file = new MemoryBytes(Buffer.concat([batch(0), batch(1)]));
  const opened = open(file);
  await opened.open();
  opened.setVisible(true);
  file.write(batch(0));
  await clock.pass(WATCH_INTERVAL_MS);
  expect(states.at(-1)).toMatchObject({ unitCount: 1, keptBytes: 0, trouble: { kind: 'truncated' } });
});

test('a file that is gone is said; when another takes its place, that one is read', async () => {
  const file = new MemoryBytes(batch(0));
  const opened = open(file);
  await opened.open();
  opened.setVisible(true);
  file.content = null;
  await clock.pass(WATCH_INTERVAL_MS);
  expect(states.at(-1)?.trouble?.kind).toBe('deleted');
  file.identity = 2;
  file.write(Buffer.concat([batch(50), batch(51), batch(52)]));
  await clock.pass(WATCH_INTERVAL_MS);
  expect(states.at(-1)).toMatchObject({ trouble: null, keptBytes: 0, firstOffset: 50, lastOffset: 52 });
});

test('an index that is filled in place changes without changing its size', async () => {
  const file = new MemoryBytes(Buffer.alloc(800));
  const opened = open(file, '/d/orders-0/00000000000000000000.index');
  expect(await opened.open()).toMatchObject({ unitCount: 0, usedBytes: 0 });
  opened.setVisible(true);
  const filled = Buffer.alloc(800);
  filled.writeInt32BE(5, 0);
  filled.writeInt32BE(4096, 4);
  file.write(filled);
  await clock.pass(WATCH_INTERVAL_MS);
  expect(states.at(-1)).toMatchObject({ unitCount: 1, usedBytes: 8 });
});

test('a long log is scanned in the background, with progress', async () => {
  const one = new RecordBatchBuilder({}).append({ value: Buffer.alloc(1_000_000) }).build();
  const content = Buffer.concat(Array.from({ length: 12 }, () => one));
  const opened = open(new MemoryBytes(content));
  const state = await opened.open();
  expect(state.scannedBytes).toBeGreaterThan(0);
  expect(state.scannedBytes).toBeLessThan(content.length);
  await clock.pass(1000);
  expect(states.at(-1)).toMatchObject({ scannedBytes: content.length, unitCount: 12 });
});

test.each([
  ['leader-epoch-checkpoint', '0\n1\n0 0\n', 'textCheckpoint', 3],
  ['whatever', 'plain text\n', 'text', 1],
  ['whatever', Buffer.from([0, 1, 2, 3, 0xff]), 'unknown', 0],
  ['copy-of-a-segment', batch(3), 'log', 1],
])('%s is recognised', async (name, content, kind, rootCount) => {
  const state = await open(new MemoryBytes(Buffer.from(content)), `/x/${name}`).open();
  expect(state).toMatchObject({ kind, rootCount });
});

test('a file that cannot be read says why', async () => {
  const state = await open(new UnreadableBytes('Only files on a disk.')).open();
  expect(state.trouble).toEqual({ kind: 'unreadable', message: 'Only files on a disk.' });
});

test('on a real disk: grows, is renamed, is cut', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'samsa-segment-'));
  try {
    const path = join(folder, '00000000000000000000.log');
    await writeFile(path, batch(0));
    const opened = open(new DiskSegmentBytes(path), path);
    const { sizeBytes } = await opened.open();
    await writeFile(path, Buffer.concat([batch(0), batch(1)]));
    // Looks once each time it becomes visible; the disk needs real time, which the clock does not give.
    const look = async (): Promise<FileState> => {
      const { length } = states;
      opened.setVisible(true);
      await clock.pass(0);
      while (states.length === length) await new Promise((resolve) => setImmediate(resolve));
      opened.setVisible(false);
      return states.at(-1)!;
    };
    expect(await look()).toMatchObject({ sizeBytes: sizeBytes * 2, unitCount: 2 });
    await rename(path, `${path}.deleted`);
    expect((await look()).trouble?.kind).toBe('deleted');
    // The open file is still there to be read.
    expect((await opened.bytes(0)).bytes.length).toBe(sizeBytes * 2);
    await rename(`${path}.deleted`, path);
    await truncate(path, sizeBytes);
    expect(await look()).toMatchObject({ sizeBytes, trouble: { kind: 'truncated' } });
  } finally {
    document?.dispose();
    await rm(folder, { recursive: true });
  }
});
