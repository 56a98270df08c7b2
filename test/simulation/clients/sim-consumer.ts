import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { fetchRequest } from '../../../extension/protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../../extension/protocol/generated/fetch-response.ts';
import { listOffsetsRequest } from '../../../extension/protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../../extension/protocol/generated/list-offsets-response.ts';
import type { DeliveryHistory } from '../checks/delivery-history.ts';
import { valuesOf } from '../checks/log-content.ts';
import { Violation } from '../world/sim-world.ts';
import type { KnownLeader, SimClient } from './sim-client.ts';

const RETRY_MS = 80;
const WAIT_MS = 400;
const LATEST = -1;

/** Reads partitions from their beginning on, and now and then asks where they end. */
export class SimConsumer {
  readonly #client: SimClient;
  readonly #history: DeliveryHistory;
  readonly #topic: string;
  readonly #positions = new Map<string, number>();
  #stopped = false;

  constructor(client: SimClient, history: DeliveryHistory, topic: string) {
    this.#client = client;
    this.#history = history;
    this.#topic = topic;
  }

  /** Whether it has read all that anybody was told of. */
  get isDone(): boolean {
    for (const partition of this.#history.partitions) {
      const position = this.#positions.get(partition);
      if (position !== undefined && position < this.#history.endOf(partition)) return false;
    }
    return true;
  }

  start(partitions: readonly number[]): void {
    for (const partition of partitions) this.#client.run(() => this.#consume(partition));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #consume(partition: number): Promise<void> {
    const { clock, random } = this.#client;
    let position = 0;
    let latest = 0;
    while (!this.#stopped) {
      const leader = await this.#client.leaderOf(this.#topic, partition);
      if (leader === undefined) {
        await clock.sleep(RETRY_MS);
        continue;
      }
      if (random.chance(0.1)) latest = await this.#askEnd(leader, partition, Math.max(latest, position));
      const next = await this.#fetch(leader, partition, position);
      if (next === undefined) {
        this.#client.forgetLeader(this.#topic, partition);
        await clock.sleep(random.between(RETRY_MS / 2, RETRY_MS));
        continue;
      }
      position = next;
      this.#positions.set(`${leader.topicId}-${partition}`, position);
      // A consumer that begins anew reads the same again.
      if (random.chance(0.01)) position = random.int(position + 1);
    }
  }

  /** Reads on from `position`; answers the next one, undefined when the leader has to be looked for. */
  async #fetch(leader: KnownLeader, partition: number, position: number): Promise<number | undefined> {
    const answer = await this.#client.ask(
      leader.leader,
      fetchRequest,
      fetchResponse,
      {
        maxWaitMs: WAIT_MS,
        minBytes: 1,
        maxBytes: 1 << 20,
        topics: [
          {
            topic: this.#topic,
            topicId: leader.topicId,
            partitions: [
              { partition, currentLeaderEpoch: leader.epoch, fetchOffset: position, partitionMaxBytes: 2_000 },
            ],
          },
        ],
      },
      { purpose: `partition ${partition}` },
    );
    const result = answer?.responses[0]?.partitions[0];
    if (answer === undefined || result === undefined) {
      if (answer !== undefined && answer.errorCode !== ErrorCode.NONE) {
        this.#client.expectRetriable(answer.errorCode, 'Fetch');
      }
      return undefined;
    }
    if (result.errorCode !== ErrorCode.NONE) {
      this.#client.expectRetriable(
        result.errorCode,
        `Fetch of ${this.#topic}-${partition} from offset ${position} on node ${leader.leader} in epoch ${leader.epoch}`,
      );
      return undefined;
    }
    let next = position;
    for (const { offset, value } of valuesOf(result.records ?? Buffer.alloc(0))) {
      if (offset < position) continue;
      if (offset !== next) {
        throw new Violation(
          'a consumer reads every offset',
          `${this.#client.name} read offset ${offset} of ${this.#topic}-${partition} after ${next - 1}`,
        );
      }
      this.#history.read(this.#client.name, `${leader.topicId}-${partition}`, offset, value);
      next = offset + 1;
    }
    return next;
  }

  /** The end of a partition never moves back for whoever asked before or read up to it (KIP-207). */
  async #askEnd(leader: KnownLeader, partition: number, atLeast: number): Promise<number> {
    const answer = await this.#client.ask(
      leader.leader,
      listOffsetsRequest,
      listOffsetsResponse,
      {
        replicaId: -1,
        topics: [
          {
            name: this.#topic,
            partitions: [{ partitionIndex: partition, currentLeaderEpoch: leader.epoch, timestamp: LATEST }],
          },
        ],
      },
      { purpose: `partition ${partition}` },
    );
    const result = answer?.topics[0]?.partitions[0];
    if (result === undefined) return atLeast;
    if (result.errorCode !== ErrorCode.NONE) {
      this.#client.expectRetriable(result.errorCode, 'ListOffsets');
      this.#client.forgetLeader(this.#topic, partition);
      return atLeast;
    }
    if (result.offset < atLeast) {
      throw new Violation(
        'the high watermark never moves back for a consumer',
        `${this.#client.name}: ${this.#topic}-${partition} ends at ${result.offset} on node ${leader.leader} ` +
          `in epoch ${leader.epoch}; it has read or been told ${atLeast}`,
      );
    }
    return result.offset;
  }
}
