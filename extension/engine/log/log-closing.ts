import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { LogDirectory } from './log-directory.ts';
import type { PlacedLog } from './placed-logs.ts';

/** How long closing may go on without letting anything else run. */
const SLICE_MS = 25;
/** fdatasync calls under way at once: as many as Node has threads for. */
const PARALLEL_FLUSHES = 4;

/** Flushes and closes the logs; answers the directories in which that went wrong. Never rejects. */
export async function closeLogs(
  entries: readonly PlacedLog[],
  clock: Clock,
  logger: Logger,
): Promise<ReadonlySet<LogDirectory>> {
  await completeFiles(entries, clock);
  const unclean = new Set<LogDirectory>();
  const left = [...entries];
  const workers = Array.from({ length: PARALLEL_FLUSHES }, async () => {
    for (let entry = left.pop(); entry !== undefined; entry = left.pop()) {
      const { log, directory } = entry;
      try {
        if (log.failure !== undefined) unclean.add(directory);
        else if (log.recoveryPoint < log.logEndOffset) await log.flushAsync();
        log.close();
      } catch (error) {
        unclean.add(directory);
        logger.error(`Closing the log of ${log.name} failed`, error);
      }
    }
  });
  await Promise.all(workers);
  return unclean;
}

/**
 * Before anything is flushed: while a journaling file system commits, whoever makes a file waits, and the event loop with
 * it. What fails here fails again when the log is closed.
 */
async function completeFiles(entries: readonly PlacedLog[], clock: Clock): Promise<void> {
  let sliceStartMs = clock.monotonicMs();
  for (const { log } of entries) {
    try {
      log.complete();
    } catch {
      continue;
    }
    if (clock.monotonicMs() - sliceStartMs < SLICE_MS) continue;
    await new Promise<void>((resolve) => clock.defer(resolve));
    sliceStartMs = clock.monotonicMs();
  }
}
