import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { UnifiedLog } from './unified-log.ts';

/** How long the task may go on without letting anything else run. */
const SLICE_MS = 20;

/** Has every log delete what its retention lets go. Logs that fail say so themselves; the others are not held up. */
export async function deleteOldSegments(logs: readonly UnifiedLog[], clock: Clock, logger: Logger): Promise<void> {
  let sliceStartMs = clock.monotonicMs();
  for (const log of logs) {
    if (!log.isInService) continue;
    try {
      const count = log.deleteOldSegments(clock.nowMs());
      if (count > 0) logger.info(`${log.name}: ${count} old segments deleted, it starts at ${log.logStartOffset} now`);
    } catch (error) {
      logger.error(`Deleting old segments of ${log.name} failed`, error);
    }
    if (clock.monotonicMs() - sliceStartMs < SLICE_MS) continue;
    await new Promise<void>((resolve) => clock.defer(resolve));
    sliceStartMs = clock.monotonicMs();
  }
}
