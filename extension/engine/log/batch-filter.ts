import type { CompressionType } from '../../records/compression-type.ts';
import type { KafkaRecord } from '../../records/record.ts';
import * as batch from '../../records/record-batch.ts';
import { RecordBatchBuilder } from '../../records/record-batch-builder.ts';
import type { BatchOptions } from '../../records/record-batch-builder.ts';
import { RecordReader } from '../../records/record-reader.ts';
import type { CleanedTransactions } from './cleaned-transactions.ts';
import type { OffsetMap } from './offset-map.ts';

/** What one round of compaction goes by. Times in ms. */
export interface CleaningRules {
  readonly map: OffsetMap;
  readonly transactions: CleanedTransactions;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** Whether a batch ends with the last record of a producer that is still known: its sequence must stay. */
  readonly isLastOfProducer: (bytes: Buffer, at: number) => boolean;
  /** The round ends before this offset; the last batch before it stays, so that the log keeps its end. */
  readonly endOffset: number;
}

/** What becomes of a batch: a copy of it as it was, a smaller one, or nothing. */
export type CleanedBatch =
  { readonly kind: 'keep' } | { readonly kind: 'rewrite'; readonly bytes: Buffer } | { readonly kind: 'drop' };

const KEEP: CleanedBatch = { kind: 'keep' };
const DROP: CleanedBatch = { kind: 'drop' };

/**
 * Compacts one batch, which lies whole at `at`: of each key only the last record stays; tombstones and the markers of
 * transactions that are empty stay for `delete.retention.ms` after a round first saw them (the batch's delete horizon);
 * records of aborted transactions go.
 */
export function cleanBatch(bytes: Buffer, at: number, rules: CleaningRules): CleanedBatch {
  const isControl = batch.isControl(bytes, at);
  const canDiscard = isControl ? rules.transactions.onControlBatch(bytes, at) : rules.transactions.onBatch(bytes, at);
  const horizonMs = batch.deleteHorizonMs(bytes, at);
  const isPastHorizon = horizonMs !== undefined && horizonMs <= rules.nowMs;
  const discards = isControl ? canDiscard && isPastHorizon : canDiscard;

  const staysEmpty =
    (batch.hasProducerId(bytes, at) && rules.isLastOfProducer(bytes, at)) ||
    batch.lastOffset(bytes, at) + 1 === rules.endOffset;
  if (discards) return staysEmpty ? rewriteEmpty(bytes, at) : DROP;

  const { retained, total, hasTombstone } = selectRecords(bytes, at, isControl, isPastHorizon, rules.map);
  if (retained.length === 0) return staysEmpty ? rewriteEmpty(bytes, at) : DROP;
  const startsHorizon = horizonMs === undefined && (hasTombstone || (isControl && canDiscard));
  if (retained.length === total && !startsHorizon) return KEEP;
  const newHorizonMs = startsHorizon ? rules.nowMs + rules.deleteRetentionMs : horizonMs;
  return { kind: 'rewrite', bytes: rewrite(bytes, at, retained, newHorizonMs) };
}

function selectRecords(
  bytes: Buffer,
  at: number,
  isControl: boolean,
  isPastHorizon: boolean,
  map: OffsetMap,
): { retained: KafkaRecord[]; total: number; hasTombstone: boolean } {
  const retained: KafkaRecord[] = [];
  let total = 0;
  let hasTombstone = false;
  const reader = new RecordReader(bytes, at);
  while (reader.next()) {
    total++;
    const isTombstone = reader.valueLength < 0;
    if (!isControl && !isRetained(reader, isTombstone && isPastHorizon, map)) continue;
    if (isTombstone) hasTombstone = true;
    retained.push(reader.record());
  }
  return { retained, total, hasTombstone };
}

function isRetained(reader: RecordReader, isExpiredTombstone: boolean, map: OffsetMap): boolean {
  if (reader.offset > map.latestOffset) return true;
  const key = reader.key();
  // A record without key came before the topic was compacted; no later one can stand for it, and Kafka drops it too.
  if (key === null) return false;
  return reader.offset >= map.get(key) && !isExpiredTombstone;
}

/** The options that make a batch of the same producer, epoch and offsets. */
function sameBatch(bytes: Buffer, at: number): BatchOptions {
  return {
    baseOffset: batch.baseOffset(bytes, at),
    lastOffset: batch.lastOffset(bytes, at),
    partitionLeaderEpoch: batch.partitionLeaderEpoch(bytes, at),
    producerId: batch.producerId(bytes, at),
    producerEpoch: batch.producerEpoch(bytes, at),
    baseSequence: batch.baseSequence(bytes, at),
    isTransactional: batch.isTransactional(bytes, at),
    isControl: batch.isControl(bytes, at),
    ...(batch.isLogAppendTime(bytes, at) ? { logAppendTimeMs: batch.maxTimestamp(bytes, at) } : {}),
  };
}

/** Base offset and last offset stay, so that sequences and offsets of the producer stay true. */
function rewrite(bytes: Buffer, at: number, retained: readonly KafkaRecord[], horizonMs: number | undefined): Buffer {
  const builder = new RecordBatchBuilder({
    ...sameBatch(bytes, at),
    compression: batch.codecId(bytes, at) as CompressionType,
    ...(horizonMs === undefined ? {} : { deleteHorizonMs: horizonMs }),
  });
  for (const record of retained) builder.append(record);
  return builder.build();
}

function rewriteEmpty(bytes: Buffer, at: number): CleanedBatch {
  if (batch.recordCount(bytes, at) === 0) return KEEP;
  const empty = new RecordBatchBuilder({ ...sameBatch(bytes, at), emptyTimestampMs: batch.maxTimestamp(bytes, at) });
  return { kind: 'rewrite', bytes: empty.build() };
}
