import { expect, test } from 'vitest';
import { crc32c } from '../../../../extension/records/crc32c.ts';
import { EntriesStructure } from '../../../../extension/views/segment-editor/entries-structure.ts';
import type { EntriesFormat } from '../../../../extension/views/segment-editor/entries-structure.ts';
import {
  offsetIndexFormat,
  producerSnapshotFormat,
  timeIndexFormat,
  transactionIndexFormat,
} from '../../../../extension/views/segment-editor/entry-formats.ts';
import { MemoryBytes } from './memory-bytes.ts';

async function opened(content: Buffer, format: EntriesFormat) {
  const file = new MemoryBytes(content);
  const structure = new EntriesStructure(file, format);
  await structure.advance(content.length);
  return { structure, file };
}

function offsetIndex(entries: readonly (readonly [number, number])[], sizeBytes = entries.length * 8): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  entries.forEach(([offset, position], i) => {
    bytes.writeInt32BE(offset, i * 8);
    bytes.writeInt32BE(position, i * 8 + 4);
  });
  return bytes;
}

test('an active index: entries, then what Kafka reserved for more', async () => {
  const content = offsetIndex(
    [
      [40, 4100],
      [90, 8300],
      [140, 12_500],
    ],
    10 * 1024 * 1024,
  );
  const { structure, file } = await opened(content, offsetIndexFormat(48_000));
  expect(structure.progress).toMatchObject({ unitCount: 3, rootCount: 4, usedBytes: 24, scannedBytes: content.length });
  // Found by bisection, not by reading ten megabytes.
  expect(file.bytesRead).toBeLessThan(1000);
  const nodes = await structure.nodes([], 0, 64);
  expect(nodes.map(({ label, value, at, size }) => [label, value, at, size])).toEqual([
    ['48,040', 'at 4,100', 0, 8],
    ['48,090', 'at 8,300', 8, 8],
    ['48,140', 'at 12,500', 16, 8],
    ['preallocated', '10 MiB of zeros', 24, content.length - 24],
  ]);
  const fields = await structure.nodes([1], 0, 64);
  expect(fields.map(({ label, value, at }) => [label, value, at])).toEqual([
    ['relativeOffset', '90 · offset 48,090', 8],
    ['position', '8,300', 12],
  ]);
});

test('bytes lead to fields, zeros to the reserved tail', async () => {
  const { structure } = await opened(offsetIndex([[1, 2]], 80), offsetIndexFormat(0));
  expect((await structure.locate(5))?.path).toEqual([0, 1]);
  expect((await structure.locate(50))?.path).toEqual([1]);
  expect(await structure.locate(80)).toBeNull();
  expect(await structure.regions(0, 80)).toEqual([0, 4, 0, 4, 4, 1]);
});

test('entries that do not ascend are marked, across pages too', async () => {
  const entries = Array.from({ length: 70 }, (_, i): [number, number] => [i === 64 ? 3 : i + 1, (i + 1) * 10]);
  const { structure } = await opened(offsetIndex(entries), offsetIndexFormat(0));
  const [wrong] = await structure.nodes([], 64, 1);
  expect(wrong?.problem).toBeTruthy();
  expect((await structure.nodes([], 0, 64)).every(({ problem }) => problem === undefined)).toBe(true);
});

test('an empty, reserved index has no entries', async () => {
  const { structure } = await opened(Buffer.alloc(800), offsetIndexFormat(0));
  expect(structure.progress).toMatchObject({ unitCount: 0, rootCount: 1, usedBytes: 0 });
});

test('half an entry at the end is said', async () => {
  const { structure } = await opened(offsetIndex([[1, 2]], 11).fill(1, 8), offsetIndexFormat(0));
  const [, tail] = await structure.nodes([], 0, 64);
  expect(tail).toMatchObject({ label: 'incomplete entry', value: '3 of 8 bytes', size: 3 });
  expect(tail?.problem).toBeTruthy();
});

test('a time index', async () => {
  const content = Buffer.alloc(24);
  content.writeBigInt64BE(1_772_366_647_123n, 0);
  content.writeInt32BE(7, 8);
  content.writeBigInt64BE(1_772_366_640_000n, 12);
  content.writeInt32BE(9, 20);
  const { structure } = await opened(content, timeIndexFormat(100));
  const nodes = await structure.nodes([], 0, 64);
  expect(nodes.map(({ value }) => value)).toEqual(['offset 107', 'offset 109']);
  expect(nodes[1]?.problem).toBeTruthy();
});

test('aborted transactions', async () => {
  const content = Buffer.alloc(34);
  content.writeBigInt64BE(4001n, 2);
  content.writeBigInt64BE(10n, 10);
  content.writeBigInt64BE(20n, 18);
  const { structure } = await opened(content, transactionIndexFormat);
  expect((await structure.nodes([], 0, 1))[0]).toMatchObject({ label: 'producer 4,001', value: 'aborted 10–20' });
});

test('a producer snapshot: header with checksum, then producers', async () => {
  const content = Buffer.alloc(10 + 46);
  content.writeInt16BE(1, 0);
  content.writeInt32BE(1, 6);
  content.writeBigInt64BE(77n, 10);
  content.writeBigInt64BE(5000n, 24);
  content.writeBigInt64BE(-1n, 48);
  content.writeUInt32BE(crc32c(content, 6, content.length), 2);
  const { structure } = await opened(content, producerSnapshotFormat(content));
  expect(structure.progress).toMatchObject({ unitCount: 1, rootCount: 2 });
  const nodes = await structure.nodes([], 0, 64);
  expect(nodes.map(({ label, value }) => [label, value])).toEqual([
    ['header', '1 producer'],
    ['producer 77', 'epoch 0 · last offset 5,000'],
  ]);
  expect((await structure.nodes([0], 1, 1))[0]?.value).toMatch(/matches$/);
  expect((await structure.locate(11))?.path).toEqual([1, 0]);
  content[50]! ^= 1;
  const damaged = await opened(content, producerSnapshotFormat(content));
  expect((await damaged.structure.nodes([0], 1, 1))[0]?.problem).toBeTruthy();
});
