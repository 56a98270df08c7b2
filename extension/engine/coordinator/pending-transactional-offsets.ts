import type { OffsetAndMetadata } from './offset-and-metadata.ts';
import type { StoredOffset } from './offset-store.ts';

/** An offset that waits for the end of a transaction. */
export interface PendingOffset extends StoredOffset {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

/** Offsets committed inside transactions that have not ended, by producer. */
export class PendingTransactionalOffsets {
  readonly #byProducer = new Map<number, Map<string, PendingOffset>>();
  /** How many producers have a pending offset for the partition; by key. */
  readonly #counts = new Map<string, number>();
  /** How many pending offsets a group has. */
  readonly #groupCounts = new Map<string, number>();

  add(
    producerId: number,
    groupId: string,
    topic: string,
    partition: number,
    value: OffsetAndMetadata,
    recordOffset: number,
  ): void {
    let offsets = this.#byProducer.get(producerId);
    if (offsets === undefined) this.#byProducer.set(producerId, (offsets = new Map()));
    const key = keyOf(groupId, topic, partition);
    if (!offsets.has(key)) this.#count(groupId, key, 1);
    offsets.set(key, { groupId, topic, partition, value, recordOffset });
  }

  /** Forgets what any producer has pending for the partition. */
  removePartition(groupId: string, topic: string, partition: number): void {
    const key = keyOf(groupId, topic, partition);
    if (!this.#counts.has(key)) return;
    for (const [producerId, offsets] of this.#byProducer) {
      if (!offsets.delete(key)) continue;
      this.#count(groupId, key, -1);
      if (offsets.size === 0) this.#byProducer.delete(producerId);
    }
  }

  /** What the producer had pending, which is over now. */
  take(producerId: number): PendingOffset[] {
    const offsets = this.#byProducer.get(producerId);
    if (offsets === undefined) return [];
    this.#byProducer.delete(producerId);
    for (const [key, { groupId }] of offsets) this.#count(groupId, key, -1);
    return [...offsets.values()];
  }

  has(groupId: string, topic: string, partition: number): boolean {
    return this.#groupCounts.has(groupId) && this.#counts.has(keyOf(groupId, topic, partition));
  }

  hasGroup(groupId: string): boolean {
    return this.#groupCounts.has(groupId);
  }

  /** Partitions of a group with something pending. */
  *partitions(groupId: string): Generator<{ readonly topic: string; readonly partition: number }> {
    if (!this.#groupCounts.has(groupId)) return;
    const seen = new Set<string>();
    for (const offsets of this.#byProducer.values()) {
      for (const [key, pending] of offsets) {
        if (pending.groupId !== groupId || seen.has(key)) continue;
        seen.add(key);
        yield pending;
      }
    }
  }

  #count(groupId: string, key: string, by: 1 | -1): void {
    add(this.#counts, key, by);
    add(this.#groupCounts, groupId, by);
  }
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function keyOf(groupId: string, topic: string, partition: number): string {
  return `${partition}\0${topic}\0${groupId}`;
}
