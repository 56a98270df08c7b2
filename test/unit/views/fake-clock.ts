import type { FeedClock } from '../../../extension/views/offsets/offsets-feed.ts';

/** A clock that stands still until it is moved; calls back in order. */
export class FakeClock implements FeedClock {
  #nowMs = 1_000_000;
  #appointments: { readonly atMs: number; readonly call: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const appointment = { atMs: this.#nowMs + delayMs, call };
    this.#appointments.push(appointment);
    return () => (this.#appointments = this.#appointments.filter((each) => each !== appointment));
  }

  get appointments(): number {
    return this.#appointments.length;
  }

  /** Lets the time pass, and what is pending in promises happen after each call. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await settle();
      const next = this.#appointments.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#appointments = this.#appointments.filter((each) => each !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.call();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Waits until promises that need no time are done. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
