import type { Clock } from '../../common/clock.ts';

/** Fetches that may wait at once; replicas have one each. */
const MAX_WAITING = 1000;

/** Fetches that wait at the leader for something to tell. */
export class WaitingFetches {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #wakers = new Set<() => void>();
  #wakes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts the calls of {@link wake}. */
  get wakes(): number {
    return this.#wakes;
  }

  /** Until {@link wake}, or the time is over; not at all when it was called since `wakes` was read. */
  wait(delayMs: number, wakes: number): Promise<void> {
    if (wakes !== this.#wakes) return Promise.resolve();
    if (this.#wakers.size >= MAX_WAITING) this.#wakers.values().next().value!();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.schedule(delayMs, wake);
      this.#wakers.add(wake);
    });
  }

  wake(): void {
    this.#wakes++;
    for (const wake of [...this.#wakers]) wake();
  }
}
