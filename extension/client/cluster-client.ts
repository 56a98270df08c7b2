import { ErrorCode } from '../protocol/errors.ts';
import type { MessageType } from '../protocol/message-type.ts';
import { describeClusterRequest } from '../protocol/generated/describe-cluster-request.ts';
import { describeClusterResponse } from '../protocol/generated/describe-cluster-response.ts';
import { findCoordinatorRequest } from '../protocol/generated/find-coordinator-request.ts';
import { findCoordinatorResponse } from '../protocol/generated/find-coordinator-response.ts';
import { metadataRequest } from '../protocol/generated/metadata-request.ts';
import { metadataResponse } from '../protocol/generated/metadata-response.ts';
import type { Connection, ConnectionOptions } from '../net/connection.ts';
import { addressOf, NetworkError } from '../net/network-error.ts';
import type { RequestBody, SendOptions } from '../net/request-sender.ts';
import { parseBootstrap } from './bootstrap.ts';
import { BrokerConnections, type BrokerAddress } from './broker-connections.ts';
import { clusterMetadata, type BrokerNode, type ClusterMetadata, type TopicMetadata } from './cluster-metadata.ts';
import { KafkaError, throwOnError } from './kafka-error.ts';
import { isRetriableError, retrying } from './retry.ts';

export interface ClusterClientOptions extends Pick<
  ConnectionOptions,
  'clientId' | 'tls' | 'sasl' | 'connectTimeoutMs' | 'requestTimeoutMs' | 'softwareVersion' | 'dial'
> {
  /** `host:port,host:port` or the parts of it. */
  readonly bootstrap: string | readonly string[];
  /** What the bootstrap servers are. A client of controllers knows no topics; requests for the controller go to the active one. */
  readonly endpoints?: EndpointType;
  /** How long a request is tried again after errors that pass by themselves (elections, restarts). Default 15 s. */
  readonly retryTimeoutMs?: number;
  /** Metadata older than this are asked for again. Default 5 min. */
  readonly metadataMaxAgeMs?: number;
}

export type EndpointType = 'brokers' | 'controllers';

export interface MetadataOptions {
  /** Names of the topics wanted; null for all; by default only brokers and controller. */
  readonly topics?: readonly string[] | null;
  /** Lets the broker create topics that do not exist, where the cluster allows it. */
  readonly allowAutoTopicCreation?: boolean;
}

/** `transaction` and `share` coordinators exist too; groups are what most requests need. */
export const CoordinatorType = { group: 0, transaction: 1, share: 2 } as const;
export type CoordinatorType = (typeof CoordinatorType)[keyof typeof CoordinatorType];

export interface RouteOptions extends SendOptions {
  /** Requests of one lane share a connection and wait for each other; long polls take a lane of their own. */
  readonly lane?: string;
}

const MAIN_LANE = '';
const RETRY_TIMEOUT_MS = 15_000;
const METADATA_MAX_AGE_MS = 300_000;

const CONTROLLER_MOVED: ReadonlySet<number> = new Set<number>([
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.THROTTLING_QUOTA_EXCEEDED,
]);

const COORDINATOR_MOVED: ReadonlySet<number> = new Set<number>([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
]);

/**
 * A client of one Kafka cluster. Nothing is connected before the first request; each broker gets a connection when it
 * is first needed. Errors are NetworkError (see its `code`) and KafkaError (Kafka's own names as `code`).
 *
 * Administration is in admin.ts, reading in record-stream.ts, writing in producer.ts, consuming as a group in group-consumer.ts:
 * each takes a client.
 */
export class ClusterClient {
  readonly bootstrap: readonly BrokerAddress[];
  readonly retryTimeoutMs: number;
  readonly endpoints: EndpointType;
  readonly #connections: BrokerConnections;
  readonly #metadataMaxAgeMs: number;
  readonly #coordinators = new Map<string, BrokerAddress & { readonly id: number }>();
  #cluster: ClusterMetadata | undefined;
  #clusterAgeFrom = 0;
  #isClosed = false;

