import type { Clock, Timer } from '../../extension/engine/common/clock.ts';

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in the order of their times, then of their making. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #timers = new Set<Scheduled>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, fn: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(delayMs, 0), order: this.#order++, fn };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  defer(fn: () => void): void {
    this.schedule(0, fn);
  }

  /** Timers that wait. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ms` pass, firing what comes due. Between two timers all promises that can settle do. With 0, what is due
   * right now fires.
   */
  async advance(ms = 0): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#moveTo(Math.max(next.atMs, this.#monotonicMs));
      this.#timers.delete(next);
      next.fn();
      await settle();
    }
    this.#moveTo(endMs);
  }

  /** Lets time pass in which nothing runs, as while a process is stopped: what came due fires with the next `advance`. */
  skip(ms: number): void {
    this.#moveTo(this.#monotonicMs + ms);
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  setWallClock(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #next(endMs: number): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > endMs) continue;
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets every promise that can settle without time or I/O do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
