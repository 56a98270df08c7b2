import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Logger } from '../common/logger.ts';
import { ZERO_UUID } from '../common/random.ts';
import type { LogConfig } from '../log/log-config.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import { directoryOf, type PartitionRegistration } from '../metadata/partition-registration.ts';
import type { TopicsDelta } from '../metadata/topics-delta.ts';
import { Partition } from './partition.ts';

/** The configs of a topic that its partitions on this broker obey. */
export interface TopicConfig {
  readonly log: LogConfig;
  readonly minInsyncReplicas: number;
}

/** Where logs come from and go to; the log manager, as the replica manager needs it. */
export interface LogStore {
  /** Opens the log, or makes it. Throws ApiError KAFKA_STORAGE_ERROR or INCONSISTENT_TOPIC_ID. */
  getOrCreate(
    topic: string,
    partition: number,
    options: { topicId: string; config: LogConfig; directoryId: string | undefined },
  ): PartitionLog;
  /** Takes the log out of service at once; its files go later. */
  delete(topic: string, partition: number): void;
}

/**
 * The partitions that this broker hosts: made, changed and dropped as the metadata says, found by name or id for requests.
 */
export class ReplicaManager {
  readonly #brokerId: number;
  readonly #logs: LogStore;
  readonly #topicConfig: (topic: string) => TopicConfig;
  readonly #logger: Logger;
  readonly #topics = new Map<string, Map<number, Partition>>();
  #image: MetadataImage;

  constructor(options: {
    brokerId: number;
    logs: LogStore;
    topicConfig: (topic: string) => TopicConfig;
    logger: Logger;
    image: MetadataImage;
  }) {
    this.#brokerId = options.brokerId;
    this.#logs = options.logs;
    this.#topicConfig = options.topicConfig;
    this.#logger = options.logger;
    this.#image = options.image;
  }

  get image(): MetadataImage {
    return this.#image;
  }

  /** Every partition here, topic by topic. */
  *partitions(): Generator<Partition> {
    for (const partitions of this.#topics.values()) yield* partitions.values();
  }

  hosted(topic: string, partition: number): Partition | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  partitionsOf(topic: string): Iterable<Partition> {
    return this.#topics.get(topic)?.values() ?? [];
  }

  /**
   * The partition that a request names.
   *
   * @throws ApiError UNKNOWN_TOPIC_OR_PARTITION, or NOT_LEADER_OR_FOLLOWER when it exists elsewhere, or
   *   KAFKA_STORAGE_ERROR when it should be here and its log could not be opened
   */
  find(topic: string, partition: number): Partition {
    const found = this.#topics.get(topic)?.get(partition);
    if (found !== undefined) return found;
    const registration = this.#image.topics.partition(topic, partition);
    if (registration === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    throw new ApiError(
      registration.replicas.includes(this.#brokerId) ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NOT_LEADER_OR_FOLLOWER,
    );
  }

  /**
   * The name of a topic that a request gives by name or (from some version on) by id.
   *
   * @throws ApiError UNKNOWN_TOPIC_ID
   */
  nameOf(topic: string, topicId: string): string {
    if (topicId === ZERO_UUID) return topic;
    const name = this.#image.topics.getById(topicId)?.name;
    if (name === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_ID);
    return name;
  }

  /** Follows the metadata: deleted topics first, since one may be made anew under the same name. */
  onMetadataUpdate(delta: TopicsDelta | undefined, image: MetadataImage): void {
    this.#image = image;
    if (delta === undefined) return;
    for (const topic of delta.deleted.values()) this.#drop(topic.name);
    for (const topic of delta.changed.values()) {
      for (const [index, registration] of topic.changes) this.#apply(topic.name, topic.id, index, registration);
    }
  }

  /** A topic's configs, or the broker's defaults for all topics (undefined), have changed. */
  onConfigChange(topic: string | undefined): void {
    for (const name of topic === undefined ? this.#topics.keys() : [topic]) {
      const partitions = this.#topics.get(name);
      if (partitions === undefined) continue;
      const config = this.#topicConfig(name);
      for (const partition of partitions.values()) {
        partition.log.updateConfig(config.log);
        partition.setMinInsyncReplicas(config.minInsyncReplicas);
      }
    }
  }

  #apply(topic: string, topicId: string, index: number, registration: PartitionRegistration): void {
    const known = this.#topics.get(topic)?.get(index);
    if (!registration.replicas.includes(this.#brokerId)) {
      if (known !== undefined) this.#dropPartition(known);
      return;
    }
    if (known !== undefined) {
      known.update(registration);
      return;
    }
    try {
      const config = this.#topicConfig(topic);
      const directoryId = directoryOf(registration, this.#brokerId);
      const log = this.#logs.getOrCreate(topic, index, { topicId, config: config.log, directoryId });
      const partition = new Partition({
        topic,
        topicId,
        partition: index,
        log,
        brokerId: this.#brokerId,
        registration,
        minInsyncReplicas: config.minInsyncReplicas,
      });
      let partitions = this.#topics.get(topic);
      if (partitions === undefined) this.#topics.set(topic, (partitions = new Map()));
      partitions.set(index, partition);
    } catch (error) {
      // The others serve on; requests for this one are answered with KAFKA_STORAGE_ERROR.
      this.#logger.error(`the log of ${topic}-${index} cannot be opened; the partition is offline`, error);
    }
  }

  #drop(topic: string): void {
    for (const partition of this.#topics.get(topic)?.values() ?? []) this.#dropPartition(partition);
  }

  #dropPartition(partition: Partition): void {
    const partitions = this.#topics.get(partition.topic);
    partitions?.delete(partition.partition);
    if (partitions?.size === 0) this.#topics.delete(partition.topic);
    partition.markDeleted();
    this.#logs.delete(partition.topic, partition.partition);
  }
}
