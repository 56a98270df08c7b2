import { FetchSessionCache } from '../../../../extension/engine/broker/fetch-session.ts';
import { deleteRecordsHandler } from '../../../../extension/engine/broker/handlers/delete-records.ts';
import { fetchHandler } from '../../../../extension/engine/broker/handlers/fetch.ts';
import { listOffsetsHandler } from '../../../../extension/engine/broker/handlers/list-offsets.ts';
import { offsetForLeaderEpochHandler } from '../../../../extension/engine/broker/handlers/offset-for-leader-epoch.ts';
import { produceHandler } from '../../../../extension/engine/broker/handlers/produce.ts';
import type { Partition } from '../../../../extension/engine/broker/partition.ts';
import { ReplicaManager } from '../../../../extension/engine/broker/replica-manager.ts';
import type { ReplicationSettings } from '../../../../extension/engine/broker/replication-settings.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { NodeChannel } from '../../../../extension/engine/common/network.ts';
import { systemRandom } from '../../../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import { encodeMetadataRecord, type NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { PartitionRegistration } from '../../../../extension/engine/metadata/partition-registration.ts';
import type { AnyApiHandler } from '../../../../extension/engine/server/api-handler.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { AlterPartitionRequest } from '../../../../extension/protocol/generated/alter-partition-request.ts';
import type { AlterPartitionResponseInput } from '../../../../extension/protocol/generated/alter-partition-response.ts';
import { deleteRecordsRequest } from '../../../../extension/protocol/generated/delete-records-request.ts';
import { deleteRecordsResponse } from '../../../../extension/protocol/generated/delete-records-response.ts';
import { fetchRequest, type FetchRequestInput } from '../../../../extension/protocol/generated/fetch-request.ts';
import { fetchResponse, type PartitionData } from '../../../../extension/protocol/generated/fetch-response.ts';
import { listOffsetsRequest } from '../../../../extension/protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../../../extension/protocol/generated/list-offsets-response.ts';
import { produceRequest } from '../../../../extension/protocol/generated/produce-request.ts';
import {
  type PartitionProduceResponse,
  produceResponse,
} from '../../../../extension/protocol/generated/produce-response.ts';
import type { ClusterEvent } from '../../../../extension/shared/cluster-protocol.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { MemoryNetwork } from './memory-network.ts';
import { REPLICATION_SETTINGS } from './replica-harness.ts';

export const TOPIC = 'orders';
export const TOPIC_ID = 'EbXCsc7G191KBZxNLpy6Qw';
const CLIENT = 100;
const TIMEOUT = { timeoutMs: 60_000 };

/** One broker's storage and replicas; its disk outlives it. */
class Node {
  readonly id: number;
  readonly files = new MemoryFileSystem();
  readonly events: ClusterEvent[] = [];
  logs!: LogManager;
  replicas!: ReplicaManager;
  handlers: AnyApiHandler[] = [];
  image: MetadataImage = EMPTY_IMAGE;
  epoch = 0;
  isAlive = false;

  constructor(id: number) {
    this.id = id;
    this.files.mkdirSync('/data');
  }
}

/**
 * Replica managers of several brokers, each over real logs on a disk in memory, joined by a network in memory under one clock
 * that stands still. Metadata reach all that live at once; the controller grants every ISR that names the epochs it knows.
 */
export class ReplicaCluster {
  readonly clock = new FakeClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly #nodes = new Map<number, Node>();
  readonly #settings: ReplicationSettings;
  readonly #configs: Readonly<Record<string, string>>;
  readonly #channels = new Map<number, NodeChannel>();
  minInsyncReplicas = 1;
  throttled = { leaderThrottledReplicas: '', followerThrottledReplicas: '' };
  throttledRate = Infinity;
  /** What leaders have asked for. */
  readonly isrRequests: AlterPartitionRequest[] = [];
  /** Answers to ISR requests wait for this, or fail with it. */
  beforeIsrAnswer: () => Promise<void> = () => Promise.resolve();
  #records: NewMetadataRecord[] = [];
  #image: MetadataImage = EMPTY_IMAGE;
  #epochs = 0;
  #offset = 0;

  private constructor(settings: Partial<ReplicationSettings>, configs: Readonly<Record<string, string>>) {
    this.#settings = { ...REPLICATION_SETTINGS, ...settings };
    this.#configs = configs;
  }

  static async start(
    count: number,
    settings: Partial<ReplicationSettings> = {},
    configs: Readonly<Record<string, string>> = {},
  ): Promise<ReplicaCluster> {
    const cluster = new ReplicaCluster(settings, configs);
    for (let id = 1; id <= count; id++) {
      cluster.#nodes.set(id, new Node(id));
      await cluster.startBroker(id);
    }
    return cluster;
  }

