import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';

/** Work that is done again and again, each kind with a timer of its own; what it throws is reported, and it goes on. */
export class PeriodicWork {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timers = new Map<string, Timer>();
  #stopped = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `name` says in messages what failed. */
  every(name: string, intervalMs: number, work: () => void): void {
    if (this.#stopped) return;
    const timer = this.#clock.schedule(intervalMs, () => {
      try {
        work();
      } catch (error) {
        this.#logger.error(`Periodic work on logs (${name}) failed`, error);
      }
      this.every(name, intervalMs, work);
    });
    this.#timers.set(name, timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
