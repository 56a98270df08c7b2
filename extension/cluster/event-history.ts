import type { ClusterEvent } from '../shared/cluster-protocol.ts';

/** As much as whoever attaches late may hear of the past. */
const maxEvents = 1_000;

/** Numbers and dates events, and keeps the last ones; log lines pass through. */
export class EventHistory {
  readonly #nowMs: () => number;
  readonly #events: ClusterEvent[] = [];
  #lastSeq = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  stamp(event: ClusterEvent): ClusterEvent {
    if (event.event === 'log') return event;
    const stamped = { ...event, atMs: this.#nowMs(), seq: ++this.#lastSeq };
    this.#events.push(stamped);
    if (this.#events.length > maxEvents) this.#events.shift();
    return stamped;
  }

  /** Those after the event with the number `seq`, oldest first. */
  since(seq = 0): { readonly events: readonly ClusterEvent[]; readonly lastSeq: number } {
    return { events: this.#events.filter((event) => (event.seq ?? 0) > seq), lastSeq: this.#lastSeq };
  }
}
