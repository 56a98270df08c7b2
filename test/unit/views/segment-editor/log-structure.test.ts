import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompressionType } from '../../../../extension/records/compression-type.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import type { BatchOptions } from '../../../../extension/records/record-batch-builder.ts';
import { RECORD_BATCH_FIELDS } from '../../../../extension/records/record-batch-layout.ts';
import { encodeMessage } from '../../../../extension/protocol/message-type.ts';
import { topicRecord } from '../../../../extension/protocol/generated/topic-record.ts';
import { knownRecordsOf } from '../../../../extension/views/segment-editor/known-records.ts';
import { LogStructure } from '../../../../extension/views/segment-editor/log-structure.ts';
import { MemoryBytes } from './memory-bytes.ts';

const HEADER_FIELDS = RECORD_BATCH_FIELDS.length;

function batch(baseOffset: number, values: readonly string[], options: BatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder({ ...options, baseOffset });
  for (const value of values) {
    const headers = [{ key: 'h', value: Buffer.from('1') }];
    builder.append({ key: Buffer.from('k'), value: Buffer.from(value), timestamp: 1000, headers });
  }
  return builder.build();
}

async function opened(content: Buffer, topic?: string): Promise<{ structure: LogStructure; file: MemoryBytes }> {
  const file = new MemoryBytes(content);
  const structure = new LogStructure(file, knownRecordsOf(topic, false));
  while (await structure.advance(content.length));
  return { structure, file };
}

test('batches are found with their offsets, sizes and kinds', async () => {
  const parts = [
    batch(100, ['a', 'b']),
    batch(102, ['c'], { compression: CompressionType.gzip }),
    buildEndTransactionBatch({ producerId: 7, producerEpoch: 1, coordinatorEpoch: 0, commit: true }, 5),
  ];
  const { structure } = await opened(Buffer.concat(parts));
  expect(structure.progress).toMatchObject({ rootCount: 3, unitCount: 3, firstOffset: 100 });
  const nodes = await structure.nodes([], 0, 64);
  expect(nodes.map(({ label, icon }) => [label, icon])).toEqual([
    ['100–101', 'batch'],
    ['102', 'batch'],
    ['0', 'control'],
  ]);
  expect(nodes.map(({ at, size }) => [at, size])).toEqual([
    [0, parts[0]!.length],
    [parts[0]!.length, parts[1]!.length],
    [parts[0]!.length + parts[1]!.length, parts[2]!.length],
  ]);
  expect(nodes[0]?.childCount).toBe(HEADER_FIELDS + 2);
});

test('header fields lie where the layout says, and say what they mean', async () => {
  const { structure } = await opened(Buffer.concat([batch(5, ['x']), batch(6, ['y'])]));
  const fields = await structure.nodes([1], 0, HEADER_FIELDS);
  const start = (await structure.nodes([], 1, 1))[0]!.at!;
  expect(fields.map(({ label, at, size }) => [label, at! - start, size])).toEqual(
    RECORD_BATCH_FIELDS.map(({ name, offset, size }) => [name, offset, size]),
  );
  const value = (label: string): string | undefined => fields.find((field) => field.label === label)?.value;
  expect(value('baseOffset')).toBe('6');
  expect(value('crc')).toMatch(/^0x[0-9a-f]{8} · matches$/);
  expect(value('attributes')).toBe('0x0000 · uncompressed, create time');
});

test('the fields of plain records cover the batch without gap or overlap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 20 }), async (values) => {
      const content = Buffer.concat([batch(0, ['before']), batch(1, values)]);
      const { structure } = await opened(content);
      const regions = await structure.regions(0, content.length);
      let end = 0;
      for (let i = 0; i < regions!.length; i += 3) {
        expect(regions![i]).toBe(end);
        end += regions![i + 1]!;
      }
      expect(end).toBe(content.length);
    }),
  );
});

