import * as batch from '../../records/record-batch.ts';
import type { LentMemory } from '../common/lent-memory.ts';
import type { LogSegment } from './log-segment.ts';

/** The first chunk of a log that wakes up; each further one is twice as large, so that quiet logs cost little. */
const MIN_CHUNK_BYTES = 8 * 1024;
const MAX_CHUNK_BYTES = 512 * 1024;
/** Chunks of full size that wait to be used again. */
const MAX_SPARE_CHUNKS = 4;

/** A stretch of one segment, in memory. What was appended to it is never changed: readers hold slices of it. */
export class RecentChunk {
  readonly segment: LogSegment;
  readonly bytes: Buffer;
  /** Where the first byte lies in the segment. */
  readonly startPosition: number;
  readonly firstOffset: number;
  readonly owner: RecentBatches;
  /** Bytes in use. */
  length = 0;
  /** Slices that somebody may still read: a write that is to come, answers on their way. */
  #holders = 0;
  /** Called once it was dropped by the budget and nobody reads it any more. */
  #onUnused: (() => void) | undefined;
  /** No more appends: the log was cut behind it, and readers may hold what lay there. */
  isSealed = false;
  /** A batch starts at `hintAt`, with this offset: where the last look-up ended, and the next likely begins. */
  #hintAt = 0;
  #hintOffset: number;

  constructor(owner: RecentBatches, segment: LogSegment, startPosition: number, firstOffset: number, bytes: Buffer) {
    this.owner = owner;
    this.segment = segment;
    this.startPosition = startPosition;
    this.firstOffset = firstOffset;
    this.bytes = bytes;
    this.#hintOffset = firstOffset;
  }

  get endPosition(): number {
    return this.startPosition + this.length;
  }

  /** One more reads the bytes, until {@link letGo}. */
  hold(): void {
    this.#holders++;
  }

