import { ErrorCode, errorName } from '../../../extension/protocol/errors.ts';
import { initProducerIdRequest } from '../../../extension/protocol/generated/init-producer-id-request.ts';
import { initProducerIdResponse } from '../../../extension/protocol/generated/init-producer-id-response.ts';
import { produceRequest } from '../../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../../extension/protocol/generated/produce-response.ts';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import type { DeliveryHistory } from '../checks/delivery-history.ts';
import { Violation } from '../world/sim-world.ts';
import type { SimClient } from './sim-client.ts';

/** Under which id records are written: to one partition, numbered from 0 on. */
interface Identity {
  readonly name: string;
  readonly producerId: number;
  nextSequence: number;
}

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
  #identities = 0;
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
    for (const partition of partitions) {
      this.#client.run(async () => {
        await this.#produce(partition, count, pauseMs);
        this.#open--;
      });
    }
  }

  async #identify(): Promise<Identity> {
    const name = `${this.#client.name}.${++this.#identities}`;
    for (;;) {
      const answer = await this.#client.askAny(initProducerIdRequest, initProducerIdResponse, {
        transactionalId: null,
        transactionTimeoutMs: 0,
      });
      if (answer?.errorCode === ErrorCode.NONE) return { name, producerId: answer.producerId, nextSequence: 0 };
      if (answer !== undefined) this.#client.expectRetriable(answer.errorCode, 'InitProducerId');
      await this.#client.clock.sleep(RETRY_MS);
    }
  }

  async #produce(partition: number, count: number, pauseMs: number): Promise<void> {
    const { clock, random } = this.#client;
    let identity = await this.#identify();
    for (let sent = 0; sent < count;) {
      const window: Batch[] = [];
      // A leader that does not know a producer takes any first batch: it has to be in before others are under way.
      const size = identity.nextSequence === 0 ? 1 : 1 + random.int(this.#maxInFlight);
      for (; window.length < size && sent < count; sent++) {
        window.push(this.#batch(identity, partition, 1 + random.int(3)));
      }
      while (window.length > 0) {
        const acknowledged = await this.#sendAll(partition, window);
        if (acknowledged === 'unknown') {
          identity = await this.#identify();
          break;
        }
        window.splice(0, acknowledged);
        if (window.length > 0) await clock.sleep(random.between(RETRY_MS / 2, RETRY_MS));
      }
      await clock.sleep(random.between(0, pauseMs));
    }
  }

  #batch(identity: Identity, partition: number, count: number): Batch {
    const { name, producerId, nextSequence: baseSequence } = identity;
    identity.nextSequence += count;
    const values = Array.from({ length: count }, (_, index) => `${name}:${baseSequence + index}`);
    const builder = new RecordBatchBuilder({ producerId, producerEpoch: 0, baseSequence });
    for (const value of values) {
      builder.append({
        key: Buffer.from(String(partition)),
        value: Buffer.from(value),
        timestamp: this.#client.clock.nowMs(),
      });
    }
    return { baseSequence, values, bytes: builder.build() };
  }

  /**
   * Sends batches that follow each other; answers how many of them, from the first on, are acknowledged. `unknown` when the
   * leader cannot tell whether it has them: a restart leaves it the last batch of each producer only, as Kafka's snapshots do,
   * so that it does not recognize the first of several. Kafka's producers go on under a new epoch then, ours under a new id.
   */
  async #sendAll(partition: number, batches: readonly Batch[]): Promise<number | 'unknown'> {
    const leader = await this.#client.leaderOf(this.#topic, partition);
    if (leader === undefined) return 0;
    const outcomes = await Promise.all(batches.map((batch) => this.#send(leader, partition, batch)));
    const name = `${leader.topicId}-${partition}`;
    let acknowledged = 0;
    let firstFailure: number | undefined;
    for (const [index, outcome] of outcomes.entries()) {
      const batch = batches[index]!;
      if (typeof outcome === 'object' && 'baseOffset' in outcome) {
        this.#history.acknowledge(this.#client.name, name, outcome.baseOffset, batch.values);
        if (firstFailure === undefined) acknowledged++;
        continue;
      }
      this.#client.forgetLeader(this.#topic, partition);
      const code = outcome === 'no answer' ? ErrorCode.REQUEST_TIMED_OUT : outcome.code;
      const isFirst = firstFailure === undefined;
      firstFailure ??= code;
      if (code !== ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
        this.#client.expectRetriable(code, `Produce to ${this.#topic}-${partition} on node ${leader.leader}`);
      } else if (isFirst && this.#maxInFlight === 1) {
        throw new Violation(
          'an acknowledged record is never lost',
          `${this.#client.name}: node ${leader.leader} leads ${this.#topic}-${partition} in epoch ${leader.epoch} and does ` +
            `not know what came before sequence ${batch.baseSequence}: ${errorName(code)}`,
        );
      }
    }
    return firstFailure === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER ? 'unknown' : acknowledged;
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
