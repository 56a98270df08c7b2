import type { Admin } from '../../client/admin.ts';
import type { ConsumedRecord } from '../../client/record-decoder.ts';
import type { RecordStream, RecordStreamOptions, StartPosition } from '../../client/record-stream.ts';
import type { StreamChunk } from '../../client/partition-fetcher.ts';
import { formatCount } from '../../shared/format.ts';
import type { MessagesFrom } from '../../shared/messages-contract.ts';
import type { MessageReading, MessageRequest, MessageSink, MessageSource, SourceRecord } from './message-source.ts';

export type Stream = Pick<RecordStream, 'next' | 'onStatus' | 'pause' | 'resume' | 'close'>;

export interface SourcePorts {
  /** Throws while the cluster is not up. */
  admin(): Pick<Admin, 'describeTopics' | 'listOffsets'>;
  stream(options: RecordStreamOptions): Stream;
}

/** Reads a topic of a Kafka cluster through record streams, which join no group. */
export class ClusterMessageSource implements MessageSource {
  readonly #ports: SourcePorts;

  constructor(ports: SourcePorts) {
    this.#ports = ports;
  }

  open(request: MessageRequest, sink: MessageSink): MessageReading {
    const reading = new ClusterReading(this.#ports, request, sink);
    queueMicrotask(() => void reading.run());
    return reading;
  }
}

/** How far a partition is: from where it was read, up to where it ended when reading began. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

class ClusterReading implements MessageReading {
  readonly positions = new Map<number, number>();
  readonly #ports: SourcePorts;
  readonly #request: MessageRequest;
  readonly #sink: MessageSink;
  #stream: Stream | undefined;
  #stretches = new Map<number, Stretch>();
  #isPaused = false;
  #isClosed = false;

  constructor(ports: SourcePorts, request: MessageRequest, sink: MessageSink) {
    this.#ports = ports;
    this.#request = request;
    this.#sink = sink;
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.close();
  }

  /** Reads until closed. Never rejects. */
  async run(): Promise<void> {
    try {
      const partitions = await this.#findPartitions();
      if (this.#isClosed) return;
      this.#sink.partitions(partitions);
      const starts = await this.#findStretches(partitions);
      if (this.#isClosed) return;
      this.#reportProgress();
      await this.#read(starts);
    } catch (error) {
      if (!this.#isClosed) this.#sink.failed(error);
    } finally {
      this.#stream?.close();
    }
  }

  async #findPartitions(): Promise<readonly number[]> {
    const { topic, partitions } = this.#request;
    const [description] = await this.#ports.admin().describeTopics([topic]);
    if (description === undefined) throw new Error(`The cluster said nothing about topic '${topic}'.`);
    if (description.error !== null) throw description.error;
    const all = description.partitions.map(({ partition }) => partition);
    return partitions === undefined ? all : all.filter((partition) => partitions.includes(partition));
  }

  /** Where each partition starts and ends now: offsets to read from, and what progress is measured by. */
  async #findStretches(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { topic, from, resumeAt } = this.#request;
    const admin = this.#ports.admin();
    const ask = async (spec: 'earliest' | 'latest' | { timestampMs: number }): Promise<Map<number, number>> => {
      const wanted = partitions.map((partition) => ({ topic, partition, spec }));
      const found = new Map<number, number>();
      for (const { partition, value, error } of await admin.listOffsets(wanted)) {
        if (error !== null) throw error;
        if (value.offset >= 0) found.set(partition, value.offset);
      }
      return found;
    };
    const ends = await ask('latest');
    const earliest = await ask('earliest');
    const byTime = from.kind === 'timestamp' ? await ask({ timestampMs: from.timestampMs }) : ends;
    const starts = new Map<number, number>();
    for (const partition of partitions) {
      const end = ends.get(partition) ?? 0;
      const first = earliest.get(partition) ?? 0;
      const wanted = resumeAt?.get(partition) ?? startOffset(from, first, byTime.get(partition) ?? end, end);
      const start = Math.min(Math.max(wanted, first), end);
      starts.set(partition, start);
      this.positions.set(partition, start);
      if (start < end) this.#stretches.set(partition, { start, end });
    }
    return starts;
  }

  async #read(starts: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.#request;
    const topics = [...starts].map(([partition, offset]) => ({
      topic,
      partitions: [partition],
      from: { offset } satisfies StartPosition,
    }));
    const stream = this.#ports.stream({ topics, from: 'end' });
    this.#stream = stream;
    stream.onStatus(({ state, error }) => {
      if (!this.#isClosed && state !== 'paused') this.#sink.waiting(state === 'waiting' ? error : null);
    });
    if (this.#isPaused) stream.pause();
    for (;;) {
      const chunk = await stream.next();
      if (this.#isClosed) return;
      if (chunk === null) throw new Error('The connection was closed.');
      if (chunk !== undefined) this.#take(chunk);
    }
  }

  #take(chunk: StreamChunk): void {
    const { partition, records, damaged, nextOffset } = chunk;
    for (const { baseOffset, lastOffset, reason } of damaged) {
      const message = `${describeOffsets(baseOffset, lastOffset)} could not be read. ${reason}`;
      this.#sink.note({ partition, offset: baseOffset, message });
    }
    if (records.length > 0) this.#sink.records(records.map(toSourceRecord));
    this.positions.set(partition, nextOffset);
    this.#reportProgress();
  }

  #reportProgress(): void {
    let done = 0;
    let all = 0;
    for (const [partition, { start, end }] of this.#stretches) {
      const position = this.positions.get(partition) ?? start;
      done += Math.min(position, end) - start;
      all += end - start;
    }
    if (done >= all) this.#stretches.clear();
    this.#sink.progress(all === 0 ? 1 : done / all);
  }
}

function startOffset(from: MessagesFrom, first: number, byTime: number, end: number): number {
  switch (from.kind) {
    case 'beginning':
      return first;
    case 'end':
      return end;
    case 'last':
      return end - from.count;
    case 'offset':
      return from.offset;
    case 'timestamp':
      return byTime;
  }
}

function describeOffsets(first: number, last: number): string {
  return first === last ? `Offset ${formatCount(first)}` : `Offsets ${formatCount(first)} to ${formatCount(last)}`;
}

function toSourceRecord(record: ConsumedRecord): SourceRecord {
  const { partition, offset, timestamp, timestampType, key, value, headers } = record;
  return {
    partition,
    offset,
    timestampMs: timestamp,
    timestampType: timestampType === 'LogAppendTime' ? 'logAppend' : 'create',
    key,
    value,
    headers,
  };
}
