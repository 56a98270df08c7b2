import type { OffsetAndMetadata } from './offset-and-metadata.ts';

/** An offset, and where in the coordinator's log its record lies. */
export interface StoredOffset {
  readonly value: OffsetAndMetadata;
  readonly recordOffset: number;
}

/** What is written, and what of it is committed; undefined is "none". */
interface Slot {
  latest: StoredOffset | undefined;
  committed: StoredOffset | undefined;
}

interface Uncommitted {
  readonly recordOffset: number;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly value: StoredOffset | undefined;
}

/** `latest` sees what is in the log, `committed` what can't be lost any more. */
export type OffsetView = 'latest' | 'committed';

/** Offsets by group, topic and partition, as they are written and as they are committed. */
export class OffsetStore {
  readonly #groups = new Map<string, Map<string, Map<number, Slot>>>();
  /** Writes that are not committed, oldest first. */
  #uncommitted: Uncommitted[] = [];

  get(groupId: string, topic: string, partition: number, view: OffsetView): StoredOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)?.[view];
  }

  /** Stores an offset, or removes it, by the record at `recordOffset`. */
  set(
    groupId: string,
    topic: string,
    partition: number,
    value: OffsetAndMetadata | undefined,
    recordOffset: number,
    isCommitted: boolean,
  ): void {
    const slot = this.#slot(groupId, topic, partition);
    const stored = value === undefined ? undefined : { value, recordOffset };
    slot.latest = stored;
    if (isCommitted) {
      slot.committed = stored;
      this.#removeIfUnused(groupId, topic, partition, slot);
    } else {
      this.#uncommitted.push({ recordOffset, groupId, topic, partition, value: stored });
    }
  }

  /** Everything up to and including `recordOffset` is committed. */
  commit(recordOffset: number): void {
    let count = 0;
    for (const { groupId, topic, partition, ...write } of this.#uncommitted) {
      if (write.recordOffset > recordOffset) break;
      count++;
      const slot = this.#slot(groupId, topic, partition);
      slot.committed = write.value;
      this.#removeIfUnused(groupId, topic, partition, slot);
    }
    if (count === this.#uncommitted.length) this.#uncommitted = [];
    else this.#uncommitted.splice(0, count);
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  groupIds(): string[] {
    return [...this.#groups.keys()];
  }

  topics(groupId: string): string[] {
    return [...(this.#groups.get(groupId)?.keys() ?? [])];
  }

  /** The offsets of one topic; none for one that the group does not know. */
  *partitions(groupId: string, topic: string, view: OffsetView): Generator<[number, StoredOffset]> {
    for (const [partition, slot] of this.#groups.get(groupId)?.get(topic) ?? []) {
      const stored = slot[view];
      if (stored !== undefined) yield [partition, stored];
    }
  }

  #slot(groupId: string, topic: string, partition: number): Slot {
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, (topics = new Map()));
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = new Map()));
    let slot = partitions.get(partition);
    if (slot === undefined) partitions.set(partition, (slot = { latest: undefined, committed: undefined }));
    return slot;
  }

  #removeIfUnused(groupId: string, topic: string, partition: number, slot: Slot): void {
    if (slot.latest !== undefined || slot.committed !== undefined) return;
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
    if (topics?.size === 0) this.#groups.delete(groupId);
  }
}
