import type { Clock } from '../common/clock.ts';
import { Queue } from './queue.ts';

/** How long tasks are done before others have their turn of the event loop. */
const SLICE_MS = 25;

/**
 * Does tasks in order, at once while that is quick, else with breaks: a thousand new topics open thousands of logs, and a quorum
 * that hears nothing of its leader meanwhile elects another one.
 */
export class TimeSlices {
  readonly #clock: Clock;
  readonly #queue = new Queue<() => void>();
  #isScheduled = false;
  #isClosed = false;
  /** What a task failed with where nobody could be told. */
  #failure: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws what a task fails with, possibly an earlier one; none is done after that. */
  push(...tasks: readonly (() => void)[]): void {
    if (this.#isClosed) return;
    for (const task of tasks) this.#queue.push(task);
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isScheduled) this.#run(SLICE_MS);
  }

  /** Does all that waits, now. Throws what a task fails with. */
  drain(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#run(Infinity);
  }

  /** Does nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
  }

  #run(sliceMs: number): void {
    const startMs = this.#clock.monotonicMs();
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) {
      task();
      if (this.#queue.size > 0 && this.#clock.monotonicMs() - startMs >= sliceMs) return this.#runLater();
    }
  }

  #runLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.defer(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      try {
        this.#run(SLICE_MS);
      } catch (error) {
        // The quorum stops the node when its listener throws; it calls again soon.
        this.#failure = error instanceof Error ? error : new Error(String(error));
      }
    });
  }
}
