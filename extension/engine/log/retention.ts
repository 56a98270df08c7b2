import type { FileSystem } from '../common/file-system.ts';
import type { LogConfig } from './log-config.ts';
import type { LogSegment } from './log-segment.ts';
import type { LocalLog } from './local-log.ts';
import type { LogStartReason } from './partition-log.ts';
import type { ProducerStateManager } from './producer-state-manager.ts';

/** What retention must know of a log, and does to it. */
export interface RetainedLog {
  readonly config: LogConfig;
  readonly local: LocalLog;
  readonly producers: ProducerStateManager;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  rollFor(firstOffset: number): void;
  incrementLogStartOffset(offset: number, reason: LogStartReason): boolean;
}

/**
 * Deletes what retention lets go, producer snapshots with their segments; answers how many segments. The log is never
 * without a segment: when all go, an empty one takes their place. Nothing may wait for its write.
 */
export function removeDeletableSegments(log: RetainedLog, nowMs: number, fileSystem: FileSystem): number {
  const { local, producers } = log;
  const deletable = deletableSegments(log, nowMs, fileSystem);
  if (deletable.length === 0) return 0;
  if (deletable.includes(local.segments.active)) log.rollFor(local.nextOffset);
  local.deleteSegments(deletable);
  for (const { baseOffset } of deletable) producers.deleteSnapshot(baseOffset);
  const { baseOffset } = local.segments.first;
  if (baseOffset > log.logStartOffset) log.incrementLogStartOffset(baseOffset, 'retention');
  return deletable.length;
}

/**
 * The segments that may go, oldest first and without gap: below the log start, and where `cleanup.policy` has `delete`,
 * beyond `retention.bytes` or older than `retention.ms`. Nothing past the high watermark goes. The active segment may be
 * among them; the caller then starts another one first.
 */
function deletableSegments(log: RetainedLog, nowMs: number, fileSystem: FileSystem): LogSegment[] {
  const segments = log.local.segments.all;
  const { retentionSizeBytes, retentionMs, isDeleted } = log.config;
  let excessBytes =
    isDeleted && retentionSizeBytes >= 0 ? log.local.segments.sizeBytes - retentionSizeBytes : -Infinity;
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
