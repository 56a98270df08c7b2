import type { Listener } from '../engine/broker/broker-options.ts';
import type { Clock } from '../engine/common/clock.ts';
import { NodeUnreachableError } from '../engine/common/network.ts';
import type { NodeChannel } from '../engine/common/network.ts';
import { ErrorCode, errorName } from '../protocol/errors.ts';
import { addRaftVoterRequest } from '../protocol/generated/add-raft-voter-request.ts';
import { addRaftVoterResponse } from '../protocol/generated/add-raft-voter-response.ts';
import { alterPartitionReassignmentsRequest } from '../protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../protocol/generated/alter-partition-reassignments-response.ts';
import { describeQuorumRequest } from '../protocol/generated/describe-quorum-request.ts';
import { describeQuorumResponse } from '../protocol/generated/describe-quorum-response.ts';
import { metadataRequest } from '../protocol/generated/metadata-request.ts';
import { metadataResponse } from '../protocol/generated/metadata-response.ts';
import { removeRaftVoterRequest } from '../protocol/generated/remove-raft-voter-request.ts';
import { removeRaftVoterResponse } from '../protocol/generated/remove-raft-voter-response.ts';
import { unregisterBrokerRequest } from '../protocol/generated/unregister-broker-request.ts';
import { unregisterBrokerResponse } from '../protocol/generated/unregister-broker-response.ts';
import { ClusterError, messageOf } from './cluster-error.ts';
import { planDrain } from './drain-plan.ts';
import type { Move, Placement } from './drain-plan.ts';

/** `done` of `total` replicas are gone from the broker. */
export type OnProgress = (done: number, total: number, message: string) => void;

const requestTimeoutMs = 30_000;
/** A controller that fails over meanwhile is back by then. */
const patienceMs = 20_000;
const pollMs = 200;
/** Nothing has moved for this long: somebody should look. */
const stallMs = 120_000;

/**
 * Reassigns the replicas of `broker` to the others and waits until they are there. `line` leads to any other broker.
 *
 * @throws ClusterError WRONG_STATE when the cluster cannot do without the broker, or copying does not go on
 */
export async function drainBroker(
  line: NodeChannel,
  broker: number,
  clock: Clock,
  onProgress: OnProgress,
): Promise<{ movedReplicas: number }> {
  const removal = new Removal(line, broker, clock);
  try {
    await removal.requireOtherVoters();
    return { movedReplicas: await removal.drain(onProgress) };
  } finally {
    line.close();
  }
}

/** Takes `broker` out of the metadata quorum; nothing when it does not vote. */
export async function leaveQuorum(line: NodeChannel, broker: number, clock: Clock): Promise<void> {
  try {
    await new Removal(line, broker, clock).leaveQuorum();
  } finally {
    line.close();
  }
}

/** The disk of a node that shall vote: it has lost its old one, or never voted. */
export interface NewDisk {
  readonly voter: number;
  readonly directoryId: string;
  readonly listener: Listener;
}

/**
 * Gives the vote of a lost disk to the new one of the same node, as `kafka-metadata-quorum remove-controller` and
 * `add-controller` would; false when there is nothing to do.
 */
export async function replaceVoter(line: NodeChannel, disk: NewDisk, clock: Clock): Promise<boolean> {
  try {
    return await new Removal(line, disk.voter, clock).replaceVoter(disk);
  } finally {
    line.close();
  }
}

/** Adds a voter to the metadata quorum, as `kafka-metadata-quorum add-controller` would. */
export async function joinQuorum(line: NodeChannel, disk: NewDisk, clock: Clock): Promise<void> {
  try {
    await new Removal(line, disk.voter, clock).joinQuorum(disk);
  } finally {
    line.close();
  }
}

/** Makes the controller forget `broker`, which has stopped. */
export async function unregisterBroker(line: NodeChannel, broker: number, clock: Clock): Promise<void> {
  try {
    await new Removal(line, broker, clock).unregister();
  } finally {
    line.close();
  }
}

class Removal {
  readonly #line: NodeChannel;
  readonly #broker: number;
  readonly #clock: Clock;

