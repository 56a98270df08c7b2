import type { PartitionChangeRecord } from '../../protocol/generated/partition-change-record.ts';
import type { PartitionRecord } from '../../protocol/generated/partition-record.ts';
import { MetadataError } from './metadata-error.ts';
import { TopicsImage } from './metadata-image.ts';
import type { TopicImage } from './metadata-image.ts';
import { fromPartitionRecord, mergePartitionChange } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import type { SortedMap } from './sorted-map.ts';
import { collisionKey, hasCollisionCharacter, isInternalTopic } from './topic-names.ts';

/** What happens to one topic. */
export class TopicDelta {
  readonly name: string;
  readonly id: string;
  /** The topic before; undefined when it is new. */
  readonly before: TopicImage | undefined;
  /** All partitions after the change. */
  readonly partitions: PartitionRegistration[];
  /** New and changed partitions. */
  readonly changes = new Map<number, PartitionRegistration>();
  readonly sequence: number;

  constructor(name: string, id: string, sequence: number, before: TopicImage | undefined) {
    this.name = name;
    this.id = id;
    this.sequence = sequence;
    this.before = before;
    this.partitions = before === undefined ? [] : [...before.partitions];
  }

  set(partition: number, registration: PartitionRegistration): void {
    this.partitions[partition] = registration;
    this.changes.set(partition, registration);
  }
}

/** What happens to topics. A topic deleted and made anew is in both maps, under different ids. */
export class TopicsDelta {
  readonly before: TopicsImage;
  /** New topics and those with new or changed partitions, by id. */
  readonly changed = new Map<string, TopicDelta>();
  /** By id. */
  readonly deleted = new Map<string, TopicImage>();
  #nextSequence: number;

  constructor(before: TopicsImage) {
    this.before = before;
    this.#nextSequence = before.nextSequence;
  }

  create(name: string, id: string): void {
    this.changed.set(id, new TopicDelta(name, id, this.#nextSequence++, undefined));
  }

  addPartition(record: PartitionRecord): void {
    this.#changing(record.topicId).set(record.partitionId, fromPartitionRecord(record));
  }

  changePartition(record: PartitionChangeRecord): void {
    const topic = this.#changing(record.topicId);
    const partition = topic.partitions[record.partitionId];
    if (partition === undefined) {
      throw new MetadataError(`A change is for partition ${topic.name}-${record.partitionId}, which does not exist.`);
    }
    topic.set(record.partitionId, mergePartitionChange(partition, record));
  }

  delete(id: string): TopicImage {
    const before = this.before.getById(id);
    const changed = this.changed.get(id);
    if (before === undefined && changed === undefined) {
      throw new MetadataError(`Topic id ${id} is deleted, but does not exist.`);
    }
    this.changed.delete(id);
    if (before !== undefined) this.deleted.set(id, before);
    return before ?? imageOf(changed!);
  }

  /** Forgets the ELR of one topic, or of all for an empty name (KIP-966). */
  clearElr(name: string): void {
    const topics = name === '' ? [...this.before.byId.keys(), ...this.changed.keys()] : [this.#idOf(name)];
    for (const id of new Set(topics)) {
      if (id === undefined || this.deleted.has(id)) continue;
      const topic = this.#changing(id);
      for (const [partition, registration] of topic.partitions.entries()) {
        if (registration.elr.length === 0 && registration.lastKnownElr.length === 0) continue;
        topic.set(partition, {
          ...registration,
          elr: [],
          lastKnownElr: [],
          partitionEpoch: registration.partitionEpoch + 1,
        });
      }
      if (topic.changes.size === 0 && topic.before !== undefined) this.changed.delete(id);
    }
  }

  apply(): TopicsImage {
    if (this.changed.size === 0 && this.deleted.size === 0) return this.before;
    let { byName, byId, colliding } = this.before;
    for (const [id, topic] of this.deleted) {
      byName = byName.without(topic.name);
      byId = byId.without(id);
      colliding = withoutName(colliding, topic.name);
    }
    let youngest = this.before.lastUserTopic;
    const names = new Map<string, TopicImage>();
    const ids = new Map<string, TopicImage>();
    for (const topic of this.changed.values()) {
      const image = imageOf(topic);
      names.set(image.name, image);
      ids.set(image.id, image);
      if (topic.before !== undefined) continue;
      colliding = withName(colliding, topic.name);
      if (!isInternalTopic(topic.name)) youngest = image;
    }
    byName = byName.withAll(names);
    byId = byId.withAll(ids);
    if (youngest !== undefined && !byId.has(youngest.id)) youngest = findYoungest(byId.values());
    return new TopicsImage(byName, byId, colliding, this.#nextSequence, youngest?.id);
  }

  #idOf(name: string): string | undefined {
    for (const topic of this.changed.values()) if (topic.name === name) return topic.id;
    return this.before.get(name)?.id;
  }

  #changing(id: string): TopicDelta {
    let topic = this.changed.get(id);
    if (topic === undefined) {
      const before = this.deleted.has(id) ? undefined : this.before.getById(id);
      if (before === undefined) throw new MetadataError(`A partition belongs to topic id ${id}, which does not exist.`);
      topic = new TopicDelta(before.name, id, before.sequence, before);
      this.changed.set(id, topic);
    }
    return topic;
  }
}

function imageOf(topic: TopicDelta): TopicImage {
  const { name, id, sequence, partitions } = topic;
  for (let partition = 0; partition < partitions.length; partition++) {
    if (partitions[partition] === undefined) {
      throw new MetadataError(`Topic ${name} has no partition ${partition}, but later ones.`);
    }
  }
  // The delta's own array may be changed further before the next apply.
  return { name, id, sequence, partitions: [...partitions] };
}

function findYoungest(topics: Iterable<TopicImage>): TopicImage | undefined {
  let youngest: TopicImage | undefined;
  for (const topic of topics) {
    if (isInternalTopic(topic.name)) continue;
    if (youngest === undefined || topic.sequence > youngest.sequence) youngest = topic;
  }
  return youngest;
}

type Colliding = SortedMap<readonly string[]>;

function withName(colliding: Colliding, name: string): Colliding {
  if (!hasCollisionCharacter(name)) return colliding;
  const key = collisionKey(name);
  return colliding.with(key, [...(colliding.get(key) ?? []), name]);
}

function withoutName(colliding: Colliding, name: string): Colliding {
  if (!hasCollisionCharacter(name)) return colliding;
  const key = collisionKey(name);
  const rest = (colliding.get(key) ?? []).filter((other) => other !== name);
  return rest.length === 0 ? colliding.without(key) : colliding.with(key, rest);
}
