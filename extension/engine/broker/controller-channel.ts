import { ErrorCode } from '../../protocol/errors.ts';
import type { MessageType } from '../../protocol/message-type.ts';
import { allocateProducerIdsRequest } from '../../protocol/generated/allocate-producer-ids-request.ts';
import { allocateProducerIdsResponse } from '../../protocol/generated/allocate-producer-ids-response.ts';
import { alterConfigsRequest } from '../../protocol/generated/alter-configs-request.ts';
import { alterConfigsResponse } from '../../protocol/generated/alter-configs-response.ts';
import { alterPartitionReassignmentsRequest } from '../../protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import { alterPartitionRequest } from '../../protocol/generated/alter-partition-request.ts';
import { alterPartitionResponse } from '../../protocol/generated/alter-partition-response.ts';
import { assignReplicasToDirsRequest } from '../../protocol/generated/assign-replicas-to-dirs-request.ts';
import { assignReplicasToDirsResponse } from '../../protocol/generated/assign-replicas-to-dirs-response.ts';
import { brokerHeartbeatRequest } from '../../protocol/generated/broker-heartbeat-request.ts';
import { brokerHeartbeatResponse } from '../../protocol/generated/broker-heartbeat-response.ts';
import { brokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import { brokerRegistrationResponse } from '../../protocol/generated/broker-registration-response.ts';
import { controllerRegistrationRequest } from '../../protocol/generated/controller-registration-request.ts';
import { controllerRegistrationResponse } from '../../protocol/generated/controller-registration-response.ts';
import { createPartitionsRequest } from '../../protocol/generated/create-partitions-request.ts';
import { createPartitionsResponse } from '../../protocol/generated/create-partitions-response.ts';
import { createTopicsRequest } from '../../protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../protocol/generated/create-topics-response.ts';
import { deleteTopicsRequest } from '../../protocol/generated/delete-topics-request.ts';
import { deleteTopicsResponse } from '../../protocol/generated/delete-topics-response.ts';
import { electLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import { electLeadersResponse } from '../../protocol/generated/elect-leaders-response.ts';
import { incrementalAlterConfigsRequest } from '../../protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../protocol/generated/incremental-alter-configs-response.ts';
import { listPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import { listPartitionReassignmentsResponse } from '../../protocol/generated/list-partition-reassignments-response.ts';
import { unregisterBrokerRequest } from '../../protocol/generated/unregister-broker-request.ts';
import { unregisterBrokerResponse } from '../../protocol/generated/unregister-broker-response.ts';
import { updateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import { updateFeaturesResponse } from '../../protocol/generated/update-features-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import { type NodeAddress, type NodeChannel, type NodeNetwork, NodeUnreachableError } from '../common/network.ts';
import type { Controller } from '../metadata/controller-port.ts';

/** How long a request looks for a controller that takes it. */
const ASK_TIMEOUT_MS = 30_000;
/** How long one node may take for its answer. */
const REQUEST_TIMEOUT_MS = 10_000;
const FIRST_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 200;

export interface ControllerChannelOptions {
  /** This node's own controller, active or not. */
  readonly local: Controller & { readonly isActive: boolean };
  /** The node that leads the quorum; undefined while none is known, or this node does. */
  readonly leader: () => NodeAddress | undefined;
  readonly network: NodeNetwork;
  readonly clock: Clock;
  /** `broker.session.timeout.ms`, in which more than one heartbeat has to fit. */
  readonly heartbeatTimeoutMs: number;
}

interface AskOptions {
  /** The version that the client used, so that nothing of it is lost or added on the way. */
  readonly version?: number | undefined;
}

/**
 * The controller, wherever it is: in this process, or behind the network on the node that leads the quorum. A request is asked
 * again when the controller moves, or the line to it breaks; it may then find that it had its effect already, as in Kafka.
 */
export class ControllerChannel implements Controller {
  readonly #options: ControllerChannelOptions;
  readonly #lines = new Map<string, NodeChannel>();
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: ControllerChannelOptions) {
    this.#options = options;
  }

  readonly createTopics: Controller['createTopics'] = (request, version) =>
    this.#ask((local) => local.createTopics(request), createTopicsRequest, createTopicsResponse, request, { version });

  readonly deleteTopics: Controller['deleteTopics'] = (request, version) =>
    this.#ask((local) => local.deleteTopics(request), deleteTopicsRequest, deleteTopicsResponse, request, { version });

  readonly createPartitions: Controller['createPartitions'] = (request, version) =>
    this.#ask((local) => local.createPartitions(request), createPartitionsRequest, createPartitionsResponse, request, {
      version,
    });

  readonly incrementalAlterConfigs: Controller['incrementalAlterConfigs'] = (request, version) =>
    this.#ask(
      (local) => local.incrementalAlterConfigs(request),
      incrementalAlterConfigsRequest,
      incrementalAlterConfigsResponse,
      request,
      { version },
    );

  readonly alterConfigs: Controller['alterConfigs'] = (request, version) =>
    this.#ask((local) => local.alterConfigs(request), alterConfigsRequest, alterConfigsResponse, request, { version });

  readonly allocateProducerIds: Controller['allocateProducerIds'] = (request) =>
    this.#ask(
      (local) => local.allocateProducerIds(request),
      allocateProducerIdsRequest,
      allocateProducerIdsResponse,
      request,
    );

  readonly alterPartition: Controller['alterPartition'] = (request) =>
    this.#ask((local) => local.alterPartition(request), alterPartitionRequest, alterPartitionResponse, request);

  readonly alterPartitionReassignments: Controller['alterPartitionReassignments'] = (request, version) =>
    this.#ask(
      (local) => local.alterPartitionReassignments(request),
      alterPartitionReassignmentsRequest,
      alterPartitionReassignmentsResponse,
      request,
      { version },
    );

  readonly electLeaders: Controller['electLeaders'] = (request, version) =>
    this.#ask((local) => local.electLeaders(request), electLeadersRequest, electLeadersResponse, request, { version });

  readonly listPartitionReassignments: Controller['listPartitionReassignments'] = (request, version) =>
    this.#ask(
      (local) => local.listPartitionReassignments(request),
      listPartitionReassignmentsRequest,
      listPartitionReassignmentsResponse,
      request,
      { version },
    );

  readonly unregisterBroker: Controller['unregisterBroker'] = (request, version) =>
    this.#ask((local) => local.unregisterBroker(request), unregisterBrokerRequest, unregisterBrokerResponse, request, {
      version,
    });

  readonly updateFeatures: Controller['updateFeatures'] = (request, version) =>
    this.#ask(
      (local) => local.updateFeatures(request, version),
      updateFeaturesRequest,
      updateFeaturesResponse,
      request,
      { version },
    );

  readonly assignReplicasToDirs: Controller['assignReplicasToDirs'] = (request) =>
    this.#ask(
      (local) => local.assignReplicasToDirs(request),
      assignReplicasToDirsRequest,
      assignReplicasToDirsResponse,
      request,
    );

  readonly registerController: Controller['registerController'] = (request) =>
    this.#ask(
      (local) => local.registerController(request),
      controllerRegistrationRequest,
      controllerRegistrationResponse,
      request,
    );

  readonly registerBroker: Controller['registerBroker'] = (request) =>
    this.#once(
      (local) => local.registerBroker(request),
      brokerRegistrationRequest,
      brokerRegistrationResponse,
      request,
      { purpose: 'heartbeat', timeoutMs: REQUEST_TIMEOUT_MS },
    );

  /** Once, on a line of its own: whoever sends heartbeats knows best when to try again. */
  readonly heartbeat: Controller['heartbeat'] = (request) =>
    this.#once((local) => local.heartbeat(request), brokerHeartbeatRequest, brokerHeartbeatResponse, request, {
      purpose: 'heartbeat',
      timeoutMs: this.#options.heartbeatTimeoutMs,
    });

  /** Another node leads now, or none: who waits for a controller looks again. */
  leaderChanged(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  close(): void {
    this.#closed = true;
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
    this.leaderChanged();
  }

  async #ask<Q, A>(
    local: (controller: Controller) => Promise<A>,
    request: MessageType<unknown, Q>,
    response: MessageType<A, never>,
    body: Q,
    { version }: AskOptions = {},
  ): Promise<A> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + Math.min(timeoutOf(body), ASK_TIMEOUT_MS);
    let backoffMs = FIRST_BACKOFF_MS;
    for (;;) {
      try {
        const options = { purpose: 'forwarding', timeoutMs: REQUEST_TIMEOUT_MS, maxVersion: version };
        const answer = await this.#once(local, request, response, body, options);
        if (!saysNotController(answer)) return answer;
      } catch (error) {
        if (!isElsewhere(error)) throw error;
      }
      if (this.#closed || clock.monotonicMs() + backoffMs > deadlineMs) {
        throw new ApiError(
          ErrorCode.REQUEST_TIMED_OUT,
          'No controller took the request: the metadata quorum has no leader. Most of its voters must be up.',
        );
      }
      await this.#pause(backoffMs);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  }

  async #once<Q, A>(
    local: (controller: Controller) => Promise<A>,
    request: MessageType<unknown, Q>,
    response: MessageType<A, never>,
    body: Q,
    { purpose, timeoutMs, maxVersion }: { purpose: string; timeoutMs: number; maxVersion?: number | undefined },
  ): Promise<A> {
    if (this.#closed) throw new ApiError(ErrorCode.BROKER_NOT_AVAILABLE, 'the node is shutting down');
    if (this.#options.local.isActive) return local(this.#options.local);
    const leader = this.#options.leader();
    if (leader === undefined) throw new ApiError(ErrorCode.NOT_CONTROLLER, 'no controller is known');
    return this.#line(leader, purpose).send(request, response as MessageType<A, unknown>, body, {
      timeoutMs,
      ...(maxVersion === undefined ? {} : { maxVersion }),
    });
  }

  #line(leader: NodeAddress, purpose: string): NodeChannel {
    const known = this.#lines.get(purpose);
    const { nodeId, host, port } = leader;
    if (known?.address.nodeId === nodeId && known.address.host === host && known.address.port === port) return known;
    known?.close();
    const line = this.#options.network.open(leader, purpose);
    this.#lines.set(purpose, line);
    return line;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.#options.clock.schedule(ms, wake);
      this.#waiting.add(wake);
    });
  }
}

/** Whether another node, or another moment, may answer better. */
function isElsewhere(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === ErrorCode.NOT_CONTROLLER;
  if (!(error instanceof NodeUnreachableError)) return false;
  if (error.kind === 'unsupported') throw new ApiError(ErrorCode.UNSUPPORTED_VERSION, error.message);
  return true;
}

/**
 * Whether a controller that lost its place refused the request: as a whole, so that the first result says it like all others.
 */
function saysNotController(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const fields = answer as Readonly<Record<string, unknown>>;
  if (fields['errorCode'] === ErrorCode.NOT_CONTROLLER) return true;
  return Object.values(fields).some((value) => {
    if (!Array.isArray(value)) return false;
    const first: unknown = value[0];
    return typeof first === 'object' && first !== null && 'errorCode' in first
      ? first.errorCode === ErrorCode.NOT_CONTROLLER
      : false;
  });
}

/** How long the client itself would wait, where its request says that. */
function timeoutOf(body: unknown): number {
  const { timeoutMs } = body as { readonly timeoutMs?: unknown };
  return typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : ASK_TIMEOUT_MS;
}
