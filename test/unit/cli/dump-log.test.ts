import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../../extension/cli/dump-log.ts';
import { encodeProducerSnapshot } from '../../../extension/engine/log/producer-snapshot.ts';
import { offsetCommitKey } from '../../../extension/protocol/generated/offset-commit-key.ts';
import { offsetCommitValue } from '../../../extension/protocol/generated/offset-commit-value.ts';
import { topicRecord } from '../../../extension/protocol/generated/topic-record.ts';
import { Writer } from '../../../extension/protocol/writer.ts';
import { CompressionType } from '../../../extension/records/compression-type.ts';
import { buildEndTransactionBatch } from '../../../extension/records/control-record.ts';
import { writeInt64 } from '../../../extension/records/int64.ts';
import { assignOffset } from '../../../extension/records/record-batch.ts';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import { runTool, type ToolResult } from '../../support/run-tool.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samsa-dump-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const NAME = '00000000000000000010';

/** Writes a file into the folder; its path. */
function file(name: string, ...parts: readonly Buffer[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** The lines of a dump, without the headings that name the file. */
async function dump(args: string, path: string): Promise<ToolResult & { readonly lines: string[] }> {
  const result = await runTool(run, `${args} --files ${path}`);
  const lines = result.out.trimEnd().split('\n').slice(1);
  return { ...result, lines: lines[0]?.startsWith('Log starting offset') ? lines.slice(1) : lines };
}

const first = new RecordBatchBuilder({
  baseOffset: 10,
  partitionLeaderEpoch: 3,
  producerId: 7,
  producerEpoch: 1,
  baseSequence: 4,
})
  .append({
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    timestamp: 100,
    headers: [
      { key: 'h', value: null },
      { key: 'i', value: null },
    ],
  })
  .append({ key: null, value: null, timestamp: 200 })
  .build();
const second = new RecordBatchBuilder({ baseOffset: 12, partitionLeaderEpoch: 3, compression: CompressionType.gzip })
  .append({ value: Buffer.from('zipped'), timestamp: 300 })
  .build();

describe('logs', () => {
  test('have a line per batch', async () => {
    const path = file(`${NAME}.log`, first, second);
    const { code, out, err, lines } = await dump('', path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.startsWith(`Dumping ${path}\nLog starting offset: 10\n`)).toBe(true);
    expect(lines[0]).toMatch(
      new RegExp(
        '^baseOffset: 10 lastOffset: 11 count: 2 baseSequence: 4 lastSequence: 5 producerId: 7 producerEpoch: 1 ' +
          'partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty ' +
          `position: 0 CreateTime: 200 size: ${first.length} magic: 2 compresscodec: none crc: \\d+ isvalid: true$`,
      ),
    );
    expect(lines[1]).toContain(`position: ${first.length} CreateTime: 300`);
    expect(lines[1]).toContain('compresscodec: gzip');
  });

  test('have a line per record when asked for', async () => {
    const path = file(`${NAME}.log`, first, second);
    const deep = (await dump('--deep-iteration', path)).lines.filter((line) => line.startsWith('|'));
    expect(deep).toEqual([
      '| offset: 10 CreateTime: 100 keySize: 1 valueSize: 1 sequence: 4 headerKeys: [h,i]',
      '| offset: 11 CreateTime: 200 keySize: -1 valueSize: -1 sequence: 5 headerKeys: []',
      '| offset: 12 CreateTime: 300 keySize: -1 valueSize: 6 sequence: -1 headerKeys: []',
    ]);
    const printed = (await dump('--print-data-log', path)).lines.filter((line) => line.startsWith('|'));
    expect(printed[0]).toBe(`${deep[0]} key: k payload: v`);
    expect(printed[2]).toBe(`${deep[2]} payload: zipped`);
    const bare = (await dump('--print-data-log --skip-record-metadata', path)).lines.filter((line) =>
      line.startsWith('|'),
    );
    expect(bare).toEqual(['| key: k payload: v', '| ', '| payload: zipped']);
  });

  test('show transaction markers', async () => {
    const marker = buildEndTransactionBatch({ producerId: 7, producerEpoch: 1, coordinatorEpoch: 2, commit: false }, 5);
    assignOffset(marker, 0, 10, 3);
    const { lines } = await dump('--deep-iteration', file(`${NAME}.log`, marker));
    expect(lines[0]).toContain('isTransactional: true isControl: true');
    expect(lines[1]).toContain('endTxnMarker: ABORT coordinatorEpoch: 2');
  });

  test('say what is damaged, torn or missing', async () => {
    const bad = Buffer.from(first);
    bad[bad.length - 1]! ^= 0xff;
    const gap = Buffer.from(second);
    assignOffset(gap, 0, 50, 3);
    const { lines, err } = await dump('', file(`${NAME}.log`, bad, gap, first.subarray(0, 70)));
    expect(lines[0]).toContain('isvalid: false');
    expect(lines[2]).toMatch(/^Found 70 invalid bytes at the end of .*: a batch of \d+ bytes does not fit$/);
    expect(err).toContain('Non-consecutive offsets in');
    expect(err).toContain('  11 is followed by 50');
  });

  test('end early when asked to', async () => {
    expect((await dump('--max-bytes 1', file(`${NAME}.log`, first, second))).lines).toHaveLength(1);
  });

  test('of segments that go are logs too', async () => {
    expect((await dump('', file(`${NAME}.log.deleted`, first))).lines[0]).toContain('baseOffset: 10');
  });
});

describe('decoders', () => {
  test('read committed offsets', async () => {
    const key = new Writer();
    key.int16(1);
    offsetCommitKey.write(key, { group: 'g', topic: 't', partition: 2 }, 0);
    const value = new Writer();
    value.int16(3);
    offsetCommitValue.write(value, { offset: 9, leaderEpoch: 1, metadata: 'm', commitTimestamp: 5 }, 3);
    const batch = new RecordBatchBuilder({ baseOffset: 10 })
      .append({ key: key.toBuffer(), value: value.toBuffer(), timestamp: 1 })
      .append({ key: Buffer.from([0, 99]), value: null, timestamp: 1 })
      .build();
    const { lines } = await dump('--offsets-decoder', file(`${NAME}.log`, batch));
    expect(lines[1]).toContain(
      'key: {"type":"1","data":{"group":"g","topic":"t","partition":2}} payload: {"version":"3","data":{"offset":9,',
    );
    expect(lines[2]).toContain('key: <cannot be decoded: unknown type 99> payload: <DELETE>');
  });

  test('read metadata records', async () => {
    const value = new Writer();
    for (const number of [1, topicRecord.apiKey, 0]) value.unsignedVarint(number);
    topicRecord.write(value, { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }, 0);
    const batch = new RecordBatchBuilder({ baseOffset: 10 })
      .append({ value: value.toBuffer(), timestamp: 1 })
      .append({ value: Buffer.from([1]), timestamp: 1 })
      .build();
    const { lines } = await dump('--cluster-metadata-decoder', file(`${NAME}.log`, batch));
    expect(lines[1]).toContain(
      'payload: {"type":"TOPIC_RECORD","version":0,"data":{"name":"orders","topicId":"AAAAAAAAAAAAAAAAAAAAAQ"}}',
    );
    expect(lines[2]).toContain('payload: <cannot be decoded: needed 1 bytes');
  });
});

function offsetIndex(...entries: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(entries.length * 8 + 800);
  entries.forEach(([offset, position], index) => {
    bytes.writeInt32BE(offset - 10, index * 8);
    bytes.writeInt32BE(position, index * 8 + 4);
  });
  return bytes;
}

function timeIndex(...entries: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(entries.length * 12 + 1200);
  entries.forEach(([timestamp, offset], index) => {
    writeInt64(bytes, timestamp, index * 12);
    bytes.writeInt32BE(offset - 10, index * 12 + 8);
  });
  return bytes;
}

describe('indexes', () => {
  test('print their entries, without what is preallocated', async () => {
    file(`${NAME}.log`, first, second);
    const offsets = await dump('', file(`${NAME}.index`, offsetIndex([11, 0], [12, first.length])));
    expect(offsets).toMatchObject({
      lines: ['offset: 11 position: 0', `offset: 12 position: ${first.length}`],
      err: '',
    });
    const times = await dump('', file(`${NAME}.timeindex`, timeIndex([200, 11], [300, 12])));
    expect(times).toMatchObject({ lines: ['timestamp: 200 offset: 11', 'timestamp: 300 offset: 12'], err: '' });
  });

  test('are compared with their log', async () => {
    file(`${NAME}.log`, first, second);
    const offsets = await dump('--verify-index-only', file(`${NAME}.index`, offsetIndex([11, first.length])));
    expect(offsets.lines).toEqual([]);
    expect(offsets.err).toContain('Mismatches in :');
    expect(offsets.err).toContain('  Index offset: 11, log offset: 12');
    const times = await dump('', file(`${NAME}.timeindex`, timeIndex([250, 11], [240, 12], [300, 99])));
    expect(times.err).toContain('  Index timestamp: 250, log timestamp: 200');
    expect(times.err).toContain('  Index timestamp: 240, Previously indexed timestamp: 250');
    expect(times.err).toContain('  Indexed offset: 99, not the last offset of a batch');
  });

  test('pass or fail their sanity check', async () => {
    const path = file(`${NAME}.index`, offsetIndex([11, 0]));
    expect((await dump('--index-sanity-check', path)).lines).toEqual([`${path} passed sanity check.`]);
    const bad = await dump('--index-sanity-check', file(`${NAME}.timeindex`, Buffer.alloc(13, 1)));
    expect(bad.err).toContain('13 bytes are not a multiple of the 12 bytes of an entry');
  });

  test('of transactions print theirs', async () => {
    const bytes = Buffer.alloc(34);
    [7, 10, 20, 21].forEach((value, index) => writeInt64(bytes, value, 2 + index * 8));
    expect((await dump('', file(`${NAME}.txnindex`, bytes))).lines).toEqual([
      'version: 0 producerId: 7 firstOffset: 10 lastOffset: 20 lastStableOffset: 21',
    ]);
  });
});

test('producer snapshots print a line per producer', async () => {
  const base = { producerId: 7, producerEpoch: 1, lastTimestampMs: 100, coordinatorEpoch: -1 };
  const bytes = encodeProducerSnapshot([
    {
      ...base,
      batches: [{ lastSequence: 5, lastOffset: 11, offsetDelta: 1, timestampMs: 100 }],
      currentTransactionFirstOffset: 10,
    },
    { ...base, producerId: 8, batches: [], currentTransactionFirstOffset: -1 },
  ]);
  expect((await dump('', file(`${NAME}.snapshot`, bytes))).lines.map((line) => line.trimEnd())).toEqual([
    'producerId: 7 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong[10] lastTimestamp: 100 ' +
      'firstSequence: 4 lastSequence: 5 lastOffset: 11 offsetDelta: 1 timestamp: 100',
    'producerId: 8 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty lastTimestamp: 100',
  ]);
  const broken = await dump('', file(`${NAME}.snapshot`, bytes.subarray(0, bytes.length - 1)));
  expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('wrong CRC') });
});

test('other files are passed over', async () => {
  const path = file('notes.txt', Buffer.from('x'));
  expect(await dump('', path)).toMatchObject({ code: 0, err: `Ignoring unknown file ${path}\n` });
  expect(await dump('', join(folder, 'nope.log'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not begin with an offset'),
  });
});
