import { BATCH_HEADER_SIZE, CURRENT_MAGIC, LOG_OVERHEAD } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import type { CachedFile } from './file-handle-cache.ts';

/** Why a scan ended. `torn`: bytes follow that are no whole batch; where they start is the scanner's position. */
export type ScanEnd = 'end' | 'torn';

const DEFAULT_BUFFER_BYTES = 64 * 1024;
/** Where batches are larger, a read for each header costs less than copying what lies between them. */
const SMALL_BATCH_BYTES = 8 * 1024;
/** For the way from an index entry to a batch close behind it. */
export const LOOK_UP_BUFFER_BYTES = 8 * 1024;

/**
 * Walks the batches of a `.log` from one position to another, header by header: bodies are read only as far as they
 * share a buffer with headers, or all of them where `wholeBatches` asks for it.
 */
export class BatchScanner {
  readonly #file: CachedFile;
  readonly #end: number;
  readonly #wholeBatches: boolean;
  #bytes: Buffer;
  /** Where `#bytes` starts in the file, and how much of it is filled. */
  #bufferPosition = 0;
  #filled = 0;
  #nextPosition: number;
  #scanEnd: ScanEnd = 'end';

  /** The current batch: where it lies in the file, where in {@link bytes}, and its size. */
  position = 0;
  at = 0;
  sizeBytes = 0;

  constructor(file: CachedFile, position: number, end: number, wholeBatches = false, bufferBytes?: number) {
    this.#file = file;
    this.#end = end;
    this.#wholeBatches = wholeBatches;
    this.#nextPosition = position;
    const size = Math.min(bufferBytes ?? DEFAULT_BUFFER_BYTES, Math.max(end - position, BATCH_HEADER_SIZE));
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Holds the current batch at {@link at}: its header, or all of it. Valid until the next step. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Why {@link next} answered false. */
  get scanEnd(): ScanEnd {
    return this.#scanEnd;
  }

  /** The position after the current batch. */
  get nextPosition(): number {
    return this.#nextPosition;
  }

  /** Moves to the next batch; false at the end, and where no batch can be. */
  next(): boolean {
    const position = this.#nextPosition;
    if (position >= this.#end) return false;
    if (!this.#ensure(position, BATCH_HEADER_SIZE)) return this.#torn();
    const at = position - this.#bufferPosition;
    const size = batch.batchLength(this.#bytes, at) + LOG_OVERHEAD;
    if (size < BATCH_HEADER_SIZE || size > this.#end - position || batch.magic(this.#bytes, at) !== CURRENT_MAGIC) {
      return this.#torn();
    }
    if (this.#wholeBatches && !this.#ensure(position, size)) return this.#torn();
    this.position = position;
    this.at = position - this.#bufferPosition;
    this.sizeBytes = size;
    this.#nextPosition = position + size;
    return true;
  }

  #torn(): false {
    this.#scanEnd = 'torn';
    return false;
  }

  /** Makes `length` bytes from `position` on lie in the buffer; false where the file ends before. */
  #ensure(position: number, length: number): boolean {
    const from = position - this.#bufferPosition;
    if (from >= 0 && from + length <= this.#filled) return true;
    if (length > this.#end - position) return false;
    let kept = 0;
    const target = length > this.#bytes.length ? Buffer.allocUnsafeSlow(length) : this.#bytes;
    if (from >= 0 && from < this.#filled) {
      this.#bytes.copy(target, 0, from, this.#filled);
      kept = this.#filled - from;
    }
    this.#bytes = target;
    const skipsBody = !this.#wholeBatches && this.sizeBytes > SMALL_BATCH_BYTES;
    const wanted = (skipsBody ? length : Math.min(target.length, this.#end - position)) - kept;
    this.#filled = kept + this.#file.readSync(target, kept, wanted, position + kept);
    this.#bufferPosition = position;
    return this.#filled >= length;
  }
}
