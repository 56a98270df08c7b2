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
    const found = segment.findByTimestamp(timestampMs, log.logStartOffset);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findMaxTimestamp(log: SearchedLog): TimestampAndOffset | undefined {
  let latest: LogSegment | undefined;
  for (const segment of log.local.segments.from(log.logStartOffset)) {
    if (segment.maxTimestamp.timestampMs > (latest?.maxTimestamp.timestampMs ?? NO_TIMESTAMP)) latest = segment;
  }
  return latest?.findByTimestamp(latest.maxTimestamp.timestampMs, log.logStartOffset);
}
