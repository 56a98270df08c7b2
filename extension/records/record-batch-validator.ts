import { ErrorCode } from '../protocol/errors.ts';
import {
  BATCH_HEADER_SIZE,
  BATCH_LENGTH_AT,
  CODEC_MASK,
  CURRENT_MAGIC,
  HEADER_SIZE_UP_TO_MAGIC,
  LOG_OVERHEAD,
  MAGIC_AT,
  RECORDS_AT,
} from './record-batch-layout.ts';
import {
  attributes,
  baseSequence,
  batchSize,
  computeCrc,
  hasProducerId,
  isControl,
  lastOffsetDelta,
  recordCount,
  storedCrc,
} from './record-batch.ts';
import { isCompressionType } from './compression-type.ts';
import { RecordsError } from './records-error.ts';

/** The smallest length that any magic can have (a magic 0 message without key and value, less the overhead). */
const MIN_BATCH_LENGTH = 14;

/**
 * Checks that a batch of magic 2 starts at `at` and ends at or before `end`, and answers its size in bytes. What the
 * accessors of record-batch.ts read lies in bounds afterwards; nothing else is known about it.
 *
 * @throws RecordsError CORRUPT_MESSAGE for lengths and magics that no Kafka version writes; INVALID_RECORD for a batch
 *   that is cut off; UNSUPPORTED_FOR_MESSAGE_FORMAT for magic 0 and 1, which 4.x brokers no longer take
 */
export function checkBatchBounds(buffer: Buffer, at: number, end: number): number {
  if (end - at < HEADER_SIZE_UP_TO_MAGIC) {
    throw new RecordsError(ErrorCode.INVALID_RECORD, `${end - at} bytes are too few for a record batch.`);
  }
  const length = buffer.readInt32BE(at + BATCH_LENGTH_AT);
  if (length < MIN_BATCH_LENGTH) throw corrupt(`A record batch claims a length of ${length} bytes.`);
  const magic = buffer.readInt8(at + MAGIC_AT);
  if (magic < 0 || magic > CURRENT_MAGIC) throw corrupt(`A record batch has magic ${magic}; Kafka knows 0, 1 and 2.`);
  const size = length + LOG_OVERHEAD;
  if (size > end - at) {
    throw new RecordsError(ErrorCode.INVALID_RECORD, `A record batch of ${size} bytes is cut off after ${end - at}.`);
  }
  if (magic !== CURRENT_MAGIC) {
    throw new RecordsError(
      ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
      `Records in format ${magic} are no longer taken; let the client use format 2 (Kafka 0.11 and later).`,
    );
  }
  if (size < BATCH_HEADER_SIZE) throw corrupt(`A record batch of ${size} bytes is shorter than its header.`);
  return size;
}

/** Throws RecordsError CORRUPT_MESSAGE unless the stored CRC is that of the bytes. */
export function checkCrc(buffer: Buffer, at: number): void {
  const stored = storedCrc(buffer, at);
  const computed = computeCrc(buffer, at);
  if (stored !== computed) throw corrupt(`Record is corrupt (stored crc = ${stored}, computed crc = ${computed})`);
}

/**
 * The rules for a batch that a client sends, from its header alone: counts agree, a known codec, sequences where there
 * is a producer, no control batch.
 *
 * @throws RecordsError INVALID_RECORD, UNSUPPORTED_COMPRESSION_TYPE
 */
export function checkClientBatch(buffer: Buffer, at: number): void {
  const bits = attributes(buffer, at);
  if (!isCompressionType(bits & CODEC_MASK)) {
    throw new RecordsError(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      `Compression type id ${bits & CODEC_MASK} does not exist.`,
    );
  }
  const count = recordCount(buffer, at);
  const offsets = lastOffsetDelta(buffer, at) + 1;
  if (count <= 0) throw invalid(`A record batch claims ${count} records.`);
  if (offsets !== count) throw invalid(`A record batch claims ${count} records but covers ${offsets} offsets.`);
  if (isControl(buffer, at)) throw invalid('Clients are not allowed to write control records.');
  if (hasProducerId(buffer, at) && baseSequence(buffer, at) < 0) {
    throw invalid(`A record batch of a producer with id has base sequence ${baseSequence(buffer, at)}.`);
  }
}

/**
 * Walks an uncompressed batch record by record: lengths fit, offset deltas count from 0, nothing is left over. The one
 * per-record work of the produce path, so it reads three varints in place and makes nothing.
 *
 * @throws RecordsError INVALID_RECORD
 */
export function checkPlainRecords(buffer: Buffer, at: number): void {
  const end = at + batchSize(buffer, at);
  const count = recordCount(buffer, at);
  let position = at + RECORDS_AT;
  for (let index = 0; index < count; index++) {
    let byte = buffer[position++]!;
    let zigzag = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 28 || position >= end) throw invalid(`Record ${index} of a batch has no valid length.`);
      byte = buffer[position++]!;
      zigzag |= (byte & 0x7f) << shift;
    }
    const next = position + (zigzag >>> 1);
    if ((zigzag & 1) !== 0 || next > end) throw invalid(`Record ${index} of a batch does not fit in it.`);
    position++;
    while (buffer[position++]! > 0x7f);
    byte = buffer[position++]!;
    let delta = byte & 0x7f;
    for (let shift = 7; byte > 0x7f && shift <= 28; shift += 7) {
      byte = buffer[position++]!;
      delta |= (byte & 0x7f) << shift;
    }
    if (position > next) throw invalid(`Record ${index} of a batch is too short.`);
    if (delta !== index << 1) throw invalid(`Record ${index} of a batch has offset delta ${delta / 2}.`);
    position = next;
  }
  if (position !== end) throw invalid(`${end - position} bytes follow the last record of a batch.`);
}

function corrupt(message: string): RecordsError {
  return new RecordsError(ErrorCode.CORRUPT_MESSAGE, message);
}

function invalid(message: string): RecordsError {
  return new RecordsError(ErrorCode.INVALID_RECORD, message);
}
