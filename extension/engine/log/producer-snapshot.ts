import { crc32c } from '../../records/crc32c.ts';
import { readInt64, writeInt64 } from '../../records/int64.ts';
import type { ProducerStateEntry } from './producer-state-entry.ts';

/**
 * `.snapshot`: what is known of producers up to the offset in the file's name. i16 version 1, u32 CRC-32C of everything
 * from byte 6, i32 count, then entries of 46 bytes: producer id i64, epoch i16, last sequence i32, last offset i64, offset
 * delta i32, timestamp i64, coordinator epoch i32, first offset of the open transaction i64. Only the last batch of each
 * producer is kept.
 */

const VERSION = 1;
const CRC_AT = 2;
const COUNT_AT = 6;
const ENTRIES_AT = 10;
export const SNAPSHOT_ENTRY_SIZE = 46;

/** Bytes that are no producer snapshot. */
export class ProducerSnapshotError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProducerSnapshotError';
  }
}

export function encodeProducerSnapshot(entries: readonly ProducerStateEntry[]): Buffer {
  const bytes = Buffer.alloc(ENTRIES_AT + entries.length * SNAPSHOT_ENTRY_SIZE);
  bytes.writeInt16BE(VERSION, 0);
  bytes.writeInt32BE(entries.length, COUNT_AT);
  entries.forEach((entry, index) => {
    const at = ENTRIES_AT + index * SNAPSHOT_ENTRY_SIZE;
    const last = entry.batches.at(-1);
    writeInt64(bytes, entry.producerId, at);
    bytes.writeInt16BE(entry.producerEpoch, at + 8);
    bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10);
    writeInt64(bytes, last?.lastOffset ?? -1, at + 14);
    bytes.writeInt32BE(last?.offsetDelta ?? 0, at + 22);
    writeInt64(bytes, entry.lastTimestampMs, at + 26);
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34);
    writeInt64(bytes, entry.currentTransactionFirstOffset, at + 38);
  });
  bytes.writeUInt32BE(crc32c(bytes, COUNT_AT, bytes.length), CRC_AT);
  return bytes;
}

/** Throws ProducerSnapshotError. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerStateEntry[] {
  if (bytes.length < ENTRIES_AT) throw new ProducerSnapshotError(`${bytes.length} bytes are too few`);
  if (bytes.readInt16BE(0) !== VERSION) throw new ProducerSnapshotError(`version ${bytes.readInt16BE(0)} is unknown`);
  if (crc32c(bytes, COUNT_AT, bytes.length) !== bytes.readUInt32BE(CRC_AT))
    throw new ProducerSnapshotError('wrong CRC');
  const count = bytes.readInt32BE(COUNT_AT);
  if (bytes.length !== ENTRIES_AT + count * SNAPSHOT_ENTRY_SIZE) {
    throw new ProducerSnapshotError(`${count} entries do not take ${bytes.length} bytes`);
  }
  return Array.from({ length: count }, (_, index) => decodeEntry(bytes, ENTRIES_AT + index * SNAPSHOT_ENTRY_SIZE));
}

function decodeEntry(bytes: Buffer, at: number): ProducerStateEntry {
  const lastOffset = readInt64(bytes, at + 14);
  const timestampMs = readInt64(bytes, at + 26);
  const last = {
    lastSequence: bytes.readInt32BE(at + 10),
    lastOffset,
    offsetDelta: bytes.readInt32BE(at + 22),
    timestampMs,
  };
  return {
    producerId: readInt64(bytes, at),
    producerEpoch: bytes.readInt16BE(at + 8),
    batches: lastOffset >= 0 ? [last] : [],
    lastTimestampMs: timestampMs,
    coordinatorEpoch: bytes.readInt32BE(at + 34),
    currentTransactionFirstOffset: readInt64(bytes, at + 38),
  };
}