test('every byte leads to the field that covers it', async () => {
  const content = Buffer.concat([batch(0, ['first']), batch(1, ['second', 'third'])]);
  const { structure } = await opened(content);
  for (let at = 0; at < content.length; at++) {
    const located = await structure.locate(at);
    const last = located!.nodes.at(-1)!;
    expect(last.childCount).toBe(0);
    expect(at).toBeGreaterThanOrEqual(last.at!);
    expect(at).toBeLessThan(last.at! + last.size);
    const parent = await structure.nodes(located!.path.slice(0, -1), located!.path.at(-1)!, 1);
    expect(parent[0]).toEqual(last);
  }
  await expect(structure.locate(content.length)).resolves.toBeNull();
});

test('compressed records have no bytes of their own, the block has', async () => {
  const content = batch(40, ['one', 'two'], { compression: CompressionType.zstd });
  const { structure } = await opened(content);
  const block = (await structure.nodes([0], HEADER_FIELDS, 1))[0]!;
  expect(block).toMatchObject({ label: 'compressed records', at: 61, size: content.length - 61, childCount: 2 });
  const records = await structure.nodes([0, HEADER_FIELDS], 0, 64);
  expect(records.map(({ label, value, at }) => [label, value, at])).toEqual([
    ['40', 'k → one', null],
    ['41', 'k → two', null],
  ]);
  const fields = await structure.nodes([0, HEADER_FIELDS, 1], 0, 64);
  expect(fields.find(({ label }) => label === 'value')?.value).toBe('two');
  expect(fields.map(({ label }) => label)).toContain('header 0 key');
});

test('a record is found by its offset, inside of compressed batches too', async () => {
  const content = Buffer.concat([batch(0, ['a']), batch(10, ['b', 'c', 'd'], { compression: CompressionType.lz4 })]);
  const { structure } = await opened(content);
  expect((await structure.findOffset(11))?.path).toEqual([1, HEADER_FIELDS, 1]);
  expect((await structure.findOffset(0))?.path).toEqual([0, HEADER_FIELDS]);
  // Compaction left nothing between 1 and 9: the next record that is there.
  expect((await structure.findOffset(4))?.path).toEqual([1, HEADER_FIELDS, 0]);
  expect(await structure.findOffset(13)).toBeNull();
});

test('a corrupt batch is marked, and so is its checksum', async () => {
  const content = Buffer.concat([batch(0, ['fine']), batch(1, ['broken'])]);
  content[content.length - 5]! ^= 0xff;
  const { structure } = await opened(content);
  const crc = (await structure.nodes([1], 0, HEADER_FIELDS)).find(({ label }) => label === 'crc');
  expect(crc?.problem).toMatch(/^The bytes have CRC 0x/);
  const [fine, broken] = await structure.nodes([], 0, 2);
  expect(fine?.problem).toBeUndefined();
  expect(broken?.problem).toBe(crc?.problem);
});

test('compressed bytes that do not decompress are said, not thrown', async () => {
  const content = batch(0, ['x'.repeat(500)], { compression: CompressionType.gzip });
  content.fill(0xee, 70, 90);
  const { structure } = await opened(content);
  expect((await structure.nodes([0], HEADER_FIELDS, 1))[0]?.problem).toBeTruthy();
});

test.each<[string, Buffer, string]>([
  ['zeros', Buffer.alloc(4096), 'preallocated'],
  ['half a batch', batch(2, ['cut off']).subarray(0, 70), 'incomplete batch'],
  ['a few bytes of a header', batch(2, ['cut off']).subarray(0, 11), 'incomplete batch'],
  [
    'garbage',
    Buffer.from('this is not a record batch at all, is it? No, not in the least, it is text.'),
    'not a batch',
  ],
])('a tail of %s is a node of its own', async (_name, tail, label) => {
  const whole = batch(0, ['a', 'b']);
  const { structure } = await opened(Buffer.concat([whole, tail]));
  const { rootCount, unitCount, scannedBytes, usedBytes } = structure.progress;
  expect({ rootCount, unitCount, scannedBytes }).toEqual({
    rootCount: 2,
    unitCount: 1,
    scannedBytes: whole.length + tail.length,
  });
  expect(usedBytes).toBe(label === 'preallocated' ? whole.length : whole.length + tail.length);
  const [node] = await structure.nodes([], 1, 64);
  expect(node).toMatchObject({ label, at: whole.length, size: tail.length });
  expect((await structure.locate(whole.length + 1))?.path).toEqual([1]);
});

