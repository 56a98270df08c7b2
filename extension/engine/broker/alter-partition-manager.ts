import { ErrorCode, errorName } from '../../protocol/errors.ts';
import type { AlterPartitionRequest } from '../../protocol/generated/alter-partition-request.ts';
import type { AlterPartitionResponseInput } from '../../protocol/generated/alter-partition-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';

/** The part of the controller that decides on ISRs. */
export interface IsrController {
  alterPartition(request: AlterPartitionRequest): Promise<AlterPartitionResponseInput>;
}

/** A leader's wish for another ISR. */
export interface IsrProposal {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  /** Called once with what the controller said of it. Not called when a newer proposal took its place unsent. */
  decided(decision: IsrDecision): void;
}

/** With an error, `isr` and the epochs are those of the response and mean nothing. */
export interface IsrDecision {
  readonly errorCode: number;
  readonly isr: readonly number[];
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

/** A request that failed as a whole is repeated after so long. */
const RETRY_MS = 50;

/**
 * Carries the ISR changes of all leaders here to the controller: one request at a time, with all that has gathered. What a
 * request as a whole fails with is tried again until it is answered or replaced.
 */
export class AlterPartitionManager {
  readonly #controller: IsrController;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #brokerId: number;
  readonly #brokerEpoch: () => number;
  /** By partition: what is to be sent with the next request. */
  readonly #waiting = new Map<string, IsrProposal>();
  #busy = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: {
    controller: IsrController;
    clock: Clock;
    logger: Logger;
    brokerId: number;
    brokerEpoch: () => number;
  }) {
    this.#controller = options.controller;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#brokerId = options.brokerId;
    this.#brokerEpoch = options.brokerEpoch;
  }

  /** Takes the place of an earlier proposal for the same partition that has not been sent. */
  submit(proposal: IsrProposal): void {
    if (this.#closed) return;
    this.#waiting.set(keyOf(proposal), proposal);
    if (this.#busy) return;
    this.#busy = true;
    // What else this turn brings goes along.
    this.#clock.defer(() => void this.#send());
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  async #send(): Promise<void> {
    if (this.#closed) return;
    const sent = new Map(this.#waiting);
    this.#waiting.clear();
    try {
      const response = await this.#controller.alterPartition(this.#request(sent.values()));
      if (this.#closed) return;
      if (response.errorCode !== ErrorCode.NONE) throw new ApiError(response.errorCode);
      this.#deliver(response, sent);
    } catch (error) {
      if (this.#closed) return;
      const code = error instanceof ApiError ? errorName(error.code) : String(error);
      this.#logger.debug(`changes of ${sent.size} ISRs were not decided (${code}); asking again`);
      for (const [key, proposal] of sent) if (!this.#waiting.has(key)) this.#waiting.set(key, proposal);
      this.#timer = this.#clock.schedule(RETRY_MS, () => void this.#send());
      return;
    }
    this.#busy = this.#waiting.size > 0;
    if (this.#busy) this.#clock.defer(() => void this.#send());
  }

  #request(proposals: Iterable<IsrProposal>): AlterPartitionRequest {
    const topics = new Map<string, AlterPartitionRequest['topics'][number]>();
    for (const { topicId, partition, leaderEpoch, partitionEpoch, isr } of proposals) {
      let topic = topics.get(topicId);
      if (topic === undefined)
        topics.set(topicId, (topic = { topicId, partitions: [], unknownTaggedFields: undefined }));
      topic.partitions.push({
        ...{ partitionIndex: partition, leaderEpoch, partitionEpoch },
        // Of versions before 3.
        newIsr: [],
        newIsrWithEpochs: isr.map((replica) => ({ ...replica, unknownTaggedFields: undefined })),
        // What an unclean election left to reconcile is settled when the leader takes over.
        leaderRecoveryState: 0,
        unknownTaggedFields: undefined,
      });
    }
    return {
      brokerId: this.#brokerId,
      brokerEpoch: this.#brokerEpoch(),
      topics: [...topics.values()],
      unknownTaggedFields: undefined,
    };
  }

  #deliver(response: AlterPartitionResponseInput, sent: Map<string, IsrProposal>): void {
    for (const { topicId, partitions } of response.topics) {
      for (const decision of partitions) {
        const key = keyOf({ topicId, partition: decision.partitionIndex });
        const proposal = sent.get(key);
        sent.delete(key);
        proposal?.decided(decision);
      }
    }
    // Kafka's controller answers all; a leader must not wait for ever for one that did not.
    for (const proposal of sent.values()) {
      proposal.decided({ errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, isr: [], leaderEpoch: -1, partitionEpoch: -1 });
    }
  }
}

function keyOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}/${partition}`;
}
