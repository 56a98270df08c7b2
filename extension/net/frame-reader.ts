const SIZE_BYTES = 4;
/** A frame of this size is given its memory when it begins; what is announced beyond grows with what arrives. */
const FIRST_BYTES = 64 * 1024;

/**
 * Cuts a stream of bytes into Kafka's frames: an int32 size, then that many bytes. A frame that lies in one chunk is a slice of
 * it; one that spans several is put together in memory of its own as they come.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  /** The frame that has begun, its size included. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** The bytes that `#held` must get before anything can be done: a size, or a size and its frame. */
  #neededBytes = SIZE_BYTES;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes held that belong to no complete frame yet. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes a chunk and hands each frame that it completes to `onFrame`, as a copy where the memory of the chunk `isShared` and will be
   * used for something else.
   *
   * @throws RangeError when a size is negative or above the limit; the stream is lost then
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void, isShared = false): void {
    let position = this.#heldBytes > 0 ? this.#complete(chunk, onFrame) : 0;
    while (chunk.length - position >= SIZE_BYTES) {
      const end = position + SIZE_BYTES + this.#checkSize(chunk.readInt32BE(position));
      if (end > chunk.length) break;
      const frame = chunk.subarray(position + SIZE_BYTES, end);
      position = end;
      onFrame(isShared ? Buffer.from(frame) : frame);
    }
    const left = chunk.length - position;
    if (left === 0) return;
    this.#neededBytes = left >= SIZE_BYTES ? SIZE_BYTES + chunk.readInt32BE(position) : SIZE_BYTES;
    this.#hold(chunk, position, chunk.length);
  }

  /** Adds to the frame that has begun what `chunk` holds of it; answers where in the chunk the next one starts. */
  #complete(chunk: Buffer, onFrame: (frame: Buffer) => void): number {
    let position = 0;
    while (position < chunk.length) {
      const end = Math.min(position + this.#neededBytes - this.#heldBytes, chunk.length);
      this.#hold(chunk, position, end);
      position = end;
      if (this.#heldBytes < this.#neededBytes) break;
      const frame = this.#held!;
      if (this.#neededBytes === SIZE_BYTES) {
        this.#neededBytes += this.#checkSize(frame.readInt32BE(0));
        if (this.#neededBytes > SIZE_BYTES) continue;
      }
      this.#held = undefined;
      this.#heldBytes = 0;
      onFrame(frame.subarray(SIZE_BYTES, this.#neededBytes));
      break;
    }
    return position;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const total = this.#heldBytes + end - start;
    if (this.#held === undefined || total > this.#held.length) {
      const size = Math.max(total, FIRST_BYTES, this.#heldBytes * 2);
      const grown = Buffer.allocUnsafe(Math.min(this.#neededBytes, size));
      this.#held?.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = total;
  }

  #checkSize(size: number): number {
    if (size < 0 || size > this.#maxFrameBytes) {
      throw new RangeError(`a frame of ${size} bytes was announced; the limit is ${this.#maxFrameBytes}`);
    }
    return size;
  }
}
