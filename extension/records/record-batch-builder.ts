import { compress } from './compression.ts';
import { CompressionType } from './compression-type.ts';
import { crc32c } from './crc32c.ts';
import { writeInt64 } from './int64.ts';
import type { NewRecord, RecordHeader } from './record.ts';
import { NO_HEADERS } from './record.ts';
import * as layout from './record-batch-layout.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** Everything about a batch but its records. */
export interface BatchOptions {
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
  readonly compression?: CompressionType;
  /** For gzip and zstd. */
  readonly compressionLevel?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Stamps the batch with the broker's time: LogAppendTime, in ms. */
  readonly logAppendTimeMs?: number;
  /** When compaction may drop the tombstones in it, in ms. */
  readonly deleteHorizonMs?: number;
  /** The last offset that the batch covers where its last records are gone (compaction). */
  readonly lastOffset?: number;
  /** The time that a batch without records says; it has none unless told. */
  readonly emptyTimestampMs?: number;
}

const INITIAL_CAPACITY = 512;

/**
 * Writes one record batch: append records, then {@link build}. Records get consecutive offsets from `baseOffset` on
 * unless they name their own.
 */
export class RecordBatchBuilder {
  readonly #options: BatchOptions;
  readonly #baseOffset: number;
  #bytes = Buffer.allocUnsafe(INITIAL_CAPACITY);
  #length = layout.RECORDS_AT;
  #count = 0;
  #nextOffset: number;
  #baseTimestamp: number;
  #maxTimestamp = layout.NO_TIMESTAMP;

  constructor(options: BatchOptions = {}) {
    this.#options = options;
    this.#baseOffset = options.baseOffset ?? 0;
    this.#nextOffset = this.#baseOffset;
    this.#baseTimestamp = options.deleteHorizonMs ?? options.emptyTimestampMs ?? layout.NO_TIMESTAMP;
    if (options.emptyTimestampMs !== undefined) this.#maxTimestamp = options.emptyTimestampMs;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, before compression. */
  get sizeBytes(): number {
    return this.#length;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  append(record: NewRecord): this {
    const key = record.key ?? null;
    const value = record.value ?? null;
    const headers = record.headers ?? NO_HEADERS;
    const timestamp = record.timestamp ?? this.#options.logAppendTimeMs ?? layout.NO_TIMESTAMP;
    const offset = record.offset ?? this.#nextOffset;
    if (this.#count === 0 && this.#options.deleteHorizonMs === undefined) this.#baseTimestamp = timestamp;
    const timestampDelta = timestamp - this.#baseTimestamp;
    const offsetDelta = offset - this.#baseOffset;

    const bodySize =
      1 +
      varlongSize(timestampDelta) +
      varintSize(offsetDelta) +
      fieldSize(key) +
      fieldSize(value) +
      headersSize(headers);
    const size = varintSize(bodySize) + bodySize;
    this.#reserve(size);
    const b = this.#bytes;
    let at = writeVarint(b, bodySize, this.#length);
    b[at++] = 0;
    at = writeVarlong(b, timestampDelta, at);
    at = writeVarint(b, offsetDelta, at);
    at = writeField(b, key, at);
    at = writeField(b, value, at);
    at = writeVarint(b, headers.length, at);
    for (const header of headers) {
      const length = Buffer.byteLength(header.key);
      at = writeVarint(b, length, at);
      at += b.write(header.key, at, 'utf8');
      at = writeField(b, header.value, at);
    }
    this.#length = at;
    this.#count++;
    this.#nextOffset = offset + 1;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return this;
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** The finished batch, in memory of its own. An empty one is valid: compaction keeps it for its sequence numbers. */
  build(): Buffer {
    const o = this.#options;
    const codec = this.#count === 0 ? CompressionType.none : (o.compression ?? CompressionType.none);
    let batch = this.#bytes.subarray(0, this.#length);
    if (codec !== CompressionType.none) {
      const compressed = compress(codec, batch.subarray(layout.RECORDS_AT), o.compressionLevel);
      batch = Buffer.concat([batch.subarray(0, layout.RECORDS_AT), compressed]);
    }
    const lastOffset = o.lastOffset ?? Math.max(this.#nextOffset - 1, this.#baseOffset);
    writeInt64(batch, this.#baseOffset, layout.BASE_OFFSET_AT);
    batch.writeInt32BE(batch.length - layout.LOG_OVERHEAD, layout.BATCH_LENGTH_AT);
    batch.writeInt32BE(o.partitionLeaderEpoch ?? layout.NO_PARTITION_LEADER_EPOCH, layout.PARTITION_LEADER_EPOCH_AT);
    batch.writeInt8(layout.CURRENT_MAGIC, layout.MAGIC_AT);
    batch.writeInt16BE(this.#attributes(codec), layout.ATTRIBUTES_AT);
    batch.writeInt32BE(lastOffset - this.#baseOffset, layout.LAST_OFFSET_DELTA_AT);
    writeInt64(batch, this.#baseTimestamp, layout.BASE_TIMESTAMP_AT);
    writeInt64(batch, o.logAppendTimeMs ?? this.#maxTimestamp, layout.MAX_TIMESTAMP_AT);
    writeInt64(batch, o.producerId ?? layout.NO_PRODUCER_ID, layout.PRODUCER_ID_AT);
    batch.writeInt16BE(o.producerEpoch ?? layout.NO_PRODUCER_EPOCH, layout.PRODUCER_EPOCH_AT);
    batch.writeInt32BE(o.baseSequence ?? layout.NO_SEQUENCE, layout.BASE_SEQUENCE_AT);
    batch.writeInt32BE(this.#count, layout.RECORD_COUNT_AT);
    batch.writeUInt32BE(crc32c(batch, layout.ATTRIBUTES_AT, batch.length), layout.CRC_AT);
    return batch;
  }

  #attributes(codec: CompressionType): number {
    const o = this.#options;
    return (
      codec |
      (o.logAppendTimeMs !== undefined ? layout.TIMESTAMP_TYPE_BIT : 0) |
      (o.isTransactional === true ? layout.TRANSACTIONAL_BIT : 0) |
      (o.isControl === true ? layout.CONTROL_BIT : 0) |
      (o.deleteHorizonMs !== undefined ? layout.DELETE_HORIZON_BIT : 0)
    );
  }
}

function fieldSize(field: Buffer | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length;
}

function headersSize(headers: readonly RecordHeader[]): number {
  let size = varintSize(headers.length);
  for (const header of headers) {
    const length = Buffer.byteLength(header.key);
    size += varintSize(length) + length + fieldSize(header.value);
  }
  return size;
}

function writeField(buffer: Buffer, field: Buffer | null, at: number): number {
  if (field === null) return writeVarint(buffer, -1, at);
  at = writeVarint(buffer, field.length, at);
  return at + field.copy(buffer, at);
}
