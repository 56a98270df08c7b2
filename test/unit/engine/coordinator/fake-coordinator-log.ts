import type { ApiError } from '../../../../extension/engine/common/api-error.ts';
import type { CoordinatorLog } from '../../../../extension/engine/coordinator/coordinator-log.ts';
import { assignOffset, lastOffset, recordCount } from '../../../../extension/records/record-batch.ts';

interface Waiting {
  readonly offset: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: ApiError) => void;
}

/** Partitions in memory. Appends are committed at once, or when a test says so. */
export class FakeCoordinatorLog implements CoordinatorLog {
  maxBatchBytes = 1_048_588;
  /** False: appends wait for {@link commit}. */
  commitsAtOnce = true;
  /** Thrown by the next append. */
  nextError: ApiError | undefined;
  /** Resolves before {@link read} gives anything. */
  readGate: Promise<void> = Promise.resolve();
  /** How many batches a chunk of {@link read} holds. */
  batchesPerChunk = 3;
  readonly #partitions = new Map<number, Buffer[]>();
  readonly #waiting = new Map<number, Waiting[]>();

  append(partition: number, leaderEpoch: number, batch: Buffer): Promise<number> {
    const error = this.nextError;
    if (error !== undefined) {
      this.nextError = undefined;
      throw error;
    }
    const last = this.#write(partition, leaderEpoch, batch);
    if (this.commitsAtOnce) return Promise.resolve(last);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(partition) ?? [];
      waiting.push({ offset: last, resolve, reject });
      this.#waiting.set(partition, waiting);
    });
  }

  #write(partition: number, leaderEpoch: number, batch: Buffer): number {
    const batches = this.batches(partition);
    const previous = batches.at(-1);
    const offset = previous === undefined ? 0 : lastOffset(previous, 0) + 1;
    const stored = Buffer.from(batch);
    assignOffset(stored, 0, offset, leaderEpoch);
    batches.push(stored);
    return offset + recordCount(stored, 0) - 1;
  }

  /** What another broker, or Apache Kafka, wrote. */
  put(partition: number, batch: Buffer): void {
    this.#write(partition, 0, batch);
  }

  commit(partition: number, count = Infinity): void {
    for (const { offset, resolve } of this.#waiting.get(partition)?.splice(0, count) ?? []) resolve(offset);
  }

  /** Leadership went before anything that waits was committed: it is gone from the log as well. */
  lose(partition: number, error: ApiError): void {
    const waiting = this.#waiting.get(partition)?.splice(0) ?? [];
    const batches = this.batches(partition);
    batches.splice(batches.length - waiting.length);
    for (const { reject } of waiting) reject(error);
  }

  async *read(partition: number): AsyncGenerator<Buffer> {
    await this.readGate;
    const batches = [...this.batches(partition)];
    for (let at = 0; at < batches.length; at += this.batchesPerChunk) {
      const chunk = Buffer.concat(batches.slice(at, at + this.batchesPerChunk));
      yield chunk;
      // Whoever keeps a slice of it is found out.
      chunk.fill(0xff);
    }
  }

  maxBatchSizeBytes(): number {
    return this.maxBatchBytes;
  }

  /** The same content, for a coordinator of its own. */
  copy(): FakeCoordinatorLog {
    const copy = new FakeCoordinatorLog();
    for (const [partition, batches] of this.#partitions)
      copy.#partitions.set(
        partition,
        batches.map((b) => Buffer.from(b)),
      );
    return copy;
  }

  batches(partition: number): Buffer[] {
    let batches = this.#partitions.get(partition);
    if (batches === undefined) this.#partitions.set(partition, (batches = []));
    return batches;
  }
}