  constructor(options: ClusterClientOptions) {
    this.bootstrap = parseBootstrap(options.bootstrap);
    this.retryTimeoutMs = options.retryTimeoutMs ?? RETRY_TIMEOUT_MS;
    this.endpoints = options.endpoints ?? 'brokers';
    this.#metadataMaxAgeMs = options.metadataMaxAgeMs ?? METADATA_MAX_AGE_MS;
    this.#connections = new BrokerConnections(options);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Connects to the first bootstrap server that answers. Optional: every request does it when needed. */
  async connect(): Promise<void> {
    await this.anyConnection();
  }

  /** Closes every connection; what is pending rejects with CONNECTION_CLOSED. */
  close(): void {
    this.#isClosed = true;
    this.#connections.close();
  }

  /** Asks the cluster for brokers, controller and the given topics, and remembers the brokers. */
  async metadata(options: MetadataOptions = {}): Promise<ClusterMetadata> {
    return this.#retryUnlessUnreached(async () => {
      const connection = await this.anyConnection();
      if (this.endpoints === 'controllers') return this.#controllers(connection);
      const topics = options.topics === undefined ? [] : options.topics;
      const response = await connection.send(metadataRequest, metadataResponse, (version) => ({
        topics: topics?.map((name) => ({ name })) ?? (version === 0 ? [] : null),
        ...(version >= 4 ? { allowAutoTopicCreation: options.allowAutoTopicCreation ?? false } : {}),
      }));
      throwOnError(response.errorCode, 'cluster metadata');
      const metadata = clusterMetadata(response);
      this.#remember(metadata);
      return metadata;
    });
  }

  /** The controllers as nodes of the cluster (KIP-919). */
  async #controllers(connection: Connection): Promise<ClusterMetadata> {
    const { clusterId, controllerId, brokers, errorCode, errorMessage } = await connection.send(
      describeClusterRequest,
      describeClusterResponse,
      { includeClusterAuthorizedOperations: false, endpointType: 2 },
    );
    throwOnError(errorCode, 'controllers', errorMessage);
    const nodes = brokers.map(({ brokerId: id, host, port, rack }) => ({ id, host, port, rack }));
    nodes.sort((a, b) => a.id - b.id);
    const metadata = { clusterId, controllerId, brokers: nodes, topics: new Map<string, TopicMetadata>() };
    this.#remember(metadata);
    return metadata;
  }

  #remember(metadata: ClusterMetadata): void {
    // A broker that has just started may not know of any other yet.
    if (metadata.brokers.length === 0 && this.#cluster !== undefined) return;
    this.#cluster = metadata;
    this.#clusterAgeFrom = Date.now();
  }

  /** Brokers and controller as last seen, asked for when that is long ago. */
  async cluster(): Promise<ClusterMetadata> {
    if (this.#cluster !== undefined && Date.now() - this.#clusterAgeFrom < this.#metadataMaxAgeMs) return this.#cluster;
    return this.metadata();
  }

  /** Forgets brokers and coordinators, so that the next request looks again. */
  invalidate(): void {
    this.#clusterAgeFrom = 0;
    this.#coordinators.clear();
  }

  /** An open connection to any broker: one that is there, else a known broker, else a bootstrap server. */
  async anyConnection(): Promise<Connection> {
    this.#expectOpen();
    const open = this.#connections.peek(MAIN_LANE);
    if (open !== undefined) return open;
    const errors: unknown[] = [];
    for (const address of [...this.bootstrap, ...(this.#cluster?.brokers ?? [])]) {
      try {
        return await this.#connections.get(address, MAIN_LANE);
      } catch (error) {
        this.#expectOpen();
        errors.push(error);
      }
    }
    const first = errors[0];
    if (errors.length === 1 || !(first instanceof NetworkError)) throw first;
    const count = this.bootstrap.length;
    const all = count === 1 ? 'the bootstrap server does not answer' : `none of the ${count} bootstrap servers answers`;
    throw new NetworkError(first.code, first.address, `${all}: ${first.message}`, { cause: first });
  }

  /** An open connection to one broker. Rejects with a NetworkError, or a KafkaError when the cluster has no such broker. */
  async connectionTo(brokerId: number, lane: string = MAIN_LANE): Promise<Connection> {
    this.#expectOpen();
    const broker = await this.#broker(brokerId);
    try {
      return await this.#connections.get(broker, lane);
    } catch (error) {
      this.#clusterAgeFrom = 0;
      if (!(error instanceof NetworkError) || this.#isBootstrap(broker)) throw error;
      throw new NetworkError(
        error.code,
        error.address,
        `broker ${brokerId} tells its clients to use ${addressOf(broker.host, broker.port)}, but: ${error.message}`,
        { cause: error },
      );
    }
  }

  #isBootstrap(broker: BrokerNode): boolean {
    return this.bootstrap.some(({ host, port }) => host === broker.host && port === broker.port);
  }

  async #broker(id: number): Promise<BrokerNode> {
    const known = (await this.cluster()).brokers.find((broker) => broker.id === id);
    if (known !== undefined) return known;
    const fresh = (await this.metadata()).brokers.find((broker) => broker.id === id);
    if (fresh !== undefined) return fresh;
    throw new BrokerAwayError(id);
  }

  /** Closes the connections of a lane. */
  closeLane(lane: string): void {
    if (lane !== MAIN_LANE) this.#connections.closeLane(lane);
  }

  /** Sends to any broker; network errors are retried. */
  async toAny<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    options: SendOptions = {},
  ): Promise<T> {
    return this.#retryUnlessUnreached(async () => (await this.anyConnection()).send(request, response, body, options));
  }

  /** Sends to one broker, once. */
  async toBroker<T, I>(
    brokerId: number,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    options: RouteOptions = {},
  ): Promise<T> {
    const connection = await this.connectionTo(brokerId, options.lane);
    return connection.send(request, response, body, options);
  }

  /**
   * Sends to the controller (in KRaft: a broker that forwards to it). `errorsOf` names the error codes in the response: a
   * retriable one makes for another attempt while all of them are retriable, so that nothing is done twice.
   */
  async toController<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    errorsOf: (response: T) => readonly number[],
    options: SendOptions = {},
  ): Promise<T> {
    return this.#retryUnlessUnreached(async () => {
      const { controllerId } = await this.cluster();
      const connection = controllerId < 0 ? await this.anyConnection() : await this.connectionTo(controllerId);
      const answer = await connection.send(request, response, body, options);
      const codes = errorsOf(answer);
      if (codes.length > 0 && codes.every((code) => CONTROLLER_MOVED.has(code))) {
        throw new KafkaError(codes[0]!, request.name.replace(/Request$/, ''));
      }
      return answer;
    });
  }

  /** The broker that coordinates a group or transactional id, and how to reach it. */
  async coordinator(type: CoordinatorType, key: string): Promise<BrokerNode> {
    const known = this.#coordinators.get(`${type}|${key}`);
    if (known !== undefined) return { ...known, rack: null };
    const response = await this.toAny(findCoordinatorRequest, findCoordinatorResponse, (version) =>
      version >= 4 ? { keyType: type, coordinatorKeys: [key] } : version >= 1 ? { key, keyType: type } : { key },
    );
    const found = response.coordinators[0] ?? response;
    throwOnError(found.errorCode, `coordinator of '${key}'`, found.errorMessage);
    const node = { id: found.nodeId, host: found.host, port: found.port };
    this.#coordinators.set(`${type}|${key}`, node);
    return { ...node, rack: null };
  }

  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.delete(`${type}|${key}`);
  }

  /**
   * Sends to the coordinator of a key. `errorOf` names the response's error code: when it says that the coordinator moved or
   * loads, the coordinator is looked up again and the request repeated.
   */
  async toCoordinator<T, I>(
    type: CoordinatorType,
    key: string,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    errorOf: (response: T) => number,
    options: RouteOptions = {},
  ): Promise<T> {
    return this.#retryUnlessUnreached(
      async () => {
        const node = await this.coordinator(type, key);
        const connection = await this.#connections.get(node, options.lane ?? MAIN_LANE);
        const answer = await connection.send(request, response, body, options);
        const code = errorOf(answer);
        if (COORDINATOR_MOVED.has(code)) throw new KafkaError(code, `coordinator of '${key}'`);
        return answer;
      },
      () => this.forgetCoordinator(type, key),
    );
  }

  /** Retries what passes by itself. A cluster that was never reached fails at once: there is nothing to wait for. */
  async #retryUnlessUnreached<T>(attempt: () => Promise<T>, forget?: () => void): Promise<T> {
    const wasReached = this.#cluster !== undefined || this.#connections.peek(MAIN_LANE) !== undefined;
    try {
      return await attempt();
    } catch (error) {
      if (!wasReached && error instanceof NetworkError && this.#cluster === undefined) throw error;
      if (this.#isClosed || !isRetriableError(error)) throw error;
    }
    const beforeRetry = (): void => {
      this.#clusterAgeFrom = 0;
      forget?.();
    };
    beforeRetry();
    return retrying(attempt, { timeoutMs: this.retryTimeoutMs, beforeRetry });
  }

  #expectOpen(): void {
    if (!this.#isClosed) return;
    const { host, port } = this.bootstrap[0]!;
    throw new ClientClosedError(addressOf(host, port));
  }
}

/** A broker is down, or was never there: whoever was sent to it should ask where to go now. */
export class BrokerAwayError extends KafkaError {
  constructor(brokerId: number) {
    const why = 'it is not part of the cluster at the moment';
    super(ErrorCode.BROKER_NOT_AVAILABLE, `broker ${brokerId}`, why);
    this.name = 'BrokerAwayError';
  }

  /** The next look at the metadata names another one. */
  override get retriable(): boolean {
    return true;
  }
}

/** The client was closed by its owner: nothing is tried again. */
export class ClientClosedError extends NetworkError {
  constructor(address: string) {
    super('CONNECTION_CLOSED', address, `the client of ${address} is closed`);
    this.name = 'ClientClosedError';
  }

  override get retriable(): boolean {
    return false;
  }
}
