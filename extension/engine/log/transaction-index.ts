import { readInt64, writeInt64 } from '../../records/int64.ts';
import type { FileHandleCache } from './file-handle-cache.ts';
import { IndexFile } from './index-file.ts';

/**
 * `.txnindex`: the aborted transactions whose marker lies in the segment, in the order of their markers. Entries of 34
 * bytes: i16 version 0, then producer id, first offset, last offset (that of the marker) and the last stable offset at
 * the time, each i64. The file is made when there is something to write.
 */

export const TRANSACTION_INDEX_ENTRY_SIZE = 34;
const VERSION = 0;

export interface AbortedTransactionEntry {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Everything below was decided when the transaction ended. */
  readonly lastStableOffset: number;
}

export class TransactionIndex {
  readonly file: IndexFile;
  readonly #baseOffset: number;
  #exists: boolean | undefined;

  constructor(handles: FileHandleCache, path: string, baseOffset: number) {
    this.file = new IndexFile(handles, path, TRANSACTION_INDEX_ENTRY_SIZE);
    this.#baseOffset = baseOffset;
  }

  append(entry: AbortedTransactionEntry): void {
    if (!(this.#exists ??= this.file.exists())) {
      this.file.create();
      this.#exists = true;
    }
    const bytes = this.file.append();
    bytes.writeInt16BE(VERSION, 0);
    writeInt64(bytes, entry.producerId, 2);
    writeInt64(bytes, entry.firstOffset, 10);
    writeInt64(bytes, entry.lastOffset, 18);
    writeInt64(bytes, entry.lastStableOffset, 26);
  }

  entry(index: number): AbortedTransactionEntry {
    const bytes = this.file.entry(index);
    return {
      producerId: readInt64(bytes, 2),
      firstOffset: readInt64(bytes, 10),
      lastOffset: readInt64(bytes, 18),
      lastStableOffset: readInt64(bytes, 26),
    };
  }

  entries(): AbortedTransactionEntry[] {
    return Array.from({ length: this.file.count }, (_, index) => this.entry(index));
  }

  /**
   * Adds to `found` what was aborted between the offsets (the upper one excluded). True when no later segment can hold
   * more: an entry was made when everything up to the upper bound had been decided.
   */
  collect(fetchOffset: number, upperBoundOffset: number, found: AbortedTransactionEntry[]): boolean {
    for (let index = 0; index < this.file.count; index++) {
      const entry = this.entry(index);
      if (entry.lastOffset >= fetchOffset && entry.firstOffset < upperBoundOffset) found.push(entry);
      if (entry.lastStableOffset >= upperBoundOffset) return true;
    }
    return false;
  }

  /** Drops the transactions that ended at or past `offset`. */
  truncateTo(offset: number): void {
    for (let index = 0; index < this.file.count; index++) {
      if (this.entry(index).lastOffset < offset) continue;
      this.file.truncate(index);
      return;
    }
  }

  /** Versions known, offsets within the segment and growing. */
  looksSane(): boolean {
    let previous = this.#baseOffset - 1;
    for (let index = 0; index < this.file.count; index++) {
      if (this.file.entry(index).readInt16BE(0) !== VERSION) return false;
      const entry = this.entry(index);
      if (entry.lastOffset <= previous || entry.firstOffset > entry.lastOffset) return false;
      previous = entry.lastOffset;
    }
    return true;
  }

  /** Saves what is in memory; nothing where nothing was aborted. */
  save(): void {
    if (this.#exists === true) this.file.save();
  }

  seal(): void {
    if (this.file.exists()) this.file.seal();
  }
}
