/** 32-bit murmur2 as Kafka's Java client computes it, so that keys go to the same partitions. */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const left = length & 3;
  if (left >= 3) h ^= data[whole + 2]! << 16;
  if (left >= 2) h ^= data[whole + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ data[whole]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition of a key. */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/**
 * Where records without key go: to one partition until about a batch is full, then to another, as Kafka's own producer
 * does (KIP-794). Partitions without a leader are passed over while there are others.
 */
export class StickyPartitioner {
  readonly #batchBytes: number;
  readonly #random: () => number;
  #current = -1;
  #filledBytes = 0;

  constructor(batchBytes: number, random: () => number = Math.random) {
    this.#batchBytes = batchBytes;
    this.#random = random;
  }

  next(recordBytes: number, available: readonly number[]): number {
    if (this.#current < 0 || this.#filledBytes >= this.#batchBytes || !available.includes(this.#current)) {
      this.#move(available);
    }
    this.#filledBytes += recordBytes;
    return this.#current;
  }

  #move(available: readonly number[]): void {
    const others = available.filter((partition) => partition !== this.#current);
    const choice = others.length > 0 ? others : available;
    this.#current = choice[Math.floor(this.#random() * choice.length)] ?? 0;
    this.#filledBytes = 0;
  }
}
