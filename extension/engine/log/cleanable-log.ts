import type { LogConfig } from './log-config.ts';
import type { LogSegment } from './log-segment.ts';
import type { UnifiedLog } from './unified-log.ts';

/** What one round of compaction may touch: everything below `firstUncleanableOffset`, new since `firstDirtyOffset`. */
export interface CleanableRange {
  readonly firstDirtyOffset: number;
  readonly firstUncleanableOffset: number;
  readonly cleanBytes: number;
  readonly dirtyBytes: number;
  /** `max.compaction.lag.ms` is over for the oldest dirty record. */
  readonly isOverdue: boolean;
}

/** Dirty bytes over all bytes that could be clean. */
export function dirtyRatio({ cleanBytes, dirtyBytes }: CleanableRange): number {
  return dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes);
}

/** Whether a round is worth its while. */
export function isWorthCleaning(range: CleanableRange, config: LogConfig): boolean {
  return range.dirtyBytes > 0 && (range.isOverdue || dirtyRatio(range) > config.minCleanableDirtyRatio);
}

/**
 * The range of the next round. The active segment is never compacted, nor anything past the last stable offset, nor what
 * is younger than `min.compaction.lag.ms`. `checkpoint` is where the last round ended; undefined before the first.
 */
export function cleanableRange(log: UnifiedLog, checkpoint: number | undefined, nowMs: number): CleanableRange {
  const { segments } = log.local;
  const { config } = log;
  const isUsable = checkpoint !== undefined && checkpoint >= log.logStartOffset && checkpoint <= log.logEndOffset;
  const firstDirtyOffset = isUsable ? checkpoint : log.logStartOffset;
  const dirty = segments.from(firstDirtyOffset).filter((segment) => segment !== segments.active);
  const tooYoung =
    config.minCompactionLagMs > 0
      ? dirty.find((segment) => segment.maxTimestamp.timestampMs > nowMs - config.minCompactionLagMs)
      : undefined;
  const bounds = [log.lastStableOffset, segments.active.baseOffset, tooYoung?.baseOffset ?? Infinity];
  const firstUncleanableOffset = Math.max(firstDirtyOffset, Math.min(...bounds));

  let cleanBytes = 0;
  let dirtyBytes = 0;
  for (const segment of segments.inactive) {
    const next = segments.higher(segment.baseOffset)?.baseOffset ?? Infinity;
    if (segment.baseOffset >= firstUncleanableOffset) break;
    if (next <= firstDirtyOffset) cleanBytes += segment.sizeBytes;
    else dirtyBytes += segment.sizeBytes;
  }
  if (firstUncleanableOffset === firstDirtyOffset) dirtyBytes = 0;
  return {
    firstDirtyOffset,
    firstUncleanableOffset,
    cleanBytes,
    dirtyBytes,
    isOverdue: dirty.some((segment) => isOverdue(segment, config, nowMs)),
  };
}

function isOverdue(segment: LogSegment, config: LogConfig, nowMs: number): boolean {
  const firstMs = segment.firstBatchTimestampMs;
  return firstMs > 0 && firstMs < nowMs - config.maxCompactionLagMs;
}

/**
 * Segments that may become one: neighbours, as long as log and indexes of the result stay within their limits and its
 * offsets within reach of 32 bits.
 */
export function groupSegments(
  segments: readonly LogSegment[],
  config: LogConfig,
  firstUncleanableOffset: number,
): LogSegment[][] {
  const groups: LogSegment[][] = [];
  let group: LogSegment[] = [];
  let logBytes = 0;
  let offsetIndexBytes = 0;
  let timeIndexBytes = 0;
  for (const [index, segment] of segments.entries()) {
    logBytes += segment.sizeBytes;
    offsetIndexBytes += segment.offsetIndex.file.sizeBytes;
    timeIndexBytes += segment.timeIndex.file.sizeBytes;
    const endOffset = segments[index + 1]?.baseOffset ?? firstUncleanableOffset;
    const fits =
      logBytes <= config.segmentSizeBytes &&
      offsetIndexBytes <= config.segmentIndexSizeBytes &&
      timeIndexBytes <= config.segmentIndexSizeBytes &&
      endOffset - 1 - (group[0]?.baseOffset ?? segment.baseOffset) <= 0x7fffffff;
    if (group.length > 0 && !fits) {
      groups.push(group);
      group = [];
      logBytes = segment.sizeBytes;
      offsetIndexBytes = segment.offsetIndex.file.sizeBytes;
      timeIndexBytes = segment.timeIndex.file.sizeBytes;
    }
    group.push(segment);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
