import type { Clock, Timer } from '../../common/clock.ts';

/** Calls back at a deadline that moves. One that moves back costs nothing: the timer fires, and sets the next one. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #onDue: (lateMs: number) => void;
  #armed: { readonly atMs: number; readonly timer: Timer } | undefined;

  /** `onDue` may be called before the deadline that was set last; `lateMs` is how much later than it was asked for. */
  constructor(clock: Clock, onDue: (lateMs: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Infinity is never. */
  set(atMs: number): void {
    if (atMs === Infinity || (this.#armed !== undefined && this.#armed.atMs <= atMs)) return;
    this.#armed?.timer.cancel();
    const timer = this.#clock.schedule(Math.max(atMs - this.#clock.monotonicMs(), 0), () => {
      this.#armed = undefined;
      this.#onDue(this.#clock.monotonicMs() - atMs);
    });
    this.#armed = { atMs, timer };
  }

  stop(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
  }
}
