import type { FileSystem } from '../common/file-system.ts';
import type { LogConfig } from './log-config.ts';
import type { LogSegment } from './log-segment.ts';
import type { LogSegments } from './log-segments.ts';

/** What retention must know of a log. */
export interface RetainedLog {
  readonly config: LogConfig;
  readonly segments: LogSegments;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
}

/**
 * The segments that may go, oldest first and without gap: below the log start, and where `cleanup.policy` has `delete`,
 * beyond `retention.bytes` or older than `retention.ms`. Nothing past the high watermark goes. The active segment may be
 * among them; the caller then starts another one first.
 */
export function deletableSegments(log: RetainedLog, nowMs: number, fileSystem: FileSystem): LogSegment[] {
  const segments = log.segments.all;
  const { retentionSizeBytes, retentionMs, isDeleted } = log.config;
  let excessBytes = isDeleted && retentionSizeBytes >= 0 ? log.segments.sizeBytes - retentionSizeBytes : -Infinity;
  const isTooOld = (segment: LogSegment): boolean =>
    isDeleted &&
    retentionMs >= 0 &&
    nowMs - segment.largestTimestampMs(() => fileSystem.statSync(segment.log.path).modifiedMs) > retentionMs;

  const deletable: LogSegment[] = [];
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next === undefined && segment.sizeBytes === 0) break;
    if (log.highWatermark < (next?.baseOffset ?? log.logEndOffset)) break;
    const isBelowStart = next !== undefined && next.baseOffset <= log.logStartOffset;
    const isInExcess = excessBytes - segment.sizeBytes >= 0;
    if (!isBelowStart && !isInExcess && !isTooOld(segment)) break;
    excessBytes -= segment.sizeBytes;
    deletable.push(segment);
  }
  return deletable;
}
