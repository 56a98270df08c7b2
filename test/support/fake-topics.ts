import { ErrorCode } from '../../extension/protocol/errors.ts';
import type { CreateTopicsRequest } from '../../extension/protocol/generated/create-topics-request.ts';
import type { FetchRequest } from '../../extension/protocol/generated/fetch-request.ts';
import type { ListOffsetsRequest } from '../../extension/protocol/generated/list-offsets-request.ts';
import type { MetadataRequest } from '../../extension/protocol/generated/metadata-request.ts';
import type { ProduceRequest } from '../../extension/protocol/generated/produce-request.ts';
import type { NewRecord } from '../../extension/records/record.ts';
import { assignOffset, baseOffset, lastOffset, maxTimestamp } from '../../extension/records/record-batch.ts';
import { RecordBatchBuilder, type BatchOptions } from '../../extension/records/record-batch-builder.ts';
import type { FakeBroker } from './fake-broker.ts';

export interface FakePartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  leader: number;
  logStart: number;
  batches: Buffer[];
  /** Answered to a fetch in place of batches, once each. */
  readonly errors: number[];
  aborted: { producerId: number; firstOffset: number }[];
}

/** Topics in memory behind a fake broker: Metadata, CreateTopics, Produce, Fetch and ListOffsets work on them. */
export class FakeTopics {
  readonly partitions: FakePartition[] = [];
  /** Whether Metadata creates what it is asked for. */
  autoCreates = false;
  #ids = 0;
  #waiting: (() => void)[] = [];

