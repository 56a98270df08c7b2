import { ErrorCode } from '../../protocol/errors.ts';
import { CompressionType } from '../../records/compression-type.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { CoordinatorContext, CoordinatorState } from './coordinator-context.ts';
import { loadPartition } from './coordinator-loader.ts';
import type { CoordinatorLog } from './coordinator-log.ts';
import type { CoordinatorResult } from './coordinator-result.ts';
import type { CoordinatorRecordSerde, CoordinatorShard } from './coordinator-shard.ts';
import type { CoordinatorTimer } from './coordinator-timer.ts';
import { TimerQueue } from './timer-queue.ts';

export interface CoordinatorRuntimeOptions<S extends CoordinatorShard<R>, R> {
  readonly log: CoordinatorLog;
  readonly serde: CoordinatorRecordSerde<R>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an append may wait for its replicas, in ms. */
  readonly writeTimeoutMs: number;
  /** Of the batches that are written; none where it is left out. */
  readonly compression?: CompressionType | undefined;
  readonly createShard: (partition: number, timer: CoordinatorTimer<R>) => S;
}

/**
 * The partitions of a coordinator that this broker leads: loads them, drops them, and hands each request to its shard.
 * It knows nothing of groups; another coordinator brings its own shard and records.
 */
export class CoordinatorRuntime<S extends CoordinatorShard<R>, R> {
  readonly #options: CoordinatorRuntimeOptions<S, R>;
  readonly #timers: TimerQueue;
  readonly #contexts = new Map<number, CoordinatorContext<S, R>>();
  #isClosed = false;

  constructor(options: CoordinatorRuntimeOptions<S, R>) {
    this.#options = options;
    this.#timers = new TimerQueue(options.clock);
  }

  /** Timers that are pending, over all partitions. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Partitions that this broker leads, in whatever state. */
  partitions(): number[] {
    return [...this.#contexts.keys()];
  }

  /**
   * Starts to load a partition. One that is loaded already goes on under the next epoch; where epochs are missing,
   * somebody else may have led and written in between, and it is loaded anew.
   */
  onElection(partition: number, leaderEpoch: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const existing = this.#contexts.get(partition);
    if (existing === undefined) return this.#load(partition, leaderEpoch);
    if (existing.state !== CoordinatorState.failed && leaderEpoch <= existing.leaderEpoch + 1) {
      existing.leaderEpoch = Math.max(existing.leaderEpoch, leaderEpoch);
      return existing.loaded;
    }
    existing.close(notCoordinator(partition));
    return this.#load(partition, leaderEpoch);
  }

  onResignation(partition: number, leaderEpoch?: number): void {
    const context = this.#contexts.get(partition);
    if (context === undefined || (leaderEpoch !== undefined && leaderEpoch < context.leaderEpoch)) return;
    this.#contexts.delete(partition);
    context.close(notCoordinator(partition));
    this.#options.logger.debug(`Unloaded coordinator partition ${partition}.`);
  }

  close(): void {
    this.#isClosed = true;
    for (const partition of this.partitions()) this.onResignation(partition);
  }

  #load(partition: number, leaderEpoch: number): Promise<void> {
    const { createShard, log, serde, clock, logger, writeTimeoutMs } = this.#options;
    const compression = this.#options.compression ?? CompressionType.none;
    const context = new CoordinatorContext<S, R>(
      {
        partition,
        leaderEpoch,
        log,
        serde,
        clock,
        logger,
        timers: this.#timers,
        writeTimeoutMs,
        compression,
        onLost: (error) => this.#reload(context, error),
      },
      (timer) => createShard(partition, timer),
    );
    this.#contexts.set(partition, context);
    context.loaded = this.#run(context);
    return context.loaded;
  }

  async #run(context: CoordinatorContext<S, R>): Promise<void> {
    const { log, serde, clock, logger } = this.#options;
    const { partition, shard } = context;
    const startMs = clock.monotonicMs();
    const isWanted = (): boolean => context.state === CoordinatorState.loading;
    try {
      const summary = await loadPartition(partition, log, serde, shard, logger, isWanted);
      if (!isWanted()) return;
      context.lastWritten = summary.lastOffset;
      context.state = CoordinatorState.active;
      shard.onCommitted(context.lastWritten);
      shard.onLoaded();
      if (summary.recordCount > 0) {
        const tookMs = Math.round(clock.monotonicMs() - startMs);
        logger.info(`Loaded coordinator partition ${partition}: ${summary.recordCount} records in ${tookMs} ms.`);
      }
    } catch (error) {
      if (context.state === CoordinatorState.closed) return;
      context.state = CoordinatorState.failed;
      context.timer.cancelAll();
      logger.error(`Coordinator partition ${partition} could not be loaded; its groups are not served.`, error);
    }
  }

  /** Memory is ahead of the log: starts over from what the log says. */
  #reload(context: CoordinatorContext<S, R>, error: ApiError): void {
    const { partition, leaderEpoch } = context;
    if (this.#contexts.get(partition) !== context) return;
    this.#options.logger.warn(
      `A write to coordinator partition ${partition} was lost (${error.message}); loading it anew.`,
    );
    context.close(error);
    void this.#load(partition, leaderEpoch);
  }

  /** @throws ApiError COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR */
  #active(partition: number): CoordinatorContext<S, R> {
    const context = this.#contexts.get(partition);
    if (context?.state === CoordinatorState.active) return context;
    if (context?.state === CoordinatorState.loading) {
      throw new ApiError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, `Coordinator partition ${partition} is being loaded.`);
    }
    throw notCoordinator(partition);
  }

  /**
   * Runs a handler whose response goes out once its records, and all that was written before, are committed.
   *
   * @throws ApiError (as a rejection)
   */
  write<T>(partition: number, handler: (shard: S) => CoordinatorResult<T, R>): Promise<T> {
    try {
      return this.#active(partition).write(handler);
    } catch (error) {
      return Promise.reject(error as ApiError);
    }
  }

  /**
   * Answers from what is committed, at once.
   *
   * @throws ApiError
   */
  read<T>(partition: number, handler: (shard: S) => T): T {
    return handler(this.#active(partition).shard);
  }
}

function notCoordinator(partition: number): ApiError {
  return new ApiError(ErrorCode.NOT_COORDINATOR, `Coordinator partition ${partition} is not led by this broker.`);
}
