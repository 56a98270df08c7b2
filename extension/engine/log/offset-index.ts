import type { FileHandleCache } from './file-handle-cache.ts';
import { IndexFile } from './index-file.ts';

/**
 * `.index`: entries of 8 bytes, i32 last offset of a batch relative to the segment's base offset, i32 position of that
 * batch in the `.log`. Sparse: one entry about every `index.interval.bytes`.
 */

export const OFFSET_INDEX_ENTRY_SIZE = 8;

export interface OffsetPosition {
  readonly offset: number;
  readonly position: number;
}

export class OffsetIndex {
  readonly file: IndexFile;
  readonly #baseOffset: number;

  constructor(handles: FileHandleCache, path: string, baseOffset: number) {
    this.file = new IndexFile(handles, path, OFFSET_INDEX_ENTRY_SIZE);
    this.#baseOffset = baseOffset;
  }

  /** The last entry, or the segment's start where there is none. */
  last(): OffsetPosition {
    return this.#read(this.file.count - 1);
  }

  #read(index: number): OffsetPosition {
    if (index < 0) return { offset: this.#baseOffset, position: 0 };
    const entry = this.file.entry(index);
    return { offset: this.#baseOffset + entry.readInt32BE(0), position: entry.readInt32BE(4) };
  }

  append(offset: number, position: number): void {
    const entry = this.file.append();
    entry.writeInt32BE(offset - this.#baseOffset, 0);
    entry.writeInt32BE(position, 4);
  }

  /** The entry with the largest offset at or below `target`; the segment's start where all are above. */
  lookup(target: number): OffsetPosition {
    return this.#read(this.#floor(target - this.#baseOffset));
  }

  #floor(relativeOffset: number): number {
    let low = -1;
    let high = this.file.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.file.entry(middle).readInt32BE(0) <= relativeOffset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Drops the entries at or past `offset`. */
  truncateTo(offset: number): void {
    this.file.truncate(this.#floor(offset - this.#baseOffset - 1) + 1);
  }

  /** Whether the last entry can be one: a zero-filled tail, or an index of something else, cannot. */
  looksSane(segmentSizeBytes: number): boolean {
    if (this.file.count === 0) return true;
    const { offset, position } = this.last();
    return offset > this.#baseOffset && position < segmentSizeBytes && position >= 0;
  }
}
