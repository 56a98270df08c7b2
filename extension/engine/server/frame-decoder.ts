/** Why a peer's bytes cannot be a frame. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}

const LENGTH_BYTES = 4;

/**
 * Cuts a byte stream into Kafka frames: an int32 length, then that many bytes. A frame that arrives in one piece is a
 * slice of that piece; one that spans pieces is put together once, when its last byte is here, so that a peer that
 * announces a large frame costs no more memory than it sends.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #onFrame: (frame: Buffer) => void;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** The bytes that `#pieces` must hold before anything can be done: a length, or a length and its frame. */
  #neededBytes = LENGTH_BYTES;

  constructor(maxFrameBytes: number, onFrame: (frame: Buffer) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** Bytes held back for a frame that is not complete. */
  get pendingBytes(): number {
    return this.#pieceBytes;
  }

  /** @throws FrameError on a length below zero or above the limit; the stream is then beyond repair */
  push(chunk: Buffer): void {
    let position = this.#pieceBytes > 0 ? this.#completeFirst(chunk) : 0;
    while (chunk.length - position >= LENGTH_BYTES) {
      const length = this.#checkLength(chunk.readInt32BE(position));
      const end = position + LENGTH_BYTES + length;
      if (end > chunk.length) break;
      this.#onFrame(chunk.subarray(position + LENGTH_BYTES, end));
      position = end;
    }
    const left = chunk.length - position;
    if (left === 0) return;
    this.#neededBytes = left >= LENGTH_BYTES ? LENGTH_BYTES + chunk.readInt32BE(position) : LENGTH_BYTES;
    this.#pieces.push(position === 0 ? chunk : chunk.subarray(position));
    this.#pieceBytes = left;
  }

  /** Adds to the frame that has begun what `chunk` holds of it; answers where in the chunk the next one starts. */
  #completeFirst(chunk: Buffer): number {
    let position = 0;
    while (position < chunk.length) {
      const taken = Math.min(this.#neededBytes - this.#pieceBytes, chunk.length - position);
      this.#pieces.push(chunk.subarray(position, position + taken));
      this.#pieceBytes += taken;
      position += taken;
      if (this.#pieceBytes < this.#neededBytes) return position;
      const start = Buffer.concat(this.#pieces, this.#pieceBytes);
      if (start.length === LENGTH_BYTES) {
        this.#neededBytes += this.#checkLength(start.readInt32BE(0));
        this.#pieces = [start];
        if (this.#neededBytes > LENGTH_BYTES) continue;
      }
      this.#pieces = [];
      this.#pieceBytes = 0;
      this.#onFrame(start.subarray(LENGTH_BYTES));
      break;
    }
    return position;
  }

  #checkLength(length: number): number {
    if (length < 0 || length > this.#maxFrameBytes) {
      throw new FrameError(`a frame of ${length} bytes was announced; 0 to ${this.#maxFrameBytes} are allowed`);
    }
    return length;
  }
}
