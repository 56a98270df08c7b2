import { type NodeChannel, type NodeNetwork, NodeUnreachableError } from '../../../extension/engine/common/network.ts';
import { ErrorCode, errorName } from '../../../extension/protocol/errors.ts';
import { metadataRequest } from '../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../extension/protocol/generated/metadata-response.ts';
import type { MessageType } from '../../../extension/protocol/message-type.ts';
import { SimClock } from '../world/sim-clock.ts';
import type { SimConnection, SimEndpoint } from '../world/sim-connection.ts';
import type { Machine, SimNetwork } from '../world/sim-network.ts';
import { clientPort } from '../world/sim-node.ts';
import type { SimRandom } from '../world/sim-random.ts';
import { Actor, type SimWorld, Violation } from '../world/sim-world.ts';

/** Who leads a partition, as a client believes. */
export interface KnownLeader {
  readonly leader: number;
  readonly epoch: number;
  readonly topicId: string;
}

const REQUEST_TIMEOUT_MS = 3_000;

const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.BROKER_NOT_AVAILABLE,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
]);

/** What clients share: a machine of their own, lines to brokers, knowledge of leaders. */
export class SimClient implements SimEndpoint {
  readonly name: string;
  readonly machine: Machine;
  readonly actor: Actor;
  readonly connections = new Set<SimConnection>();
  readonly world: SimWorld;
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly #network: NodeNetwork;
  readonly #brokers: () => readonly number[];
  readonly #lines = new Map<string, NodeChannel>();
  readonly #leaders = new Map<string, KnownLeader>();

  constructor(
    network: SimNetwork,
    options: { id: number; name: string; random: SimRandom; brokers: () => readonly number[] },
  ) {
    this.name = options.name;
    this.machine = { id: options.id, name: options.name, hasPower: true };
    this.actor = new Actor(options.name);
    this.world = network.world;
    this.clock = new SimClock(network.world, this.actor);
    this.random = options.random;
    this.#network = network.networkOf(this);
    this.#brokers = options.brokers;
  }

  /** Runs until it is done; what it throws is a violation. */
  run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (error instanceof Violation) return this.world.fail(error);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.world.fail(new Violation('a client can do its work', `${this.name}: ${text}`));
    });
  }

  /** Asks one broker; undefined when it does not answer. */
  async ask<T, I>(
    broker: number,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I,
    options: { timeoutMs?: number; maxVersion?: number; purpose?: string } = {},
  ): Promise<T | undefined> {
    const key = `${broker} ${options.purpose ?? ''}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      const address = { nodeId: broker, host: '10.0.0.1', port: clientPort(broker) };
      this.#lines.set(key, (line = this.#network.open(address, options.purpose ?? this.name)));
    }
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const limits = options.maxVersion === undefined ? { timeoutMs } : { timeoutMs, maxVersion: options.maxVersion };
    try {
      return await line.send(request, response, body, limits);
    } catch (error) {
      if (error instanceof NodeUnreachableError) return undefined;
      throw error;
    }
  }

  /** Asks any broker; undefined when it does not answer. */
  askAny<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I,
    options: { timeoutMs?: number } = {},
  ): Promise<T | undefined> {
    return this.ask(this.random.pick(this.#brokers()), request, response, body, { ...options, purpose: 'any' });
  }

  /** The leader of a partition, asked for when it is not known; undefined when nobody could tell. */
  async leaderOf(topic: string, partition: number): Promise<KnownLeader | undefined> {
    const known = this.#leaders.get(`${topic}-${partition}`);
    if (known !== undefined && known.leader >= 0) return known;
    await this.#learn(topic);
    const found = this.#leaders.get(`${topic}-${partition}`);
    return found !== undefined && found.leader >= 0 ? found : undefined;
  }

  /** The leader that was known did not answer, or is none; its epoch is still good for not believing older news. */
  forgetLeader(topic: string, partition: number): void {
    const known = this.#leaders.get(`${topic}-${partition}`);
    if (known !== undefined) this.#leaders.set(`${topic}-${partition}`, { ...known, leader: -1 });
  }

  async #learn(topic: string): Promise<void> {
    const answer = await this.askAny(metadataRequest, metadataResponse, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    });
    for (const { name, topicId, partitions } of answer?.topics ?? []) {
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
        const key = `${name}-${partitionIndex}`;
        const known = this.#leaders.get(key);
        if (known !== undefined && known.topicId === topicId && leaderEpoch < known.epoch) continue;
        this.#leaders.set(key, { leader: leaderId, epoch: leaderEpoch, topicId });
      }
    }
  }

  /** Whether to try again after an error of this kind. Throws a violation for those that tell of a mistake. */
  expectRetriable(code: number, what: string): void {
    if (RETRIABLE.has(code)) return;
    throw new Violation('clients see no errors but passing ones', `${this.name}: ${what}: ${errorName(code)}`);
  }
}
