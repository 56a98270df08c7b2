import type { Clock } from '../common/clock.ts';

/** Whoever has bytes to write at the end of a turn. Must not throw. */
export interface PendingWriter {
  flushWrites(): void;
}

/** Gathers the logs that were appended to in this turn of the event loop and has them write at its end. */
export class WriteQueue {
  readonly #clock: Clock;
  #waiting: PendingWriter[] = [];
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `writer` has something to write, for the first time in this turn. */
  enqueue(writer: PendingWriter): void {
    this.#waiting.push(writer);
    if (this.#waiting.length === 1) this.#clock.defer(() => this.flush());
  }

  /** Writes everything that waits, now. What is appended meanwhile waits for the next turn. */
  flush(): void {
    if (this.#stopped) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const writer of waiting) writer.flushWrites();
  }

  /** As if the process had died: nothing is written any more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
  }
}
