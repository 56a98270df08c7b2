import { ErrorCode } from '../protocol/errors.ts';
import { listOffsets, type IsolationLevel, type OffsetSpec } from './admin/offsets.ts';
import type { ClusterClient } from './cluster-client.ts';
import { KafkaError } from './kafka-error.ts';
import { partitionName, type TopicPartition } from './leader-routing.ts';
import { PartitionFetcher, type Position, type StreamChunk, type StreamStatus } from './partition-fetcher.ts';
import type { ConsumedRecord } from './record-decoder.ts';

/**
 * Where to start in each partition: its beginning or end, an offset, the first record at or after a time (the end where
 * there is none), or so many offsets before the end.
 */
export type StartPosition =
  'beginning' | 'end' | { readonly offset: number } | { readonly timestampMs: number } | { readonly last: number };

export interface TopicSelection {
  readonly topic: string;
  /** All by default, later ones included. */
  readonly partitions?: readonly number[];
  /** In place of the stream's own start. */
  readonly from?: StartPosition;
}

export interface RecordStreamOptions {
  readonly topics: readonly (string | TopicSelection)[];
  readonly from: StartPosition;
  /** Follow what is written (default), or end where the partitions end when the stream starts. */
  readonly until?: 'closed' | 'end';
  readonly isolation?: IsolationLevel;
  /** Ends after so many records. */
  readonly maxRecords?: number;
  /** Bytes held for a slow reader before fetching rests. Default 8 MiB. */
  readonly maxBufferedBytes?: number;
  readonly maxFetchBytes?: number;
  readonly maxWaitMs?: number;
  /** How often to look for new partitions. Default 30 s. */
  readonly discoveryIntervalMs?: number;
  readonly signal?: AbortSignal;
}

const DISCOVERY_INTERVAL_MS = 30_000;

/**
 * A live, bounded view of partitions: an async iterator of chunks, each of one partition and in the order of offsets. It
 * joins no group and commits nothing. Iteration ends after `close()`, at the `until` or `maxRecords` given, and throws
 * when reading cannot go on (no such topic, not allowed).
 *
 * @example
 *   for await (const chunk of new RecordStream(client, { topics: ['orders'], from: 'end' })) show(chunk.records);
 */
export class RecordStream implements AsyncIterable<StreamChunk> {
  readonly #client: ClusterClient;
  readonly #options: RecordStreamOptions;
  readonly #fetcher: PartitionFetcher;
  /** Where partitions end for `until: 'end'`; gone from here once reached. */
  readonly #ends = new Map<string, number>();
  #started: Promise<void> | undefined;
  #discovery: NodeJS.Timeout | undefined;
  #left: number;

