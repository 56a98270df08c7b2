import type { Clock, Timer } from '../common/clock.ts';

export interface IdleNoticeOptions {
  readonly clock: Clock;
  /** `metadata.max.idle.interval.ms`; 0 is never. */
  readonly intervalMs: number;
  /** Whether nobody else follows the log. */
  readonly isAlone: () => boolean;
  readonly onIdle: () => void;
}

/** Calls when the log stayed as it is for too long, so that the others hear that their leader lives. */
export class IdleNotice {
  readonly #options: IdleNoticeOptions;
  #lastMs = 0;
  #timer: Timer | undefined;

  constructor(options: IdleNoticeOptions) {
    this.#options = options;
  }

  /** The log grew. */
  touch(): void {
    this.#lastMs = this.#options.clock.monotonicMs();
    this.watch();
  }

  watch(): void {
    const { clock, intervalMs, isAlone, onIdle } = this.#options;
    if (intervalMs === 0 || this.#timer !== undefined || isAlone()) return;
    const idleMs = clock.monotonicMs() - this.#lastMs;
    this.#timer = clock.schedule(Math.max(intervalMs - idleMs, 0), () => {
      this.#timer = undefined;
      if (clock.monotonicMs() - this.#lastMs >= intervalMs) onIdle();
      else this.watch();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
