import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { CompressionType } from '../../../extension/records/compression-type.ts';
import type { NewRecord } from '../../../extension/records/record.ts';
import * as batch from '../../../extension/records/record-batch.ts';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import { CRC_AT, RECORD_BATCH_FIELDS, RECORDS_AT } from '../../../extension/records/record-batch-layout.ts';
import {
  checkBatchBounds,
  checkClientBatch,
  checkCrc,
  checkPlainRecords,
} from '../../../extension/records/record-batch-validator.ts';
import { readRecords } from '../../../extension/records/record-reader.ts';
import { RecordsError } from '../../../extension/records/records-error.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const records: fc.Arbitrary<Required<NewRecord>[]> = fc.array(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
    headers: fc.array(fc.record({ key: fc.string(), value: fc.option(bytes) }), { maxLength: 3 }),
    offset: fc.constant(0),
  }),
  { minLength: 1, maxLength: 20 },
);

function build(list: readonly NewRecord[], options = {}): Buffer {
  const builder = new RecordBatchBuilder(options);
  for (const { offset: _, ...record } of list) builder.append(record);
  return builder.build();
}

function codeOf(action: () => unknown): number | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (error instanceof RecordsError) return error.code;
    throw error;
  }
}

function check(buffer: Buffer): void {
  checkBatchBounds(buffer, 0, buffer.length);
  checkCrc(buffer, 0);
  checkClientBatch(buffer, 0);
  if (batch.codecId(buffer, 0) === 0) checkPlainRecords(buffer, 0);
}

describe('layout', () => {
  it('covers the header without gap or overlap', () => {
    let at = 0;
    for (const field of RECORD_BATCH_FIELDS) {
      expect(field.offset).toBe(at);
      at += field.size;
    }
    expect(at).toBe(RECORDS_AT);
  });
});

describe('a batch', () => {
  it('is the bytes that Apache Kafka writes', () => {
    // MemoryRecords.withRecords(0, NONE, pid 7, epoch 2, seq 5, leaderEpoch 9, transactional) of kafka-clients 4.3.1.
    const ours = new RecordBatchBuilder({
      partitionLeaderEpoch: 9,
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 5,
      isTransactional: true,
    })
      .append({ timestamp: 1000, key: Buffer.from('k1'), value: Buffer.from('v1') })
      .append({
        timestamp: 1005,
        key: null,
        value: Buffer.from('v2'),
        headers: [{ key: 'h', value: Buffer.from('x') }],
      })
      .append({ timestamp: 999, key: Buffer.from('k3'), value: null })
      .build();
    expect(ours.toString('hex')).toBe(KAFKA_BATCH);
  });

  it('gives back its records with every codec', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(...Object.values(CompressionType)), fc.nat(2 ** 40), (list, codec, base) => {
        const built = build(list, { compression: codec, baseOffset: base, producerId: 3, baseSequence: 1 });
        check(built);
        expect(batch.codecId(built, 0)).toBe(codec);
        expect(batch.lastOffset(built, 0)).toBe(base + list.length - 1);
        expect(batch.maxTimestamp(built, 0)).toBe(Math.max(...list.map((r) => r.timestamp)));
        expect([...readRecords(built)]).toEqual(list.map((r, i) => ({ ...r, offset: base + i })));
      }),
      { numRuns: 100 },
    );
  });

  it('takes offset and leader epoch in place without a new CRC', () => {
    const built = build([{ value: Buffer.from('a') }, { value: Buffer.from('b') }]);
    batch.assignOffset(built, 0, 1234567890123, 17);
    checkCrc(built, 0);
    expect(batch.baseOffset(built, 0)).toBe(1234567890123);
    expect(batch.lastOffset(built, 0)).toBe(1234567890124);
    expect(batch.partitionLeaderEpoch(built, 0)).toBe(17);
  });

  it('takes the append time, which every record then has', () => {
    const built = build([{ timestamp: 5 }, { timestamp: 6 }], { compression: CompressionType.gzip });
    batch.assignLogAppendTime(built, 0, 99);
    checkCrc(built, 0);
    expect([...readRecords(built)].map((r) => r.timestamp)).toEqual([99, 99]);
  });

  it('keeps gaps and a delete horizon, as compaction leaves them', () => {
    const builder = new RecordBatchBuilder({ baseOffset: 10, deleteHorizonMs: 5000, lastOffset: 30 });
    builder.append({ offset: 12, timestamp: 1 }).append({ offset: 20, timestamp: 2 });
    const built = builder.build();
    expect(batch.deleteHorizonMs(built, 0)).toBe(5000);
    expect(batch.lastOffset(built, 0)).toBe(30);
    expect([...readRecords(built)].map((r) => [r.offset, r.timestamp])).toEqual([
      [12, 1],
      [20, 2],
    ]);
    expect(codeOf(() => checkPlainRecords(built, 0))).toBe(ErrorCode.INVALID_RECORD);
  });

  it('may be empty', () => {
    const empty = new RecordBatchBuilder({ baseOffset: 4, lastOffset: 9, compression: CompressionType.zstd }).build();
    expect(empty).toHaveLength(RECORDS_AT);
    checkCrc(empty, 0);
    expect([...readRecords(empty)]).toEqual([]);
    expect(batch.lastOffset(empty, 0)).toBe(9);
  });

  it('counts sequences past 2^31 - 1 from 0', () => {
    const built = build([{}, {}, {}], { producerId: 1, producerEpoch: 0, baseSequence: 0x7fffffff });
    expect(batch.lastSequence(built, 0)).toBe(1);
    expect(batch.incrementSequence(0x7fffffff, 1)).toBe(0);
  });
});

