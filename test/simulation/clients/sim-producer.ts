import { ErrorCode, errorName } from '../../../extension/protocol/errors.ts';
import { initProducerIdRequest } from '../../../extension/protocol/generated/init-producer-id-request.ts';
import { initProducerIdResponse } from '../../../extension/protocol/generated/init-producer-id-response.ts';
import { produceRequest } from '../../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../../extension/protocol/generated/produce-response.ts';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import type { DeliveryHistory } from '../checks/delivery-history.ts';
import { Violation } from '../world/sim-world.ts';
import type { SimClient } from './sim-client.ts';

interface Batch {
  readonly baseSequence: number;
  readonly values: readonly string[];
  readonly bytes: Buffer;
}

/** What became of a batch that was sent. */
type Outcome = { readonly baseOffset: number } | { readonly code: number } | 'no answer';

const RETRY_MS = 60;
const PRODUCE_TIMEOUT_MS = 1_500;
const REQUEST_TIMEOUT_MS = 2_000;

/**
 * An idempotent producer with acks=all. Per partition up to `maxInFlight` batches are under way; what fails is sent again,
 * all that follows with it, under the same sequence numbers, until it is acknowledged.
 */
export class SimProducer {
  readonly #client: SimClient;
  readonly #history: DeliveryHistory;
  readonly #topic: string;
  readonly #maxInFlight: number;
  #producerId = -1;
  #open = 0;

  constructor(client: SimClient, history: DeliveryHistory, topic: string, maxInFlight: number) {
    this.#client = client;
    this.#history = history;
    this.#topic = topic;
    this.#maxInFlight = maxInFlight;
  }

  /** Whether all partitions have everything. */
  get isDone(): boolean {
    return this.#open === 0;
  }

  /** Sends `count` batches to each partition, with pauses of up to `pauseMs`. */
  start(partitions: readonly number[], count: number, pauseMs: number): void {
    this.#open = partitions.length;
    this.#client.run(async () => {
      await this.#identify();
      for (const partition of partitions) {
        this.#client.run(async () => {
          await this.#produce(partition, count, pauseMs);
          this.#open--;
        });
      }
    });
  }

  async #identify(): Promise<void> {
    while (this.#producerId < 0) {
      const answer = await this.#client.askAny(initProducerIdRequest, initProducerIdResponse, {
        transactionalId: null,
        transactionTimeoutMs: 0,
      });
      if (answer?.errorCode === ErrorCode.NONE) this.#producerId = answer.producerId;
      else {
        if (answer !== undefined) this.#client.expectRetriable(answer.errorCode, 'InitProducerId');
        await this.#client.clock.sleep(RETRY_MS);
      }
    }
  }

  async #produce(partition: number, count: number, pauseMs: number): Promise<void> {
    const { clock, random } = this.#client;
    let sequence = 0;
    for (let sent = 0; sent < count;) {
      const window: Batch[] = [];
      const size = 1 + random.int(this.#maxInFlight);
      for (; window.length < size && sent < count; sent++) {
        const batch = this.#batch(partition, sequence, 1 + random.int(3));
        sequence += batch.values.length;
        window.push(batch);
      }
      while (window.length > 0) {
        const acknowledged = await this.#sendAll(partition, window);
        window.splice(0, acknowledged);
        if (window.length > 0) await clock.sleep(random.between(RETRY_MS / 2, RETRY_MS));
      }
      await clock.sleep(random.between(0, pauseMs));
    }
  }

  #batch(partition: number, baseSequence: number, count: number): Batch {
    const values = Array.from({ length: count }, (_, index) => `${this.#client.name}:${baseSequence + index}`);
    const builder = new RecordBatchBuilder({ producerId: this.#producerId, producerEpoch: 0, baseSequence });
    for (const value of values) {
      builder.append({
        key: Buffer.from(String(partition)),
        value: Buffer.from(value),
        timestamp: this.#client.clock.nowMs(),
      });
    }
    return { baseSequence, values, bytes: builder.build() };
  }

  /** Sends batches that follow each other; answers how many of them, from the first on, are acknowledged. */
  async #sendAll(partition: number, batches: readonly Batch[]): Promise<number> {
    const leader = await this.#client.leaderOf(this.#topic, partition);
    if (leader === undefined) return 0;
    const outcomes = await Promise.all(batches.map((batch) => this.#send(leader, partition, batch)));
    const name = `${leader.topicId}-${partition}`;
    for (const [index, outcome] of outcomes.entries()) {
      const batch = batches[index]!;
      if (typeof outcome === 'object' && 'baseOffset' in outcome) {
        this.#history.acknowledge(this.#client.name, name, outcome.baseOffset, batch.values);
        continue;
      }
      this.#client.forgetLeader(this.#topic, partition);
      const code = outcome === 'no answer' ? ErrorCode.REQUEST_TIMED_OUT : outcome.code;
      if (code === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
        if (outcomes.slice(0, index).every((before) => typeof before === 'object' && 'baseOffset' in before)) {
          throw new Violation(
            'an acknowledged record is never lost',
            `${this.#client.name}: node ${leader.leader} leads ${this.#topic}-${partition} in epoch ${leader.epoch} and does ` +
              `not know what came before sequence ${batch.baseSequence}: ${errorName(code)}`,
          );
        }
      } else this.#client.expectRetriable(code, `Produce to ${this.#topic}-${partition} on node ${leader.leader}`);
      this.#checkLater(outcomes.slice(index + 1), batches.slice(index + 1), name);
      return index;
    }
    return batches.length;
  }

  /** A batch cannot be in the log while one before it is not. That one's answer may be lost, so a retry tells. */
  #checkLater(outcomes: readonly Outcome[], batches: readonly Batch[], name: string): void {
    outcomes.forEach((outcome, index) => {
      if (typeof outcome !== 'object' || !('baseOffset' in outcome)) return;
      this.#history.acknowledge(this.#client.name, name, outcome.baseOffset, batches[index]!.values);
    });
  }

  async #send(leader: { leader: number; topicId: string }, partition: number, batch: Batch): Promise<Outcome> {
    const answer = await this.#client.ask(
      leader.leader,
      produceRequest,
      produceResponse,
      {
        acks: -1,
        timeoutMs: PRODUCE_TIMEOUT_MS,
        topicData: [
          {
            name: this.#topic,
            topicId: leader.topicId,
            // The bytes get their offset in place, and this batch may be sent again.
            partitionData: [{ index: partition, records: batch.bytes }],
          },
        ],
      },
      { timeoutMs: REQUEST_TIMEOUT_MS, purpose: `partition ${partition}` },
    );
    const result = answer?.responses[0]?.partitionResponses[0];
    if (result === undefined) return 'no answer';
    return result.errorCode === ErrorCode.NONE ? { baseOffset: result.baseOffset } : { code: result.errorCode };
  }
}
