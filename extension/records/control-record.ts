import { ErrorCode } from '../protocol/errors.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import type { BatchOptions } from './record-batch-builder.ts';
import { RecordReader } from './record-reader.ts';
import { RecordsError } from './records-error.ts';

/**
 * Control records tell brokers something instead of carrying data. Their key is a version (i16) and a type (i16). The
 * values of all but the transaction markers are messages of the definitions (LeaderChangeMessage, SnapshotHeaderRecord,
 * SnapshotFooterRecord, KRaftVersionRecord, VotersRecord) and are left encoded here.
 */
export const ControlRecordType = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const;

export type ControlRecordType = (typeof ControlRecordType)[keyof typeof ControlRecordType];

/** One control record; `type` is -1 where this version does not know it, which readers skip. */
export interface ControlRecord {
  readonly type: ControlRecordType | -1;
  readonly version: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly value: Buffer | null;
}

const KEY_SIZE = 4;
const KEY_VERSION = 0;

export function controlRecordKey(type: ControlRecordType): Buffer {
  const key = Buffer.alloc(KEY_SIZE);
  key.writeInt16BE(KEY_VERSION, 0);
  key.writeInt16BE(type, 2);
  return key;
}

/** The type in a control record's key, -1 for one that is not known. Throws RecordsError INVALID_RECORD. */
export function parseControlKey(key: Buffer | null): { version: number; type: ControlRecordType | -1 } {
  if (key === null || key.length < KEY_SIZE) {
    throw new RecordsError(ErrorCode.INVALID_RECORD, 'A control record has no key of at least 4 bytes.');
  }
  const version = key.readInt16BE(0);
  const type = key.readInt16BE(2);
  if (version < 0) throw new RecordsError(ErrorCode.INVALID_RECORD, `A control record has version ${version}.`);
  return { version, type: isControlRecordType(type) ? type : -1 };
}

function isControlRecordType(type: number): type is ControlRecordType {
  return type >= ControlRecordType.abort && type <= ControlRecordType.kraftVoters;
}

/** The control records of the (control) batch at `at`. */
export function readControlRecords(buffer: Buffer, at = 0): ControlRecord[] {
  const records: ControlRecord[] = [];
  const reader = new RecordReader(buffer, at);
  while (reader.next()) {
    const { version, type } = parseControlKey(reader.key());
    records.push({ type, version, offset: reader.offset, timestamp: reader.timestamp, value: reader.value() });
  }
  return records;
}

/** One control batch of several records, values encoded by the caller; KRaft writes these. */
export function buildControlBatch(
  records: readonly { readonly type: ControlRecordType; readonly value: Buffer }[],
  timestampMs: number,
  options: BatchOptions = {},
): Buffer {
  const builder = new RecordBatchBuilder({ ...options, isControl: true });
  for (const { type, value } of records) {
    builder.append({ key: controlRecordKey(type), value, timestamp: timestampMs });
  }
  return builder.build();
}

/** The end of a transaction as one partition sees it. */
export interface EndTransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly commit: boolean;
}

/** The batch that ends a transaction: value is version 0 (i16) and the coordinator's epoch (i32). */
export function buildEndTransactionBatch(marker: EndTransactionMarker, timestampMs: number): Buffer {
  const value = Buffer.alloc(6);
  value.writeInt16BE(0, 0);
  value.writeInt32BE(marker.coordinatorEpoch, 2);
  const type = marker.commit ? ControlRecordType.commit : ControlRecordType.abort;
  return buildControlBatch([{ type, value }], timestampMs, {
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
  });
}

/** The coordinator epoch in an end-of-transaction value. Throws RecordsError INVALID_RECORD. */
export function parseEndTransactionValue(value: Buffer | null): number {
  if (value === null || value.length < 6 || value.readInt16BE(0) < 0) {
    throw new RecordsError(ErrorCode.INVALID_RECORD, 'An end-of-transaction marker has no valid value.');
  }
  return value.readInt32BE(2);
}
