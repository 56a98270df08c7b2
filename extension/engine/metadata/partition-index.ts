import type { TopicImage, TopicsImage } from './metadata-image.ts';
import { isReassigning } from './partition-reassignment.ts';
import { NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import type { TopicsDelta } from './topics-delta.ts';

/** Partition ids by topic id. */
export type PartitionSet = ReadonlyMap<string, ReadonlySet<number>>;

/** A partition with its topic. */
export interface PartitionOfTopic {
  readonly topic: TopicImage;
  readonly partitionId: number;
  readonly partition: PartitionRegistration;
}

const NOTHING: PartitionSet = new Map();

class Partitions {
  readonly byTopic = new Map<string, Set<number>>();
  count = 0;

  set(topicId: string, partition: number, belongs: boolean): void {
    let ids = this.byTopic.get(topicId);
    if (belongs) {
      if (ids === undefined) this.byTopic.set(topicId, (ids = new Set()));
      if (ids.has(partition)) return;
      ids.add(partition);
      this.count++;
    } else if (ids?.delete(partition) === true) {
      this.count--;
      if (ids.size === 0) this.byTopic.delete(topicId);
    }
  }
}

class PartitionsByBroker {
  readonly #brokers = new Map<number, Partitions>();

  get(broker: number): Partitions | undefined {
    return this.#brokers.get(broker);
  }

  update(topicId: string, partition: number, before: readonly number[], now: readonly number[]): void {
    for (const broker of before) {
      if (!now.includes(broker)) this.#brokers.get(broker)?.set(topicId, partition, false);
    }
    for (const broker of now) {
      if (before.includes(broker)) continue;
      let partitions = this.#brokers.get(broker);
      if (partitions === undefined) this.#brokers.set(broker, (partitions = new Partitions()));
      partitions.set(topicId, partition, true);
    }
  }
}

/**
 * Which partitions a broker has to do with, so that no decision looks at all of them. Follows the controller's image record by
 * record, and is made anew when a node becomes the controller.
 */
export class PartitionIndex {
  readonly #isr = new PartitionsByBroker();
  readonly #elr = new PartitionsByBroker();
  readonly #leader = new PartitionsByBroker();
  readonly #leaderless = new Partitions();
  /** Led by another than the first replica, or by nobody. */
  readonly #imbalanced = new Partitions();
  readonly #reassigning = new Partitions();

  static of(topics: TopicsImage): PartitionIndex {
    const index = new PartitionIndex();
    for (const topic of topics.byId.values()) {
      for (const [id, partition] of topic.partitions.entries()) index.#update(topic.id, id, undefined, partition);
    }
    return index;
  }

  /** Takes in what a delta changed. Its `before` must be what this index has seen. */
  apply(delta: TopicsDelta): void {
    for (const topic of delta.deleted.values()) {
      for (const [id, partition] of topic.partitions.entries()) this.#update(topic.id, id, partition, undefined);
    }
    for (const topic of delta.changed.values()) {
      for (const [id, now] of topic.changes) this.#update(topic.id, id, topic.before?.partitions[id], now);
    }
  }

  withIsrMember(broker: number): PartitionSet {
    return this.#isr.get(broker)?.byTopic ?? NOTHING;
  }

  withElrMember(broker: number): PartitionSet {
    return this.#elr.get(broker)?.byTopic ?? NOTHING;
  }

  /** In the ISR or the ELR. */
  withEligible(broker: number): PartitionSet {
    const all = new Map<string, ReadonlySet<number>>(this.withIsrMember(broker));
    for (const [topic, ids] of this.withElrMember(broker)) all.set(topic, new Set([...(all.get(topic) ?? []), ...ids]));
    return all;
  }

  get leaderless(): PartitionSet {
    return this.#leaderless.byTopic;
  }

  get imbalanced(): PartitionSet {
    return this.#imbalanced.byTopic;
  }

  get reassigning(): PartitionSet {
    return this.#reassigning.byTopic;
  }

  /** How many partitions a broker leads. */
  leaderships(broker: number): number {
    return this.#leader.get(broker)?.count ?? 0;
  }

  #update(
    topicId: string,
    id: number,
    before: PartitionRegistration | undefined,
    now: PartitionRegistration | undefined,
  ): void {
    const leader = (partition: PartitionRegistration | undefined): number[] =>
      partition === undefined || partition.leader === NO_LEADER ? [] : [partition.leader];
    this.#isr.update(topicId, id, before?.isr ?? [], now?.isr ?? []);
    this.#elr.update(topicId, id, before?.elr ?? [], now?.elr ?? []);
    this.#leader.update(topicId, id, leader(before), leader(now));
    this.#imbalanced.set(topicId, id, now !== undefined && now.leader !== now.replicas[0]);
    this.#leaderless.set(topicId, id, now?.leader === NO_LEADER);
    this.#reassigning.set(topicId, id, now !== undefined && isReassigning(now));
  }
}

/** The partitions of a set, topic by topic and in order. */
export function* partitionsOf(topics: TopicsImage, partitions: PartitionSet): Generator<PartitionOfTopic, void> {
  for (const [topicId, ids] of partitions) {
    const topic = topics.getById(topicId);
    if (topic === undefined) continue;
    for (const partitionId of [...ids].sort((a, b) => a - b)) {
      const partition = topic.partitions[partitionId];
      if (partition !== undefined) yield { topic, partitionId, partition };
    }
  }
}

/** All partitions that fulfil something. For what happens rarely: it looks at every one. */
export function partitionsWhere(
  topics: TopicsImage,
  fits: (partition: PartitionRegistration) => boolean,
): PartitionSet {
  const found = new Partitions();
  for (const topic of topics.byId.values()) {
    for (const [id, partition] of topic.partitions.entries()) if (fits(partition)) found.set(topic.id, id, true);
  }
  return found.byTopic;
}