  letGo(): void {
    this.#holders--;
    if (this.#holders === 0) this.#onUnused?.();
  }

  /** For the budget: says when the memory can be used for something else, maybe at once, maybe never. */
  whenUnused(fn: () => void): void {
    if (this.#holders === 0) fn();
    else this.#onUnused = fn;
  }

  /** The position in the segment of the batch that holds `offset` or follows it; the chunk's end when all are below. */
  locate(offset: number): number {
    let at = offset >= this.#hintOffset ? this.#hintAt : 0;
    while (at < this.length && batch.lastOffset(this.bytes, at) < offset) at += batch.batchSize(this.bytes, at);
    if (at < this.length) {
      this.#hintAt = at;
      this.#hintOffset = batch.baseOffset(this.bytes, at);
    }
    return this.startPosition + at;
  }

  /** The size of the batch that starts at `position` of the segment. */
  batchSizeAt(position: number): number {
    return batch.batchSize(this.bytes, position - this.startPosition);
  }

  /** Forgets what lies at or past `position` of the segment. */
  cut(position: number): void {
    this.length = position - this.startPosition;
    this.isSealed = true;
    this.#hintAt = 0;
    this.#hintOffset = this.firstOffset;
  }
}

/** The chunks of all logs together, within one budget; the oldest goes first, and its memory is used again. */
export class RecentBatchesBudget {
  readonly #limitBytes: number;
  readonly #lent: LentMemory;
  #usedBytes = 0;
  /** Oldest first. */
  readonly #chunks = new Set<RecentChunk>();
  readonly #spare: Buffer[] = [];

  constructor(limitBytes: number, lent: LentMemory) {
    this.#limitBytes = limitBytes;
    this.#lent = lent;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How large a chunk may grow, so that several logs find room. */
  get maxChunkBytes(): number {
    return Math.max(MIN_CHUNK_BYTES, Math.min(MAX_CHUNK_BYTES, Math.floor(this.#limitBytes / 16)));
  }

  /** For RecentBatches: memory for a chunk. */
  allocate(sizeBytes: number): Buffer {
    const spare = sizeBytes === this.maxChunkBytes ? this.#spare.pop() : undefined;
    return spare ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** For RecentBatches: takes `chunk` in and lets the oldest ones go. The newest stays, whatever its size. */
  add(chunk: RecentChunk): void {
    this.#chunks.add(chunk);
    this.#lent.lend(chunk.bytes.buffer, () => chunk.letGo());
    this.#usedBytes += chunk.bytes.length;
    if (this.#usedBytes <= this.#limitBytes) return;
    for (const oldest of this.#chunks) {
      if (this.#usedBytes <= this.#limitBytes || oldest === chunk) return;
      this.release(oldest);
      oldest.owner.forget(oldest);
    }
  }

  /** For RecentBatches: `chunk` is held no longer. */
  release(chunk: RecentChunk): void {
    if (!this.#chunks.delete(chunk)) return;
    this.#usedBytes -= chunk.bytes.length;
    if (chunk.bytes.length !== this.maxChunkBytes) return;
    chunk.whenUnused(() => {
      if (this.#spare.length < MAX_SPARE_CHUNKS) this.#spare.push(chunk.bytes);
    });
  }
}

/**
 * The newest batches of one log, as they were appended: followers and consumers at the tail are served from here without
 * a system call, and the bytes wait here for the write at the end of the turn.
 */
export class RecentBatches {
  readonly #budget: RecentBatchesBudget;
  /** In log order, without gaps between neighbours of one segment. */
  #chunks: RecentChunk[] = [];
  #nextChunkBytes = MIN_CHUNK_BYTES;

  constructor(budget: RecentBatchesBudget) {
    this.#budget = budget;
  }

  /**
   * Copies whole batches that go to `position` of `segment`; answers the chunk they lie in, at its end. Copying lets what
   * they came in be used again, and one write have all of a turn.
   */
  append(segment: LogSegment, position: number, firstOffset: number, records: Buffer): RecentChunk {
    let chunk = this.#chunks.at(-1);
    if (
      chunk === undefined ||
      chunk.isSealed ||
      chunk.segment !== segment ||
      chunk.endPosition !== position ||
      records.length > chunk.bytes.length - chunk.length
    ) {
      const size = Math.max(this.#nextChunkBytes, records.length);
      this.#nextChunkBytes = Math.min(this.#nextChunkBytes * 2, this.#budget.maxChunkBytes);
      chunk = this.#add(new RecentChunk(this, segment, position, firstOffset, this.#budget.allocate(size)));
    }
    records.copy(chunk.bytes, chunk.length);
    chunk.length += records.length;
    return chunk;
  }

  #add(chunk: RecentChunk): RecentChunk {
    this.#chunks.push(chunk);
    this.#budget.add(chunk);
    return chunk;
  }

  /** The chunk that holds `offset`, or in which it would be; undefined where only the disk can tell. */
  find(offset: number): RecentChunk | undefined {
    return this.#chunks[this.#indexAt(offset)];
  }

  /** The chunk that goes on where `chunk` ends, in the same segment. */
  after(chunk: RecentChunk): RecentChunk | undefined {
    const next = this.#chunks[this.#indexAt(chunk.firstOffset) + 1];
    return next?.segment === chunk.segment && next.startPosition === chunk.endPosition ? next : undefined;
  }

  /** The index of the last chunk that starts at or before `offset`; -1 where there is none. */
  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.firstOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Forgets what lies at or past a position of `segment`, and all later segments. */
  truncate(segment: LogSegment, position: number): void {
    while (this.#chunks.length > 0) {
      const last = this.#chunks.at(-1)!;
      if (last.segment.baseOffset < segment.baseOffset || (last.segment === segment && last.endPosition <= position)) {
        return;
      }
      if (last.segment === segment && last.startPosition < position) return last.cut(position);
      this.#chunks.pop();
      this.#budget.release(last);
    }
  }

  /** Forgets the chunks of a segment that is replaced or deleted. */
  dropSegment(segment: LogSegment): void {
    this.#chunks = this.#chunks.filter((chunk) => {
      if (chunk.segment === segment) this.#budget.release(chunk);
      return chunk.segment !== segment;
    });
  }

  clear(): void {
    for (const chunk of this.#chunks) this.#budget.release(chunk);
    this.#chunks = [];
  }

  /** For the budget: it let `chunk` go. */
  forget(chunk: RecentChunk): void {
    // The oldest of all is the oldest of its log.
    if (this.#chunks[0] === chunk) this.#chunks.shift();
    if (this.#chunks.length === 0) this.#nextChunkBytes = MIN_CHUNK_BYTES;
  }
}
