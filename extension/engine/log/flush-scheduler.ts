import type { LogEnvironment } from './log-environment.ts';
import type { QueuedLog } from './write-queue.ts';

/** Looks after logs that were written to: index entries go to disk, and `flush.ms` is kept. */
export class FlushScheduler {
  readonly #environment: LogEnvironment;
  /** Logs with a `flush.ms` and records that are not flushed, with the time of the first such record. */
  readonly #unflushedSinceMs = new Map<QueuedLog, number>();

  constructor(environment: LogEnvironment) {
    this.#environment = environment;
  }

  /** To be called about every second. */
  run(): void {
    const nowMs = this.#environment.clock.monotonicMs();
    for (const log of this.#environment.writes.takeWritten()) {
      try {
        log.saveIndexes();
      } catch {
        // The log has failed, and has told its listener so; or the disk is full, and may not be the next time.
        this.#environment.writes.lookAgain(log);
        continue;
      }
      const isLimited = log.config.flushMs < 2 ** 63;
      if (isLimited && !this.#unflushedSinceMs.has(log)) this.#unflushedSinceMs.set(log, nowMs);
    }
    for (const [log, sinceMs] of this.#unflushedSinceMs) {
      if (nowMs - sinceMs < log.config.flushMs) continue;
      this.#unflushedSinceMs.delete(log);
      log.flushAsync().catch(() => {
        // The log has failed, and has told its listener so; or it was closed.
      });
    }
  }
}
