/** Where one request of a round stands. */
interface Pending {
  inFlight: boolean;
  dueAtMs: number;
  failures: number;
}

/** The first repetition comes after this time, each further one after twice as much. */
const FIRST_RETRY_MS = 20;

/** One question to several nodes, each asked again until it has answered. Times are monotonic. */
export class RequestRound {
  readonly #pending: Map<number, Pending>;
  readonly #maxRetryMs: number;

  constructor(ids: readonly number[], nowMs: number, maxRetryMs: number) {
    this.#maxRetryMs = maxRetryMs;
    this.#pending = new Map(ids.map((id) => [id, { inFlight: false, dueAtMs: nowMs, failures: 0 }]));
  }

  /** Those to ask now; they count as asked afterwards. */
  takeDue(nowMs: number): number[] {
    const due: number[] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.inFlight || pending.dueAtMs > nowMs) continue;
      pending.inFlight = true;
      due.push(id);
    }
    return due;
  }

  answered(id: number): void {
    this.#pending.delete(id);
  }

  failed(id: number, nowMs: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.inFlight = false;
    pending.dueAtMs = nowMs + Math.min(FIRST_RETRY_MS * 2 ** Math.min(pending.failures++, 16), this.#maxRetryMs);
  }

  /** Nobody is left to ask. */
  get isDone(): boolean {
    return this.#pending.size === 0;
  }

  /** When somebody is to be asked again; Infinity while all are under way or have answered. */
  get nextMs(): number {
    let next = Infinity;
    for (const { inFlight, dueAtMs } of this.#pending.values()) if (!inFlight) next = Math.min(next, dueAtMs);
    return next;
  }

  postpone(ms: number): void {
    for (const pending of this.#pending.values()) pending.dueAtMs += ms;
  }
}
