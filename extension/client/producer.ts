import { ErrorCode } from '../protocol/errors.ts';
import { initProducerIdRequest } from '../protocol/generated/init-producer-id-request.ts';
import { initProducerIdResponse } from '../protocol/generated/init-producer-id-response.ts';
import type { CompressionName } from '../records/compression-type.ts';
import type { RecordHeader } from '../records/record.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { TopicMetadata } from './cluster-metadata.ts';
import { KafkaError, throwOnError } from './kafka-error.ts';
import type { TopicPartition } from './leader-routing.ts';
import { partitionOfKey, StickyPartitioner } from './partitioner.ts';
import { ProducerQueue, type ProducerIdentity, type QueuedRecord } from './producer-queue.ts';
import { retrying } from './retry.ts';

/** Text is written as UTF-8. */
export interface RecordToProduce {
  readonly key?: Buffer | string | null;
  /** Null is a tombstone. */
  readonly value: Buffer | string | null;
  readonly headers?: readonly { readonly key: string; readonly value: Buffer | string | null }[];
  /** Ms since the epoch; now by default. */
  readonly timestamp?: number;
}

export interface ProducerOptions {
  /** `all` in-sync replicas (default), the leader only, or none: then offsets are not known (-1). */
  readonly acks?: 'all' | 1 | 0;
  readonly compression?: CompressionName;
  /** No duplicates and no gaps when requests are repeated (KIP-98). Default with acks=all. */
  readonly idempotent?: boolean;
  /** Default 256 KiB. */
  readonly maxBatchBytes?: number;
  /** Bytes accepted but not acknowledged; `produce` waits above it. Default 32 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long the broker waits for replicas. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** After this long without success a batch fails. Default 120 s. */
  readonly deliveryTimeoutMs?: number;
  /** How long to wait for a topic that does not exist (yet). Default 10 s. */
  readonly maxBlockMs?: number;
  /** Lets the cluster create topics where it does so. Default true. */
  readonly allowAutoTopicCreation?: boolean;
}

export interface ProducedRecord extends TopicPartition {
  /** -1 with acks=0. */
  readonly offset: number;
  /** Ms since the epoch: the broker's where the topic says LogAppendTime. */
  readonly timestamp: number;
}

const MAX_BATCH_BYTES = 256 * 1024;
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const DELIVERY_TIMEOUT_MS = 120_000;
const MAX_BLOCK_MS = 10_000;
const METADATA_MAX_AGE_MS = 300_000;
/** Kafka's own `batch.size`: how much goes to one partition before records without key move on. */
const STICKY_BYTES = 16_384;

interface KnownTopic {
  readonly metadata: TopicMetadata;
  readonly asOfMs: number;
  readonly sticky: StickyPartitioner;
}

/**
 * Writes records. Order is kept per partition: one batch at a time is on its way to each, and what arrives meanwhile makes
 * the next. Keys choose their partition as Kafka's Java client does.
 */
