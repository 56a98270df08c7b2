/**
 * Cuts a stream of bytes into Kafka's frames: an int32 size, then that many bytes. Chunks are kept as they come; a frame
 * that lies in one chunk is a slice of it, one that spans several is joined once, when it is complete.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Size of the frame that is being gathered; -1 while its size field is not complete. */
  #frameBytes = -1;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes held that belong to no complete frame yet. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a chunk and hands each frame that it completes to `onFrame`.
   *
   * @throws RangeError when a size is negative or above the limit; the stream is lost then
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      if (this.#frameBytes < 0) {
        if (this.#bytes < 4) return;
        const size = this.#take(4).readInt32BE(0);
        if (size < 0 || size > this.#maxFrameBytes) {
          throw new RangeError(`a frame of ${size} bytes was announced; the limit is ${this.#maxFrameBytes}`);
        }
        this.#frameBytes = size;
      }
      if (this.#bytes < this.#frameBytes) return;
      const frame = this.#take(this.#frameBytes);
      this.#frameBytes = -1;
      onFrame(frame);
    }
  }

  #take(length: number): Buffer {
    this.#bytes -= length;
    const first = this.#chunks[0];
    if (first === undefined) return Buffer.alloc(0);
    if (first.length > length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.length === length) {
      this.#chunks.shift();
      return first;
    }
    const joined = Buffer.allocUnsafe(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const part = this.#chunks[used]!;
      const want = length - filled;
      if (part.length > want) {
        part.copy(joined, filled, 0, want);
        this.#chunks[used] = part.subarray(want);
        filled = length;
      } else {
        part.copy(joined, filled);
        filled += part.length;
        used += 1;
      }
    }
    this.#chunks.splice(0, used);
    return joined;
  }
}
