import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import type { ReadIsolation } from './partition-log.ts';

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
  readonly records: Promise<Buffer[] | undefined>;
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

/** Where a client goes on after these records: behind the last batch that is whole. */
export function nextReadOffset(records: readonly Buffer[], startOffset: number): number {
  let next = startOffset;
  for (const slice of records) {
    for (let at = 0; at + BATCH_HEADER_SIZE <= slice.length; at += batch.batchSize(slice, at)) {
      if (at + batch.batchSize(slice, at) > slice.length) return next;
      next = batch.lastOffset(slice, at) + 1;
    }
  }
  return next;
}
