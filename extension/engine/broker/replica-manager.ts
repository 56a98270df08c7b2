import { ErrorCode } from '../../protocol/errors.ts';
import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { NodeNetwork } from '../common/network.ts';
import { ZERO_UUID } from '../common/random.ts';
import type { LogConfig } from '../log/log-config.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import { directoryOf, NO_LEADER, type PartitionRegistration } from '../metadata/partition-registration.ts';
import type { TopicsDelta } from '../metadata/topics-delta.ts';
import { AlterPartitionManager, type IsrController } from './alter-partition-manager.ts';
import { Partition } from './partition.ts';
import type { ReplicationContext } from './partition-leader.ts';
import { ReplicaFetcherManager } from './replica-fetcher-manager.ts';
import { type ReaderLocation, preferredReadReplica } from './replica-selector.ts';
import { isThrottledReplica, ReplicationQuota } from './replication-quota.ts';
import type { ReplicationSettings } from './replication-settings.ts';

/** The configs of a topic that its partitions on this broker obey. */
export interface TopicConfig {
  readonly log: LogConfig;
  readonly minInsyncReplicas: number;
  /** `leader.replication.throttled.replicas` and the followers' (KIP-73): `partition:broker,…` or `*`. */
  readonly leaderThrottledReplicas: string;
  readonly followerThrottledReplicas: string;
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

/** Who looks after where replicas lie. */
export interface ReplicaDirectories {
  /** A replica was opened, or the controller has said something new of it: that it lies in directory `assignedId`, say. */
  onPartition(partition: Partition, assignedId: string | undefined): void;
  /** It is gone, or out of service. */
  onDropped(partition: Partition): void;
}

export interface ReplicaManagerOptions {
  readonly brokerId: number;
  readonly logs: LogStore;
  readonly topicConfig: (topic: string) => TopicConfig;
  readonly logger: Logger;
  readonly image: MetadataImage;
  readonly clock: Clock;
  /** By which followers reach leaders. */
  readonly network: NodeNetwork;
  readonly controller: IsrController;
  readonly settings: ReplicationSettings;
  /** -1 before the broker has registered. */
  readonly brokerEpoch: () => number;
  /** `leader.replication.throttled.rate` and the followers': bytes a second, asked whenever they count. */
  readonly throttledRates: { leader(): number; follower(): number };
  readonly directories?: ReplicaDirectories;
  /** Told `truncated`. */
  readonly onEvent: (event: ClusterEvent) => void;
}

/**
 * The partitions that this broker hosts: made, changed and dropped as the metadata says, found by name or id for requests.
 * Those that it leads are looked after here, the others copied from their leaders.
 */
export class ReplicaManager {
  readonly #brokerId: number;
  readonly #logs: LogStore;
  readonly #topicConfig: (topic: string) => TopicConfig;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #context: ReplicationContext;
  readonly #isrChanges: AlterPartitionManager;
  readonly #fetchers: ReplicaFetcherManager;
  readonly #leaderQuota: ReplicationQuota;
  readonly #settings: ReplicationSettings;
  readonly #directories: ReplicaDirectories | undefined;
  readonly #topics = new Map<string, Map<number, Partition>>();
  /** Replicas that cannot be opened, by topic. */
  readonly #offline = new Map<string, Set<number>>();
  #image: MetadataImage;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: ReplicaManagerOptions) {
    const { brokerId, clock, logger, settings, brokerEpoch } = options;
    this.#brokerId = brokerId;
    this.#logs = options.logs;
    this.#topicConfig = options.topicConfig;
    this.#logger = logger;
    this.#clock = clock;
    this.#directories = options.directories;
    this.#image = options.image;
    this.#isrChanges = new AlterPartitionManager({
      controller: options.controller,
      clock,
      logger,
      brokerId,
      brokerEpoch,
    });
    this.#context = {
      ...{ brokerId, clock, logger, brokerEpoch },
      lagTimeMaxMs: settings.lagTimeMaxMs,
      cluster: () => this.#image.cluster,
      proposeIsr: (proposal) => this.#isrChanges.submit(proposal),
    };
    this.#settings = settings;
    this.#leaderQuota = new ReplicationQuota(clock, () => options.throttledRates.leader());
    this.#fetchers = new ReplicaFetcherManager({
      ...{ brokerId, clock, logger, brokerEpoch, settings },
      quota: new ReplicationQuota(clock, () => options.throttledRates.follower()),
      network: options.network,
      onTruncated: ({ topic, partition }, from, to) =>
        options.onEvent({ event: 'truncated', broker: brokerId, topic, partition, from, to, records: from - to }),
    });
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

  /** The broker that a consumer had better read `partition` from, where `replica.selector.class` asks for that. */
  readReplicaFor(partition: Partition, fetchOffset: number, location: ReaderLocation): number | undefined {
    if (!this.#settings.selectsByRack) return undefined;
    return preferredReadReplica(partition, fetchOffset, location, this.#brokerId, this.#image.cluster);
  }

  /** The quota that a follower's fetch of `partition` counts against; undefined for one that is not throttled. */
  leaderQuotaOf(partition: Partition): ReplicationQuota | undefined {
    return partition.isLeaderThrottled ? this.#leaderQuota : undefined;
  }

  /** Follows the metadata: deleted topics first, since one may be made anew under the same name. */
  onMetadataUpdate(delta: TopicsDelta | undefined, image: MetadataImage): void {
    if (this.#closed) return;
    const clusterBefore = this.#image.cluster;
    this.#image = image;
    if (delta !== undefined) this.#applyTopics(delta);
    if (image.cluster !== clusterBefore) this.#onClusterChange();
  }

  #applyTopics(delta: TopicsDelta): void {
    for (const topic of delta.deleted.values()) this.#drop(topic.name);
    for (const topic of delta.changed.values()) {
      for (const [index, registration] of topic.changes) this.#apply(topic.name, topic.id, index, registration);
    }
  }

  #onClusterChange(): void {
    this.#fetchers.onClusterChange(this.#image.cluster);
    for (const partition of this.partitions()) partition.onClusterChange();
  }

  /** As often as Kafka: a follower leaves the ISR after one and a half times the lag that it is allowed, at the latest. */
  #checkIsrsLater(): void {
    if (this.#timer !== undefined) return;
    const delayMs = this.#context.lagTimeMaxMs / 2;
    const dueMs = this.#clock.monotonicMs() + delayMs;
    this.#timer = this.#clock.schedule(delayMs, () => {
      this.#timer = undefined;
      const nowMs = this.#clock.monotonicMs();
      // After a standstill of this process the followers' fetches are yet to be read.
      const wasAsleep = nowMs - dueMs > delayMs;
      for (const { leader } of this.partitions()) {
        if (leader === undefined || leader.followers.length === 0) continue;
        if (!wasAsleep) leader.shrinkIsr(nowMs);
        this.#checkIsrsLater();
      }
    });
  }

  /** Copies nothing any more, and says nothing more to the controller. Partitions are served on. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#isrChanges.close();
    this.#fetchers.close();
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
        this.#throttle(partition, config);
      }
    }
  }

  #apply(topic: string, topicId: string, index: number, registration: PartitionRegistration): void {
    const known = this.#topics.get(topic)?.get(index);
    if (!registration.replicas.includes(this.#brokerId)) {
      if (known !== undefined) this.#dropPartition(known);
      return;
    }
    try {
      const partition = known ?? this.#open(topic, topicId, index, registration);
      if (known !== undefined) known.update(registration);
      this.#followLeader(partition);
      this.#directories?.onPartition(partition, directoryOf(registration, this.#brokerId));
    } catch (error) {
      // The others serve on; requests for this one are answered with KAFKA_STORAGE_ERROR.
      if (this.#offline.get(topic)?.has(index) === true) return;
      this.#logger.error(`the log of ${topic}-${index} cannot be opened; the partition is offline`, error);
      this.#markOffline(topic, index);
    }
  }

  #open(topic: string, topicId: string, index: number, registration: PartitionRegistration): Partition {
    const config = this.#topicConfig(topic);
    const directoryId = directoryOf(registration, this.#brokerId);
    const log = this.#logs.getOrCreate(topic, index, { topicId, config: config.log, directoryId });
    const partition = new Partition({
      topic,
      topicId,
      partition: index,
      log,
      context: this.#context,
      registration,
      minInsyncReplicas: config.minInsyncReplicas,
    });
    this.#throttle(partition, config);
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, (partitions = new Map()));
    partitions.set(index, partition);
    return partition;
  }

  #throttle(partition: Partition, config: TopicConfig): void {
    const { partition: index } = partition;
    partition.isLeaderThrottled = isThrottledReplica(config.leaderThrottledReplicas, index, this.#brokerId);
    partition.isFollowerThrottled = isThrottledReplica(config.followerThrottledReplicas, index, this.#brokerId);
  }

  /** A leader copies from nobody; without a leader there is nobody to copy from. */
  #followLeader(partition: Partition): void {
    const { leader } = partition.registration;
    if (leader === this.#brokerId || leader === NO_LEADER) this.#fetchers.unfollow(partition);
    else this.#fetchers.follow(partition, leader, this.#image.cluster);
    if (partition.registration.replicas.length > 1 && partition.isLeader) this.#checkIsrsLater();
  }

  #markOffline(topic: string, index: number): void {
    const indexes = this.#offline.get(topic);
    if (indexes === undefined) this.#offline.set(topic, new Set([index]));
    else indexes.add(index);
  }

  /** A log directory has failed: requests for its partitions are answered with KAFKA_STORAGE_ERROR from now on. */
  onDirectoryFailed(path: string): void {
    for (const partition of [...this.partitions()]) {
      const { directory } = partition.log;
      if (directory.slice(0, directory.lastIndexOf('/')) !== path) continue;
      this.#markOffline(partition.topic, partition.partition);
      this.#remove(partition);
    }
  }

  #drop(topic: string): void {
    for (const index of this.#offline.get(topic) ?? []) this.#logs.delete(topic, index);
    this.#offline.delete(topic);
    for (const partition of this.#topics.get(topic)?.values() ?? []) this.#dropPartition(partition);
  }

  #dropPartition(partition: Partition): void {
    this.#remove(partition);
    this.#logs.delete(partition.topic, partition.partition);
  }

  #remove(partition: Partition): void {
    const partitions = this.#topics.get(partition.topic);
    partitions?.delete(partition.partition);
    if (partitions?.size === 0) this.#topics.delete(partition.topic);
    this.#fetchers.unfollow(partition);
    partition.markDeleted();
    this.#directories?.onDropped(partition);
  }
}
