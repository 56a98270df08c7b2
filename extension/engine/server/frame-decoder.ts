/** Why a peer's bytes cannot be a frame. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}

const LENGTH_BYTES = 4;
/** A frame of this size is given its memory when it begins; what is announced beyond grows with what arrives. */
const FIRST_BYTES = 64 * 1024;

/**
 * Cuts a byte stream into Kafka frames: an int32 length, then that many bytes. A frame that arrives in one piece is a
 * slice of that piece; one that spans pieces is put together in memory of its own, which grows as its bytes arrive, so
 * that a peer that announces a large frame costs no more than it sends. Nothing of a piece is kept after `push`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #onFrame: (frame: Buffer, isSlice: boolean) => void;
  /** The frame that has begun, its length included. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** The bytes that `#held` must get before anything can be done: a length, or a length and its frame. */
  #neededBytes = LENGTH_BYTES;

  /** `onFrame` learns whether the frame is a slice of what was pushed, or has memory of its own. */
  constructor(maxFrameBytes: number, onFrame: (frame: Buffer, isSlice: boolean) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** Bytes held back for a frame that is not complete. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /** @throws FrameError on a length below zero or above the limit; the stream is then beyond repair */
  push(chunk: Buffer): void {
    let position = this.#heldBytes > 0 ? this.#completeFirst(chunk) : 0;
    while (chunk.length - position >= LENGTH_BYTES) {
      const length = this.#checkLength(chunk.readInt32BE(position));
      const end = position + LENGTH_BYTES + length;
      if (end > chunk.length) break;
      this.#onFrame(chunk.subarray(position + LENGTH_BYTES, end), true);
      position = end;
    }
    const left = chunk.length - position;
    if (left === 0) return;
    this.#neededBytes = left >= LENGTH_BYTES ? LENGTH_BYTES + chunk.readInt32BE(position) : LENGTH_BYTES;
    this.#hold(chunk, position, chunk.length);
  }

  /** Adds to the frame that has begun what `chunk` holds of it; answers where in the chunk the next one starts. */
  #completeFirst(chunk: Buffer): number {
    let position = 0;
    while (position < chunk.length) {
      const end = Math.min(position + this.#neededBytes - this.#heldBytes, chunk.length);
      this.#hold(chunk, position, end);
      position = end;
      if (this.#heldBytes < this.#neededBytes) return position;
      const frame = this.#held!;
      if (this.#neededBytes === LENGTH_BYTES) {
        this.#neededBytes += this.#checkLength(frame.readInt32BE(0));
        if (this.#neededBytes > LENGTH_BYTES) continue;
      }
      this.#held = undefined;
      this.#heldBytes = 0;
      this.#onFrame(frame.subarray(LENGTH_BYTES), false);
      break;
    }
    return position;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const total = this.#heldBytes + end - start;
    if (this.#held === undefined || total > this.#held.length) {
      const size = Math.max(total, FIRST_BYTES, this.#heldBytes * 2);
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#neededBytes, size));
      this.#held?.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = total;
  }

  #checkLength(length: number): number {
    if (length < 0 || length > this.#maxFrameBytes) {
      throw new FrameError(`a frame of ${length} bytes was announced; 0 to ${this.#maxFrameBytes} are allowed`);
    }
    return length;
  }
}