  constructor(line: NodeChannel, broker: number, clock: Clock) {
    this.#line = line;
    this.#broker = broker;
    this.#clock = clock;
  }

  async drain(onProgress: OnProgress): Promise<number> {
    let moved = 0;
    // A topic that is created meanwhile may be placed on it again.
    for (;;) {
      const { placements, brokers } = await this.#metadata();
      const staying = brokers.filter((id) => id !== this.#broker);
      const { moves, stuck } = planDrain(placements, this.#broker, staying);
      if (stuck.length > 0) throw this.#stuck(stuck);
      if (moves.length === 0) return moved;
      await this.#reassign(moves, onProgress);
      await this.#waitUntilMoved(moves, moved, onProgress);
      moved += moves.length;
    }
  }

  async requireOtherVoters(): Promise<void> {
    const voters = await this.#voters();
    if (voters.length !== 1 || voters[0]?.id !== this.#broker) return;
    throw new ClusterError(
      'WRONG_STATE',
      `Broker ${this.#broker} is the only voter of the metadata quorum: the cluster cannot do without it`,
    );
  }

  async leaveQuorum(): Promise<void> {
    const voter = (await this.#voters()).find(({ id }) => id === this.#broker);
    if (voter === undefined) return;
    await this.#retry('leave the quorum', async () => {
      const body = { clusterId: null, voterId: voter.id, voterDirectoryId: voter.directoryId };
      const { errorCode, errorMessage } = await this.#line.send(removeRaftVoterRequest, removeRaftVoterResponse, body, {
        timeoutMs: requestTimeoutMs,
      });
      // Asked for twice since the first answer got lost.
      throwOn(errorCode === ErrorCode.VOTER_NOT_FOUND ? 0 : errorCode, errorMessage);
    });
  }

  async replaceVoter({ directoryId, listener }: NewDisk): Promise<boolean> {
    const voters = await this.#voters();
    const lost = voters.find(({ id }) => id === this.#broker);
    if (lost === undefined || lost.directoryId === directoryId) return false;
    await this.leaveQuorum();
    await this.joinQuorum({ voter: this.#broker, directoryId, listener });
    return true;
  }

  async joinQuorum({ directoryId, listener }: NewDisk): Promise<void> {
    await this.#retry('join the quorum', async () => {
      const { errorCode, errorMessage } = await this.#line.send(
        addRaftVoterRequest,
        addRaftVoterResponse,
        {
          clusterId: null,
          timeoutMs: requestTimeoutMs,
          voterId: this.#broker,
          voterDirectoryId: directoryId,
          listeners: [listener],
        },
        { timeoutMs: requestTimeoutMs },
      );
      throwOn(errorCode === ErrorCode.DUPLICATE_VOTER ? 0 : errorCode, errorMessage);
    });
  }