describe('bad batches', () => {
  const good = build([{ value: Buffer.from('one') }, { value: Buffer.from('two') }]);
  const changed = (change: (b: Buffer) => void): Buffer => {
    const copy = Buffer.from(good);
    change(copy);
    return copy;
  };

  it.each([
    ['nothing', Buffer.alloc(0), ErrorCode.INVALID_RECORD],
    ['cut off', good.subarray(0, good.length - 1), ErrorCode.INVALID_RECORD],
    ['magic 0', changed((b) => b.writeInt8(0, 16)), ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT],
    ['magic 1', changed((b) => b.writeInt8(1, 16)), ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT],
    ['magic 3', changed((b) => b.writeInt8(3, 16)), ErrorCode.CORRUPT_MESSAGE],
    ['magic -1', changed((b) => b.writeInt8(-1, 16)), ErrorCode.CORRUPT_MESSAGE],
    ['negative length', changed((b) => b.writeInt32BE(-5, 8)), ErrorCode.CORRUPT_MESSAGE],
    ['short length', changed((b) => b.writeInt32BE(20, 8)), ErrorCode.CORRUPT_MESSAGE],
    ['wrong crc', changed((b) => b.writeUInt32BE(1, CRC_AT)), ErrorCode.CORRUPT_MESSAGE],
    ['flipped value', changed((b) => b.writeInt8(0, b.length - 2)), ErrorCode.CORRUPT_MESSAGE],
  ])('%s', (_name, bytes, code) => {
    expect(codeOf(() => check(bytes))).toBe(code);
  });

  it.each([
    ['control', { isControl: true }, ErrorCode.INVALID_RECORD],
    ['producer without sequence', { producerId: 4 }, ErrorCode.INVALID_RECORD],
    ['offsets that do not match the count', { lastOffset: 7 }, ErrorCode.INVALID_RECORD],
  ])('from a client: %s', (_name, options, code) => {
    expect(codeOf(() => check(build([{ value: null }], options)))).toBe(code);
  });

  it('from a client: no records, unknown codec', () => {
    expect(codeOf(() => check(new RecordBatchBuilder().build()))).toBe(ErrorCode.INVALID_RECORD);
    const odd = changed((b) => b.writeInt16BE(5, 21));
    odd.writeUInt32BE(batch.computeCrc(odd, 0), CRC_AT);
    expect(codeOf(() => check(odd))).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
  });

  it('never escape the coded error, whatever is changed', () => {
    const built = build([{ key: Buffer.from('k'), value: Buffer.from('v') }, { headers: [{ key: 'a', value: null }] }]);
    fc.assert(
      fc.property(fc.nat(built.length - 1), fc.nat(255), fc.nat(built.length), (at, value, cut) => {
        const damaged = Buffer.from(built.subarray(0, cut));
        if (at < cut) damaged[at] = value;
        const read = (): void => {
          checkBatchBounds(damaged, 0, damaged.length);
          checkPlainRecords(damaged, 0);
          for (const record of readRecords(damaged)) expect(record.headers.length).toBeLessThan(10);
        };
        expect(['no error', ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE, 43, 76]).toContain(codeOf(read));
      }),
      { numRuns: 1000 },
    );
  });
});

const KAFKA_BATCH =
  '00000000000000000000005200000009025c17c9f100100000000200000000000003e800000000000003ed0000000000000007' +
  '0002000000050000000314000000046b310476310018000a0201047632020268027810000104046b330100';
