import * as batch from '../../records/record-batch.ts';
import { BATCH_HEADER_SIZE, CURRENT_MAGIC, HEADER_SIZE_UP_TO_MAGIC } from '../../records/record-batch-layout.ts';
import type { SegmentBytes } from './segment-bytes.ts';
import { lastAtMost } from './sorted.ts';

/** Every so many batches, one place is remembered; the batches between are found by walking. */
export const BATCHES_PER_MARK = 64;
const WINDOW_BYTES = 1024 * 1024;
/** Walking a few batches needs less than scanning all. */
const WALK_BYTES = 64 * 1024;
/** Read in one step, so that a gigabyte takes some hundred steps. */
const STEP_BYTES = 4 * WINDOW_BYTES;
/** The smallest length that a batch of any format can have. */
const MIN_BATCH_BYTES = 26;

/** What lies after the last whole batch. */
export interface LogTail {
  readonly at: number;
  readonly kind: 'unused' | 'incomplete' | 'garbage';
  /** Size that the incomplete batch claims. */
  readonly claimedBytes?: number;
}

export interface BatchPlace {
  readonly index: number;
  readonly at: number;
  readonly size: number;
}

/**
 * Where the batches of a log file are, found step by step from their headers. A gigabyte of tiny batches takes a few
 * megabytes here: only every {@link BATCHES_PER_MARK}th place is kept.
 */
export class BatchIndex {
  readonly #file: SegmentBytes;
  readonly #markPositions: number[] = [];
  readonly #markOffsets: number[] = [];
  #count = 0;
  #scanned = 0;
  #tail: LogTail | undefined;
  #firstOffset: number | undefined;
  #lastOffset: number | undefined;

  constructor(file: SegmentBytes) {
    this.#file = file;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of whole batches, from the beginning. */
  get scannedBytes(): number {
    return this.#scanned;
  }

  /** Known once the scan is through. */
  get tail(): LogTail | undefined {
    return this.#tail;
  }

  get firstOffset(): number | undefined {
    return this.#firstOffset;
  }

  get lastOffset(): number | undefined {
    return this.#lastOffset;
  }

  /** Scans some more; whether more is left. A tail is looked at again, as the file may have grown. */
  async advance(sizeBytes: number): Promise<boolean> {
    const until = Math.min(sizeBytes, this.#scanned + STEP_BYTES);
    while (this.#scanned < until) {
      if (!(await this.#scanWindow(sizeBytes))) return false;
    }
    return this.#scanned < sizeBytes;
  }

  /** Whether the scan can go on behind the window. */
  async #scanWindow(sizeBytes: number): Promise<boolean> {
    const start = this.#scanned;
    const window = await this.#file.read(start, Math.min(WINDOW_BYTES, sizeBytes - start));
    // Two scans may overlap when the file grows meanwhile; the first to come counts.
    if (this.#scanned !== start) return true;
    const isLast = start + window.length >= sizeBytes;
    this.#tail = undefined;
    let at = 0;
    while (at < window.length && (isLast || at + BATCH_HEADER_SIZE <= window.length)) {
      const tail = tailAt(window, at, start, sizeBytes);
      if (tail !== undefined) {
        this.#tail = tail;
        return false;
      }
      this.#add(window, at, start + at);
      at += batch.batchSize(window, at);
    }
    return at > 0;
  }

  #add(window: Buffer, at: number, position: number): void {
    const first = batch.baseOffset(window, at);
    if (this.#count % BATCHES_PER_MARK === 0) {
      this.#markPositions.push(position);
      this.#markOffsets.push(first);
    }
    this.#count++;
    this.#scanned = position + batch.batchSize(window, at);
    this.#firstOffset ??= first;
    this.#lastOffset = batch.magic(window, at) === CURRENT_MAGIC ? batch.lastOffset(window, at) : first;
  }

  /** Calls back with batches from `index` on, each with a buffer that has its header at `offset`; false stops. */
  async walk(index: number, visit: (place: BatchPlace, bytes: Buffer, offset: number) => boolean): Promise<void> {
    const mark = Math.floor(index / BATCHES_PER_MARK);
    let position = this.#markPositions[mark];
    if (position === undefined) return;
    let window: Buffer = Buffer.alloc(0);
    let windowAt = 0;
    for (let current = mark * BATCHES_PER_MARK; current < this.#count; current++) {
      if (position < windowAt || position + BATCH_HEADER_SIZE > windowAt + window.length) {
        windowAt = position;
        window = await this.#file.read(position, Math.min(WALK_BYTES, this.#scanned - position));
        if (window.length < HEADER_SIZE_UP_TO_MAGIC) return;
      }
      const at = position - windowAt;
      const size = batch.batchSize(window, at);
      // The file was changed under our hands; the next look at it starts over.
      if (size < MIN_BATCH_BYTES) return;
      if (current >= index && !visit({ index: current, at: position, size }, window, at)) return;
      position += size;
    }
  }

  /** The batch that holds a byte of the file. */
  async findPosition(at: number): Promise<BatchPlace | undefined> {
    if (at < 0 || at >= this.#scanned) return undefined;
    return this.#find(lastAtMost(this.#markPositions, at), (place) => at < place.at + place.size);
  }

  /** The batch that holds an offset, or the first after it where compaction left a gap. */
  async findOffset(offset: number): Promise<BatchPlace | undefined> {
    if (this.#lastOffset === undefined || offset > this.#lastOffset) return undefined;
    return this.#find(Math.max(0, lastAtMost(this.#markOffsets, offset)), (_place, bytes, at) =>
      batch.magic(bytes, at) === CURRENT_MAGIC
        ? offset <= batch.lastOffset(bytes, at)
        : offset <= batch.baseOffset(bytes, at),
    );
  }

  async #find(
    mark: number,
    isIt: (place: BatchPlace, bytes: Buffer, at: number) => boolean,
  ): Promise<BatchPlace | undefined> {
    let found: BatchPlace | undefined;
    await this.walk(mark * BATCHES_PER_MARK, (place, bytes, at) => {
      if (isIt(place, bytes, at)) found = place;
      return found === undefined;
    });
    return found;
  }
}

/** Why no batch starts here, or undefined when one does. */
function tailAt(window: Buffer, at: number, windowAt: number, fileBytes: number): LogTail | undefined {
  const position = windowAt + at;
  const left = fileBytes - position;
  const header = window.subarray(at, at + BATCH_HEADER_SIZE);
  if (header.every((byte) => byte === 0)) return { at: position, kind: 'unused' };
  if (header.length < HEADER_SIZE_UP_TO_MAGIC) return { at: position, kind: 'incomplete' };
  const size = batch.batchSize(window, at);
  const magic = batch.magic(window, at);
  if (size < MIN_BATCH_BYTES || magic < 0 || magic > CURRENT_MAGIC) return { at: position, kind: 'garbage' };
  if (magic === CURRENT_MAGIC && size < BATCH_HEADER_SIZE) return { at: position, kind: 'garbage' };
  return size > left ? { at: position, kind: 'incomplete', claimedBytes: size } : undefined;
}
