import type { ClusterEvent, ClusterState } from '../../shared/cluster-protocol.ts';
import type {
  ReplicasBroker,
  ReplicasConnection,
  ReplicasPartition,
  ReplicasRow,
  ReplicasSnapshot,
  ReplicasSummary,
  TimelineEntry,
} from '../../shared/replicas-contract.ts';
import type { FeedClock, Trouble } from '../offsets/offsets-feed.ts';
import { sameRow, summarize, toBrokers, toRows } from './replicas-rows.ts';
import { Timeline } from './timeline.ts';

export interface ReplicasFeedOptions {
  /** Null for the whole cluster. */
  readonly topic: string | null;
  readonly clock: FeedClock;
  /** Rejects when the cluster cannot be asked. */
  readonly state: () => Promise<ClusterState>;
  /** What happened after the event with that number. */
  readonly eventsSince: (
    seq: number,
  ) => Promise<{ readonly events: readonly ClusterEvent[]; readonly lastSeq: number }>;
  /** Only called while the feed is visible. */
  readonly send: (snapshot: ReplicasSnapshot) => void;
  readonly describe: (error: unknown) => Trouble;
}

export const POLL_INTERVAL_MS = 500;
/** After an event the state is looked at this soon: more of them come together. */
const EVENT_DELAY_MS = 30;
const RETRY_INTERVAL_MS = 2000;
/** A poll that takes long is followed by a pause of so many times its length. */
const REST_FACTOR = 3;
/** Rows that one window may hold, whatever the view asks for. */
const MAX_WINDOW_ROWS = 500;

/**
 * Watches replicas while somebody looks: asks for the state now and then and soon after each event, and sends what changed. Events
 * are kept while nobody looks, so that the timeline has no holes.
 */
export class ReplicasFeed {
  readonly #options: ReplicasFeedOptions;
  readonly #timeline: Timeline;
  #connection: ReplicasConnection = { state: 'loading' };
  #summary: ReplicasSummary | null = null;
  #brokers: readonly ReplicasBroker[] = [];
  #rows: readonly ReplicasPartition[] = [];
  #window = { first: 0, end: 0 };
  readonly #sent = new Map<number, ReplicasPartition>();
  #sentId = 0;
  #isVisible = false;
  #isPolling = false;
  #isDisposed = false;
  #isCaughtUp = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ReplicasFeedOptions) {
    this.#options = options;
    this.#timeline = new Timeline(options.topic);
  }

  /** The view shows these rows from now on; the answer has all of them. */
  setWindow(first: number, end: number, withTimeline: boolean): ReplicasSnapshot {
    const start = Math.max(0, first);
    this.#window = { first: start, end: Math.min(Math.max(start, end), start + MAX_WINDOW_ROWS) };
    this.#sent.clear();
    if (withTimeline) this.#sentId = 0;
    return this.#snapshot();
  }

  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible || this.#isDisposed) return;
    this.#isVisible = isVisible;
    if (isVisible) this.pollNow();
    else this.#cancelTimer?.();
  }

  onEvent(event: ClusterEvent): void {
    if (event.event === 'log') return;
    // Before the history is here an event would hide what was before it.
    if (!this.#isCaughtUp) return;
    this.#timeline.add(event);
    this.#pollIn(EVENT_DELAY_MS);
  }

  /** The session changed: another run of the cluster has another history. */
  pollNow(): void {
    this.#isCaughtUp = false;
    this.#pollIn(0);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#cancelTimer?.();
  }

  #pollIn(delayMs: number): void {
    if (!this.#isVisible || this.#isDisposed || this.#isPolling) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#poll());
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const { clock, state, describe, send, topic } = this.#options;
    const startMs = clock.nowMs();
    this.#isPolling = true;
    let restMs = RETRY_INTERVAL_MS;
    try {
      if (!this.#isCaughtUp) {
        await this.#catchUp();
      }
      const now = await state();
      this.#rows = toRows(now);
      this.#brokers = toBrokers(now);
      this.#summary = summarize(now, topic, this.#rows);
      this.#connection = { state: 'live' };
      restMs = Math.max(POLL_INTERVAL_MS, (clock.nowMs() - startMs) * REST_FACTOR);
    } catch (error) {
      this.#isCaughtUp = false;
      this.#connection = { state: 'disconnected', ...describe(error) };
    }
    this.#isPolling = false;
    if (this.#isDisposed) return;
    if (this.#isVisible) send(this.#snapshot());
    this.#pollIn(restMs);
  }

  async #catchUp(): Promise<void> {
    const { eventsSince } = this.#options;
    let history = await eventsSince(this.#timeline.lastSeq);
    if (history.lastSeq < this.#timeline.lastSeq) {
      this.#timeline.newRun();
      history = await eventsSince(0);
    }
    for (const event of history.events) this.#timeline.add(event);
    this.#isCaughtUp = true;
  }

  #snapshot(): ReplicasSnapshot {
    const rows: ReplicasRow[] = [];
    const end = Math.min(this.#window.end, this.#rows.length);
    for (let index = this.#window.first; index < end; index++) {
      const value = this.#rows[index];
      if (value === undefined || sameRow(this.#sent.get(index), value)) continue;
      this.#sent.set(index, value);
      rows.push({ index, value });
    }
    const timeline: TimelineEntry[] = this.#timeline.entries.filter(({ id }) => id > this.#sentId);
    this.#sentId = this.#timeline.entries.at(-1)?.id ?? this.#sentId;
    return { connection: this.#connection, summary: this.#summary, brokers: this.#brokers, rows, timeline };
  }
}
