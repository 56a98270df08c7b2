/** Records per second of one partition, from the high watermarks seen. Bounded: a few samples each. */
export class RateMeter {
  readonly #times: number[] = [];
  readonly #offsets: number[] = [];
  readonly #rates: number[] = [];

  /** A reading at `nowMs`; offsets that go back (a truncated or recreated log) start over. */
  add(offset: number, nowMs: number): void {
    const lastOffset = this.#offsets.at(-1);
    const lastTime = this.#times.at(-1);
    if (lastOffset !== undefined && lastTime !== undefined) {
      if (nowMs <= lastTime) return;
      if (offset < lastOffset) this.#clear();
      else keepLast(this.#rates, ((offset - lastOffset) * 1000) / (nowMs - lastTime), RATES_KEPT);
    }
    keepLast(this.#times, nowMs, SAMPLES_KEPT);
    keepLast(this.#offsets, offset, SAMPLES_KEPT);
  }

  /** Over the samples kept; null with fewer than two. */
  get perSecond(): number | null {
    const first = this.#times[0];
    const last = this.#times.at(-1);
    if (first === undefined || last === undefined || last === first) return null;
    return (((this.#offsets.at(-1) ?? 0) - (this.#offsets[0] ?? 0)) * 1000) / (last - first);
  }

  /** Between neighbouring samples, oldest first. */
  get rates(): readonly number[] {
    return this.#rates;
  }

  #clear(): void {
    this.#times.length = 0;
    this.#offsets.length = 0;
    this.#rates.length = 0;
  }
}

/** About five seconds at one sample per second. */
const SAMPLES_KEPT = 6;
const RATES_KEPT = 14;

function keepLast(list: number[], value: number, count: number): void {
  list.push(value);
  if (list.length > count) list.shift();
}
