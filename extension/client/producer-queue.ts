import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../protocol/errors.ts';
import { produceRequest } from '../protocol/generated/produce-request.ts';
import { produceResponse, type PartitionProduceResponse } from '../protocol/generated/produce-response.ts';
import { CompressionType, type CompressionName } from '../records/compression-type.ts';
import type { NewRecord } from '../records/record.ts';
import { incrementSequence } from '../records/record-batch.ts';
import { RecordBatchBuilder } from '../records/record-batch-builder.ts';
import type { ClusterClient } from './cluster-client.ts';
import { ZERO_TOPIC_ID, type TopicMetadata } from './cluster-metadata.ts';
import { KafkaError } from './kafka-error.ts';
import { partitionName } from './leader-routing.ts';
import { backoffMs, isRetriableError } from './retry.ts';

/** Who an idempotent producer is to the brokers. */
export interface ProducerIdentity {
  readonly id: number;
  readonly epoch: number;
}

export interface QueuedRecord {
  readonly record: NewRecord;
  readonly sizeBytes: number;
  /** `appendTime` where the broker set the time. */
  done(offset: number, appendTime: number | undefined): void;
  failed(error: Error): void;
}

export interface ProducerQueueContext {
  readonly client: ClusterClient;
  readonly topic: string;
  readonly partition: number;
  readonly acks: -1 | 0 | 1;
  readonly compression: CompressionName;
  readonly maxBatchBytes: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  metadata(): Promise<TopicMetadata>;
  forgetMetadata(): void;
  /** Null for a producer that is not idempotent. */
  identity(): Promise<ProducerIdentity | null>;
  forgetIdentity(identity: ProducerIdentity): void;
}

const LAST_VERSION_WITH_NAMES = 12;
const LANE = 'produce';
const ANSWER_GRACE_MS = 5_000;

/** After these the broker has lost count, or we have: the numbers start anew under another producer id. */
const LOST_COUNT: ReadonlySet<number> = new Set<number>([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
]);

/** The records of one partition on their way: batches leave one after the other, so order holds whatever is repeated. */
export class ProducerQueue {
  readonly #context: ProducerQueueContext;
  readonly #waiting: QueuedRecord[] = [];
  #draining: Promise<void> | undefined;
  #identity: ProducerIdentity | null = null;
  #nextSequence = 0;

  constructor(context: ProducerQueueContext) {
    this.#context = context;
  }

  push(record: QueuedRecord): void {
    this.#waiting.push(record);
    // Not before the caller's turn is over, so that what is pushed together leaves together.
    this.#draining ??= Promise.resolve()
      .then(() => this.#drain())
      .finally(() => (this.#draining = undefined));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#deliver(this.#nextBatch());
  }

  #nextBatch(): QueuedRecord[] {
    let bytes = 0;
    let count = 0;
    for (const { sizeBytes } of this.#waiting) {
      if (count > 0 && bytes + sizeBytes > this.#context.maxBatchBytes) break;
      bytes += sizeBytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Sends a batch until it is acknowledged or fails for good; settles its records and never throws. */
  async #deliver(records: readonly QueuedRecord[]): Promise<void> {
    const deadline = performance.now() + this.#context.deliveryTimeoutMs;
    let batch: Buffer | undefined;
    let mayHaveArrived = false;
    for (let attempt = 0; ; attempt++) {
      try {
        batch ??= await this.#encode(records);
        const answer = await this.#send(batch);
        this.#nextSequence = incrementSequence(this.#nextSequence, records.length);
        this.#acknowledge(records, answer);
        return;
      } catch (error) {
        if (error instanceof KafkaError) {
          if (error.errorCode === ErrorCode.MESSAGE_TOO_LARGE && records.length > 1) return this.#split(records);
          if (this.#identity !== null && LOST_COUNT.has(error.errorCode) && !mayHaveArrived) {
            this.#startAnew();
            batch = undefined;
            if (performance.now() < deadline && attempt < 3) continue;
          }
        } else {
          mayHaveArrived = batch !== undefined;
        }
        const pauseMs = backoffMs(attempt);
        if (!isRetriableError(error) || performance.now() + pauseMs > deadline) {
          this.#startAnew();
          for (const record of records) record.failed(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        this.#context.forgetMetadata();
        await delay(pauseMs);
      }
    }
  }

  #startAnew(): void {
    if (this.#identity !== null) this.#context.forgetIdentity(this.#identity);
    this.#identity = null;
  }

  async #split(records: readonly QueuedRecord[]): Promise<void> {
    const half = Math.ceil(records.length / 2);
    await this.#deliver(records.slice(0, half));
    await this.#deliver(records.slice(half));
  }

  async #encode(records: readonly QueuedRecord[]): Promise<Buffer> {
    const identity = await this.#context.identity();
    if (identity !== this.#identity) this.#nextSequence = 0;
    this.#identity = identity;
    const builder = new RecordBatchBuilder({
      compression: CompressionType[this.#context.compression],
      ...(identity === null
        ? {}
        : { producerId: identity.id, producerEpoch: identity.epoch, baseSequence: this.#nextSequence }),
    });
    for (const { record } of records) builder.append(record);
    return builder.build();
  }

  async #send(batch: Buffer): Promise<PartitionProduceResponse | null> {
    const { client, topic, partition, acks, requestTimeoutMs } = this.#context;
    const metadata = await this.#context.metadata();
    const leader = metadata.partitions.find((item) => item.partition === partition)?.leader ?? -1;
    if (leader < 0) throw new KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, partitionName({ topic, partition }));
    const connection = await client.connectionTo(leader, LANE);
    const options = {
      ...(metadata.topicId === ZERO_TOPIC_ID ? { maxVersion: LAST_VERSION_WITH_NAMES } : {}),
      timeoutMs: requestTimeoutMs + ANSWER_GRACE_MS,
    };
    const body = (version: number) => ({
      transactionalId: null,
      acks,
      timeoutMs: requestTimeoutMs,
      topicData: [
        {
          ...(version > LAST_VERSION_WITH_NAMES ? { topicId: metadata.topicId } : { name: topic }),
          partitionData: [{ index: partition, records: batch }],
        },
      ],
    });
    if (acks === 0) {
      await connection.sendOneWay(produceRequest, body, options);
      return null;
    }
    const response = await connection.send(produceRequest, produceResponse, body, options);
    const answer = response.responses[0]?.partitionResponses[0];
    if (answer === undefined) {
      throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, partitionName({ topic, partition }), 'no answer about it');
    }
    if (answer.errorCode !== ErrorCode.NONE && answer.errorCode !== ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      throw new KafkaError(answer.errorCode, partitionName({ topic, partition }), errorText(answer));
    }
    return answer;
  }

  #acknowledge(records: readonly QueuedRecord[], answer: PartitionProduceResponse | null): void {
    const base = answer?.baseOffset ?? -1;
    const appendTime = answer !== null && answer.logAppendTimeMs >= 0 ? answer.logAppendTimeMs : undefined;
    records.forEach((record, index) => record.done(base < 0 ? -1 : base + index, appendTime));
  }
}

function errorText(answer: PartitionProduceResponse): string | null {
  const first = answer.recordErrors[0]?.batchIndexErrorMessage;
  return first ?? answer.errorMessage;
}
