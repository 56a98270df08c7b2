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
    let data = chunk;
    if (this.#pieceBytes > 0) {
      this.#pieces.push(chunk);
      this.#pieceBytes += chunk.length;
      if (this.#pieceBytes < this.#neededBytes) return;
      data = Buffer.concat(this.#pieces, this.#pieceBytes);
      this.#pieces = [];
      this.#pieceBytes = 0;
    }
    let position = 0;
    while (data.length - position >= LENGTH_BYTES) {
      const length = this.#checkLength(data.readInt32BE(position));
      const end = position + LENGTH_BYTES + length;
      if (end > data.length) break;
      this.#onFrame(data.subarray(position + LENGTH_BYTES, end));
      position = end;
    }
    const left = data.length - position;
    this.#neededBytes = left >= LENGTH_BYTES ? LENGTH_BYTES + data.readInt32BE(position) : LENGTH_BYTES;
    if (left > 0) {
      this.#pieces.push(position === 0 ? data : data.subarray(position));
      this.#pieceBytes = left;
    }
  }

  #checkLength(length: number): number {
    if (length < 0 || length > this.#maxFrameBytes) {
      throw new FrameError(`a frame of ${length} bytes was announced; 0 to ${this.#maxFrameBytes} are allowed`);
    }
    return length;
  }
}
