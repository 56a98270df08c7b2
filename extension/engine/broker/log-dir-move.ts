import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { LentMemory } from '../common/lent-memory.ts';
import type { Logger } from '../common/logger.ts';
import { copyChunk, copyEpochs, followOffsets, truncateToCommonEnd } from '../log/future-log.ts';
import type { LogManager } from '../log/log-manager.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { UnifiedLog } from '../log/unified-log.ts';
import type { AssignmentsManager } from './assignments-manager.ts';

/** `replica.fetch.max.bytes`: what is copied in one step. */
const CHUNK_BYTES = 1024 * 1024;
/** After the disk was full, or something else that may go away by itself. */
const RETRY_MS = 1000;
/** How long a limit of speed is believed. */
const LIMIT_CHECK_MS = 1000;

/** The replica that is moved, as its move sees it. */
export interface MovedReplica {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** Calls `fn` whenever the log has grown, was cut, or failed. Returns what takes it back. */
  watch(fn: () => void): () => void;
  /** The log lies in another directory now. */
  replaceLog(log: PartitionLog): void;
}

/** What the moves of one broker share. */
export interface LogDirMoveContext {
  readonly logs: LogManager;
  readonly assignments: Pick<AssignmentsManager, 'assign'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lent: LentMemory;
  /** Steps of all moves take turns. */
  readonly turns: Turns;
  /** `replica.alter.log.dirs.io.max.bytes.per.second`; Infinity is no limit. */
  readonly maxBytesPerSecond: () => number;
}

/** At most so many at once; the others wait in line. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(step: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await step();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/**
 * Moves one replica to another log directory of the broker (KIP-113, KIP-858):
 *
 *     copying → assigning → assigned → done
 *
 * `copying`: the copy in the `-future` folder takes over from the log, cut where the log was cut. Once it has everything it
 * is flushed and the controller is told (`assigning`), so that nobody takes the replica for lost whichever of the two
 * directories fails. When the controller has it on record (`assigned`) and the copy has everything once more, the two
 * change places. All along the log goes on serving.
 */
export class LogDirMove {
  readonly #context: LogDirMoveContext;
  readonly #partition: MovedReplica;
  readonly #onEnded: () => void;
  /** The directory that the log lies in until it has moved. */
  readonly #originId: string | undefined;
  #state: 'copying' | 'assigning' | 'assigned' | 'ended' = 'copying';
  /** The count of cuts at which the copy was last compared with the log. */
  #comparedAt: number | undefined;
  #wake: (() => void) | undefined;

  constructor(context: LogDirMoveContext, partition: MovedReplica, onEnded: () => void) {
    this.#context = context;
    this.#partition = partition;
    this.#onEnded = onEnded;
    this.#originId = context.logs.directoryOf(partition.topic, partition.partition)?.directoryId;
    void this.#run();
  }

  /**
   * Gives the move up, because the replica shall be elsewhere or a disk has failed. The copy is the caller's business. The
   * controller is told again where the log lies, if it was told otherwise; and if that directory is the one that failed, the
   * controller must take the replica for lost, although the copy's is there.
   */
  cancel(): void {
    if (this.#state === 'ended') return;
    const wasTold = this.#state !== 'copying';
    this.stop();
    const { topicId, partition } = this.#partition;
    if (wasTold && this.#originId !== undefined) this.#context.assignments.assign(topicId, partition, this.#originId);
  }

  /** No further step; both logs stay as they are. */
  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const { topic, partition } = this.#partition;
    this.#context.logs.moves.resumeCompaction(topic, partition);
    this.#wake?.();
    this.#onEnded();
  }

  /** Asked again after every `await`. */
  get #isEnded(): boolean {
    return this.#state === 'ended';
  }