  /** Begins a new life of a broker, with what its disk holds. */
  async startBroker(id: number): Promise<void> {
    const node = this.#nodes.get(id)!;
    const { clock } = this;
    const environment = new LogEnvironment({
      fileSystem: node.files,
      clock,
      random: systemRandom,
      logger: silentLogger,
    });
    const log = parseLogConfig(this.#configs);
    node.logs = new LogManager({ environment, directories: ['/data'], config: log });
    await node.logs.load();
    node.epoch = ++this.#epochs;
    node.image = EMPTY_IMAGE;
    node.replicas = new ReplicaManager({
      brokerId: id,
      logs: node.logs,
      topicConfig: () => ({ ...this.throttled, log, minInsyncReplicas: this.minInsyncReplicas }),
      logger: silentLogger,
      image: EMPTY_IMAGE,
      clock,
      network: this.network.of(id),
      controller: { alterPartition: (request) => this.#alterPartition(request) },
      settings: this.#settings,
      throttledRates: { leader: () => this.throttledRate, follower: () => this.throttledRate },
      brokerEpoch: () => node.epoch,
      onEvent: (event) => node.events.push(event),
    });
    const sessions = new FetchSessionCache({ slots: 10, evictionMs: 1000, clock, random: systemRandom });
    node.handlers = [
      produceHandler(node.replicas, clock),
      fetchHandler(node.replicas, sessions, clock, 50_000_000),
      listOffsetsHandler(node.replicas),
      offsetForLeaderEpochHandler(node.replicas),
      deleteRecordsHandler(node.replicas, clock),
    ];
    node.isAlive = true;
    this.network.serve(id, node.handlers);
    this.replay({
      type: 'REGISTER_BROKER_RECORD',
      version: 3,
      data: {
        ...{ brokerId: id, brokerEpoch: node.epoch, incarnationId: TOPIC_ID, rack: `rack-${id}`, fenced: false },
        ...{ features: [], logDirs: [] },
        endPoints: [{ name: 'PLAINTEXT', host: 'memory', port: id, securityProtocol: 0 }],
      },
    });
  }

  /** The process is dead: nothing is written any more, its lines break. */
  kill(id: number): void {
    const node = this.#nodes.get(id)!;
    node.isAlive = false;
    node.replicas.close();
    node.logs.abandon();
    this.network.stop(id);
    this.#channels.delete(id);
  }

  /** The controller takes a broker for dead. */
  fence(id: number): void {
    const data = { brokerId: id, brokerEpoch: this.#nodes.get(id)!.epoch, fenced: 1 };
    this.replay({ type: 'BROKER_REGISTRATION_CHANGE_RECORD', version: 0, data });
  }

  #alterPartition(request: AlterPartitionRequest): Promise<AlterPartitionResponseInput> {
    this.isrRequests.push(request);
    return this.beforeIsrAnswer().then(() => {
      const topics = request.topics.map(({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map((wanted) => {
          const { partitionIndex } = wanted;
          const before = this.#image.topics.getById(topicId)?.partitions[partitionIndex];
          const nothing = { partitionIndex, leaderId: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [] };
          if (before === undefined) return { ...nothing, errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
          if (wanted.leaderEpoch !== before.leaderEpoch)
            return { ...nothing, errorCode: ErrorCode.FENCED_LEADER_EPOCH };
          if (wanted.partitionEpoch !== before.partitionEpoch) {
            return { ...nothing, errorCode: ErrorCode.INVALID_UPDATE_VERSION };
          }
          const isr = wanted.newIsrWithEpochs.map(({ brokerId }) => brokerId);
          this.change(partitionIndex, { isr });
          const { leader, leaderEpoch, partitionEpoch } = this.registration(partitionIndex);
          return { partitionIndex, errorCode: ErrorCode.NONE, leaderId: leader, leaderEpoch, partitionEpoch, isr };
        }),
      }));
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics };
    });
  }

  /** Commits metadata records; brokers that live learn of them at once, but for those in `deaf`. */
  replay(...records: NewMetadataRecord[]): void {
    this.#records.push(...records);
    const delta = new MetadataDelta(this.#image);
    for (const record of records) delta.replayFrame(encodeMetadataRecord(record));
    this.#image = delta.apply({ offset: this.#offset++, epoch: 1, lastContainedLogTimeMs: 0 });
    this.publish();
  }

  /** Brokers that hear of nothing until they are taken out and `publish` is called. */
  readonly deaf = new Set<number>();

  publish(): void {
    for (const node of this.#nodes.values()) {
      if (!node.isAlive || this.deaf.has(node.id)) continue;
      const delta = new MetadataDelta(node.image);
      const from = node.image.provenance.offset;
      // Each record is a commit of its own.
      for (const [offset, record] of this.#records.entries()) {
        if (offset > from) delta.replayFrame(encodeMetadataRecord(record));
      }
      node.image = delta.apply({ offset: this.#records.length - 1, epoch: 1, lastContainedLogTimeMs: 0 });
      node.replicas.onMetadataUpdate(delta.topics, node.image);
    }
  }

  createTopic(replicas: number[], options: { isr?: number[]; partitions?: number; leader?: number } = {}): void {
    this.replay(
      { type: 'TOPIC_RECORD', version: 0, data: { name: TOPIC, topicId: TOPIC_ID } },
      ...Array.from({ length: options.partitions ?? 1 }, (_, partitionId): NewMetadataRecord => ({
        type: 'PARTITION_RECORD',
        version: 2,
        data: {
          ...{ partitionId, topicId: TOPIC_ID, replicas, isr: options.isr ?? replicas },
          ...{ removingReplicas: [], addingReplicas: [], leaderEpoch: 0, partitionEpoch: 0 },
          leader: options.leader ?? replicas[0]!,
          directories: replicas.map(() => 'AAAAAAAAAAAAAAAAAAAAAA'),
        },
      })),
    );
  }

  /** One PartitionChangeRecord: who leads, who is in the ISR, who has replicas. */
  change(partitionId: number, data: { leader?: number; isr?: number[]; replicas?: number[] }): void {
    this.replay({ type: 'PARTITION_CHANGE_RECORD', version: 2, data: { partitionId, topicId: TOPIC_ID, ...data } });
  }

  registration(partition = 0): PartitionRegistration {
    return this.#image.topics.partition(TOPIC, partition)!;
  }

  partition(broker: number, index = 0): Partition {
    return this.#nodes.get(broker)!.replicas.find(TOPIC, index);
  }

  replicas(broker: number): ReplicaManager {
    return this.#nodes.get(broker)!.replicas;
  }

  isHosted(broker: number, index = 0): boolean {
    return this.#nodes.get(broker)!.replicas.hosted(TOPIC, index) !== undefined;
  }

  files(broker: number): MemoryFileSystem {
    return this.#nodes.get(broker)!.files;
  }

  events(broker: number): ClusterEvent[] {
    return this.#nodes.get(broker)!.events;
  }

  /** The log of a replica as the values of its records would show it: its bytes. */
  logBytes(broker: number, index = 0): Buffer {
    const { log } = this.partition(broker, index);
    return Buffer.concat(log.read(log.logStartOffset, 100_000_000).records);
  }

  #channel(broker: number): NodeChannel {
    let channel = this.#channels.get(broker);
    if (channel === undefined) {
      channel = this.network.of(CLIENT).open({ nodeId: broker, host: 'memory', port: broker }, 'client');
      this.#channels.set(broker, channel);
    }
    return channel;
  }

  async produce(
    broker: number,
    batch: Buffer,
    options: { acks?: number; timeoutMs?: number; partition?: number } = {},
  ): Promise<PartitionProduceResponse> {
    const { acks = -1, timeoutMs = 30_000, partition = 0 } = options;
    const topicData = [{ topicId: TOPIC_ID, partitionData: [{ index: partition, records: batch }] }];
    const body = { transactionalId: null, acks, timeoutMs, topicData };
    const answer = await this.#channel(broker).send(produceRequest, produceResponse, body, TIMEOUT);
    return answer.responses[0]!.partitionResponses[0]!;
  }

  async fetch(
    broker: number,
    more: Partial<FetchRequestInput> & { offset?: number; leaderEpoch?: number } = {},
  ): Promise<PartitionData> {
    const { offset = 0, leaderEpoch = -1, ...request } = more;
    const partitions = [
      { partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000, currentLeaderEpoch: leaderEpoch },
    ];
    const topics = [{ topicId: TOPIC_ID, partitions }];
    const body = { maxWaitMs: 0, minBytes: 1, sessionEpoch: -1, topics, ...request };
    const answer = await this.#channel(broker).send(fetchRequest, fetchResponse, body, TIMEOUT);
    if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
    return answer.responses[0]!.partitions[0]!;
  }

  async listOffset(broker: number, timestamp: number): Promise<{ errorCode: number; offset: number }> {
    const partitions = [{ partitionIndex: 0, timestamp }];
    const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: TOPIC, partitions }] };
    const answer = await this.#channel(broker).send(listOffsetsRequest, listOffsetsResponse, body, TIMEOUT);
    return answer.topics[0]!.partitions[0]!;
  }

  async deleteRecords(
    broker: number,
    offset: number,
    timeoutMs = 30_000,
  ): Promise<{ errorCode: number; lowWatermark: number }> {
    const body = { topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset }] }], timeoutMs };
    const answer = await this.#channel(broker).send(deleteRecordsRequest, deleteRecordsResponse, body, TIMEOUT);
    return answer.topics[0]!.partitions[0]!;
  }
}