  add(topic: string, count: number, leader = 1): FakePartition[] {
    const known = this.partitions.filter((item) => item.topic === topic);
    const topicId = known[0]?.topicId ?? Buffer.alloc(16, ++this.#ids).toString('base64url');
    const added = Array.from({ length: count }, (_, index): FakePartition => ({
      topic,
      topicId,
      partition: known.length + index,
      leader,
      logStart: 0,
      batches: [],
      errors: [],
      aborted: [],
    }));
    this.partitions.push(...added);
    return added;
  }

  find(topic: string, partition: number): FakePartition | undefined {
    return this.partitions.find((item) => item.topic === topic && item.partition === partition);
  }

  end({ batches, logStart }: FakePartition): number {
    const last = batches.at(-1);
    return last === undefined ? logStart : lastOffset(last, 0) + 1;
  }

  /** Appends records as one batch. */
  append(partition: FakePartition, records: readonly NewRecord[], options: BatchOptions = {}): Buffer {
    const builder = new RecordBatchBuilder({ baseOffset: this.end(partition), partitionLeaderEpoch: 0, ...options });
    for (const record of records) builder.append({ timestamp: 1_000, ...record });
    return this.appendBatch(partition, builder.build());
  }

  appendBatch(partition: FakePartition, batch: Buffer): Buffer {
    partition.batches.push(batch);
    for (const wake of this.#waiting.splice(0)) wake();
    return batch;
  }

  /** Lets the broker serve the topics. `others` appear in its metadata. */
  serve(broker: FakeBroker, others: readonly FakeBroker[] = []): this {
    broker
      .on('Metadata', (request: MetadataRequest) => broker.metadata(this.#describe(request), others))
      .on('CreateTopics', (request: CreateTopicsRequest) => this.#create(request))
      .on('Produce', (request: ProduceRequest) => this.produce(broker.nodeId, request))
      .on('Fetch', (request: FetchRequest) => this.#fetch(broker, request))
      .on('ListOffsets', (request: ListOffsetsRequest) => this.#listOffsets(broker, request));
    return this;
  }

  #describe({ topics, allowAutoTopicCreation }: MetadataRequest): object[] {
    const names = topics?.map(({ name }) => name!) ?? [...new Set(this.partitions.map(({ topic }) => topic))];
    return names.map((name) => {
      const found = this.partitions.filter(({ topic }) => topic === name);
      if (found.length === 0) {
        if (this.autoCreates && allowAutoTopicCreation) this.add(name, 1);
        return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
      }
      return {
        errorCode: 0,
        name,
        topicId: found[0]!.topicId,
        partitions: found.map(({ partition, leader }) => ({
          errorCode: leader < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : 0,
          partitionIndex: partition,
          leaderId: leader,
          leaderEpoch: 0,
          replicaNodes: [1],
          isrNodes: [1],
        })),
      };
    });
  }

  #create({ topics }: CreateTopicsRequest): object {
    return {
      throttleTimeMs: 0,
      topics: topics.map(({ name, numPartitions }) => {
        if (this.find(name, 0) !== undefined) {
          return { name, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${name}' already exists.` };
        }
        this.add(name, Math.max(1, numPartitions));
        return { name, errorCode: 0, errorMessage: null, numPartitions, replicationFactor: 1 };
      }),
    };
  }

  /** What the broker of this id answers to Produce. */
  produce(nodeId: number, { topicData }: ProduceRequest): object {
    const responses = topicData.map(({ topicId, name, partitionData }) => ({
      topicId,
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const found = this.#byIdOrName(topicId, name, index);
        if (found?.leader !== nodeId) {
          return { index, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 };
        }
        const base = this.end(found);
        // The request's frame is not the fake's to keep.
        const batch = Buffer.from(records!);
        assignOffset(batch, 0, base, 0);
        this.appendBatch(found, batch);
        return { index, errorCode: 0, baseOffset: base };
      }),
    }));
    return { responses };
  }

  async #fetch(broker: FakeBroker, request: FetchRequest): Promise<object> {
    const wanted = request.topics.flatMap(({ topicId, topic, partitions }) =>
      partitions.map((item) => ({ ...item, topicId, topic, found: this.#byIdOrName(topicId, topic, item.partition) })),
    );
    const isNews = wanted.some(
      ({ found, fetchOffset }) =>
        found === undefined ||
        found.errors.length > 0 ||
        found.leader !== broker.nodeId ||
        fetchOffset !== this.end(found),
    );
    if (!isNews) await this.#news(request.maxWaitMs);
    return {
      responses: wanted.map(({ topicId, topic, partition, fetchOffset, found }) => ({
        topicId,
        topic,
        partitions: [this.#fetchPartition(broker, found, partition, fetchOffset)],
      })),
    };
  }

  #news(maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, maxWaitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #fetchPartition(
    broker: FakeBroker,
    found: FakePartition | undefined,
    partitionIndex: number,
    offset: number,
  ): object {
    const failed = (errorCode: number): object => ({
      partitionIndex,
      errorCode,
      highWatermark: -1,
      abortedTransactions: null,
      records: null,
    });
    if (found === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_ID);
    const scripted = found.errors.shift();
    if (scripted !== undefined) return failed(scripted);
    if (found.leader !== broker.nodeId) return failed(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const end = this.end(found);
    if (offset < found.logStart || offset > end) return failed(ErrorCode.OFFSET_OUT_OF_RANGE);
    const batches = found.batches.filter((batch) => lastOffset(batch, 0) >= offset);
    const first = batches[0];
    return {
      partitionIndex,
      errorCode: 0,
      highWatermark: end,
      lastStableOffset: end,
      logStartOffset: found.logStart,
      abortedTransactions: found.aborted,
      records: first === undefined ? Buffer.alloc(0) : Buffer.concat(batches.slice(0, 2)),
    };
  }

  #listOffsets(broker: FakeBroker, { topics }: ListOffsetsRequest): object {
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const found = this.find(name, partitionIndex);
          if (found?.leader !== broker.nodeId) return { partitionIndex, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
          return { partitionIndex, errorCode: 0, ...this.#offsetFor(found, timestamp) };
        }),
      })),
    };
  }

  #offsetFor(found: FakePartition, timestamp: number): { offset: number; timestamp: number } {
    if (timestamp === -1) return { offset: this.end(found), timestamp: -1 };
    if (timestamp === -2) return { offset: found.logStart, timestamp: -1 };
    const batch = found.batches.find((each) => maxTimestamp(each, 0) >= timestamp);
    return batch === undefined
      ? { offset: -1, timestamp: -1 }
      : { offset: baseOffset(batch, 0), timestamp: maxTimestamp(batch, 0) };
  }

  #byIdOrName(topicId: string, name: string, partition: number): FakePartition | undefined {
    return this.partitions.find(
      (item) => (name === '' ? item.topicId === topicId : item.topic === name) && item.partition === partition,
    );
  }
}
