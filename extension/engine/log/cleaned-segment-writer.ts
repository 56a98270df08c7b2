import * as batch from '../../records/record-batch.ts';
import type { LogSegment } from './log-segment.ts';

const BUFFER_BYTES = 1024 * 1024;

/** Writes batches to the end of a segment that nobody reads yet, gathered into large writes. */
export class CleanedSegmentWriter {
  readonly segment: LogSegment;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #filled = 0;

  constructor(segment: LogSegment) {
    this.segment = segment;
  }

  /** Copies the batch of `sizeBytes` at `at`. */
  add(bytes: Buffer, at: number, sizeBytes: number): void {
    if (sizeBytes > this.#buffer.length - this.#filled) this.flush();
    if (sizeBytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(sizeBytes);
    bytes.copy(this.#buffer, this.#filled, at, at + sizeBytes);
    this.#filled += sizeBytes;
    this.segment.append(sizeBytes, batch.lastOffset(bytes, at), batch.maxTimestamp(bytes, at));
  }

  flush(): void {
    if (this.#filled === 0) return;
    this.segment.log.writeSync([this.#buffer.subarray(0, this.#filled)], this.segment.writtenBytes);
    this.segment.writtenBytes += this.#filled;
    this.#filled = 0;
  }

  /** Everything on disk, indexes complete, all of it safe from a loss of power. */
  async finish(): Promise<void> {
    this.flush();
    this.segment.becomeInactive();
    await this.segment.sync(false);
  }
}
