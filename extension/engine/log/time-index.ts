import { readInt64, writeInt64 } from '../../records/int64.ts';
import type { FileHandleCache } from './file-handle-cache.ts';
import { IndexFile } from './index-file.ts';

/**
 * `.timeindex`: entries of 12 bytes, i64 timestamp and i32 offset relative to the segment's base offset: no record up to
 * and including the batch that ends at that offset has a larger timestamp, and that batch has this one. Timestamps only
 * grow.
 */

export const TIME_INDEX_ENTRY_SIZE = 12;

export interface TimestampOffset {
  readonly timestampMs: number;
  readonly offset: number;
}

export class TimeIndex {
  readonly file: IndexFile;
  readonly #baseOffset: number;

  constructor(handles: FileHandleCache, path: string, baseOffset: number) {
    this.file = new IndexFile(handles, path, TIME_INDEX_ENTRY_SIZE);
    this.#baseOffset = baseOffset;
  }

  /** The last entry; timestamp -1 at the segment's start where there is none. */
  last(): TimestampOffset {
    return this.#read(this.file.count - 1);
  }

  #read(index: number): TimestampOffset {
    if (index < 0) return { timestampMs: -1, offset: this.#baseOffset };
    const entry = this.file.entry(index);
    return { timestampMs: readInt64(entry, 0), offset: this.#baseOffset + entry.readInt32BE(8) };
  }

  /** Adds an entry unless it tells nothing new: its timestamp must be larger than the last one's. */
  maybeAppend(timestampMs: number, offset: number): void {
    if (timestampMs <= this.last().timestampMs) return;
    const entry = this.file.append();
    writeInt64(entry, timestampMs, 0);
    entry.writeInt32BE(offset - this.#baseOffset, 8);
  }

  /** The entry with the largest timestamp at or below `timestampMs`; timestamp -1 at the start where all are above. */
  lookup(timestampMs: number): TimestampOffset {
    let low = -1;
    let high = this.file.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (readInt64(this.file.entry(middle), 0) <= timestampMs) low = middle;
      else high = middle - 1;
    }
    return this.#read(low);
  }

  /** Drops the entries at or past `offset`. */
  truncateTo(offset: number): void {
    const relativeOffset = offset - this.#baseOffset;
    let low = -1;
    let high = this.file.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.file.entry(middle).readInt32BE(8) < relativeOffset) low = middle;
      else high = middle - 1;
    }
    this.file.truncate(low + 1);
  }

  /** Whether it can be that of a segment of so many bytes, which has its largest timestamp at least once it is full. */
  looksSane(segmentSizeBytes: number): boolean {
    if (this.file.count === 0) return segmentSizeBytes === 0;
    const first = this.#read(0);
    const last = this.last();
    return last.timestampMs >= first.timestampMs && last.offset >= this.#baseOffset;
  }
}
