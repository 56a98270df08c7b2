import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { CommittedBatch, RaftClient } from '../raft/raft-ports.ts';
import { MetadataDelta } from './metadata-delta.ts';
import { EMPTY_IMAGE } from './metadata-image.ts';
import type { MetadataImage } from './metadata-image.ts';
import type { MetadataLoader } from './metadata-loader.ts';
import { encodeMetadataRecord } from './metadata-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { PartitionIndex } from './partition-index.ts';
import { Queue } from './queue.ts';

/** Requests that may wait for their records to be committed. */
const MAX_WAITERS = 20_000;

/** A batch that was appended and is not committed yet. */
interface PendingBatch {
  readonly lastOffset: number;
  readonly delta: MetadataDelta;
  readonly image: MetadataImage;
  readonly cause: string | undefined;
}

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: ApiError) => void;
}

export interface DecidedMetadataOptions {
  readonly raft: RaftClient;
  readonly loader: MetadataLoader;
  readonly clock: Clock;
  /** What was decided here is committed and published. */
  readonly onCommitted: (delta: MetadataDelta, cause: string | undefined) => void;
}

/**
 * The controller's metadata: what is committed, and on top of it what was decided and may still be lost. Reverts to the committed
 * when the lead is lost.
 *
 *   following → leading     `lead`: the image grows by what is appended here
 *   leading → following     `follow`: what was not committed is forgotten, who waits for it is rejected
 */
export class DecidedMetadata {
  readonly #options: DecidedMetadataOptions;
  /** The epoch in which records are appended; undefined while following. */
  #epoch: number | undefined;
  /** With everything that was appended, committed or not. */
  #image: MetadataImage;
  /** Of the image's partitions; empty while following. */
  #index = PartitionIndex.of(EMPTY_IMAGE.topics);
  readonly #pending = new Queue<PendingBatch>();
  readonly #waiters = new Queue<Waiter>();

  constructor(options: DecidedMetadataOptions) {
    this.#options = options;
    this.#image = options.loader.image;
  }

  get epoch(): number | undefined {
    return this.#epoch;
  }

  get image(): MetadataImage {
    return this.#image;
  }

  get index(): PartitionIndex {
    return this.#index;
  }

  /** Whether so many requests wait that no other may. */
  get isFull(): boolean {
    return this.#waiters.size >= MAX_WAITERS;
  }

  lead(epoch: number): void {
    this.#epoch = epoch;
    this.#takeOver();
  }

  follow(): void {
    if (this.#epoch === undefined) return;
    this.#epoch = undefined;
    this.#pending.clear();
    this.#takeOver();
    for (const waiter of this.#waiters.clear()) waiter.reject(notController());
  }

  /**
   * Replays the records into the image that the next decision sees, then hands them to the quorum. Nothing is changed when it throws.
   *
   * @throws RaftError when another node leads, MetadataError when the records contradict the image
   */
  append(records: readonly NewMetadataRecord[], cause: string | undefined): void {
    if (records.length === 0 || this.#epoch === undefined) return;
    const { raft, clock } = this.#options;
    const frames = records.map(encodeMetadataRecord);
    const delta = new MetadataDelta(this.#image);
    for (const frame of frames) delta.replayFrame(frame);
    const lastOffset = raft.logEndOffset() + frames.length - 1;
    const image = delta.apply({ offset: lastOffset, epoch: this.#epoch, lastContainedLogTimeMs: clock.nowMs() });
    const appended = raft.append(this.#epoch, frames);
    if (appended !== lastOffset) throw new Error(`records went to offset ${appended} instead of ${lastOffset}`);
    this.#image = image;
    this.#index.apply(delta.topics);
    this.#pending.push({ lastOffset, delta, image, cause });
  }

  /** Resolves with `value` once everything that was decided so far is committed. Rejects with NOT_CONTROLLER when it no longer can be. */
  whenCommitted<R>(value: R, resolve: (value: R) => void, reject: (error: ApiError) => void): void {
    const { last } = this.#pending;
    if (last === undefined) resolve(value);
    else this.#waiters.push({ offset: last.lastOffset, resolve: () => resolve(value), reject });
  }

  /** A batch is committed, in log order. */
  onCommit(batch: CommittedBatch): void {
    const { loader, onCommitted } = this.#options;
    const next = this.#pending.first;
    if (next !== undefined && next.lastOffset === batch.lastOffset) {
      this.#pending.shift();
      loader.commitPrepared(batch, next.delta, next.image);
      onCommitted(next.delta, next.cause);
    } else {
      loader.commit(batch);
      if (this.#pending.first === undefined) this.#takeOver();
    }
    this.#answer(batch.lastOffset);
  }

  onLoadSnapshot(): void {
    this.#takeOver();
  }

  /** Goes on from what others wrote. */
  #takeOver(): void {
    this.#image = this.#options.loader.image;
    this.#index = PartitionIndex.of(this.#epoch === undefined ? EMPTY_IMAGE.topics : this.#image.topics);
  }

  #answer(committedOffset: number): void {
    for (
      let next = this.#waiters.first;
      next !== undefined && next.offset <= committedOffset;
      next = this.#waiters.first
    ) {
      this.#waiters.shift();
      next.resolve();
    }
  }
}

export function notController(): ApiError {
  return new ApiError(ErrorCode.NOT_CONTROLLER, 'This is not the correct controller for this cluster.');
}
