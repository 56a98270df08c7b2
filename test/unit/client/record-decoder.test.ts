import { describe, expect, test } from 'vitest';
import { decodeRecords } from '../../../extension/client/record-decoder.ts';
import { CompressionType } from '../../../extension/records/compression-type.ts';
import { buildEndTransactionBatch } from '../../../extension/records/control-record.ts';
import { assignOffset } from '../../../extension/records/record-batch.ts';
import { CRC_AT, MAGIC_AT } from '../../../extension/records/record-batch-layout.ts';
import { RecordBatchBuilder, type BatchOptions } from '../../../extension/records/record-batch-builder.ts';

const source = { topic: 't', partition: 3 };

function batch(baseOffset: number, values: readonly string[], options: BatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 5, ...options });
  for (const value of values) builder.append({ value: Buffer.from(value), timestamp: 100 + baseOffset });
  return builder.build();
}

const decode = (
  batches: readonly Buffer[],
  fromOffset = 0,
  aborted: { producerId: number; firstOffset: number }[] | null = null,
) => decodeRecords(source, Buffer.concat(batches), { fromOffset, aborted });

const values = ({ records }: ReturnType<typeof decode>) => records.map(({ value }) => String(value));

describe('decodeRecords', () => {
  test.each(Object.entries(CompressionType))('reads records compressed with %s', (_, compression) => {
    const many = Array.from({ length: 50 }, (__, index) => `value ${index}`);
    const result = decode([batch(7, many, { compression })], 7);
    expect(values(result)).toEqual(many);
    expect(result.nextOffset).toBe(57);
    expect(result.records[1]).toMatchObject({
      ...source,
      offset: 8,
      leaderEpoch: 5,
      timestamp: 107,
      timestampType: 'CreateTime',
    });
  });

  test('keeps keys, nulls and headers', () => {
    const bytes = new RecordBatchBuilder()
      .append({ key: Buffer.from('k'), value: null, headers: [{ key: 'h', value: null }] })
      .append({ key: null, value: Buffer.alloc(0) })
      .build();
    const { records } = decode([bytes]);
    expect(records[0]).toMatchObject({ key: Buffer.from('k'), value: null, headers: [{ key: 'h', value: null }] });
    expect(records[1]).toMatchObject({ key: null, value: Buffer.alloc(0), headers: [] });
  });

  test('takes the broker’s time where the batch says so', () => {
    const { records } = decode([batch(0, ['a'], { logAppendTimeMs: 999 })]);
    expect(records[0]).toMatchObject({ timestamp: 999, timestampType: 'LogAppendTime' });
  });

  test('leaves out what comes before the offset asked for', () => {
    expect(values(decode([batch(0, ['a', 'b', 'c'])], 2))).toEqual(['c']);
  });

  test('leaves a batch that is cut off for the next fetch', () => {
    const second = batch(2, ['c', 'd']);
    const result = decode([batch(0, ['a', 'b']), second.subarray(0, second.length - 1)]);
    expect(values(result)).toEqual(['a', 'b']);
    expect(result).toMatchObject({ nextOffset: 2, damaged: [] });
    expect(decode([batch(0, ['a']), second.subarray(0, 5)]).nextOffset).toBe(1);
  });

  test('goes past offsets that compaction emptied', () => {
    expect(decode([batch(0, ['a'], { lastOffset: 9 })]).nextOffset).toBe(10);
    expect(decode([batch(4, [], { lastOffset: 9 })], 4)).toMatchObject({ records: [], nextOffset: 10 });
  });

  test('reports a damaged batch and reads on after it', () => {
    const damaged = batch(1, ['b', 'c']);
    damaged[damaged.length - 1]! ^= 0xff;
    const result = decode([batch(0, ['a']), damaged, batch(3, ['d'])]);
    expect(values(result)).toEqual(['a', 'd']);
    expect(result.damaged).toEqual([
      { ...source, baseOffset: 1, lastOffset: 2, code: 'CORRUPT_MESSAGE', reason: expect.stringMatching(/crc/) },
    ]);
    expect(result.nextOffset).toBe(4);
  });

  test('reports a codec that does not exist', () => {
    const bytes = batch(0, ['a']);
    bytes[22] = 7;
    bytes.writeUInt32BE(0, CRC_AT);
    const [damage] = decode([bytes]).damaged;
    expect(damage?.code).toBe('CORRUPT_MESSAGE');
  });

  test('reports formats from before Kafka 0.11', () => {
    const bytes = batch(0, ['a']);
    bytes[MAGIC_AT] = 1;
    expect(decode([bytes]).damaged[0]?.code).toBe('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  });

  test('moves one offset on where a damaged header claims nonsense', () => {
    const bytes = batch(5, ['a']);
    assignOffset(bytes, 0, 1_000_000, 0);
    bytes[bytes.length - 1]! ^= 0xff;
    expect(decode([bytes], 5)).toMatchObject({ nextOffset: 6, damaged: [{ baseOffset: 5, lastOffset: 5 }] });
  });

  test('passes over a batch that no response can hold', () => {
    const big = batch(5, ['x'.repeat(500)]);
    const result = decode([big.subarray(0, 300)], 5);
    expect(result).toMatchObject({
      nextOffset: 6,
      damaged: [{ code: 'MESSAGE_TOO_LARGE', baseOffset: 5, lastOffset: 5 }],
    });
  });

  test('knows nothing about an empty response', () => {
    expect(decode([], 12)).toEqual({ records: [], damaged: [], nextOffset: 12 });
  });
});

describe('decodeRecords of transactions', () => {
  const transactional = (baseOffset: number, value: string, producerId: number) =>
    batch(baseOffset, [value], { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true });

  const marker = (offset: number, producerId: number, commit: boolean): Buffer => {
    const bytes = buildEndTransactionBatch({ producerId, producerEpoch: 0, coordinatorEpoch: 0, commit }, 1);
    assignOffset(bytes, 0, offset, 0);
    return bytes;
  };

  const log = [
    transactional(0, 'one-aborted', 1),
    transactional(1, 'two-committed', 2),
    batch(2, ['plain']),
    marker(3, 1, false),
    transactional(4, 'one-committed', 1),
    marker(5, 2, true),
    marker(6, 1, true),
  ];

  test('leaves out aborted records until the marker of their end', () => {
    const result = decode(log, 0, [{ producerId: 1, firstOffset: 0 }]);
    expect(values(result)).toEqual(['two-committed', 'plain', 'one-committed']);
    expect(result.nextOffset).toBe(7);
  });

  test('shows them all, but no markers, to whoever reads uncommitted', () => {
    expect(values(decode(log))).toEqual(['one-aborted', 'two-committed', 'plain', 'one-committed']);
  });

  test('begins in the middle of an aborted transaction', () => {
    const result = decode([transactional(8, 'late', 1), marker(9, 1, false)], 8, [{ producerId: 1, firstOffset: 2 }]);
    expect(result).toMatchObject({ records: [], nextOffset: 10 });
  });
});