  async unregister(): Promise<void> {
    await this.#retry('be unregistered', async () => {
      const { errorCode, errorMessage } = await this.#line.send(
        unregisterBrokerRequest,
        unregisterBrokerResponse,
        { brokerId: this.#broker },
        { timeoutMs: requestTimeoutMs },
      );
      throwOn(errorCode === ErrorCode.BROKER_ID_NOT_REGISTERED ? 0 : errorCode, errorMessage);
    });
  }

  async #reassign(moves: readonly Move[], onProgress: OnProgress): Promise<void> {
    for (const { topic, partition, replicas } of moves.filter(({ shrinks }) => shrinks)) {
      onProgress(
        0,
        moves.length,
        `${topic}-${partition} keeps ${replicas.length} replicas: there are not more brokers for it`,
      );
    }
    const topics = [...new Set(moves.map(({ topic }) => topic))].map((name) => ({
      name,
      partitions: moves
        .filter(({ topic }) => topic === name)
        .map(({ partition, replicas }) => ({ partitionIndex: partition, replicas: [...replicas] })),
    }));
    await this.#retry('give its replicas away', async () => {
      const response = await this.#line.send(
        alterPartitionReassignmentsRequest,
        alterPartitionReassignmentsResponse,
        { timeoutMs: requestTimeoutMs, topics },
        { timeoutMs: requestTimeoutMs },
      );
      throwOn(response.errorCode, response.errorMessage);
      for (const { partitions } of response.responses) {
        // A topic that was deleted meanwhile needs no place.
        for (const { errorCode, errorMessage } of partitions) {
          if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throwOn(errorCode, errorMessage);
        }
      }
    });
  }

  async #waitUntilMoved(moves: readonly Move[], movedBefore: number, onProgress: OnProgress): Promise<void> {
    const total = movedBefore + moves.length;
    const ours = new Set(moves.map(({ topic, partition }) => `${topic}-${partition}`));
    let left = ours.size;
    let changedAtMs = this.#clock.monotonicMs();
    onProgress(movedBefore, total, `Moving ${left} replicas of broker ${this.#broker} to the others`);
    while (left > 0) {
      await this.#pause();
      const { placements } = await this.#metadata();
      const waiting = placements.filter(
        ({ topic, partition, replicas }) => ours.has(`${topic}-${partition}`) && replicas.includes(this.#broker),
      );
      if (waiting.length < left) {
        left = waiting.length;
        changedAtMs = this.#clock.monotonicMs();
        onProgress(total - left, total, `${total - left} of ${total} replicas have moved`);
      } else if (this.#clock.monotonicMs() - changedAtMs > stallMs) {
        throw this.#stuck(waiting);
      }
    }
  }

  async #metadata(): Promise<{ readonly placements: Placement[]; readonly brokers: number[] }> {
    const response = await this.#retry('be described', () =>
      this.#line.send(
        metadataRequest,
        metadataResponse,
        { topics: null, allowAutoTopicCreation: false },
        { timeoutMs: requestTimeoutMs },
      ),
    );
    return {
      brokers: response.brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b),
      placements: response.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, leaderId, replicaNodes }) => ({
          topic: name ?? '',
          partition: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes,
        })),
      ),
    };
  }

  async #voters(): Promise<{ readonly id: number; readonly directoryId: string }[]> {
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
    const response = await this.#retry('be found in the quorum', async () => {
      const answer = await this.#line.send(
        describeQuorumRequest,
        describeQuorumResponse,
        { topics },
        {
          timeoutMs: requestTimeoutMs,
        },
      );
      const partition = answer.topics[0]?.partitions[0];
      throwOn(answer.errorCode, answer.errorMessage ?? null);
      if (partition !== undefined) throwOn(partition.errorCode, partition.errorMessage ?? null);
      return answer;
    });
    const voters = response.topics[0]?.partitions[0]?.currentVoters ?? [];
    return voters.map(({ replicaId, replicaDirectoryId }) => ({ id: replicaId, directoryId: replicaDirectoryId }));
  }

  /** Asks again while the controller moves, or a line breaks. */
  async #retry<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const untilMs = this.#clock.monotonicMs() + patienceMs;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!passes(error) || this.#clock.monotonicMs() > untilMs) {
          throw new ClusterError('WRONG_STATE', `Broker ${this.#broker} cannot ${what}: ${messageOf(error)}`, {
            cause: error,
          });
        }
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(pollMs, resolve));
  }

  #stuck(placements: readonly Placement[]): ClusterError {
    const [first] = placements;
    const others = placements.length > 1 ? ` and ${placements.length - 1} more` : '';
    return new ClusterError(
      'WRONG_STATE',
      `${first?.topic}-${first?.partition}${others} cannot be copied from broker ${this.#broker}: ` +
        `see that a replica leads and the other brokers run, then try again`,
    );
  }
}

class RefusedError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

function throwOn(code: number, message: string | null): void {
  if (code !== 0) throw new RefusedError(code, message ?? errorName(code));
}

const passing: readonly number[] = [
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.BROKER_NOT_AVAILABLE,
];

function passes(error: unknown): boolean {
  if (error instanceof NodeUnreachableError) return error.kind !== 'unsupported';
  return error instanceof RefusedError && passing.includes(error.code);
}
