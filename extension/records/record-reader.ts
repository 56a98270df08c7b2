import { ErrorCode } from '../protocol/errors.ts';
import { decompress, MAX_DECOMPRESSED_BYTES } from './compression.ts';
import { NO_HEADERS } from './record.ts';
import type { KafkaRecord, RecordHeader } from './record.ts';
import { RECORDS_AT } from './record-batch-layout.ts';
import {
  baseOffset,
  baseTimestamp,
  batchSize,
  codecId,
  isLogAppendTime,
  maxTimestamp,
  recordCount,
} from './record-batch.ts';
import { RecordsError } from './records-error.ts';
import { VarintReader } from './varint.ts';

/**
 * Walks the records of one batch without making an object for each: after `next()` the fields describe the current
 * record, and `key()`, `value()`, `headers()` slice it. The batch itself must be sound (record-batch-validator.ts);
 * the records inside need not be.
 *
 * Layout of a record: length varint, attributes int8, timestampDelta varlong, offsetDelta varint, key and value (length
 * varint, -1 null), header count varint, headers (key length varint, key, value length varint, value).
 *
 * @throws RecordsError INVALID_RECORD where a length leads out of its record, CORRUPT_MESSAGE from decompression
 */
export class RecordReader {
  readonly count: number;
  offset = -1;
  timestamp = -1;
  offsetDelta = 0;
  /** -1 where the key is null. */
  keyLength = -1;
  valueLength = -1;
  /** Where the current record starts (at its length), and where the next does, in {@link bytes}. */
  recordStart = 0;
  recordEnd = 0;

  readonly #varints: VarintReader;
  readonly #end: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** The time of every record where the broker set it. */
  readonly #appendTime: number | undefined;
  #index = 0;
  #keyAt = 0;
  #valueAt = 0;
  #headersAt = 0;

  constructor(buffer: Buffer, at: number, maxBytes = MAX_DECOMPRESSED_BYTES) {
    const end = at + batchSize(buffer, at);
    const codec = codecId(buffer, at);
    if (codec === 0) {
      this.#varints = new VarintReader(buffer, at + RECORDS_AT, end);
    } else {
      const plain = decompress(codec, buffer.subarray(at + RECORDS_AT, end), maxBytes);
      this.#varints = new VarintReader(plain, 0, plain.length);
    }
    this.#end = this.#varints.end;
    this.recordEnd = this.#varints.position;
    this.count = recordCount(buffer, at);
    this.#baseOffset = baseOffset(buffer, at);
    this.#baseTimestamp = baseTimestamp(buffer, at);
    this.#appendTime = isLogAppendTime(buffer, at) ? maxTimestamp(buffer, at) : undefined;
  }

  /** What {@link recordStart} counts in: the batch's buffer, or the decompressed records. */
  get bytes(): Buffer {
    return this.#varints.buffer;
  }

  /** Moves to the next record; false after the last. */
  next(): boolean {
    if (this.#index === this.count) {
      if (this.recordEnd !== this.#end) throw invalid(`${this.#end - this.recordEnd} bytes follow the last record`);
      return false;
    }
    this.#index++;
    const v = this.#varints;
    v.position = this.recordEnd;
    this.recordStart = this.recordEnd;
    const length = v.varint();
    if (length < 0 || length > this.#end - v.position) throw invalid(`a record of ${length} bytes`);
    this.recordEnd = v.position + length;
    v.position++;
    const timestampDelta = v.varlong();
    this.timestamp = this.#appendTime ?? this.#baseTimestamp + timestampDelta;
    this.offsetDelta = v.varint();
    this.offset = this.#baseOffset + this.offsetDelta;
    this.keyLength = v.varint();
    this.#keyAt = this.#skip(this.keyLength);
    this.valueLength = v.varint();
    this.#valueAt = this.#skip(this.valueLength);
    this.#headersAt = v.position;
    if (this.#headersAt >= this.recordEnd) throw invalid('a record that ends before its headers');
    return true;
  }

  /** Steps over a field of `length` bytes (below 0: none) and answers where it starts. */
  #skip(length: number): number {
    const v = this.#varints;
    const start = v.position;
    if (length > this.recordEnd - start) throw invalid(`a field of ${length} bytes`);
    if (length > 0) v.position = start + length;
    return start;
  }

  key(): Buffer | null {
    return this.#slice(this.#keyAt, this.keyLength);
  }

  value(): Buffer | null {
    return this.#slice(this.#valueAt, this.valueLength);
  }

  #slice(at: number, length: number): Buffer | null {
    return length < 0 ? null : this.bytes.subarray(at, at + length);
  }

  headers(): readonly RecordHeader[] {
    const v = this.#varints;
    v.position = this.#headersAt;
    const count = v.varint();
    // A header takes at least two bytes.
    if (count < 0 || count * 2 > this.recordEnd - v.position) throw invalid(`${count} headers`);
    if (count > 0) return this.#readHeaders(count);
    this.#expectEnd();
    return NO_HEADERS;
  }

  #readHeaders(count: number): RecordHeader[] {
    const v = this.#varints;
    const headers: RecordHeader[] = [];
    for (let i = 0; i < count; i++) {
      const keyLength = v.varint();
      if (keyLength < 0) throw invalid('a header without key');
      const keyAt = this.#skip(keyLength);
      const valueLength = v.varint();
      const valueAt = this.#skip(valueLength);
      const key = this.bytes.toString('utf8', keyAt, keyAt + keyLength);
      headers.push({ key, value: this.#slice(valueAt, valueLength) });
    }
    this.#expectEnd();
    return headers;
  }

  #expectEnd(): void {
    if (this.#varints.position !== this.recordEnd) throw invalid('a record that is longer than its fields');
  }

  /** The current record as an object. */
  record(): KafkaRecord {
    return {
      offset: this.offset,
      timestamp: this.timestamp,
      key: this.key(),
      value: this.value(),
      headers: this.headers(),
    };
  }
}

/** The records of the batch at `at`, one by one. */
export function* readRecords(buffer: Buffer, at = 0): Generator<KafkaRecord, void> {
  const reader = new RecordReader(buffer, at);
  while (reader.next()) yield reader.record();
}

function invalid(what: string): RecordsError {
  return new RecordsError(ErrorCode.INVALID_RECORD, `A record batch holds ${what}.`);
}
