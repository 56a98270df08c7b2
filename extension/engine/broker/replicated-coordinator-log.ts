import { ErrorCode } from '../../protocol/errors.ts';
import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import { batchSize, lastOffset } from '../../records/record-batch.ts';
import { ApiError } from '../common/api-error.ts';
import type { CoordinatorLog } from '../coordinator/coordinator-log.ts';
import type { Partition } from './partition.ts';
import type { ReplicaManager } from './replica-manager.ts';

/** Bytes that one step of loading reads. */
const LOAD_CHUNK_BYTES = 1024 * 1024;

/** An internal topic as its coordinator writes and reads it: through the replica manager, with acks from all replicas. */
export class ReplicatedCoordinatorLog implements CoordinatorLog {
  readonly #topic: string;
  readonly #replicas: ReplicaManager;

  constructor(options: { topic: string; replicas: ReplicaManager }) {
    this.#topic = options.topic;
    this.#replicas = options.replicas;
  }

  append(partitionIndex: number, leaderEpoch: number, batch: Buffer): Promise<number> {
    const partition = this.#replicas.find(this.#topic, partitionIndex);
    partition.checkLeader();
    if (partition.leaderEpoch !== leaderEpoch) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    // The executor runs at once, so what the log refuses is thrown from here and not from the promise.
    let refused: unknown;
    const written = new Promise<number>((resolve, reject) => {
      try {
        const info = partition.appendAsLeader(batch, -1, 'coordinator', (error) => {
          if (error !== undefined) reject(error);
          else this.#awaitCommit(partition, leaderEpoch, info.lastOffset, resolve, reject);
        });
      } catch (error) {
        refused = error;
      }
    });
    if (refused !== undefined) throw refused as Error;
    return written;
  }

  #awaitCommit(
    partition: Partition,
    leaderEpoch: number,
    lastOffset: number,
    resolve: (offset: number) => void,
    reject: (error: ApiError) => void,
  ): void {
    if (partition.isCommitted(lastOffset + 1)) return resolve(lastOffset);
    // How long to wait is the coordinator's business: the batch stays in the log and may yet be committed.
    const unwatch = partition.watch(() => {
      if (partition.isCommitted(lastOffset + 1)) {
        unwatch();
        resolve(lastOffset);
      } else if (!partition.isLeader || partition.leaderEpoch !== leaderEpoch) {
        unwatch();
        reject(new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER));
      }
    });
  }

  /** Ends when all that was read is committed: until then another leader could yet have it otherwise. */
  async *read(partitionIndex: number): AsyncIterable<Buffer> {
    const partition = this.#replicas.find(this.#topic, partitionIndex);
    const { leaderEpoch } = partition;
    let position = partition.log.logStartOffset;
    const end = partition.log.logEndOffset;
    while (position < end) {
      const { records } = await partition.read(position, LOAD_CHUNK_BYTES, 'logEnd', true);
      const bytes = records.length === 1 ? records[0]! : Buffer.concat(records);
      const whole = wholeBatches(bytes);
      if (whole.sizeBytes === 0) break;
      yield bytes.subarray(0, whole.sizeBytes);
      position = whole.nextOffset;
    }
    await whenCommitted(partition, end, leaderEpoch);
  }

  maxBatchSizeBytes(partitionIndex: number): number {
    return this.#replicas.find(this.#topic, partitionIndex).log.config.maxMessageSizeBytes;
  }
}

/** Or when this cannot be waited for: the leader has changed, or there are too few replicas for anything to be committed. */
function whenCommitted(partition: Partition, offset: number, leaderEpoch: number): Promise<void> {
  const isOver = (): boolean =>
    partition.isCommitted(offset) || partition.leaderEpoch !== leaderEpoch || partition.leader?.isUnderMinIsr !== false;
  if (isOver()) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = partition.watch(() => {
      if (!isOver()) return;
      unwatch();
      resolve();
    });
  });
}

/** How much of `bytes` is whole batches, and the offset that follows them. */
function wholeBatches(bytes: Buffer): { sizeBytes: number; nextOffset: number } {
  let sizeBytes = 0;
  let nextOffset = -1;
  while (bytes.length - sizeBytes >= BATCH_HEADER_SIZE) {
    const size = batchSize(bytes, sizeBytes);
    if (size > bytes.length - sizeBytes) break;
    nextOffset = lastOffset(bytes, sizeBytes) + 1;
    sizeBytes += size;
  }
  return { sizeBytes, nextOffset };
}
