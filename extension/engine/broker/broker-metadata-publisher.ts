import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import type { Logger } from '../common/logger.ts';
import type { GroupCoordinator } from '../coordinator/group-coordinator.ts';
import type { MetadataDelta } from '../metadata/metadata-delta.ts';
import { ConfigResourceType, type MetadataImage } from '../metadata/metadata-image.ts';
import type { MetadataPublisher } from '../metadata/metadata-publisher.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import type { TopicDelta } from '../metadata/topics-delta.ts';
import { CONSUMER_OFFSETS } from './internal-topics.ts';
import type { ReplicaManager } from './replica-manager.ts';

/** Carries committed metadata to the parts of a broker that act on it, and tells who the controller is. */
export class BrokerMetadataPublisher implements MetadataPublisher {
  readonly name = 'broker';
  readonly #brokerId: number;
  readonly #replicas: ReplicaManager;
  readonly #groups: GroupCoordinator;
  readonly #logger: Logger;
  readonly #onEvent: (event: ClusterEvent) => void;

  constructor(options: {
    brokerId: number;
    replicas: ReplicaManager;
    groups: GroupCoordinator;
    logger: Logger;
    onEvent: (event: ClusterEvent) => void;
  }) {
    this.#brokerId = options.brokerId;
    this.#replicas = options.replicas;
    this.#groups = options.groups;
    this.#logger = options.logger;
    this.#onEvent = options.onEvent;
  }

  onMetadataUpdate(delta: MetadataDelta, image: MetadataImage): void {
    this.#replicas.onMetadataUpdate(delta.topics, image);
    this.#publishConfigs(delta);
    this.#publishCoordinators(delta, image);
  }

  onControllerChange(controllerId: number, epoch: number): void {
    this.#onEvent({ event: 'controller', controller: controllerId, epoch });
  }

  #publishConfigs(delta: MetadataDelta): void {
    for (const { type, name } of delta.configs.changed.values()) {
      if (type === ConfigResourceType.TOPIC) this.#replicas.onConfigChange(name);
      // Broker configs are the defaults of topics' configs.
      else if (type === ConfigResourceType.BROKER) this.#replicas.onConfigChange(undefined);
    }
  }

  #publishCoordinators(delta: MetadataDelta, image: MetadataImage): void {
    const deleted = [...delta.topics.deleted.values()];
    for (const topic of deleted) {
      if (topic.name !== CONSUMER_OFFSETS) continue;
      for (const index of topic.partitions.keys()) this.#groups.onResignation(index);
    }
    for (const topic of delta.topics.changed.values()) {
      if (topic.name !== CONSUMER_OFFSETS) continue;
      this.#groups.startup(image.topics.get(topic.name)?.partitions.length ?? topic.partitions.length);
      for (const [index, registration] of topic.changes) this.#electCoordinator(topic, index, registration);
    }
    if (deleted.length > 0) {
      const topics = deleted.map(({ id, name }) => ({ id, name }));
      this.#groups.onTopicsDeleted(topics).catch((error: unknown) => {
        this.#logger.error('group offsets of deleted topics could not be removed', error);
      });
    }
  }

  #electCoordinator(topic: TopicDelta, index: number, now: PartitionRegistration): void {
    const before = topic.before?.partitions[index];
    if (before !== undefined && before.leader === now.leader && before.leaderEpoch === now.leaderEpoch) return;
    if (now.leader !== this.#brokerId) {
      this.#groups.onResignation(index, now.leaderEpoch);
      return;
    }
    this.#groups.onElection(index, now.leaderEpoch).catch((error: unknown) => {
      this.#logger.error(`groups of ${CONSUMER_OFFSETS}-${index} could not be loaded`, error);
    });
  }
}
