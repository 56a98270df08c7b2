/** Timers, so that tests need not wait. */
export interface Clock {
  readonly nowMs: () => number;
  readonly after: (delayMs: number, action: () => void) => { cancel(): void };
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Between two rounds at least. */
export const ROUND_MS = 1000;
/** A round may take this share of the time: a slow cluster is asked less often. */
const busyShare = 0.1;

/**
 * Runs rounds while it is active: one after another, never two at once, a second apart or more where a round takes long.
 * Nothing runs while it is not active.
 */
export class RefreshLoop {
  readonly #round: () => Promise<void>;
  readonly #clock: Clock;
  #active = false;
  #timer: { cancel(): void } | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  /** `round` must not reject. */
  constructor(round: () => Promise<void>, clock: Clock = systemClock) {
    this.#round = round;
    this.#clock = clock;
  }

  setActive(active: boolean): void {
    if (this.#active === active) return;
    this.#active = active;
    if (active) this.soon();
    else this.#timer?.cancel();
  }

  /** A round now, or right after the one that runs, as that one may have missed what is new. Nothing while inactive. */
  soon(): void {
    if (!this.#active) return;
    if (this.#running !== undefined) this.#again = true;
    else void this.#run();
  }

  /** A round now, active or not. Resolves after one that began after the call. */
  async now(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#run();
  }

  #run(): Promise<void> {
    this.#timer?.cancel();
    const startMs = this.#clock.nowMs();
    const running = this.#round().finally(() => {
      this.#running = undefined;
      this.#schedule(this.#clock.nowMs() - startMs);
    });
    this.#running = running;
    return running;
  }

  #schedule(durationMs: number): void {
    if (!this.#active) return;
    const delayMs = this.#again ? 0 : Math.max(ROUND_MS, durationMs / busyShare);
    this.#again = false;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => this.soon());
  }
}
