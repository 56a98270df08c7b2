import { errorName } from '../protocol/errors.ts';
import { ControlRecordType, parseControlKey } from '../records/control-record.ts';
import type { RecordHeader } from '../records/record.ts';
import * as batch from '../records/record-batch.ts';
import { BATCH_HEADER_SIZE, BATCH_LENGTH_AT, LOG_OVERHEAD } from '../records/record-batch-layout.ts';
import { checkBatchBounds, checkCrc } from '../records/record-batch-validator.ts';
import { RecordReader } from '../records/record-reader.ts';
import { RecordsError } from '../records/records-error.ts';
import type { TopicPartition } from './leader-routing.ts';

/** One record as read from a cluster. Key, value and header values are slices of the response: copy what is kept long. */
export interface ConsumedRecord extends TopicPartition {
  readonly offset: number;
  /** Ms since the epoch; -1 for none. */
  readonly timestamp: number;
  /** Who set the timestamp. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Epoch of the leader that took it in; -1 when it is not known. */
  readonly leaderEpoch: number;
}

/** A batch that could not be read: its records are missing, what follows is not. */
export interface DamagedBatch extends TopicPartition {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Kafka's name of the error: `CORRUPT_MESSAGE`, `UNSUPPORTED_COMPRESSION_TYPE`, … */
  readonly code: string;
  readonly reason: string;
}

export interface DecodedRecords {
  readonly records: ConsumedRecord[];
  readonly damaged: DamagedBatch[];
  /** Where to go on; the offset asked for when nothing was there. */
  readonly nextOffset: number;
}

export interface DecodeOptions {
  /** Records before it, from a batch that begins earlier, are left out. */
  readonly fromOffset: number;
  /** The aborted transactions that the response names; null to see uncommitted records too. */
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  readonly maxDecompressedBytes?: number;
}

/**
 * Reads the batches of one partition out of a fetch response. A batch cut off at the end is left for the next fetch;
 * control batches are passed over; with `aborted`, so are the records of aborted transactions.
 */
export function decodeRecords(source: TopicPartition, bytes: Buffer, options: DecodeOptions): DecodedRecords {
  const aborted = options.aborted === null ? null : new AbortedProducers(options.aborted);
  const records: ConsumedRecord[] = [];
  const damaged: DamagedBatch[] = [];
  let nextOffset = options.fromOffset;
  for (let at = 0; at < bytes.length;) {
    const size = announcedSize(bytes, at);
    const isFirst = at === 0;
    if (size === undefined || at + size > bytes.length) {
      if (isFirst) nextOffset = skipOversized(source, bytes, options.fromOffset, damaged);
      break;
    }
    const before = records.length;
    try {
      checkBatchBounds(bytes, at, bytes.length);
      checkCrc(bytes, at);
      readBatch(source, bytes, at, options, aborted, records);
      nextOffset = Math.max(nextOffset, batch.lastOffset(bytes, at) + 1);
    } catch (error) {
      if (!(error instanceof RecordsError)) throw error;
      records.length = before;
      nextOffset = report(source, bytes, at, nextOffset, damaged, errorName(error.code), error.message);
    }
    at += size;
  }
  return { records, damaged, nextOffset };
}

/** Bytes of the batch as its length field says; undefined when even that is cut off or makes no sense. */
function announcedSize(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < LOG_OVERHEAD) return undefined;
  const length = bytes.readInt32BE(at + BATCH_LENGTH_AT);
  return length < 0 ? undefined : length + LOG_OVERHEAD;
}

/** The first batch does not fit into a response at all: the fetch would return it for ever. */
function skipOversized(source: TopicPartition, bytes: Buffer, fromOffset: number, damaged: DamagedBatch[]): number {
  const reason = `A batch does not fit into a response of ${bytes.length} bytes`;
  return report(source, bytes, 0, fromOffset, damaged, 'MESSAGE_TOO_LARGE', reason);
}

function report(
  source: TopicPartition,
  bytes: Buffer,
  at: number,
  expectedOffset: number,
  damaged: DamagedBatch[],
  code: string,
  reason: string,
): number {
  const hasHeader = bytes.length - at >= BATCH_HEADER_SIZE;
  const claimedBase = hasHeader ? batch.baseOffset(bytes, at) : expectedOffset;
  const delta = hasHeader ? batch.lastOffsetDelta(bytes, at) : 0;
  // The header may be what is damaged: only believe offsets that a batch of this size could cover.
  const isPlausible =
    claimedBase + delta >= expectedOffset && delta >= 0 && delta <= Math.max(1, bytes.length - at) * 64;
  const baseOffset = isPlausible ? Math.min(claimedBase, expectedOffset) : expectedOffset;
  const lastOffset = isPlausible && claimedBase <= expectedOffset ? claimedBase + delta : expectedOffset;
  damaged.push({ topic: source.topic, partition: source.partition, baseOffset, lastOffset, code, reason });
  return lastOffset + 1;
}

function readBatch(
  source: TopicPartition,
  bytes: Buffer,
  at: number,
  options: DecodeOptions,
  aborted: AbortedProducers | null,
  into: ConsumedRecord[],
): void {
  aborted?.advanceTo(batch.lastOffset(bytes, at));
  if (batch.isControl(bytes, at)) {
    if (aborted !== null && isAbortMarker(bytes, at)) aborted.end(batch.producerId(bytes, at));
    return;
  }
  if (aborted?.has(batch.producerId(bytes, at)) === true && batch.isTransactional(bytes, at)) return;
  const { topic, partition } = source;
  const { fromOffset } = options;
  const timestampType = batch.isLogAppendTime(bytes, at) ? 'LogAppendTime' : 'CreateTime';
  const leaderEpoch = batch.partitionLeaderEpoch(bytes, at);
  const reader = new RecordReader(bytes, at, options.maxDecompressedBytes);
  while (reader.next()) {
    if (reader.offset < fromOffset) continue;
    into.push({
      topic,
      partition,
      offset: reader.offset,
      timestamp: reader.timestamp,
      timestampType,
      key: reader.key(),
      value: reader.value(),
      headers: reader.headers(),
      leaderEpoch,
    });
  }
}

function isAbortMarker(bytes: Buffer, at: number): boolean {
  const reader = new RecordReader(bytes, at);
  return reader.next() && parseControlKey(reader.key()).type === ControlRecordType.abort;
}

/** Which producers' transactions, of those that will be aborted, are open at the batch being read (KIP-98). */
class AbortedProducers {
  readonly #pending: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #open = new Set<number>();

  constructor(aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]) {
    this.#pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  advanceTo(offset: number): void {
    while (this.#pending.length > 0 && this.#pending[0]!.firstOffset <= offset) {
      this.#open.add(this.#pending.shift()!.producerId);
    }
  }

  end(producerId: number): void {
    this.#open.delete(producerId);
  }

  has(producerId: number): boolean {
    return this.#open.has(producerId);
  }
}
