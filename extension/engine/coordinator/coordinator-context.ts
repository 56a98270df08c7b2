import { ErrorCode } from '../../protocol/errors.ts';
import type { CompressionType } from '../../records/compression-type.ts';
import { RecordBatchBuilder } from '../../records/record-batch-builder.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { toApiError } from './coordinator-errors.ts';
import type { CoordinatorLog } from './coordinator-log.ts';
import type { CoordinatorResult } from './coordinator-result.ts';
import type { CoordinatorRecordSerde, CoordinatorShard } from './coordinator-shard.ts';
import { CoordinatorTimer } from './coordinator-timer.ts';
import type { QueuedTimer, TimerQueue } from './timer-queue.ts';

/** Bytes that a record takes beyond its key and value, at most: lengths, deltas and the header count. */
const RECORD_OVERHEAD_BYTES = 40;

/** loading → active → closed; a failed load ends in failed, which only a new election leaves. */
export const CoordinatorState = { loading: 'loading', active: 'active', failed: 'failed', closed: 'closed' } as const;

export type CoordinatorState = (typeof CoordinatorState)[keyof typeof CoordinatorState];

/** One batch on its way to being committed, and who waits for it. */
interface PendingWrite {
  /** Position of its last record. */
  readonly offset: number;
  readonly deadlineMs: number;
  readonly waiters: ((error: ApiError | undefined) => void)[];
  isTimedOut: boolean;
}

export interface ContextOptions<R> {
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly log: CoordinatorLog;
  readonly serde: CoordinatorRecordSerde<R>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timers: TimerQueue;
  readonly writeTimeoutMs: number;
  readonly compression: CompressionType;
  /** An append that was in the log can't be committed: what is in memory is ahead of the log. */
  readonly onLost: (error: ApiError) => void;
}

/**
 * One partition while this broker leads it: its shard, and the writes that are under way. Records are replayed as soon
 * as they are in the log, responses wait until they are committed. An append that throws changes nothing; one that is
 * lost later takes the whole shard with it, because others may have been decided on top of it.
 */
export class CoordinatorContext<S extends CoordinatorShard<R>, R> {
  readonly partition: number;
  readonly timer: CoordinatorTimer<R>;
  readonly shard: S;
  /** Settles when the load is over, whichever way. */
  loaded: Promise<void> = Promise.resolve();
  state: CoordinatorState = CoordinatorState.loading;
  leaderEpoch: number;
  /** Position of the last record written or loaded. Grows by one a record; real offsets while loading. */
  lastWritten = -1;
  readonly #options: ContextOptions<R>;
  readonly #pending: PendingWrite[] = [];
  #timeout: QueuedTimer | undefined;

  constructor(options: ContextOptions<R>, createShard: (timer: CoordinatorTimer<R>) => S) {
    this.#options = options;
    this.partition = options.partition;
    this.leaderEpoch = options.leaderEpoch;
    this.timer = new CoordinatorTimer<R>(options.timers, (key, operation) => this.#onTimer(key, operation));
    this.shard = createShard(this.timer);
  }

  /** Writes that are not committed yet. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /**
   * Runs a handler and makes its result durable.
   *
   * @throws ApiError (as a rejection) from the handler, the append, or because the commit took too long
   */
  write<T>(handler: (shard: S) => CoordinatorResult<T, R>): Promise<T> {
    try {
      return this.execute(handler(this.shard));
    } catch (error) {
      return Promise.reject(toApiError(error));
    }
  }

  execute<T>(result: CoordinatorResult<T, R>): Promise<T> {
    const { records, response, onAppended } = result;
    if (records.length === 0 && this.#pending.length === 0) {
      onAppended?.(undefined);
      return Promise.resolve(response);
    }
    return new Promise<T>((resolve, reject) => {
      const waiter = (error: ApiError | undefined): void => {
        // State of others hangs on this callback: a failure in it must not stop the rest.
        try {
          onAppended?.(error);
        } catch (failure) {
          this.#options.logger.error(`A callback failed after a write to partition ${this.partition}.`, failure);
        }
        if (error === undefined) resolve(response);
        else reject(error);
      };
      if (records.length === 0) {
        this.#waitForLast(waiter);
        return;
      }
      try {
        this.#append(result);
      } catch (error) {
        waiter(toApiError(error));
        return;
      }
      this.#waitForLast(waiter);
    });
  }

  #waitForLast(waiter: (error: ApiError | undefined) => void): void {
    const last = this.#pending.at(-1);
    if (last === undefined) waiter(undefined);
    else if (last.isTimedOut) waiter(timedOut(this.partition));
    else last.waiters.push(waiter);
  }

