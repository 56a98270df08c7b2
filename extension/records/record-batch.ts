import { crc32c } from './crc32c.ts';
import { readInt64, writeInt64 } from './int64.ts';
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_LENGTH_AT,
  CODEC_MASK,
  CONTROL_BIT,
  CRC_AT,
  DELETE_HORIZON_BIT,
  LAST_OFFSET_DELTA_AT,
  LOG_OVERHEAD,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  PARTITION_LEADER_EPOCH_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
} from './record-batch-layout.ts';

/**
 * Reads the header of the batch that starts at `at` straight from the bytes: nothing is allocated and nothing is
 * checked. The caller has made sure that the 61 bytes of the header are there (see record-batch-validator.ts).
 */

export const baseOffset = (b: Buffer, at: number): number => readInt64(b, at + BASE_OFFSET_AT);
export const batchLength = (b: Buffer, at: number): number => b.readInt32BE(at + BATCH_LENGTH_AT);
/** Bytes of the whole batch, the length field and what lies before it included. */
export const batchSize = (b: Buffer, at: number): number => b.readInt32BE(at + BATCH_LENGTH_AT) + LOG_OVERHEAD;
export const partitionLeaderEpoch = (b: Buffer, at: number): number => b.readInt32BE(at + PARTITION_LEADER_EPOCH_AT);
export const magic = (b: Buffer, at: number): number => b.readInt8(at + MAGIC_AT);
export const storedCrc = (b: Buffer, at: number): number => b.readUInt32BE(at + CRC_AT);
export const attributes = (b: Buffer, at: number): number => b.readInt16BE(at + ATTRIBUTES_AT);
export const lastOffsetDelta = (b: Buffer, at: number): number => b.readInt32BE(at + LAST_OFFSET_DELTA_AT);
export const lastOffset = (b: Buffer, at: number): number => baseOffset(b, at) + lastOffsetDelta(b, at);
export const baseTimestamp = (b: Buffer, at: number): number => readInt64(b, at + BASE_TIMESTAMP_AT);
export const maxTimestamp = (b: Buffer, at: number): number => readInt64(b, at + MAX_TIMESTAMP_AT);
export const producerId = (b: Buffer, at: number): number => readInt64(b, at + PRODUCER_ID_AT);
export const producerEpoch = (b: Buffer, at: number): number => b.readInt16BE(at + PRODUCER_EPOCH_AT);
export const baseSequence = (b: Buffer, at: number): number => b.readInt32BE(at + BASE_SEQUENCE_AT);
export const recordCount = (b: Buffer, at: number): number => b.readInt32BE(at + RECORD_COUNT_AT);

export const codecId = (b: Buffer, at: number): number => attributes(b, at) & CODEC_MASK;
export const isLogAppendTime = (b: Buffer, at: number): boolean => (attributes(b, at) & TIMESTAMP_TYPE_BIT) !== 0;
export const isTransactional = (b: Buffer, at: number): boolean => (attributes(b, at) & TRANSACTIONAL_BIT) !== 0;
export const isControl = (b: Buffer, at: number): boolean => (attributes(b, at) & CONTROL_BIT) !== 0;
export const hasProducerId = (b: Buffer, at: number): boolean => producerId(b, at) > NO_PRODUCER_ID;

/** When tombstones of this batch may go, in ms since the epoch; undefined while compaction has not set it. */
export function deleteHorizonMs(b: Buffer, at: number): number | undefined {
  return (attributes(b, at) & DELETE_HORIZON_BIT) !== 0 ? baseTimestamp(b, at) : undefined;
}

/** `sequence + increment` as Kafka counts: after 2^31 - 1 comes 0. */
export function incrementSequence(sequence: number, increment: number): number {
  const sum = sequence + increment;
  return sum > 0x7fffffff ? sum - 0x8000_0000 : sum;
}

/** The sequence of the last record, or -1 where there is none. */
export function lastSequence(b: Buffer, at: number): number {
  const first = baseSequence(b, at);
  return first === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(first, lastOffsetDelta(b, at));
}

/** The CRC-32C that the bytes have, to compare with {@link storedCrc}. */
export function computeCrc(b: Buffer, at: number): number {
  return crc32c(b, at + ATTRIBUTES_AT, at + batchSize(b, at));
}

export const hasValidCrc = (b: Buffer, at: number): boolean => computeCrc(b, at) === storedCrc(b, at);

/** Sets offset and leader epoch in place; the CRC does not cover them. */
export function assignOffset(b: Buffer, at: number, offset: number, leaderEpoch: number): void {
  writeInt64(b, offset, at + BASE_OFFSET_AT);
  b.writeInt32BE(leaderEpoch, at + PARTITION_LEADER_EPOCH_AT);
}

export function assignPartitionLeaderEpoch(b: Buffer, at: number, leaderEpoch: number): void {
  b.writeInt32BE(leaderEpoch, at + PARTITION_LEADER_EPOCH_AT);
}

/** Stamps the batch with the broker's time (LogAppendTime) in place and renews the CRC. */
export function assignLogAppendTime(b: Buffer, at: number, timestampMs: number): void {
  b.writeInt16BE(attributes(b, at) | TIMESTAMP_TYPE_BIT, at + ATTRIBUTES_AT);
  writeInt64(b, timestampMs, at + MAX_TIMESTAMP_AT);
  b.writeUInt32BE(computeCrc(b, at), at + CRC_AT);
}
