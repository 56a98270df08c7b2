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
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
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
import { electLeaders } from './election-control.ts';
import { updateFeatures } from './feature-control.ts';
import { alterPartition } from './isr-control.ts';
import { MetadataDelta } from './metadata-delta.ts';
import { EMPTY_IMAGE } from './metadata-image.ts';
import type { MetadataImage } from './metadata-image.ts';
import type { MetadataLoader } from './metadata-loader.ts';
import { encodeMetadataRecord } from './metadata-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { supportedFeatures } from './metadata-version.ts';
import { PartitionIndex } from './partition-index.ts';
import { alterPartitionReassignments, listPartitionReassignments } from './reassignment-control.ts';
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
}

/** A batch that was appended and is not committed yet. */
interface PendingBatch {
  readonly lastOffset: number;
  readonly delta: MetadataDelta;
  readonly image: MetadataImage;
}

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: ApiError) => void;
}

/** Records in one batch where a decision may be split. */
const MAX_RECORDS_PER_BATCH = 10_000;

/** Requests that may wait for their records to be committed. */
const MAX_WAITERS = 20_000;

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
  /** The epoch in which this node leads; undefined while it is inactive. */
  #epoch: number | undefined;
  /** With everything that was appended, committed or not. */
  #image: MetadataImage;
  /** Of the image's partitions; kept while this node is active. */
  #index = PartitionIndex.of(EMPTY_IMAGE.topics);
  #pending: PendingBatch[] = [];
  #waiters: Waiter[] = [];
  #whenActive: (() => void)[] = [];
  #sessionTimer: Timer | undefined;
  #idleTimer: Timer | undefined;

  constructor(options: QuorumControllerOptions) {
    this.#options = options;
    this.#sessions = new BrokerSessions(options.clock, options.brokerSessionTimeoutMs);
    this.#incarnationId = randomUuid(options.random);
    this.#image = options.loader.image;
  }

  get isActive(): boolean {
    return this.#epoch !== undefined;
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
    return this.#write((context) => {
      const decision = brokers.heartbeat(context, request);
      this.#sessions.touch(request.brokerId);
      this.#watchSessions();
      return decision;
    });
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
    this.#fence(brokerId, brokerEpoch, 'it stopped: nobody listens on its port');
  }

  registerController(request: ControllerRegistrationRequest): Promise<ControllerRegistrationResponseInput> {
    return this.#write((context) => ({
      records: brokers.registerControllerRecords(context, request),
      response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    }));
  }

  onCommit(batches: readonly CommittedBatch[]): void {
    for (const batch of batches) {
      const [next] = this.#pending;
      if (next !== undefined && next.lastOffset === batch.lastOffset) {
        this.#pending.shift();
        this.#options.loader.commitPrepared(batch, next.delta, next.image);
      } else {
        this.#options.loader.commit(batch);
        if (this.#pending.length === 0) this.#follow(this.#options.loader.image);
      }
      this.#answer(batch.lastOffset);
    }
  }

  onLoadSnapshot(snapshot: SnapshotSource): void {
    this.#options.loader.loadSnapshot(snapshot);
    this.#follow(this.#options.loader.image);
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    const { nodeId, loader, logger } = this.#options;
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
    this.#deactivate();
  }

  #activate(epoch: number): void {
    const { nodeId, loader, resolver, bootstrap, listeners } = this.#options;
    this.#epoch = epoch;
    this.#follow(loader.image);
    this.#sessions.restart();
    const state = { image: this.#image, isInTransaction: loader.isInTransaction, bootstrap, resolver };
    this.#append(activationRecords(state));
    const features = [...supportedFeatures].map(([name, { minVersion, maxVersion }]) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
      unknownTaggedFields: undefined,
    }));
    this.#append(
      brokers.registerControllerRecords(this.#context(), {
        controllerId: nodeId,
        incarnationId: this.#incarnationId,
        zkMigrationReady: false,
        listeners: listeners.map((listener) => ({ ...listener, unknownTaggedFields: undefined })),
        features,
      }),
    );
    this.#watchSessions();
    this.#watchIdle();
    for (const resolve of this.#whenActive.splice(0)) resolve();
  }

  #deactivate(): void {
    if (this.#epoch === undefined) return;
    this.#epoch = undefined;
    this.#follow(this.#options.loader.image);
    this.#pending = [];
    this.#sessionTimer?.cancel();
    this.#idleTimer?.cancel();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(notController());
  }

  /** Takes over what others wrote. */
  #follow(image: MetadataImage): void {
    this.#image = image;
    if (this.isActive) this.#index = PartitionIndex.of(image.topics);
  }

  #context(): ControlContext {
    const { resolver, random, raft } = this.#options;
    return { image: this.#image, index: this.#index, resolver, random, nextOffset: raft.logEndOffset() };
  }

  #write<R>(decide: (context: ControlContext) => Decision<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      try {
        if (this.#epoch === undefined) throw notController();
        if (this.#waiters.length >= MAX_WAITERS) {
          throw new ApiError(ErrorCode.REQUEST_TIMED_OUT, 'The controller has too many requests under way.');
        }
        const { records, response, atomic } = decide(this.#context());
        if (atomic === true) this.#append(records);
        else {
          for (let at = 0; at < records.length; at += MAX_RECORDS_PER_BATCH) {
            this.#append(records.slice(at, at + MAX_RECORDS_PER_BATCH));
          }
        }
        // A decision without records rests on what others decided: it too holds only once that is committed.
        const last = this.#pending.at(-1);
        if (last === undefined) resolve(response);
        else this.#waiters.push({ offset: last.lastOffset, resolve: () => resolve(response), reject });
      } catch (error) {
        reject(this.#asApiError(error));
      }
    });
  }

  /** Replays the records into the image that the next decision sees, then hands them to the quorum. */
  #append(records: readonly NewMetadataRecord[]): void {
    if (records.length === 0 || this.#epoch === undefined) return;
    const { raft, clock } = this.#options;
    const frames = records.map(encodeMetadataRecord);
    const delta = new MetadataDelta(this.#image);
    for (const frame of frames) delta.replayFrame(frame);
    const lastOffset = raft.logEndOffset() + frames.length - 1;
    const image = delta.apply({ offset: lastOffset, epoch: this.#epoch, lastContainedLogTimeMs: clock.nowMs() });
    const appended = raft.append(this.#epoch, frames);
    if (appended !== lastOffset) throw new Error(`records went to offset ${appended} instead of ${lastOffset}`);
    this.#image = image;
    this.#index.apply(delta.topics);
    this.#pending.push({ lastOffset, delta, image });
    this.#watchIdle();
  }

  #answer(committedOffset: number): void {
    const first = this.#waiters.findIndex(({ offset }) => offset > committedOffset);
    const ready = this.#waiters.splice(0, first < 0 ? this.#waiters.length : first);
    for (const waiter of ready) waiter.resolve();
  }

  #asApiError(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    if (error instanceof RaftError) return notController();
    this.#options.logger.error('The controller failed on a request; nothing was changed', error);
    return new ApiError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }

  /** Fences brokers of other nodes that stay silent. The one in this process can't be silent while we run. */
  #watchSessions(): void {
    this.#sessionTimer?.cancel();
    this.#sessionTimer = undefined;
    if (this.#epoch === undefined) return;
    const { clock, nodeId } = this.#options;
    const others = [...this.#image.cluster.brokers.values()].filter(({ id, fenced }) => id !== nodeId && !fenced);
    if (others.length === 0) return;
    const nextMs = Math.min(...others.map(({ id }) => this.#sessions.remainingMs(id)));
    this.#sessionTimer = clock.schedule(Math.max(nextMs, 0), () => {
      for (const broker of others) {
        if (this.#sessions.remainingMs(broker.id) > 0) continue;
        this.#fence(broker.id, broker.epoch, 'it was not heard of in time');
      }
      this.#watchSessions();
    });
  }

  #fence(brokerId: number, brokerEpoch: number, reason: string): void {
    this.#options.logger.warn(`Broker ${brokerId} is fenced: ${reason}.`);
    this.#write((context) => {
      const current = context.image.cluster.brokers.get(brokerId);
      const isSame = current !== undefined && !current.fenced && current.epoch === brokerEpoch;
      return { records: isSame ? brokers.fenceRecords(context, current) : [], response: undefined };
    }).catch(() => {
      // Not the controller any more: the next one watches.
    });
  }

  #isAlone(): boolean {
    const { voters, observers } = this.#options.raft.describeQuorum();
    return voters.length + observers.length <= 1;
  }

  #watchIdle(): void {
    const { maxIdleIntervalMs, clock } = this.#options;
    this.#idleTimer?.cancel();
    if (maxIdleIntervalMs === 0 || this.#epoch === undefined || this.#isAlone()) return;
    this.#idleTimer = clock.schedule(maxIdleIntervalMs, () => {
      this.#append([{ type: 'NO_OP_RECORD', version: 0, data: {} }]);
    });
  }
}

function notController(): ApiError {
  return new ApiError(ErrorCode.NOT_CONTROLLER, 'This is not the correct controller for this cluster.');
}
