import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../protocol/errors.ts';
import { NetworkError } from '../net/network-error.ts';
import { listOffsets, type IsolationLevel } from './admin/offsets.ts';
import type { ClusterClient } from './cluster-client.ts';
import { ZERO_TOPIC_ID, type TopicMetadata } from './cluster-metadata.ts';
import { fetchFrom, type FetchedPartition, type FetchLimits } from './fetch.ts';
import { KafkaError } from './kafka-error.ts';
import { partitionName, type TopicPartition } from './leader-routing.ts';
import { decodeRecords, type ConsumedRecord, type DamagedBatch } from './record-decoder.ts';
import { backoffMs } from './retry.ts';

/** What one fetch brought of one partition. */
export interface StreamChunk extends TopicPartition {
  readonly records: readonly ConsumedRecord[];
  readonly damaged: readonly DamagedBatch[];
  /** Offset after what this chunk covers. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Set when the offset asked for was no longer (or not yet) in the log and reading went on elsewhere. */
  readonly movedFrom: number | null;
}

/** Where a partition's reading starts. */
export interface Position extends TopicPartition {
  readonly offset: number;
}

/** How the stream fares: reading, at rest by wish, or waiting for a broker (`error` says why). */
export interface StreamStatus {
  readonly state: 'live' | 'paused' | 'waiting';
  readonly error: Error | null;
}

export interface PartitionFetcherOptions {
  readonly isolation?: IsolationLevel;
  /** Bytes of keys and values held for the reader; fetching rests above it. Default 8 MiB. */
  readonly maxBufferedBytes?: number;
  /** Default 1 MiB, per broker. */
  readonly maxFetchBytes?: number;
  /** Default 500 ms. */
  readonly maxWaitMs?: number;
  /** Where to go when an offset is outside of the log: its nearer end by default. */
  readonly outOfRange?: 'nearest' | 'earliest' | 'latest' | 'fail';
}

interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  topicId: string;
  offset: number;
  /** -1 while it is not known. */
  leader: number;
  movedFrom: number | null;
  /** Errors that pass by themselves since this time; 0 while all is well. */
  troubledSinceMs: number;
}

const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const MAX_FETCH_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 500;

let lanes = 0;

/**
 * Reads many partitions at once, one line of fetches per broker, into a bounded buffer. It follows leaders, survives
 * brokers that come and go, and never joins a group. Errors that do not pass end it: `next` rejects with them.
 */
export class PartitionFetcher {
  readonly #client: ClusterClient;
  readonly #options: PartitionFetcherOptions;
  readonly #lane = `fetcher-${++lanes}`;
  readonly #partitions = new Map<string, PartitionState>();
  /** Brokers that have a running line of fetches. */
  readonly #lines = new Set<number>();
  readonly #chunks: StreamChunk[] = [];
  readonly #abort = new AbortController();
  #bufferedBytes = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #status: StreamStatus = { state: 'live', error: null };
  readonly #waitingReaders = new Set<() => void>();
  #wakeLines: (() => void)[] = [];
  #locating: Promise<void> | undefined;
  #onStatus: ((status: StreamStatus) => void) | undefined;

  constructor(client: ClusterClient, options: PartitionFetcherOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#abort.signal.aborted;
  }

  get status(): StreamStatus {
    return this.#status;
  }

  /** The one listener for changes of {@link status}. */
  onStatus(listener: (status: StreamStatus) => void): void {
    this.#onStatus = listener;
  }