  async #run(): Promise<void> {
    const { topic, partition } = this.#partition;
    await this.#context.logs.moves.pauseCompaction(topic, partition);
    while (!this.#isEnded) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#isEnded) return;
        if (!this.#mayPass(error)) return this.#giveUp(error);
        this.#context.logger.warn(`moving ${topic}-${partition} goes on in a moment: ${String(error)}`);
        await this.#pause(RETRY_MS);
      }
    }
  }

  async #step(): Promise<void> {
    const { logs, turns, lent } = this.#context;
    const { topic, partition } = this.#partition;
    const current = logs.get(topic, partition);
    const future = logs.moves.get(topic, partition)?.log;
    if (current === undefined || future === undefined) return this.cancel();
    this.#compare(current, future);
    const copied = await turns.run(() =>
      this.#isEnded ? Promise.resolve(0) : copyChunk(current, future, CHUNK_BYTES, lent),
    );
    if (this.#isEnded) return;
    this.#compare(current, future);
    followOffsets(future, current);
    if (future.logEndOffset < current.logEndOffset) return this.#throttle(copied);
    await this.#caughtUp(current, future);
  }

  /** Cuts the copy where the log was cut, or was lost at its start. */
  #compare(current: UnifiedLog, future: UnifiedLog): void {
    if (this.#comparedAt !== current.local.truncations) {
      truncateToCommonEnd(future, current);
      this.#comparedAt = current.local.truncations;
    }
    if (future.nextOffset < current.logStartOffset || future.logStartOffset > current.logEndOffset) {
      future.truncateFullyAndStartAt(current.logStartOffset);
    }
  }

  async #caughtUp(current: UnifiedLog, future: UnifiedLog): Promise<void> {
    const { assignments, logs } = this.#context;
    const { topic, topicId, partition } = this.#partition;
    if (this.#state === 'copying') {
      // What was flushed in the log must be so in the copy: a loss of power may come before the old files are gone.
      await future.flushAsync();
      if (this.#isEnded) return;
      const directoryId = logs.moves.get(topic, partition)?.directory.directoryId;
      if (directoryId === undefined) {
        this.#state = 'assigned';
        return;
      }
      this.#state = 'assigning';
      assignments.assign(topicId, partition, directoryId, () => {
        if (this.#state !== 'assigning') return;
        this.#state = 'assigned';
        this.#wake?.();
      });
    } else if (this.#state === 'assigned' && this.#swap(current, future)) return this.stop();
    else await this.#change(current, future);
  }

  /** At one moment, so that nothing is written in between. False when something was written just now. */
  #swap(current: UnifiedLog, future: UnifiedLog): boolean {
    const { logs } = this.#context;
    const { topic, partition } = this.#partition;
    current.flushWrites();
    // The write may have been what a failing disk was waiting for.
    if (this.#isEnded || !current.isInService) return false;
    this.#compare(current, future);
    if (future.nextOffset !== current.nextOffset) return false;
    copyEpochs(future, current);
    this.#partition.replaceLog(logs.moves.promote(topic, partition));
    return true;
  }

  /** Until the log has grown or was cut, or the controller has answered. */
  async #change(current: UnifiedLog, future: UnifiedLog): Promise<void> {
    const state = this.#state;
    const isSame = (): boolean =>
      state === this.#state &&
      current.logEndOffset === future.logEndOffset &&
      this.#comparedAt === current.local.truncations &&
      current.isInService &&
      future.isInService;
    if (!isSame()) return;
    await new Promise<void>((resolve) => {
      const unwatch = this.#partition.watch(() => {
        if (!isSame()) this.#wake?.();
      });
      this.#wake = () => {
        this.#wake = undefined;
        unwatch();
        resolve();
      };
    });
  }

  /** Others come first between two chunks; and with a limit, which may change, the time that the chunk may take passes. */
  async #throttle(bytes: number): Promise<void> {
    await this.#pause(0);
    for (let left = bytes; left > 0 && !this.#isEnded;) {
      const bytesPerMs = this.#context.maxBytesPerSecond() / 1000;
      const ms = Math.min(left / bytesPerMs, LIMIT_CHECK_MS);
      if (ms < 1) return;
      await this.#pause(ms);
      left -= bytesPerMs * ms;
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#context;
    return new Promise((resolve) => (ms > 0 ? clock.schedule(ms, resolve) : clock.defer(resolve)));
  }

  /** Whether to go on all the same: both logs are in service, so there was no space, or the log has changed. */
  #mayPass(error: unknown): boolean {
    if (!(error instanceof ApiError)) return false;
    const { topic, partition } = this.#partition;
    const { logs } = this.#context;
    const areAlive =
      logs.get(topic, partition)?.isInService === true && logs.moves.get(topic, partition)?.log.isInService;
    return (
      areAlive === true &&
      (error.code === ErrorCode.KAFKA_STORAGE_ERROR || error.code === ErrorCode.OFFSET_OUT_OF_RANGE)
    );
  }

  #giveUp(error: unknown): void {
    const { topic, partition } = this.#partition;
    const { logs, logger } = this.#context;
    logger.error(`${topic}-${partition} cannot be moved to another log directory and stays where it is`, error);
    this.cancel();
    if (logs.get(topic, partition)?.isInService === true) logs.moves.cancel(topic, partition);
  }
}
