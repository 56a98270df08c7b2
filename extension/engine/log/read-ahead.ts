import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import type { ReadIsolation } from './partition-log.ts';
import type { LocatedRecords } from './read-plan.ts';

/** What a reader is expected to ask for next. */
export interface ExpectedRead {
  readonly startOffset: number;
  readonly maxBytes: number;
  readonly minOneMessage: boolean;
  readonly isolation: ReadIsolation;
}

/** A read that was begun before it was asked for; undefined when it failed, which whoever asks then finds out anew. */
export interface AheadRead extends ExpectedRead {
  /** `LocalLog.truncations` when it began: a later one makes it worthless. */
  readonly truncations: number;
  readonly located: Promise<LocatedRecords | undefined>;
}

/**
 * Who holds a read-ahead, over all logs of a broker: a few at a time, since each holds as much memory as a fetch. The one that
 * was begun longest ago makes room.
 */
export class ReadAheadSlots {
  readonly #limit: number;
  readonly #holders = new Set<{ dropReadAhead(): void }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#holders.size;
  }

  claim(holder: { dropReadAhead(): void }): void {
    this.#holders.delete(holder);
    this.#holders.add(holder);
    if (this.#holders.size <= this.#limit) return;
    const [oldest] = this.#holders;
    this.#holders.delete(oldest!);
    oldest!.dropReadAhead();
  }

  release(holder: { dropReadAhead(): void }): void {
    this.#holders.delete(holder);
  }
}

/** Where a client goes on after these records: behind the last batch that is whole, in offsets and in bytes. */
export function endOfWholeBatches(records: Buffer, startOffset: number): { nextOffset: number; sizeBytes: number } {
  let nextOffset = startOffset;
  let at = 0;
  while (at + BATCH_HEADER_SIZE <= records.length) {
    const size = batch.batchSize(records, at);
    if (at + size > records.length) break;
    nextOffset = batch.lastOffset(records, at) + 1;
    at += size;
  }
  return { nextOffset, sizeBytes: at };
}
