import { ErrorCode, errorName } from '../../protocol/errors.ts';
import type { AssignReplicasToDirsRequest } from '../../protocol/generated/assign-replicas-to-dirs-request.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { Controller } from '../metadata/controller-port.ts';

/** Replicas in one request. */
const MAX_PER_REQUEST = 2250;
/** Between attempts, doubled up to the second. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;

export interface AssignmentsManagerOptions {
  readonly controller: Pick<Controller, 'assignReplicasToDirs'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly brokerId: number;
  /** -1 before the broker is registered: nothing is sent until then. */
  readonly brokerEpoch: () => number;
  /** Whether the cluster's metadata.version has directories; where it has not, nobody is told, and all is well. */
  readonly isSupported: () => boolean;
  /** Whether the broker still has the replica, as far as it has heard. */
  readonly hasReplica: (topicId: string, partition: number) => boolean;
}

/** Where a replica lies, for the controller to know. */
interface Assignment {
  readonly topicId: string;
  readonly partition: number;
  readonly directoryId: string;
  readonly onAccepted: (() => void) | undefined;
}

/**
 * Tells the controller in which log directory each replica of this broker lies (KIP-858): all that came up in a turn in one
 * request, one request at a time, until it is accepted or the replica is gone. What is said last of a replica counts.
 */
export class AssignmentsManager {
  readonly #options: AssignmentsManagerOptions;
  /** To be sent; at most one for each replica of the broker. */
  readonly #ready = new Map<string, Assignment>();
  #timer: Timer | undefined;
  #isSending = false;
  #failures = 0;
  #ended = false;

  constructor(options: AssignmentsManagerOptions) {
    this.#options = options;
  }

  /** `onAccepted` is called once the controller has it on record; never for what a later call has replaced. */
  assign(topicId: string, partition: number, directoryId: string, onAccepted?: () => void): void {
    if (this.#ended) return;
    if (!this.#options.isSupported()) {
      if (onAccepted !== undefined) this.#options.clock.defer(onAccepted);
      return;
    }
    this.#ready.set(`${topicId}:${partition}`, { topicId, partition, directoryId, onAccepted });
    this.#schedule(0);
  }

  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#ready.clear();
  }

  #schedule(delayMs: number): void {
    if (this.#ended || this.#isSending || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#timer = undefined;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#isSending = true;
    const refused = await this.#ask(batch);
    this.#isSending = false;
    for (const each of refused) {
      const key = keyOf(each);
      if (!this.#ready.has(key)) this.#ready.set(key, each);
    }
    this.#failures = refused.length === 0 ? 0 : this.#failures + 1;
    if (this.#ready.size === 0) return;
    this.#schedule(this.#failures === 0 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS));
  }

  #take(): Assignment[] {
    const batch: Assignment[] = [];
    for (const [key, each] of this.#ready) {
      if (batch.length === MAX_PER_REQUEST) break;
      this.#ready.delete(key);
      if (this.#options.hasReplica(each.topicId, each.partition)) batch.push(each);
    }
    return batch;
  }

  /** Answers those that have to be sent again. */
  async #ask(batch: readonly Assignment[]): Promise<readonly Assignment[]> {
    const { controller, logger, brokerId, brokerEpoch } = this.#options;
    const epoch = brokerEpoch();
    if (epoch < 0) return batch;
    try {
      const { errorCode, directories } = await controller.assignReplicasToDirs(requestOf(batch, brokerId, epoch));
      if (errorCode !== ErrorCode.NONE) throw new ApiError(errorCode);
      const codes = new Map<string, number>();
      for (const { topics } of directories) {
        for (const { topicId, partitions } of topics) {
          for (const each of partitions) codes.set(`${topicId}:${each.partitionIndex}`, each.errorCode);
        }
      }
      const refused: Assignment[] = [];
      for (const each of batch) {
        const code = codes.get(keyOf(each)) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (code !== ErrorCode.NONE) {
          logger.debug(`${keyOf(each)} could not be assigned to directory ${each.directoryId}: ${errorName(code)}`);
          refused.push(each);
        } else if (!this.#ended && !this.#ready.has(keyOf(each))) each.onAccepted?.();
      }
      return refused;
    } catch (error) {
      // The first failure is ordinary: the controller has moved.
      if (this.#failures === 1) logger.warn(`the controller does not take directory assignments: ${String(error)}`);
      return batch;
    }
  }
}

function keyOf({ topicId, partition }: Assignment): string {
  return `${topicId}:${partition}`;
}

function requestOf(batch: readonly Assignment[], brokerId: number, brokerEpoch: number): AssignReplicasToDirsRequest {
  const byDirectory = new Map<string, Map<string, number[]>>();
  for (const { directoryId, topicId, partition } of batch) {
    let topics = byDirectory.get(directoryId);
    if (topics === undefined) byDirectory.set(directoryId, (topics = new Map<string, number[]>()));
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, [partition]);
    else partitions.push(partition);
  }
  const none = { unknownTaggedFields: undefined };
  return {
    brokerId,
    brokerEpoch,
    directories: [...byDirectory].map(([id, topics]) => ({
      id,
      topics: [...topics].map(([topicId, partitions]) => ({
        topicId,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, ...none })),
        ...none,
      })),
      ...none,
    })),
    ...none,
  };
}
