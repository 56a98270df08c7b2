import { describe, expect, it } from 'vitest';
import {
  buildControlBatch,
  buildEndTransactionBatch,
  ControlRecordType,
  controlRecordKey,
  parseControlKey,
  parseEndTransactionValue,
  readControlRecords,
} from '../../../extension/records/control-record.ts';
import * as batch from '../../../extension/records/record-batch.ts';

describe('control records', () => {
  it('end a transaction', () => {
    const marker = { producerId: 12, producerEpoch: 3, coordinatorEpoch: 8, commit: true };
    const built = buildEndTransactionBatch(marker, 1700000000000);
    expect(batch.isControl(built, 0) && batch.isTransactional(built, 0)).toBe(true);
    expect(batch.producerId(built, 0)).toBe(12);
    expect(batch.producerEpoch(built, 0)).toBe(3);
    expect(batch.baseSequence(built, 0)).toBe(-1);
    const [record] = readControlRecords(built);
    expect(record).toMatchObject({ type: ControlRecordType.commit, version: 0, timestamp: 1700000000000 });
    expect(parseEndTransactionValue(record!.value)).toBe(8);
    const aborted = buildEndTransactionBatch({ ...marker, commit: false }, 0);
    expect(readControlRecords(aborted)[0]!.type).toBe(ControlRecordType.abort);
  });

  it('come several to a batch, values as they are', () => {
    const records = [
      { type: ControlRecordType.snapshotHeader, value: Buffer.from([1, 2]) },
      { type: ControlRecordType.kraftVersion, value: Buffer.from([3]) },
      { type: ControlRecordType.kraftVoters, value: Buffer.from([]) },
    ];
    const built = buildControlBatch(records, 5, { baseOffset: 40, partitionLeaderEpoch: 2 });
    const read = readControlRecords(built);
    expect(read.map(({ type, value }) => ({ type, value }))).toEqual(records);
    expect(read.map((record) => record.offset)).toEqual([40, 41, 42]);
    expect(batch.isTransactional(built, 0)).toBe(false);
  });

  it('of an unknown type are told apart, of a bad key refused', () => {
    const future = controlRecordKey(ControlRecordType.abort);
    future.writeInt16BE(99, 2);
    expect(parseControlKey(future)).toEqual({ version: 0, type: -1 });
    expect(() => parseControlKey(null)).toThrow(/no key/);
    expect(() => parseControlKey(Buffer.from([0, 0, 0]))).toThrow(/no key/);
    expect(() => parseEndTransactionValue(Buffer.from([0]))).toThrow(/no valid value/);
  });
});
