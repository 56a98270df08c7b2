import type {
  OffsetsConnection,
  OffsetsRow,
  OffsetsSnapshot,
  OffsetsSummary,
  PartitionOffsets,
} from '../../shared/offsets-contract.ts';
import { sameRow, summarize, toRow } from './offsets-rows.ts';
import { RateMeter } from './rate-meter.ts';
import type { TopicSample, TopicSampler } from './topic-sample.ts';

/** Time, as the feed needs it; a test brings its own. */
export interface FeedClock {
  nowMs(): number;
  /** Calls back once; the result cancels. */
  after(delayMs: number, call: () => void): () => void;
}

/** Why the cluster cannot be asked, and the way out. */
export interface Trouble {
  readonly message: string;
  readonly next: 'start' | 'retry';
}

export interface FeedOptions {
  readonly cluster: string;
  readonly topic: string;
  readonly sampler: TopicSampler;
  readonly clock: FeedClock;
  /** Only called while the feed is visible. */
  readonly send: (snapshot: OffsetsSnapshot) => void;
  readonly describe: (error: unknown) => Trouble;
}

export const POLL_INTERVAL_MS = 1000;
/** A poll that takes long is followed by a pause of so many times its length. */
const REST_FACTOR = 3;
export const RETRY_INTERVAL_MS = 3000;
const MAX_INTERVAL_MS = 15_000;
/** Rows that one window may hold, whatever the view asks for. */
const MAX_WINDOW_ROWS = 500;

/**
 * Watches one topic while somebody looks: polls, one poll at a time, and sends the summary with those rows of the window
 * that changed. Hidden, it rests. A lost connection keeps the last rows and tries again.
 */
export class OffsetsFeed {
  readonly #options: FeedOptions;
  #connection: OffsetsConnection = { state: 'loading' };
  #summary: OffsetsSummary | null = null;
  #rows: readonly PartitionOffsets[] = [];
  readonly #meters = new Map<number, RateMeter>();
  #window = { first: 0, end: 0 };
  readonly #sent = new Map<number, PartitionOffsets>();
  #isVisible = false;
  #cancelTimer: (() => void) | undefined;
  #poll: AbortController | undefined;
  #isDisposed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get partitionCount(): number {
    return this.#rows.length;
  }

  /** The view shows these rows from now on; the answer has all of them. */
  setWindow(first: number, end: number): OffsetsSnapshot {
    const start = Math.max(0, first);
    this.#window = { first: start, end: Math.min(Math.max(start, end), start + MAX_WINDOW_ROWS) };
    this.#sent.clear();
    return this.#snapshot();
  }

  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible || this.#isDisposed) return;
    this.#isVisible = isVisible;
    if (isVisible) this.pollNow();
    else this.#rest();
  }

  /** Something may have changed: a poll now instead of later. */
  pollNow(): void {
    if (!this.#isVisible || this.#isDisposed || this.#poll !== undefined) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    void this.#run();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#rest();
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#poll?.abort();
    this.#poll = undefined;
  }

  /** One poll and the appointment for the next. Never rejects. */
  async #run(): Promise<void> {
    const { sampler, clock } = this.#options;
    const poll = new AbortController();
    this.#poll = poll;
    const startMs = clock.nowMs();
    let restMs: number;
    try {
      const sample = await sampler.sample(poll.signal);
      if (this.#poll !== poll) return;
      this.#take(sample, clock.nowMs());
      restMs = Math.max(POLL_INTERVAL_MS, (clock.nowMs() - startMs) * REST_FACTOR);
    } catch (error) {
      if (this.#poll !== poll) return;
      this.#connection = { state: 'disconnected', ...this.#options.describe(error) };
      restMs = RETRY_INTERVAL_MS;
    }
    this.#poll = undefined;
    this.#options.send(this.#snapshot());
    if (this.#connection.state === 'gone') return;
    this.#cancelTimer = clock.after(Math.min(restMs, MAX_INTERVAL_MS), () => this.pollNow());
  }

  #take(sample: TopicSample | null, nowMs: number): void {
    if (sample === null) {
      this.#connection = { state: 'gone' };
      return;
    }
    for (const { partition, highWatermark } of sample.partitions) {
      if (highWatermark === null) continue;
      let meter = this.#meters.get(partition);
      if (meter === undefined) this.#meters.set(partition, (meter = new RateMeter()));
      meter.add(highWatermark, nowMs);
    }
    this.#rows = sample.partitions.map((partition) => toRow(partition, this.#meters.get(partition.partition)));
    this.#summary = summarize(this.#options, sample, this.#rows);
    this.#connection = { state: 'live' };
  }

  #snapshot(): OffsetsSnapshot {
    const rows: OffsetsRow[] = [];
    const end = Math.min(this.#window.end, this.#rows.length);
    for (let index = this.#window.first; index < end; index++) {
      const value = this.#rows[index];
      if (value === undefined || sameRow(this.#sent.get(index), value)) continue;
      this.#sent.set(index, value);
      rows.push({ index, value });
    }
    return { connection: this.#connection, summary: this.#summary, rows };
  }
}
