/** What an entry costs beside its key: the string, the slot, the number. */
const ENTRY_OVERHEAD_BYTES = 64;

/**
 * The last offset of each key in the dirty part of a log, within a budget of memory. Keys are compared as they are, not
 * by a hash: two keys are never taken for one.
 */
export class OffsetMap {
  readonly #limitBytes: number;
  readonly #offsets = new Map<string, number>();
  #usedBytes = 0;
  #latestOffset = -1;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#offsets.size;
  }

  /** Everything up to here is in the map; -1 for nothing. */
  get latestOffset(): number {
    return this.#latestOffset;
  }

  updateLatestOffset(offset: number): void {
    if (offset > this.#latestOffset) this.#latestOffset = offset;
  }

  /** False, and nothing is changed, when a new key does not fit any more. One key always fits. */
  put(key: Buffer, offset: number): boolean {
    const name = key.toString('latin1');
    if (!this.#offsets.has(name)) {
      const cost = key.length + ENTRY_OVERHEAD_BYTES;
      if (this.#usedBytes + cost > this.#limitBytes && this.#offsets.size > 0) return false;
      this.#usedBytes += cost;
    }
    this.#offsets.set(name, offset);
    return true;
  }

  /** The last offset of the key, -1 where it is not in the map. */
  get(key: Buffer): number {
    return this.#offsets.get(key.toString('latin1')) ?? -1;
  }
}