test('an incomplete batch becomes one when the rest of it is written', async () => {
  const [first, second] = [batch(0, ['a']), batch(1, ['b'])];
  const file = new MemoryBytes(Buffer.concat([first, second.subarray(0, 40)]));
  const structure = new LogStructure(file, undefined);
  await structure.advance(first.length + 40);
  expect(structure.progress.unitCount).toBe(1);
  file.write(Buffer.concat([first, second]));
  await structure.advance(first.length + second.length);
  expect(structure.progress).toMatchObject({ unitCount: 2, rootCount: 2, lastOffset: 1 });
});

test('pages far down a long log need few reads', async () => {
  const count = 5000;
  const content = Buffer.concat(Array.from({ length: count }, (_, i) => batch(i, ['v'])));
  const { structure, file } = await opened(content);
  expect(structure.progress.unitCount).toBe(count);
  file.bytesRead = 0;
  const nodes = await structure.nodes([], 4321, 3);
  expect(nodes.map(({ label }) => label)).toEqual(['4,321', '4,322', '4,323']);
  expect(file.bytesRead).toBeLessThanOrEqual(64 * 1024);
});

test('what is not scanned yet is unknown, not empty', async () => {
  const content = Buffer.concat([batch(0, ['a']), batch(1, ['b'])]);
  const structure = new LogStructure(new MemoryBytes(content), undefined);
  await expect(structure.regions(0, 100)).resolves.toBeNull();
  await expect(structure.locate(3)).resolves.toBeNull();
});

test('records of the metadata log are decoded', async () => {
  const message = encodeMessage(topicRecord, { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }, 0);
  // Frame version 1, record type 2, version 0.
  const value = Buffer.concat([Buffer.from([1, topicRecord.apiKey, 0]), message]);
  const content = new RecordBatchBuilder({ baseOffset: 9 }).append({ value }).build();
  const { structure } = await opened(content, '__cluster_metadata');
  const [record] = await structure.nodes([0], HEADER_FIELDS, 1);
  expect(record?.value).toBe('TopicRecord · name orders, topicId AAAAAAAAAAAAAAAAAAAAAQ');
  const decodedAt = record!.childCount - 1;
  const fields = await structure.nodes([0, HEADER_FIELDS, decodedAt], 0, 64);
  expect(fields.map(({ label, value }) => [label, value])).toEqual([
    ['name', 'orders'],
    ['topicId', 'AAAAAAAAAAAAAAAAAAAAAQ'],
  ]);
});

test('transaction markers are named', async () => {
  const content = buildEndTransactionBatch({ producerId: 7, producerEpoch: 1, coordinatorEpoch: 3, commit: false }, 5);
  const { structure } = await opened(content);
  const [record] = await structure.nodes([0], HEADER_FIELDS, 1);
  expect(record?.value).toBe('ABORT · version 0, coordinatorEpoch 3');
});

test('any bytes at all are survived', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (noise, isAfterBatch) => {
      const content = Buffer.concat([...(isAfterBatch ? [batch(0, ['a'])] : []), noise]);
      const { structure } = await opened(content);
      for (const at of [0, content.length >> 1, content.length - 1]) await structure.locate(at);
      await structure.regions(0, content.length);
      for (const [index] of (await structure.nodes([], 0, 64)).entries()) await structure.nodes([index], 0, 64);
    }),
  );
});
