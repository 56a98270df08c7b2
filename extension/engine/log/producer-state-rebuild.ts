import * as batch from '../../records/record-batch.ts';
import type { LocalLog } from './local-log.ts';
import type { ProducerStateManager } from './producer-state-manager.ts';
import { replayBatch } from './producer-update.ts';

/**
 * Brings producer state to the end of the log: back to the latest snapshot, then over the batches since. Snapshots are
 * taken at the last two segments' starts and at the end, so that the next time is shorter.
 */
export function rebuildProducerState(
  state: ProducerStateManager,
  local: LocalLog,
  logStartOffset: number,
  nowMs: number,
): void {
  const endOffset = local.nextOffset;
  state.truncateAndReload(logStartOffset, endOffset, nowMs);
  if (state.mapEndOffset < endOffset) {
    const lastTwo = local.segments.all.slice(-2);
    for (const segment of local.segments.from(state.mapEndOffset)) {
      const startOffset = Math.max(segment.baseOffset, state.mapEndOffset);
      state.updateMapEndOffset(startOffset);
      if (lastTwo.includes(segment) && startOffset === segment.baseOffset) state.takeSnapshot();
      const headers = segment.scan(segment.indexedPosition(startOffset));
      while (headers.next()) {
        if (batch.lastOffset(headers.bytes, headers.at) < startOffset) continue;
        if (batch.isControl(headers.bytes, headers.at)) {
          const whole = segment.scan(headers.position, true, headers.sizeBytes);
          if (whole.next()) replayBatch(state, whole.bytes, whole.at);
        } else replayBatch(state, headers.bytes, headers.at);
      }
    }
    state.updateMapEndOffset(endOffset);
  }
  state.takeSnapshot();
}
