import type { Clock } from '../common/clock.ts';

/** A log with bytes to write at the end of a turn, and what is left to do for it later. */
export interface QueuedLog {
  readonly config: { readonly flushMs: number };
  /** Must not throw. */
  flushWrites(): void;
  saveIndexes(): void;
  flushAsync(): Promise<void>;
}

/** Gathers the logs that were appended to in this turn of the event loop and has them write at its end. */
export class WriteQueue {
  readonly #clock: Clock;
  #waiting: QueuedLog[] = [];
  #written = new Set<QueuedLog>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `log` has something to write, for the first time in this turn. */
  enqueue(log: QueuedLog): void {
    this.#waiting.push(log);
    this.#written.add(log);
    if (this.#waiting.length === 1) this.#clock.defer(() => this.flush());
  }

  /** Everything that was written to since the last call: what periodic work need look at. */
  takeWritten(): ReadonlySet<QueuedLog> {
    const written = this.#written;
    if (written.size > 0) this.#written = new Set();
    return written;
  }

  /** `log` may have to be flushed earlier than was thought when it was written to. */
  lookAgain(log: QueuedLog): void {
    this.#written.add(log);
  }

  forget(log: QueuedLog): void {
    this.#written.delete(log);
  }

  /** Writes everything that waits, now. What is appended meanwhile waits for the next turn. */
  flush(): void {
    if (this.#stopped) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const log of waiting) log.flushWrites();
  }

  /** As if the process had died: nothing is written any more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
  }
}