  /** Appends the records of a result as one batch, or as several where it may be split. */
  #append(result: CoordinatorResult<unknown, R>): void {
    const { log, serde, clock } = this.#options;
    const maxSizeBytes = log.maxBatchSizeBytes(this.partition);
    const timestamp = clock.nowMs();
    let builder = this.#newBatch();
    let first = 0;
    const flush = (end: number): void => {
      if (builder.sizeBytes > maxSizeBytes) {
        throw new ApiError(
          ErrorCode.RECORD_LIST_TOO_LARGE,
          `A batch of ${builder.sizeBytes} bytes is larger than the ${maxSizeBytes} bytes that the coordinator's topic takes.`,
        );
      }
      this.#appendBatch(builder.build(), result.records.slice(first, end), result.replay ?? true);
      builder = this.#newBatch();
      first = end;
    };
    result.records.forEach((record, index) => {
      const { key, value } = serde.encode(record);
      const sizeBytes = key.length + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
      if (result.isAtomic === false && builder.count > 0 && builder.sizeBytes + sizeBytes > maxSizeBytes) flush(index);
      builder.append({ key, value, timestamp });
    });
    flush(result.records.length);
  }

  /** Kafka's coordinators write without a producer but with sequences from 0. */
  #newBatch(): RecordBatchBuilder {
    return new RecordBatchBuilder({ baseSequence: 0, compression: this.#options.compression });
  }

  #appendBatch(batch: Buffer, records: readonly R[], replay: boolean): void {
    const committed = this.#options.log.append(this.partition, this.leaderEpoch, batch);
    const first = this.lastWritten + 1;
    this.lastWritten += records.length;
    const deadlineMs = this.#options.clock.monotonicMs() + this.#options.writeTimeoutMs;
    const write: PendingWrite = { offset: this.lastWritten, deadlineMs, waiters: [], isTimedOut: false };
    this.#pending.push(write);
    this.#scheduleTimeout();
    committed.then(
      () => this.#onCommitted(write),
      (error: unknown) => this.#onLost(toApiError(error)),
    );
    if (replay) records.forEach((record, index) => this.shard.replay(first + index, -1, record));
  }

  #onCommitted(write: PendingWrite): void {
    if (this.state !== CoordinatorState.active) return;
    this.shard.onCommitted(write.offset);
    const done = this.#pending.findIndex((pending) => pending.offset > write.offset);
    const committed = this.#pending.splice(0, done === -1 ? this.#pending.length : done);
    for (const { waiters } of committed) for (const waiter of waiters) waiter(undefined);
  }

  #onLost(error: ApiError): void {
    if (this.state === CoordinatorState.active) this.#options.onLost(error);
  }

  /** One timer for all pending writes: they time out in the order in which they were made. */
  #scheduleTimeout(): void {
    const head = this.#pending.find((write) => !write.isTimedOut);
    if (this.#timeout !== undefined || head === undefined) return;
    const delayMs = head.deadlineMs - this.#options.clock.monotonicMs();
    this.#timeout = this.#options.timers.schedule(delayMs, () => {
      this.#timeout = undefined;
      this.#onTimeout();
    });
  }

  #onTimeout(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const late = this.#pending.filter((write) => !write.isTimedOut && write.deadlineMs <= nowMs);
    for (const write of late) write.isTimedOut = true;
    for (const { waiters } of late) for (const waiter of waiters.splice(0)) waiter(timedOut(this.partition));
    this.#scheduleTimeout();
  }

  #onTimer(key: string, operation: () => CoordinatorResult<void, R>): void {
    if (this.state !== CoordinatorState.active) return;
    this.write(operation).catch((error: unknown) => {
      if (this.state !== CoordinatorState.active) return;
      const name = key.split('\0')[0];
      this.#options.logger.error(`The timer "${name}" of coordinator partition ${this.partition} failed.`, error);
    });
  }

  /** Stops everything; who waits for a commit gets `error`. */
  close(error: ApiError): void {
    if (this.state === CoordinatorState.closed) return;
    const wasActive = this.state === CoordinatorState.active;
    this.state = CoordinatorState.closed;
    this.#timeout?.cancel();
    if (wasActive) this.shard.onUnloaded();
    for (const { waiters } of this.#pending.splice(0)) for (const waiter of waiters) waiter(error);
    this.timer.cancelAll();
  }
}

function timedOut(partition: number): ApiError {
  return new ApiError(
    ErrorCode.REQUEST_TIMED_OUT,
    `A write to coordinator partition ${partition} was not committed in time.`,
  );
}
