import { ErrorCode } from '../../protocol/errors.ts';
import { CompressionType } from '../../records/compression-type.ts';
import { ApiError } from '../common/api-error.ts';

/**
 * The topic configs that a log obeys, parsed. Names follow Kafka's, units last; times in ms, sizes in bytes. Kafka's
 * "no limit" (the largest 64-bit integer) is 2^63 here and compares as expected.
 */
export interface LogConfig {
  readonly segmentSizeBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexSizeBytes: number;
  readonly indexIntervalBytes: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  /** -1: no limit. */
  readonly retentionSizeBytes: number;
  /** -1: no limit. */
  readonly retentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly isCompacted: boolean;
  readonly isDeleted: boolean;
  readonly maxMessageSizeBytes: number;
  readonly isLogAppendTime: boolean;
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** What batches are recompressed to; undefined keeps the producer's codec. */
  readonly compression: CompressionType | undefined;
  /** Of the codec in {@link compression}; undefined for those that have no levels. */
  readonly compressionLevel: number | undefined;
  readonly preallocate: boolean;
}

type Raw = Readonly<Record<string, string | undefined>>;

/**
 * Parses effective topic configs by Kafka's names; what is missing has Kafka's default.
 *
 * @throws ApiError INVALID_CONFIG that names the config
 */
export function parseLogConfig(raw: Raw): LogConfig {
  const policies = list(raw, 'cleanup.policy', 'delete');
  for (const policy of policies) {
    if (policy !== 'delete' && policy !== 'compact') throw invalid('cleanup.policy', policy, 'compact, delete or both');
  }
  const internalSegmentSize = raw['internal.segment.bytes'];
  const compression = parseCompression(raw);
  return {
    segmentSizeBytes:
      internalSegmentSize === undefined
        ? integer(raw, 'segment.bytes', 1024 ** 3, 1)
        : // Kafka takes any number, and refuses every append where it is too small.
          integer(raw, 'internal.segment.bytes', 0, -(2 ** 31)),
    segmentMs: integer(raw, 'segment.ms', 604_800_000, 1),
    segmentJitterMs: integer(raw, 'segment.jitter.ms', 0, 0),
    segmentIndexSizeBytes: integer(raw, 'segment.index.bytes', 10 * 1024 ** 2, 4),
    indexIntervalBytes: integer(raw, 'index.interval.bytes', 4096, 0),
    flushMessages: integer(raw, 'flush.messages', 2 ** 63, 1),
    flushMs: integer(raw, 'flush.ms', 2 ** 63, 0),
    retentionSizeBytes: integer(raw, 'retention.bytes', -1, -(2 ** 63)),
    retentionMs: integer(raw, 'retention.ms', 604_800_000, -1),
    fileDeleteDelayMs: integer(raw, 'file.delete.delay.ms', 60_000, 0),
    deleteRetentionMs: integer(raw, 'delete.retention.ms', 86_400_000, 0),
    minCompactionLagMs: integer(raw, 'min.compaction.lag.ms', 0, 0),
    maxCompactionLagMs: integer(raw, 'max.compaction.lag.ms', 2 ** 63, 1),
    minCleanableDirtyRatio: ratio(raw, 'min.cleanable.dirty.ratio', 0.5),
    isCompacted: policies.includes('compact'),
    isDeleted: policies.includes('delete'),
    maxMessageSizeBytes: integer(raw, 'max.message.bytes', 1_048_588, 0),
    isLogAppendTime: choice(raw, 'message.timestamp.type', ['CreateTime', 'LogAppendTime']) === 'LogAppendTime',
    timestampBeforeMaxMs: integer(raw, 'message.timestamp.before.max.ms', 2 ** 63, 0),
    timestampAfterMaxMs: integer(raw, 'message.timestamp.after.max.ms', 3_600_000, 0),
    compression,
    compressionLevel: parseCompressionLevel(raw, compression),
    preallocate: choice(raw, 'preallocate', ['false', 'true']) === 'true',
  };
}

function parseCompression(raw: Raw): CompressionType | undefined {
  const name = choice(raw, 'compression.type', ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']);
  if (name === 'producer') return undefined;
  return name === 'uncompressed' ? CompressionType.none : CompressionType[name];
}

function parseCompressionLevel(raw: Raw, compression: CompressionType | undefined): number | undefined {
  const gzip = integer(raw, 'compression.gzip.level', -1, -1);
  const lz4 = integer(raw, 'compression.lz4.level', 9, 1);
  const zstd = integer(raw, 'compression.zstd.level', 3, -131_072);
  if (gzip === 0 || gzip > 9) throw invalid('compression.gzip.level', String(gzip), '1 to 9, or -1');
  if (lz4 > 17) throw invalid('compression.lz4.level', String(lz4), '1 to 17');
  if (zstd > 22) throw invalid('compression.zstd.level', String(zstd), '-131072 to 22');
  switch (compression) {
    case CompressionType.gzip:
      return gzip;
    case CompressionType.lz4:
      return lz4;
    case CompressionType.zstd:
      return zstd;
    default:
      return undefined;
  }
}

function integer(raw: Raw, name: string, fallback: number, min: number): number {
  const text = raw[name]?.trim();
  if (text === undefined) return fallback;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  // 2^63 is the nearest double to the largest 64-bit integer.
  if (!(value >= min && value <= 2 ** 63)) throw invalid(name, text, `a whole number from ${min} on`);
  return value;
}

function ratio(raw: Raw, name: string, fallback: number): number {
  const text = raw[name]?.trim();
  if (text === undefined) return fallback;
  // Java's ways to write a number; and one that is none compares as neither too small nor too large.
  const value = text === '' ? NaN : Number(text.replace(/[fd]$/i, ''));
  if (!(value >= 0 && value <= 1) && text !== 'NaN') throw invalid(name, text, 'a number from 0 to 1');
  return value;
}

/** One of `choices`; the first is the default. */
function choice<const T extends string>(raw: Raw, name: string, choices: readonly [T, ...T[]]): T {
  const text = raw[name]?.trim();
  if (text === undefined) return choices[0];
  const found = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw invalid(name, text, `one of ${choices.join(', ')}`);
  return found;
}

function list(raw: Raw, name: string, fallback: string): string[] {
  const text = raw[name] ?? fallback;
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function invalid(name: string, value: string, expected: string): ApiError {
  return new ApiError(
    ErrorCode.INVALID_CONFIG,
    `Invalid value ${value} for configuration ${name}: must be ${expected}`,
  );
}