  /** Starts (or moves) reading of partitions; what is buffered of them is dropped. */
  assign(positions: readonly Position[]): void {
    this.#drop(positions);
    for (const { topic, partition, offset } of positions) {
      const key = partitionName({ topic, partition });
      const known = this.#partitions.get(key);
      // A new object: a fetch under way compares it and throws its result away.
      this.#partitions.set(key, {
        topic,
        partition,
        topicId: known?.topicId ?? ZERO_TOPIC_ID,
        offset,
        leader: known?.leader ?? -1,
        movedFrom: null,
        troubledSinceMs: 0,
      });
    }
    this.#locate();
    this.#wake();
  }

  /** Stops reading of partitions; what is buffered of them is dropped. */
  revoke(partitions: readonly TopicPartition[]): void {
    this.#drop(partitions);
    for (const item of partitions) this.#partitions.delete(partitionName(item));
  }

  #drop(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(partitionName));
    const kept = this.#chunks.filter((chunk) => !names.has(partitionName(chunk)));
    if (kept.length === this.#chunks.length) return;
    this.#chunks.splice(0, Infinity, ...kept);
    this.#bufferedBytes = kept.reduce((sum, chunk) => sum + sizeOf(chunk), 0);
  }

  assigned(): readonly TopicPartition[] {
    return [...this.#partitions.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  pause(): void {
    this.#isPaused = true;
    this.#setStatus({ state: 'paused', error: null });
  }

  resume(): void {
    this.#isPaused = false;
    this.#setStatus({ state: 'live', error: null });
    this.#wake();
  }

  /** What was read next; null when the fetcher is closed. Waits for it, for at most `timeoutMs` (then `undefined`). */
  async next(timeoutMs?: number): Promise<StreamChunk | null | undefined> {
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    for (;;) {
      const chunk = this.#isPaused ? undefined : this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bufferedBytes -= sizeOf(chunk);
        this.#wakeUpLines();
        return chunk;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.isClosed) return null;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return undefined;
      await this.#chunkOrTimeout(leftMs);
    }
  }

  #chunkOrTimeout(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waitingReaders.delete(done);
        resolve();
      };
      const timer = timeoutMs === Infinity ? undefined : setTimeout(done, timeoutMs);
      this.#waitingReaders.add(done);
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.#abort.abort();
    this.#client.closeLane(this.#lane);
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.close();
  }

  #wake(): void {
    this.#wakeUpReaders();
    this.#wakeUpLines();
  }

  #wakeUpReaders(): void {
    for (const wake of [...this.#waitingReaders]) wake();
  }

  #wakeUpLines(): void {
    for (const wake of this.#wakeLines.splice(0)) wake();
  }

  #setStatus(status: StreamStatus): void {
    const isSame = status.state === this.#status.state && status.error?.message === this.#status.error?.message;
    if (isSame || (this.#isPaused && status.state !== 'paused')) return;
    this.#status = status;
    this.#onStatus?.(status);
  }

  /** Looks up leaders until every partition has one, and starts a line for each of their brokers. */
  #locate(): void {
    this.#locating ??= this.#locateAll().finally(() => {
      this.#locating = undefined;
      if (!this.isClosed && [...this.#partitions.values()].some(({ leader }) => leader < 0)) this.#locate();
    });
  }

  async #locateAll(): Promise<void> {
    for (let attempt = 0; !this.isClosed; attempt++) {
      const lost = [...this.#partitions.values()].filter(({ leader }) => leader < 0);
      if (lost.length === 0) return;
      try {
        const { topics } = await this.#client.metadata({ topics: [...new Set(lost.map(({ topic }) => topic))] });
        for (const state of lost) this.#place(state, topics.get(state.topic));
      } catch (error) {
        this.#troubled(lost, error);
      }
      if (this.isClosed || ![...this.#partitions.values()].some(({ leader }) => leader < 0)) return;
      await this.#rest(backoffMs(attempt + 2));
    }
  }

  #place(state: PartitionState, topic: TopicMetadata | undefined): void {
    const found = topic?.partitions.find(({ partition }) => partition === state.partition);
    if (found === undefined || found.leader < 0) {
      const code = found === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.LEADER_NOT_AVAILABLE;
      this.#troubled([state], topic?.error ?? new KafkaError(code, partitionName(state)));
      return;
    }
    state.topicId = topic?.topicId ?? ZERO_TOPIC_ID;
    state.leader = found.leader;
    if (!this.#lines.has(found.leader)) {
      this.#lines.add(found.leader);
      void this.#line(found.leader);
    }
  }

  /** Notes an error. Network trouble and elections are waited for; a topic that is gone, or a refusal, is the end. */
  #troubled(states: readonly PartitionState[], cause: unknown): void {
    if (this.isClosed) return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const isNetwork = error instanceof NetworkError && error.retriable;
    if (!isNetwork && !(error instanceof KafkaError && error.retriable)) return this.#fail(error);
    const now = performance.now();
    for (const state of states) if (state.troubledSinceMs === 0) state.troubledSinceMs = now;
    const isGone = error instanceof KafkaError && GONE.has(error.errorCode);
    const isOver = states.some(({ troubledSinceMs }) => now - troubledSinceMs > this.#client.retryTimeoutMs);
    if (isGone && isOver) return this.#fail(error);
    this.#setStatus({ state: 'waiting', error });
  }

  #rest(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  /** Fetches from one broker, one request after the other, while it leads something. */
  async #line(broker: number): Promise<void> {
    let turn = 0;
    while (!this.isClosed) {
      if (this.#isPaused || this.#bufferedBytes >= (this.#options.maxBufferedBytes ?? MAX_BUFFERED_BYTES)) {
        await new Promise<void>((resolve) => this.#wakeLines.push(resolve));
        continue;
      }
      const states = [...this.#partitions.values()].filter(({ leader }) => leader === broker);
      if (states.length === 0) {
        // In the same turn as the look: a partition placed later has to start a new line.
        this.#lines.delete(broker);
        return;
      }
      // The broker fills the response in the order of the request: every partition gets to be first.
      const rotated = [...states.slice(turn % states.length), ...states.slice(0, turn % states.length)];
      turn += 1;
      try {
        const positions = rotated.map((state) => ({ ...state }));
        const parts = await fetchFrom(this.#client, broker, positions, this.#limits(), this.#lane);
        if (this.isClosed) return;
        await this.#take(rotated, positions, parts);
      } catch (error) {
        for (const state of states) state.leader = -1;
        this.#troubled(states, error);
        await this.#rest(backoffMs(2));
      }
      this.#locate();
    }
  }

  #limits(): FetchLimits {
    const maxBytes = this.#options.maxFetchBytes ?? MAX_FETCH_BYTES;
    return {
      isolation: this.#options.isolation ?? 'read_uncommitted',
      maxBytes,
      maxPartitionBytes: maxBytes,
      maxWaitMs: this.#options.maxWaitMs ?? MAX_WAIT_MS,
    };
  }

  async #take(
    states: readonly PartitionState[],
    asked: readonly Position[],
    parts: readonly FetchedPartition[],
  ): Promise<void> {
    let isFine = true;
    for (const part of parts) {
      const index = asked.findIndex(({ topic, partition }) => topic === part.topic && partition === part.partition);
      const state = states[index];
      if (state === undefined || this.#partitions.get(partitionName(state)) !== state) continue;
      if (part.errorCode === ErrorCode.NONE) this.#deliver(state, part);
      else isFine = false;
      if (part.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) await this.#moveIntoRange(state);
      else if (part.errorCode !== ErrorCode.NONE) {
        state.leader = -1;
        this.#troubled([state], new KafkaError(part.errorCode, partitionName(state)));
        await this.#rest(backoffMs(1));
      }
    }
    if (isFine) this.#setStatus({ state: 'live', error: null });
  }

  #deliver(state: PartitionState, part: FetchedPartition): void {
    state.troubledSinceMs = 0;
    const decoded = decodeRecords(state, part.bytes ?? EMPTY, { fromOffset: state.offset, aborted: part.aborted });
    const isNews = decoded.nextOffset > state.offset || state.movedFrom !== null;
    state.offset = decoded.nextOffset;
    if (!isNews) return;
    const chunk: StreamChunk = {
      topic: state.topic,
      partition: state.partition,
      ...decoded,
      highWatermark: part.highWatermark,
      lastStableOffset: part.lastStableOffset,
      logStartOffset: part.logStartOffset,
      movedFrom: state.movedFrom,
    };
    state.movedFrom = null;
    this.#chunks.push(chunk);
    this.#bufferedBytes += sizeOf(chunk);
    this.#wakeUpReaders();
  }

  async #moveIntoRange(state: PartitionState): Promise<void> {
    const rule = this.#options.outOfRange ?? 'nearest';
    if (rule === 'fail') return this.#fail(new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, partitionName(state)));
    const { topic, partition } = state;
    const [start] = await listOffsets(this.#client, [{ topic, partition, spec: 'earliest' }], {});
    const [end] = await listOffsets(this.#client, [{ topic, partition, spec: 'latest' }], {});
    if (start?.value === null || start === undefined) throw start?.error ?? new Error('no offsets');
    if (end?.value === null || end === undefined) throw end?.error ?? new Error('no offsets');
    const wanted = state.offset;
    const isBefore = rule === 'earliest' || (rule === 'nearest' && wanted < start.value.offset);
    state.movedFrom ??= wanted;
    state.offset = isBefore ? start.value.offset : end.value.offset;
  }
}

const GONE: ReadonlySet<number> = new Set<number>([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]);

const EMPTY = Buffer.alloc(0);
const RECORD_OVERHEAD_BYTES = 100;

/** What a chunk holds in memory, roughly. */
function sizeOf(chunk: StreamChunk): number {
  let sum = 0;
  for (const { key, value } of chunk.records) sum += RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  return sum;
}
