import type { AllocateProducerIdsRequest } from '../../protocol/generated/allocate-producer-ids-request.ts';
import type { AllocateProducerIdsResponseInput } from '../../protocol/generated/allocate-producer-ids-response.ts';
import type { AlterConfigsRequest } from '../../protocol/generated/alter-configs-request.ts';
import type { AlterConfigsResponseInput } from '../../protocol/generated/alter-configs-response.ts';
import type { AlterPartitionReassignmentsRequest } from '../../protocol/generated/alter-partition-reassignments-request.ts';
import type { AlterPartitionReassignmentsResponseInput } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import type { AlterPartitionRequest } from '../../protocol/generated/alter-partition-request.ts';
import type { AlterPartitionResponseInput } from '../../protocol/generated/alter-partition-response.ts';
import type { AssignReplicasToDirsRequest } from '../../protocol/generated/assign-replicas-to-dirs-request.ts';
import type { AssignReplicasToDirsResponseInput } from '../../protocol/generated/assign-replicas-to-dirs-response.ts';
import type { BrokerHeartbeatRequest } from '../../protocol/generated/broker-heartbeat-request.ts';
import type { BrokerHeartbeatResponseInput } from '../../protocol/generated/broker-heartbeat-response.ts';
import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import type { BrokerRegistrationResponseInput } from '../../protocol/generated/broker-registration-response.ts';
import type { ControllerRegistrationRequest } from '../../protocol/generated/controller-registration-request.ts';
import type { ControllerRegistrationResponseInput } from '../../protocol/generated/controller-registration-response.ts';
import type { CreatePartitionsRequest } from '../../protocol/generated/create-partitions-request.ts';
import type { CreatePartitionsResponseInput } from '../../protocol/generated/create-partitions-response.ts';
import type { CreateTopicsRequest } from '../../protocol/generated/create-topics-request.ts';
import type { CreateTopicsResponseInput } from '../../protocol/generated/create-topics-response.ts';
import type { DeleteTopicsRequest } from '../../protocol/generated/delete-topics-request.ts';
import type { DeleteTopicsResponseInput } from '../../protocol/generated/delete-topics-response.ts';
import type { ElectLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import type { ElectLeadersResponseInput } from '../../protocol/generated/elect-leaders-response.ts';
import type { IncrementalAlterConfigsRequest } from '../../protocol/generated/incremental-alter-configs-request.ts';
import type { IncrementalAlterConfigsResponseInput } from '../../protocol/generated/incremental-alter-configs-response.ts';
import type { ListPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import type { ListPartitionReassignmentsResponseInput } from '../../protocol/generated/list-partition-reassignments-response.ts';
import type { UnregisterBrokerRequest } from '../../protocol/generated/unregister-broker-request.ts';
import type { UnregisterBrokerResponseInput } from '../../protocol/generated/unregister-broker-response.ts';
import { updateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import type { UpdateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import type { UpdateFeaturesResponseInput } from '../../protocol/generated/update-features-response.ts';
import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { randomUuid } from '../common/random.ts';
import type { Random } from '../common/random.ts';
import { RaftError } from '../raft/raft-ports.ts';
import type { CommittedBatch, LeaderAndEpoch, RaftClient, RaftListener, SnapshotSource } from '../raft/raft-ports.ts';
import { activationRecords } from './activation.ts';
import * as brokers from './broker-control.ts';
import type { RegisteredEndpoint } from './broker-registration.ts';
import { BrokerSessions } from './broker-sessions.ts';
import { alterConfigs, incrementalAlterConfigs } from './config-control.ts';
import type { ConfigResolver } from './config-resolver.ts';
import type { ControlContext, Decision } from './control-context.ts';
import type { Controller } from './controller-port.ts';
import { assignReplicasToDirs } from './directory-control.ts';
import { controllerEvents } from './controller-events.ts';
import { DecidedMetadata, notController } from './decided-metadata.ts';
import { batchesOf } from './decision-batches.ts';
import { electLeaders, preferredElections, uncleanElections } from './election-control.ts';
import { updateFeatures } from './feature-control.ts';
import { IdleNotice } from './idle-notice.ts';
import { alterPartition } from './isr-control.ts';
import { LeaderBalancer } from './leader-balancer.ts';
import type { MetadataLoader } from './metadata-loader.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { supportedFeatures } from './metadata-version.ts';
import { alterPartitionReassignments, listPartitionReassignments } from './reassignment-control.ts';
import { TimeSlices } from './time-slices.ts';
import { createPartitions, deleteTopics } from './topic-changes.ts';
import { createTopics } from './topic-control.ts';

export interface QuorumControllerOptions {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly raft: RaftClient;
  readonly loader: MetadataLoader;
  readonly resolver: ConfigResolver;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Frames of bootstrap.checkpoint, for an empty log; undefined where there is no such file. */
  readonly bootstrap: readonly Buffer[] | undefined;
  /** This node's controller listeners, as it registers them. */
  readonly listeners: readonly RegisteredEndpoint[];
  /** `broker.session.timeout.ms`: brokers of other nodes that stay silent for so long are fenced. */
  readonly brokerSessionTimeoutMs: number;
  /**
   * `metadata.max.idle.interval.ms`: how long the log may stay as it is before a record without content tells the other nodes
   * that the leader lives; 0 is for ever, and so is any while there are no others.
   */
  readonly maxIdleIntervalMs: number;
  /** What happened to leaders, ISRs and brokers, and why: told once it is committed, by the controller that decided it. */
  readonly onEvent: (event: ClusterEvent) => void;
}

/**
 * Decides on metadata while its node leads the quorum. A request is answered in three steps: a pure function makes records and a
 * response out of the image and the request; the records are replayed into the image that the next request will see, and
 * appended; once they are committed, the loader publishes them and the request is answered.
 *
 *   inactive → active     this node leads, and everything committed before is in the image
 *   active → inactive     another leads: what was not committed is dropped, who waits for it is told NOT_CONTROLLER
 */
export class QuorumController implements Controller, RaftListener {
  readonly #options: QuorumControllerOptions;
  readonly #sessions: BrokerSessions;
  readonly #incarnationId: string;
  readonly #decided: DecidedMetadata;
  /** Committed batches that wait for their turn. */
  readonly #slices: TimeSlices;
  #whenActive: (() => void)[] = [];
  readonly #idle: IdleNotice;
  readonly #balancer: LeaderBalancer;

  constructor(options: QuorumControllerOptions) {
    const { clock, raft, loader, nodeId, onEvent } = options;
    this.#options = options;
    this.#slices = new TimeSlices(clock);
    this.#incarnationId = randomUuid(options.random);
    this.#decided = new DecidedMetadata({
      ...{ clock, raft, loader },
      onCommitted: (delta, cause) => {
        for (const event of controllerEvents(delta, cause)) onEvent(event);
      },
    });
    this.#idle = new IdleNotice({
      clock,
      intervalMs: options.maxIdleIntervalMs,
      isAlone: () => this.#isAlone(),
      onIdle: () => this.#decide(() => ({ records: [{ type: 'NO_OP_RECORD', version: 0, data: {} }] })),
    });
    this.#balancer = new LeaderBalancer({
      ...{ clock, decided: this.#decided, resolver: options.resolver },
      elect: () => this.#electPreferred(),
    });
    this.#sessions = new BrokerSessions({
      clock,
      timeoutMs: options.brokerSessionTimeoutMs,
      // The one in this process can't be silent while we run.
      watched: () =>
        [...this.#decided.image.cluster.brokers.values()].filter(({ id, fenced }) => id !== nodeId && !fenced),
      onExpired: ({ id, epoch }, silentMs) =>
        this.#fence(
          id,
          epoch,
          `broker ${id} stopped answering: nothing heard of it for ${(silentMs / 1000).toFixed(1)} s`,
        ),
    });
  }

  get isActive(): boolean {
    return this.#decided.epoch !== undefined;
  }

  /** Resolves when this node's controller is active, at once when it is. */
  whenActive(): Promise<void> {
    if (this.isActive) return Promise.resolve();
    return new Promise((resolve) => this.#whenActive.push(resolve));
  }

  createTopics(request: CreateTopicsRequest): Promise<CreateTopicsResponseInput> {
    return this.#write((context) => createTopics(context, request));
  }

  deleteTopics(request: DeleteTopicsRequest): Promise<DeleteTopicsResponseInput> {
    return this.#write((context) => deleteTopics(context, request));
  }

  createPartitions(request: CreatePartitionsRequest): Promise<CreatePartitionsResponseInput> {
    return this.#write((context) => createPartitions(context, request));
  }

  incrementalAlterConfigs(request: IncrementalAlterConfigsRequest): Promise<IncrementalAlterConfigsResponseInput> {
    return this.#write((context) => incrementalAlterConfigs(context, request));
  }

  alterConfigs(request: AlterConfigsRequest): Promise<AlterConfigsResponseInput> {
    return this.#write((context) => alterConfigs(context, request));
  }

  allocateProducerIds(request: AllocateProducerIdsRequest): Promise<AllocateProducerIdsResponseInput> {
    return this.#write((context) => brokers.allocateProducerIds(context, request.brokerId, request.brokerEpoch));
  }

  registerBroker(request: BrokerRegistrationRequest): Promise<BrokerRegistrationResponseInput> {
    return this.#write((context) => {
      const { clusterId } = this.#options;
      const decision = brokers.registerBroker(context, request, clusterId, (broker) => this.#sessions.isValid(broker));
      this.#sessions.forget(request.brokerId);
      return decision;
    });
  }

  heartbeat(request: BrokerHeartbeatRequest): Promise<BrokerHeartbeatResponseInput> {
    const { brokerId, currentMetadataOffset } = request;
    const isLeaving = (): boolean => this.#decided.image.cluster.brokers.get(brokerId)?.inControlledShutdown === true;
    const wasLeaving = isLeaving();
    const answer = this.#write((context) => {
      const decision = brokers.heartbeat(context, request, () => this.#othersKnow(brokerId));
      this.#sessions.touch(brokerId, currentMetadataOffset);
      return decision;
    });
    if (!wasLeaving && isLeaving()) {
      this.#sessions.beginShutdown(brokerId, this.#options.raft.logEndOffset() - 1);
    }
    if (this.isActive) this.#sessions.watch();
    return answer;
  }

  alterPartition(request: AlterPartitionRequest): Promise<AlterPartitionResponseInput> {
    return this.#write((context) => alterPartition(context, request));
  }

  electLeaders(request: ElectLeadersRequest): Promise<ElectLeadersResponseInput> {
    return this.#write((context) => electLeaders(context, request));
  }

  alterPartitionReassignments(
    request: AlterPartitionReassignmentsRequest,
  ): Promise<AlterPartitionReassignmentsResponseInput> {
    return this.#write((context) => alterPartitionReassignments(context, request));
  }

  listPartitionReassignments(
    request: ListPartitionReassignmentsRequest,
  ): Promise<ListPartitionReassignmentsResponseInput> {
    return this.#write((context) => listPartitionReassignments(context, request));
  }

  unregisterBroker({ brokerId }: UnregisterBrokerRequest): Promise<UnregisterBrokerResponseInput> {
    return this.#write((context) => {
      const decision = brokers.unregisterBroker(context, brokerId);
      this.#sessions.forget(brokerId);
      return decision;
    });
  }

  updateFeatures(
    request: UpdateFeaturesRequest,
    version = updateFeaturesRequest.highestVersion,
  ): Promise<UpdateFeaturesResponseInput> {
    const { raft, nodeId } = this.#options;
    return this.#write((context) => {
      const voters = raft.describeQuorum().voters.map(({ replicaId }) => replicaId);
      return updateFeatures(context, request, { nodeId, voters, kraftVersion: raft.kraftVersion() }, version);
    });
  }

  assignReplicasToDirs(request: AssignReplicasToDirsRequest): Promise<AssignReplicasToDirsResponseInput> {
    return this.#write((context) => assignReplicasToDirs(context, request));
  }

  /** A broker's process is gone, for certain: nobody has to wait for its session to end. */
  onBrokerUnreachable(brokerId: number, brokerEpoch: number): void {
    this.#fence(brokerId, brokerEpoch, `broker ${brokerId} stopped: nobody listens on its port`);
  }

  registerController(request: ControllerRegistrationRequest): Promise<ControllerRegistrationResponseInput> {
    return this.#write((context) => ({
      records: brokers.registerControllerRecords(context, request),
      response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    }));
  }

  onCommit(batches: readonly CommittedBatch[]): void {
    this.#slices.push(...batches.map((batch) => () => this.#decided.onCommit(batch)));
  }

  onLoadSnapshot(snapshot: SnapshotSource): void {
    this.#slices.drain();
    this.#options.loader.loadSnapshot(snapshot);
    this.#decided.onLoadSnapshot();
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    const { nodeId, loader, logger } = this.#options;
    this.#slices.drain();
    this.#deactivate();
    if (leader.leaderId === nodeId) this.#activate(leader.epoch);
    logger.info(
      leader.leaderId < 0
        ? `The metadata quorum has no leader in epoch ${leader.epoch}.`
        : `Node ${leader.leaderId} is the controller in epoch ${leader.epoch}.`,
    );
    loader.controllerChanged(leader.leaderId, leader.epoch);
  }

  /** Answers whoever waits with NOT_CONTROLLER, and decides nothing any more. */
  close(): void {
    this.#slices.close();
    this.#deactivate();
  }

  #activate(epoch: number): void {
    const { nodeId, loader, resolver, bootstrap, listeners } = this.#options;
    this.#decided.lead(epoch);
    this.#sessions.restart();
    const state = { image: loader.image, isInTransaction: loader.isInTransaction, bootstrap, resolver };
    this.#append(activationRecords(state), undefined);
    const features = [...supportedFeatures].map(([name, { minVersion, maxVersion }]) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
      unknownTaggedFields: undefined,
    }));
    const registration = {
      controllerId: nodeId,
      incarnationId: this.#incarnationId,
      zkMigrationReady: false,
      listeners: listeners.map((listener) => ({ ...listener, unknownTaggedFields: undefined })),
      features,
    };
    this.#append(brokers.registerControllerRecords(this.#context(), registration), undefined);
    // The last controller may have been configured otherwise.
    this.#electUncleanly('a new controller allows unclean elections');
    this.#idle.watch();
    this.#balancer.watch();
    for (const resolve of this.#whenActive.splice(0)) resolve();
  }

  #deactivate(): void {
    this.#sessions.stop();
    this.#idle.stop();
    this.#balancer.stop();
    this.#decided.follow();
  }

  #context(): ControlContext {
    const { resolver, random, raft } = this.#options;
    const { image, index } = this.#decided;
    return { image, index, resolver, random, nextOffset: raft.logEndOffset() };
  }

  #write<R>(decide: (context: ControlContext) => Decision<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      try {
        if (!this.isActive) throw notController();
        if (this.#decided.isFull) {
          throw new ApiError(ErrorCode.REQUEST_TIMED_OUT, 'The controller has too many requests under way.');
        }
        const decision = decide(this.#context());
        const { records, response, cause } = decision;
        for (const batch of batchesOf(decision)) this.#append(batch, cause);
        if (records.some(mayAllowUncleanElections)) this.#electUncleanly('unclean elections are allowed from now on');
        // A decision without records rests on what others decided: it too holds only once that is committed.
        this.#decided.whenCommitted(response, resolve, reject);
      } catch (error) {
        reject(this.#asApiError(error));
      }
    });
  }

  /** A decision that nobody asked for. */
  #decide(decide: (context: ControlContext) => Pick<Decision<void>, 'records' | 'cause'>): void {
    this.#write((context) => ({ ...decide(context), response: undefined })).catch((error: unknown) => {
      // When it is not the controller any more, the next one decides.
      this.#options.logger.debug(`The controller decided nothing: ${String(error)}`);
    });
  }

  #append(records: readonly NewMetadataRecord[], cause: string | undefined): void {
    if (records.length === 0) return;
    this.#decided.append(records, cause);
    this.#idle.touch();
    this.#balancer.watch();
  }

  #asApiError(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    if (error instanceof RaftError) return notController();
    this.#options.logger.error('The controller failed on a request; nothing was changed', error);
    return new ApiError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }

  /** Whether all other brokers have what was decided when this one began to leave. */
  #othersKnow(brokerId: number): boolean {
    const { raft, nodeId } = this.#options;
    const offset = this.#sessions.shutdownOffset(brokerId);
    const { voters, observers } = raft.describeQuorum();
    const copied = new Map([...voters, ...observers].map((replica) => [replica.replicaId, replica.logEndOffset - 1]));
    return [...this.#decided.image.cluster.brokers.values()].every(
      ({ id, fenced, inControlledShutdown }) =>
        fenced ||
        inControlledShutdown ||
        id === nodeId ||
        Math.max(this.#sessions.metadataOffset(id), copied.get(id) ?? -1) >= offset,
    );
  }

  #fence(brokerId: number, brokerEpoch: number, cause: string): void {
    this.#options.logger.warn(`Broker ${brokerId} is fenced: ${cause}.`);
    this.#decide((context) => {
      const current = context.image.cluster.brokers.get(brokerId);
      const isSame = current !== undefined && !current.fenced && current.epoch === brokerEpoch;
      return { records: isSame ? brokers.fenceRecords(context, current) : [], cause };
    });
  }

  #electPreferred(): number {
    let elected = 0;
    this.#decide((context) => {
      const records = preferredElections(context);
      elected = records.length;
      return { records, cause: 'leaders are balanced' };
    });
    return elected;
  }

  #electUncleanly(cause: string): void {
    for (;;) {
      const records = uncleanElections(this.#context());
      if (records.length === 0) return;
      this.#append(records, cause);
    }
  }

  #isAlone(): boolean {
    const { voters, observers } = this.#options.raft.describeQuorum();
    return voters.length + observers.length <= 1;
  }
}

function mayAllowUncleanElections({ type, data }: NewMetadataRecord): boolean {
  return type === 'CONFIG_RECORD' && data.name === 'unclean.leader.election.enable';
}
