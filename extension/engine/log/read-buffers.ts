import type { LentMemory } from '../common/lent-memory.ts';

/** Smaller reads come from small fetches, and are as cheap to allocate. */
const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 4 * 1024 * 1024;
/** What a read takes on top of what was asked for must not double the buffer. */
const SLACK_BYTES = 16 * 1024;
/** Buffers that wait for their next read, over all logs. */
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

/**
 * Buffers for reads from disk. They go out in fetch responses and come back when they were sent: memory that is new each
 * time would cost as much as the read itself, in page faults and in garbage collection.
 */
export class ReadBuffers {
  readonly #lent: LentMemory;
  readonly #spare = new Map<number, Buffer[]>();
  #spareBytes = 0;

  constructor(lent: LentMemory) {
    this.#lent = lent;
  }

  get spareBytes(): number {
    return this.#spareBytes;
  }

  take(length: number): Buffer {
    if (length < MIN_BYTES || length > MAX_BYTES) return Buffer.allocUnsafeSlow(length);
    const size = 2 ** Math.ceil(Math.log2(length - SLACK_BYTES)) + SLACK_BYTES;
    const buffer = this.#spare.get(size)?.pop();
    if (buffer !== undefined) {
      this.#spareBytes -= size;
      return buffer.subarray(0, length);
    }
    const made = Buffer.allocUnsafeSlow(size);
    // One answer has it at a time, in one slice.
    this.#lent.lend(made.buffer, () => this.#keep(made));
    return made.subarray(0, length);
  }

  #keep(buffer: Buffer): void {
    if (this.#spareBytes + buffer.length > MAX_SPARE_BYTES) return;
    this.#spareBytes += buffer.length;
    const list = this.#spare.get(buffer.length);
    if (list === undefined) this.#spare.set(buffer.length, [buffer]);
    else list.push(buffer);
  }
}
