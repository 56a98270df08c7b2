import type { CoordinatorResult } from './coordinator-result.ts';
import type { QueuedTimer, TimerQueue } from './timer-queue.ts';

/** What a timer of a coordinator does when its time comes: a write like any other. */
export type TimeoutOperation<R> = () => CoordinatorResult<void, R>;

/**
 * The timers of one partition, by key. They are not durable: whoever loads the partition schedules them anew. A key has
 * one timer at a time.
 */
export class CoordinatorTimer<R> {
  readonly #queue: TimerQueue;
  readonly #run: (key: string, operation: TimeoutOperation<R>) => void;
  readonly #timers = new Map<string, QueuedTimer>();

  constructor(queue: TimerQueue, run: (key: string, operation: TimeoutOperation<R>) => void) {
    this.#queue = queue;
    this.#run = run;
  }

  get size(): number {
    return this.#timers.size;
  }

  isScheduled(key: string): boolean {
    return this.#timers.has(key);
  }

  /** Runs `operation` in `delayMs`; a timer of the same key is replaced. */
  schedule(key: string, delayMs: number, operation: TimeoutOperation<R>): void {
    const fire = (): void => {
      this.#timers.delete(key);
      this.#run(key, operation);
    };
    const existing = this.#timers.get(key);
    const timer =
      existing === undefined ? this.#queue.schedule(delayMs, fire) : this.#queue.move(existing, delayMs, fire);
    this.#timers.set(key, timer);
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
