import { fetchHandler } from '../../../../extension/engine/broker/handlers/fetch.ts';
import { produceHandler } from '../../../../extension/engine/broker/handlers/produce.ts';
import { FetchSessionCache } from '../../../../extension/engine/broker/fetch-session.ts';
import { ReplicaManager } from '../../../../extension/engine/broker/replica-manager.ts';
import type { ReplicationSettings } from '../../../../extension/engine/broker/replication-settings.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { systemRandom } from '../../../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import { encodeMetadataRecord, type NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { RequestContext } from '../../../../extension/engine/server/api-handler.ts';
import { fetchRequest, type FetchRequestInput } from '../../../../extension/protocol/generated/fetch-request.ts';
import type {
  FetchResponseInput,
  PartitionDataInput,
} from '../../../../extension/protocol/generated/fetch-response.ts';
import { produceRequest } from '../../../../extension/protocol/generated/produce-request.ts';
import type {
  PartitionProduceResponseInput,
  ProduceResponseInput,
} from '../../../../extension/protocol/generated/produce-response.ts';
import { decodeMessage, encodeMessage, type MessageType } from '../../../../extension/protocol/message-type.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { MemoryNetwork } from './memory-network.ts';

/** Kafka's defaults. */
export const REPLICATION_SETTINGS: ReplicationSettings = {
  lagTimeMaxMs: 30_000,
  fetchMaxBytes: 1_048_576,
  fetchResponseMaxBytes: 10_485_760,
  fetchWaitMaxMs: 500,
  fetchMinBytes: 1,
  fetchBackoffMs: 1000,
  socketTimeoutMs: 30_000,
  listenerName: 'PLAINTEXT',
  selectsByRack: false,
};

export const NOT_THROTTLED = { leaderThrottledReplicas: '', followerThrottledReplicas: '' };

export const BROKER_ID = 1;
export const TOPIC = 'orders';
export const TOPIC_ID = 'EbXCsc7G191KBZxNLpy6Qw';
const PRODUCE_VERSION = 9;
const FETCH_VERSION = 12;

/** One batch of the given values. */
export function records(...values: string[]): Buffer {
  const builder = new RecordBatchBuilder();
  for (const value of values) builder.append({ value: Buffer.from(value), timestamp: 1_700_000_000_000 });
  return builder.build();
}

/** Replica manager and handlers over a real log, on disk in memory and under a clock that stands still. */
export class ReplicaHarness {
  readonly clock = new FakeClock();
  readonly files = new MemoryFileSystem();
  readonly logs: LogManager;
  readonly replicas: ReplicaManager;
  minInsyncReplicas = 1;
  #image: MetadataImage = EMPTY_IMAGE;
  readonly #produce;
  readonly #fetch;

  constructor(configs: Readonly<Record<string, string>> = {}) {
    this.files.mkdirSync('/data');
    const environment = new LogEnvironment({
      fileSystem: this.files,
      clock: this.clock,
      random: systemRandom,
      logger: silentLogger,
    });
    const log = parseLogConfig(configs);
    this.logs = new LogManager({ environment, directories: ['/data'], config: log });
    this.replicas = new ReplicaManager({
      brokerId: BROKER_ID,
      logs: this.logs,
      topicConfig: () => ({ ...NOT_THROTTLED, log, minInsyncReplicas: this.minInsyncReplicas }),
      logger: silentLogger,
      image: EMPTY_IMAGE,
      clock: this.clock,
      network: new MemoryNetwork(this.clock).of(BROKER_ID),
      controller: { alterPartition: () => new Promise(() => {}) },
      settings: REPLICATION_SETTINGS,
      throttledRates: { leader: () => Infinity, follower: () => Infinity },
      brokerEpoch: () => 1,
      onEvent: () => {},
    });
    const sessions = new FetchSessionCache({ slots: 10, evictionMs: 1000, clock: this.clock, random: systemRandom });
    this.#produce = produceHandler(this.replicas, this.clock);
    this.#fetch = fetchHandler(this.replicas, sessions, this.clock, 50_000_000);
  }

  /** Commits metadata records. */
  replay(...records: NewMetadataRecord[]): void {
    const delta = new MetadataDelta(this.#image);
    for (const record of records) delta.replayFrame(encodeMetadataRecord(record));
    this.#image = delta.apply({ offset: 1, epoch: 1, lastContainedLogTimeMs: 0 });
    this.replicas.onMetadataUpdate(delta.topics, this.#image);
  }

  createTopic(partition: { leader?: number; replicas?: number[]; isr?: number[]; partitions?: number } = {}): void {
    const replicas = partition.replicas ?? [BROKER_ID];
    const count = partition.partitions ?? 1;
    this.replay(
      { type: 'TOPIC_RECORD', version: 0, data: { name: TOPIC, topicId: TOPIC_ID } },
      ...Array.from({ length: count }, (_, partitionId): NewMetadataRecord => ({
        type: 'PARTITION_RECORD',
        version: 2,
        data: {
          partitionId,
          topicId: TOPIC_ID,
          replicas,
          isr: partition.isr ?? replicas,
          removingReplicas: [],
          addingReplicas: [],
          leader: partition.leader ?? BROKER_ID,
          leaderEpoch: 0,
          partitionEpoch: 0,
          directories: replicas.map(() => 'AAAAAAAAAAAAAAAAAAAAAA'),
        },
      })),
    );
  }

  deleteTopic(): void {
    this.replay({ type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: TOPIC_ID } });
  }

  elect(leader: number, isr: number[]): void {
    this.replay({
      type: 'PARTITION_CHANGE_RECORD',
      version: 2,
      data: { partitionId: 0, topicId: TOPIC_ID, leader, isr },
    });
  }

  /** Undefined when nothing is answered (acks=0). */
  async produce(batch: Buffer, acks = 1, timeoutMs = 1000): Promise<PartitionProduceResponseInput | undefined> {
    const partitionData = [{ index: 0, records: batch }];
    const topicData = [{ name: TOPIC, partitionData }];
    const request = decoded(produceRequest, { transactionalId: null, acks, timeoutMs, topicData }, PRODUCE_VERSION);
    const answer = (await this.#produce.handle(request, context(0, PRODUCE_VERSION))) as
      ProduceResponseInput | undefined;
    return answer?.responses[0]!.partitionResponses[0];
  }

  async fetch(
    more: Partial<FetchRequestInput> & { offset?: number; partitionMaxBytes?: number; partitions?: number[] } = {},
  ): Promise<PartitionDataInput[]> {
    const { offset = 0, partitionMaxBytes = 1_000_000, partitions = [0], ...request } = more;
    const asked = partitions.map((partition) => ({ partition, fetchOffset: offset, partitionMaxBytes }));
    const topics = [{ topic: TOPIC, partitions: asked }];
    const body = { maxWaitMs: 500, minBytes: 1, sessionEpoch: -1, topics, ...request };
    const answer = (await this.#fetch.handle(
      decoded(fetchRequest, body, FETCH_VERSION),
      context(1, FETCH_VERSION),
    )) as FetchResponseInput;
    return answer.responses.flatMap((topic) => topic.partitions);
  }
}

function decoded<T, I>(type: MessageType<T, I>, body: I, version: number): T {
  return decodeMessage(type, encodeMessage(type, body, version), version);
}

function context(apiKey: number, apiVersion: number): RequestContext {
  return {
    apiKey,
    apiVersion,
    correlationId: 1,
    clientId: 'test',
    clientHost: '127.0.0.1',
    listenerName: 'PLAINTEXT',
    connectionId: 1,
    principal: 'User:ANONYMOUS',
  };
}

export function sizeOf(data: PartitionDataInput | undefined): number {
  const bytes = data?.records ?? [];
  return bytes instanceof Uint8Array ? bytes.length : bytes.reduce((sum, slice) => sum + slice.length, 0);
}
