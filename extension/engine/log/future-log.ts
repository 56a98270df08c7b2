import type { LentMemory } from '../common/lent-memory.ts';
import type { UnifiedLog } from './unified-log.ts';

/**
 * Cuts the copy of a log where it parts from the log, found by their leader epochs as a follower does it with its leader
 * (KIP-279): the end of the latest epoch that both have.
 */
export function truncateToCommonEnd(future: UnifiedLog, current: UnifiedLog): void {
  for (;;) {
    const epoch = future.latestEpoch;
    const end = epoch === undefined ? undefined : current.endOffsetForEpoch(epoch);
    if (end === undefined || end.endOffset < 0) {
      // Nothing is known of its records but what is committed.
      future.truncateTo(Math.min(future.highWatermark, current.logEndOffset));
      return;
    }
    const own = future.endOffsetForEpoch(end.leaderEpoch);
    future.truncateTo(Math.min(end.endOffset, own.endOffset < 0 ? future.logStartOffset : own.endOffset));
    if (own.leaderEpoch === end.leaderEpoch || future.latestEpoch === epoch) return;
  }
}

/** Epochs that began without a record of their own are in no batch: the copy learns them from the log. */
export function copyEpochs(future: UnifiedLog, current: UnifiedLog): void {
  for (const { epoch, startOffset } of current.epochs.entries) {
    if (epoch > (future.latestEpoch ?? -1)) future.assignEpochStartOffset(epoch, startOffset);
  }
}

/**
 * Copies up to `maxBytes` from the log to the end of its copy, but a whole batch at least; answers how many bytes. 0 when
 * there is nothing to copy, or the log was cut meanwhile. Rejects with the ApiError of whichever of the two it was.
 */
export async function copyChunk(
  current: UnifiedLog,
  future: UnifiedLog,
  maxBytes: number,
  lent: LentMemory,
): Promise<number> {
  if (future.nextOffset >= current.logEndOffset) return 0;
  const { truncations } = current.local;
  const { records } = await current.readAsync(future.nextOffset, maxBytes, { isolation: 'logEnd' });
  const bytes = Buffer.concat(records);
  for (const slice of records) lent.giveBack(slice);
  if (bytes.length === 0 || truncations !== current.local.truncations) return 0;
  return new Promise((resolve, reject) => {
    // What the log took before needs no second opinion on its epochs.
    const { sizeBytes } = future.appendAsFollower(bytes, Number.MAX_SAFE_INTEGER, (error) =>
      error === undefined ? resolve(sizeBytes) : reject(error),
    );
  });
}

/** What of the log is committed, and where it starts, counts for its copy too. */
export function followOffsets(future: UnifiedLog, current: UnifiedLog): void {
  if (future.config !== current.config) future.updateConfig(current.config);
  future.updateHighWatermark(current.highWatermark);
  const start = Math.min(current.logStartOffset, future.highWatermark);
  if (start > future.logStartOffset) future.incrementLogStartOffset(start, 'leader');
}