export class Producer {
  readonly #client: ClusterClient;
  readonly #options: ProducerOptions;
  readonly #queues = new Map<string, ProducerQueue>();
  readonly #topics = new Map<string, KnownTopic>();
  readonly #looking = new Map<string, Promise<TopicMetadata>>();
  #identity: Promise<ProducerIdentity> | undefined;
  #knownIdentity: ProducerIdentity | undefined;
  /** Calls of `produce` that are not settled. */
  #accepted = 0;
  #bufferedBytes = 0;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(client: ClusterClient, options: ProducerOptions = {}) {
    if (options.idempotent === true && (options.acks ?? 'all') !== 'all') {
      throw new TypeError('an idempotent producer needs acks=all');
    }
    this.#client = client;
    this.#options = options;
  }

  /**
   * Writes records to one partition, or (null) each where its key belongs. Resolves when all are acknowledged, in the order
   * given; rejects with the first error, when others may have been written.
   */
  async produce(
    topic: string,
    partition: number | null,
    records: readonly RecordToProduce[],
  ): Promise<ProducedRecord[]> {
    if (records.length === 0) return [];
    if (this.#isClosed) throw new Error('the producer is closed');
    this.#accepted += 1;
    try {
      const metadata = await this.#topic(topic);
      const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
      await this.#room(bytes);
      this.#bufferedBytes += bytes;
      try {
        return await Promise.all(records.map((record) => this.#enqueue(metadata, partition, record)));
      } finally {
        this.#bufferedBytes -= bytes;
      }
    } finally {
      this.#accepted -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  async #room(bytes: number): Promise<void> {
    const limit = this.#options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
    while (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > limit) await this.#change();
  }

  /** Resolves when something was acknowledged or given up. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #enqueue(topic: TopicMetadata, wanted: number | null, record: RecordToProduce): Promise<ProducedRecord> {
    const key = bufferOf(record.key ?? null);
    const value = bufferOf(record.value);
    const count = topic.partitions.length;
    const partition = wanted ?? this.#choose(topic, key, sizeOf(record));
    if (partition < 0 || partition >= count) {
      const text = `topic '${topic.name}' has partitions 0 to ${count - 1}, not ${partition}`;
      return Promise.reject(new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${topic.name}'`, text));
    }
    return new Promise((resolve, reject) => {
      const timestamp = record.timestamp ?? Date.now();
      const queued: QueuedRecord = {
        record: { key, value, timestamp, headers: headersOf(record) },
        sizeBytes: sizeOf(record),
        done: (offset, appendTime) =>
          resolve({ topic: topic.name, partition, offset, timestamp: appendTime ?? timestamp }),
        failed: reject,
      };
      this.#queue(topic.name, partition).push(queued);
    });
  }

  #choose(topic: TopicMetadata, key: Buffer | null, bytes: number): number {
    if (key !== null) return partitionOfKey(key, topic.partitions.length);
    const led = topic.partitions.filter(({ leader }) => leader >= 0);
    const available = (led.length > 0 ? led : topic.partitions).map(({ partition }) => partition);
    return this.#topics.get(topic.name)!.sticky.next(bytes, available);
  }

  #queue(topic: string, partition: number): ProducerQueue {
    const key = `${topic}-${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const { acks = 'all', compression = 'none' } = this.#options;
      const isIdempotent = this.#options.idempotent ?? acks === 'all';
      queue = new ProducerQueue({
        client: this.#client,
        topic,
        partition,
        acks: acks === 'all' ? -1 : acks,
        compression,
        maxBatchBytes: this.#options.maxBatchBytes ?? MAX_BATCH_BYTES,
        requestTimeoutMs: this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
        deliveryTimeoutMs: this.#options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS,
        metadata: () => this.#topic(topic),
        forgetMetadata: () => void this.#forget(topic),
        identity: isIdempotent ? () => this.#identify() : () => Promise.resolve(null),
        forgetIdentity: (identity) => this.#forgetIdentity(identity),
      });
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #forget(topic: string): void {
    const known = this.#topics.get(topic);
    if (known !== undefined) this.#topics.set(topic, { ...known, asOfMs: -Infinity });
  }

  async #topic(name: string): Promise<TopicMetadata> {
    const known = this.#topics.get(name);
    if (known !== undefined && performance.now() - known.asOfMs < METADATA_MAX_AGE_MS) return known.metadata;
    let looking = this.#looking.get(name);
    if (looking === undefined) {
      looking = this.#look(name).finally(() => this.#looking.delete(name));
      this.#looking.set(name, looking);
    }
    return looking;
  }

  async #look(name: string): Promise<TopicMetadata> {
    return retrying(
      async () => {
        const { topics } = await this.#client.metadata({
          topics: [name],
          allowAutoTopicCreation: this.#options.allowAutoTopicCreation ?? true,
        });
        const metadata = topics.get(name);
        if (metadata === undefined || metadata.error !== null) {
          throw metadata?.error ?? new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${name}'`);
        }
        const sticky = this.#topics.get(name)?.sticky ?? new StickyPartitioner(STICKY_BYTES);
        this.#topics.set(name, { metadata, asOfMs: performance.now(), sticky });
        return metadata;
      },
      { timeoutMs: this.#options.maxBlockMs ?? MAX_BLOCK_MS },
    );
  }

  #identify(): Promise<ProducerIdentity> {
    if (this.#identity === undefined) {
      const identity = this.#newIdentity();
      this.#identity = identity;
      identity.then(
        (value) => (this.#knownIdentity = value),
        () => (this.#identity = undefined),
      );
    }
    return this.#identity;
  }

  async #newIdentity(): Promise<ProducerIdentity> {
    return retrying(
      async () => {
        const response = await this.#client.toAny(initProducerIdRequest, initProducerIdResponse, {
          transactionalId: null,
          transactionTimeoutMs: 0x7fffffff,
        });
        throwOnError(response.errorCode, 'producer id');
        return { id: response.producerId, epoch: response.producerEpoch };
      },
      { timeoutMs: this.#client.retryTimeoutMs },
    );
  }

  /** After a batch was lost its sequence numbers are missing: only a new producer id can go on. */
  #forgetIdentity(lost: ProducerIdentity): void {
    if (this.#knownIdentity !== lost) return;
    this.#knownIdentity = undefined;
    this.#identity = undefined;
  }

  /** Resolves when nothing is on its way any more, whatever became of it. */
  async flush(): Promise<void> {
    while (this.#accepted > 0) await this.#change();
  }

  /** Writes out what was accepted; later records are refused. The client stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }
}

function bufferOf(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function headersOf({ headers = [] }: RecordToProduce): RecordHeader[] {
  return headers.map(({ key, value }) => ({ key, value: bufferOf(value) }));
}

/** Bytes on the wire, roughly; text counted as one byte per character. */
function sizeOf(record: RecordToProduce): number {
  let sum = 24 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { key, value } of record.headers ?? []) sum += 4 + key.length + (value?.length ?? 0);
  return sum;
}
