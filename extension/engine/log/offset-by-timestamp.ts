import * as batch from '../../records/record-batch.ts';
import { RecordReader } from '../../records/record-reader.ts';
import { LOOK_UP_BUFFER_BYTES } from './batch-scanner.ts';
import type { LeaderEpochFileCache } from './leader-epoch-file-cache.ts';
import type { LocalLog } from './local-log.ts';
import type { LogSegment } from './log-segment.ts';
import { ListOffsetsTimestamp } from './partition-log.ts';
import type { TimestampAndOffset } from './partition-log.ts';

/** What the look-up needs of a log. */
export interface SearchedLog {
  readonly local: LocalLog;
  readonly epochs: LeaderEpochFileCache;
  readonly logStartOffset: number;
}

const NO_TIMESTAMP = -1;

/** See `PartitionLog.fetchOffsetByTimestamp`. Nothing may wait for its write. */
export function findOffsetByTimestamp(log: SearchedLog, timestampMs: number): TimestampAndOffset | undefined {
  const special = (offset: number, leaderEpoch: number | undefined): TimestampAndOffset => ({
    timestampMs: NO_TIMESTAMP,
    offset,
    leaderEpoch: leaderEpoch ?? -1,
  });
  switch (timestampMs) {
    case ListOffsetsTimestamp.LATEST:
      return special(log.local.writtenEndOffset, log.epochs.latestEpoch);
    case ListOffsetsTimestamp.EARLIEST:
    case ListOffsetsTimestamp.EARLIEST_LOCAL:
      return special(log.logStartOffset, log.epochs.epochOf(log.logStartOffset));
    case ListOffsetsTimestamp.LATEST_TIERED:
    case ListOffsetsTimestamp.EARLIEST_PENDING_UPLOAD:
      return special(-1, undefined);
    case ListOffsetsTimestamp.MAX_TIMESTAMP:
      return findMaxTimestamp(log);
    default:
      return findFirstAtOrAfter(log, timestampMs);
  }
}

function findFirstAtOrAfter(log: SearchedLog, timestampMs: number): TimestampAndOffset | undefined {
  for (const segment of log.local.segments.from(log.logStartOffset)) {
    if (segment.maxTimestamp.timestampMs < timestampMs) continue;
    const found = findInSegment(segment, timestampMs, log.logStartOffset);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first record at or past both the time and the offset. */
function findInSegment(segment: LogSegment, timestampMs: number, startOffset: number): TimestampAndOffset | undefined {
  const entry = segment.timeIndex.lookup(timestampMs);
  const position = segment.indexedPosition(Math.max(entry.offset, startOffset));
  const headers = segment.scan(position, false, LOOK_UP_BUFFER_BYTES);
  while (headers.next()) {
    const { bytes, at } = headers;
    if (batch.maxTimestamp(bytes, at) < timestampMs || batch.lastOffset(bytes, at) < startOffset) continue;
    const found = findInBatch(segment, headers.position, headers.sizeBytes, timestampMs, startOffset);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInBatch(
  segment: LogSegment,
  position: number,
  sizeBytes: number,
  timestampMs: number,
  startOffset: number,
): TimestampAndOffset | undefined {
  const whole = segment.scan(position, true, sizeBytes);
  if (!whole.next()) return undefined;
  const leaderEpoch = batch.partitionLeaderEpoch(whole.bytes, whole.at);
  const reader = new RecordReader(whole.bytes, whole.at);
  while (reader.next()) {
    if (reader.timestamp >= timestampMs && reader.offset >= startOffset) {
      return { timestampMs: reader.timestamp, offset: reader.offset, leaderEpoch };
    }
  }
  return undefined;
}

/** The first record with the largest timestamp of all that may be read. */
function findMaxTimestamp(log: SearchedLog): TimestampAndOffset | undefined {
  const [first, ...later] = log.local.segments.from(log.logStartOffset);
  let largest = first === undefined ? undefined : largestFrom(first, log.logStartOffset);
  let latest: LogSegment | undefined;
  for (const segment of later) {
    const { timestampMs } = segment.maxTimestamp;
    if (
      timestampMs > Math.max(latest?.maxTimestamp.timestampMs ?? NO_TIMESTAMP, largest?.timestampMs ?? NO_TIMESTAMP)
    ) {
      latest = segment;
    }
  }
  if (latest !== undefined) largest = findInSegment(latest, latest.maxTimestamp.timestampMs, log.logStartOffset);
  return largest;
}

/** Within one segment. Records below the log start do not count, so its own largest timestamp may not be there. */
function largestFrom(segment: LogSegment, startOffset: number): TimestampAndOffset | undefined {
  const found = findInSegment(segment, segment.maxTimestamp.timestampMs, startOffset);
  if (found !== undefined || startOffset <= segment.baseOffset) return found;
  let largest: TimestampAndOffset | undefined;
  const batches = segment.scan(segment.indexedPosition(startOffset), true);
  while (batches.next()) {
    if (batch.maxTimestamp(batches.bytes, batches.at) <= (largest?.timestampMs ?? NO_TIMESTAMP)) continue;
    const leaderEpoch = batch.partitionLeaderEpoch(batches.bytes, batches.at);
    const reader = new RecordReader(batches.bytes, batches.at);
    while (reader.next()) {
      const { offset, timestamp } = reader;
      if (offset < startOffset || timestamp <= (largest?.timestampMs ?? NO_TIMESTAMP)) continue;
      largest = { timestampMs: timestamp, offset, leaderEpoch };
    }
  }
  return largest;
}