  constructor(client: ClusterClient, options: RecordStreamOptions) {
    this.#client = client;
    this.#options = options;
    this.#left = options.maxRecords ?? Infinity;
    this.#fetcher = new PartitionFetcher(client, {
      isolation: options.isolation ?? 'read_uncommitted',
      ...(options.maxBufferedBytes === undefined ? {} : { maxBufferedBytes: options.maxBufferedBytes }),
      ...(options.maxFetchBytes === undefined ? {} : { maxFetchBytes: options.maxFetchBytes }),
      ...(options.maxWaitMs === undefined ? {} : { maxWaitMs: options.maxWaitMs }),
    });
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (options.signal?.aborted === true) this.close();
  }

  get status(): StreamStatus {
    return this.#fetcher.status;
  }

  /** The one listener for changes between reading, paused, and waiting for a broker. */
  onStatus(listener: (status: StreamStatus) => void): void {
    this.#fetcher.onStatus(listener);
  }

  /** Holds chunks back; fetching stops when the buffer is full. */
  pause(): void {
    this.#fetcher.pause();
  }

  resume(): void {
    this.#fetcher.resume();
  }

  /** Moves partitions that the stream reads; what was read of them but not handed out is dropped. */
  async seek(partitions: readonly TopicPartition[], to: StartPosition): Promise<void> {
    await this.#start();
    this.#fetcher.assign(await this.#resolve(partitions.map((item) => ({ ...item, from: to }))));
  }

  /** Ends the stream and its connections; a pending `next` answers that iteration is over. */
  close(): void {
    clearInterval(this.#discovery);
    this.#fetcher.close();
  }

  /**
   * The next chunk, null at the end. With `timeoutMs`, undefined when nothing came for so long. Rejects like iteration.
   */
  async next(timeoutMs?: number): Promise<StreamChunk | null | undefined> {
    await this.#start();
    if (this.#left <= 0 || this.#isAtEnd()) {
      this.close();
      return null;
    }
    const chunk = await this.#fetcher.next(timeoutMs);
    if (chunk === null || chunk === undefined) return chunk;
    return this.#trim(chunk);
  }

  #isAtEnd(): boolean {
    return this.#options.until === 'end' && this.#ends.size === 0;
  }

  /** Cuts what lies past the ends that the stream was given. */
  #trim(chunk: StreamChunk): StreamChunk {
    let { records } = chunk;
    const key = partitionName(chunk);
    const end = this.#ends.get(key);
    if (this.#options.until === 'end') {
      if (end === undefined) return { ...chunk, records: [] };
      if (chunk.nextOffset >= end) {
        records = records.filter(({ offset }) => offset < end);
        this.#ends.delete(key);
        this.#fetcher.revoke([chunk]);
      }
    }
    if (records.length > this.#left) records = records.slice(0, this.#left);
    this.#left -= records.length;
    return records === chunk.records ? chunk : { ...chunk, records };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamChunk, void> {
    try {
      for (;;) {
        const chunk = await this.next();
        if (chunk === null || chunk === undefined) return;
        yield chunk;
      }
    } finally {
      this.close();
    }
  }

  /** The same, record by record; damaged batches are left out. */
  async *records(): AsyncGenerator<ConsumedRecord, void> {
    for await (const { records } of this) yield* records;
  }

  #start(): Promise<void> {
    this.#started ??= this.#open();
    return this.#started;
  }

  async #open(): Promise<void> {
    const selections = this.#options.topics.map((item) => (typeof item === 'string' ? { topic: item } : item));
    const { topics } = await this.#client.metadata({ topics: selections.map(({ topic }) => topic) });
    const wanted = selections.flatMap((selection) => {
      const topic = topics.get(selection.topic);
      if (topic === undefined || topic.error !== null) {
        throw topic?.error ?? new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${selection.topic}'`);
      }
      const numbers = selection.partitions ?? topic.partitions.map(({ partition }) => partition);
      const from = selection.from ?? this.#options.from;
      return numbers.map((partition) => ({ topic: selection.topic, partition, from }));
    });
    const positions = await this.#resolve(wanted);
    if (this.#options.until === 'end') await this.#findEnds(positions);
    else this.#discover(selections);
    const open =
      this.#options.until === 'end' ? positions.filter((item) => this.#ends.has(partitionName(item))) : positions;
    this.#fetcher.assign(open);
  }

  async #findEnds(positions: readonly Position[]): Promise<void> {
    const ends = await this.#list(positions.map((item) => ({ ...item, spec: 'latest' as const })));
    positions.forEach((position, index) => {
      const end = ends[index]!;
      if (position.offset < end) this.#ends.set(partitionName(position), end);
    });
  }

  /** Looks for partitions that were added to topics, from time to time; they are read from their beginning. */
  #discover(selections: readonly TopicSelection[]): void {
    const names = selections.filter(({ partitions }) => partitions === undefined).map(({ topic }) => topic);
    if (names.length === 0 || this.#fetcher.isClosed) return;
    const look = async (): Promise<void> => {
      const { topics } = await this.#client.metadata({ topics: names });
      const known = new Set(this.#fetcher.assigned().map(partitionName));
      const added = [...topics.values()]
        .flatMap(({ name: topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition, offset: 0 })))
        .filter((item) => !known.has(partitionName(item)));
      if (added.length > 0 && !this.#fetcher.isClosed) this.#fetcher.assign(added);
    };
    // A failed look tells nothing that reading itself would not tell better.
    const timer = setInterval(
      () => void look().catch(() => undefined),
      this.#options.discoveryIntervalMs ?? DISCOVERY_INTERVAL_MS,
    );
    timer.unref();
    this.#discovery = timer;
  }

  async #resolve(wanted: readonly (TopicPartition & { readonly from: StartPosition })[]): Promise<Position[]> {
    const specs = wanted.map(({ topic, partition, from }) => ({ topic, partition, spec: specOf(from) }));
    const listed = await this.#list(specs);
    const lost = specs.filter((_, index) => listed[index] === -1);
    const ends = await this.#list(lost.map((item) => ({ ...item, spec: 'latest' as const })));
    const endOf = new Map(lost.map((item, index) => [partitionName(item), ends[index]!]));
    const starts = wanted.some(({ from }) => typeof from === 'object' && 'last' in from)
      ? await this.#list(wanted.map(({ topic, partition }) => ({ topic, partition, spec: 'earliest' as const })))
      : [];
    return wanted.map(({ topic, partition, from }, index) => {
      const offset = listed[index]! < 0 ? endOf.get(partitionName({ topic, partition }))! : listed[index]!;
      if (typeof from === 'string' || 'timestampMs' in from) return { topic, partition, offset };
      if ('offset' in from) return { topic, partition, offset: from.offset };
      return { topic, partition, offset: Math.max(starts[index]!, offset - from.last) };
    });
  }

  async #list(wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[]): Promise<number[]> {
    if (wanted.length === 0) return [];
    const results = await listOffsets(this.#client, wanted, {
      isolation: this.#options.isolation ?? 'read_uncommitted',
    });
    return results.map(({ value, error }) => {
      if (value === null) throw error;
      return value.offset;
    });
  }
}

function specOf(from: StartPosition): OffsetSpec {
  if (from === 'beginning') return 'earliest';
  if (typeof from === 'object' && 'timestampMs' in from) return { timestampMs: from.timestampMs };
  return 'latest';
}
