import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { LocalLog } from './local-log.ts';
import type { LogEnvironment } from './log-environment.ts';
import { coded, storageError } from './log-errors.ts';
import { type AheadRead, endOfWholeBatches, type ExpectedRead } from './read-ahead.ts';
import type { AbortedTransaction, FetchDataInfo, ReadIsolation, ReadOptions } from './partition-log.ts';
import { type LocatedRecords, type ReadPlan, runReadPlan, runReadPlanAsync } from './read-plan.ts';
import { abortedTransactions, endOffsetOf } from './transaction-lookup.ts';

/** The log that is read, as its reader sees it. */
export interface ReadableLog {
  readonly name: string;
  readonly local: LocalLog;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
}

/** A read whose bounds are known. */
interface ReadRange {
  readonly startOffset: number;
  readonly upperOffset: number;
  readonly maxBytes: number;
  readonly minOneMessage: boolean;
  readonly isolation: ReadIsolation;
}

/** Reads of a log: recent batches from memory, the others from disk. */
export class LogReader {
  readonly #log: ReadableLog;
  readonly #environment: LogEnvironment;
  #ahead: AheadRead | undefined;

  constructor(environment: LogEnvironment, log: ReadableLog) {
    this.#environment = environment;
    this.#log = log;
  }

  read(startOffset: number, maxBytes: number, options: ReadOptions): FetchDataInfo {
    const range = this.#range(startOffset, maxBytes, options);
    return this.#readRecent(range) ?? this.#readDisk(range);
  }

  readAsync(startOffset: number, maxBytes: number, options: ReadOptions): FetchDataInfo | Promise<FetchDataInfo> {
    const range = this.#range(startOffset, maxBytes, options);
    return this.#readRecent(range) ?? this.#readDiskAsync(range, options);
  }

  #range(startOffset: number, maxBytes: number, options: ReadOptions): ReadRange {
    const { isolation = 'logEnd', minOneMessage = true } = options;
    const { name, logStartOffset, logEndOffset } = this.#log;
    if (startOffset < logStartOffset || startOffset > logEndOffset) {
      throw new ApiError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `Received request for offset ${startOffset} for partition ${name}, but we only have log segments upto ` +
          `${logEndOffset}, starting from ${logStartOffset}.`,
      );
    }
    return { startOffset, upperOffset: this.#upperOffset(isolation), maxBytes, minOneMessage, isolation };
  }

  #upperOffset(isolation: ReadIsolation): number {
    if (isolation === 'logEnd') return this.#log.logEndOffset;
    return isolation === 'highWatermark' ? this.#log.highWatermark : this.#log.lastStableOffset;
  }

  /** Undefined where the disk must be asked. */
  #readRecent(range: ReadRange): FetchDataInfo | undefined {
    const { startOffset, upperOffset, maxBytes, minOneMessage } = range;
    if (startOffset >= upperOffset) return this.#fetchData(range, []);
    const records = this.#log.local.readRecent(startOffset, maxBytes, upperOffset, minOneMessage);
    return records === undefined ? undefined : this.#fetchData(range, records);
  }

  #readDisk(range: ReadRange): FetchDataInfo {
    const { startOffset, upperOffset, maxBytes, minOneMessage } = range;
    const plan = this.#log.local.readPlan(startOffset, maxBytes, upperOffset, minOneMessage);
    const located = this.#checked(() => runReadPlan(plan));
    return this.#fetchData(range, located === undefined ? [] : [located.bytes]);
  }

  async #readDiskAsync(range: ReadRange, options: ReadOptions): Promise<FetchDataInfo> {
    const { local } = this.#log;
    const { startOffset, upperOffset, maxBytes, minOneMessage } = range;
    const { truncations } = local;
    const ahead = this.#takeAhead(range);
    const located = await (ahead?.located ??
      this.#run(local.readPlan(startOffset, maxBytes, upperOffset, minOneMessage)));
    // A segment may have been deleted meanwhile. The second read says what is wrong if it was not that.
    if (located === undefined || truncations !== local.truncations) return this.read(startOffset, maxBytes, options);
    const { segment, position, bytes } = located;
    const data = this.#fetchData(range, [bytes]);
    if (data.sizeBytes >= maxBytes) {
      const { nextOffset, sizeBytes } = endOfWholeBatches(bytes, startOffset);
      segment.noteBoundary(nextOffset, position + sizeBytes);
      this.#readAhead({ ...range, startOffset: nextOffset });
    }
    return data;
  }

  /** Whoever reads a whole answer's worth from disk will ask for what follows: it is read while the answer is on its way. */
  #readAhead({ startOffset, upperOffset, maxBytes, minOneMessage, isolation }: ReadRange): void {
    if (startOffset >= upperOffset) return;
    const { local } = this.#log;
    const plan = local.readPlan(startOffset, maxBytes, upperOffset, minOneMessage);
    const located = this.#run(plan);
    this.#ahead = { startOffset, maxBytes, minOneMessage, isolation, truncations: local.truncations, located };
    this.#environment.readAheads.claim(this);
  }

  /** Undefined also when it failed, which the next attempt finds out anew. */
  #run(plan: ReadPlan<LocatedRecords | undefined>): Promise<LocatedRecords | undefined> {
    return runReadPlanAsync(plan, this.#environment.readBuffers).catch(() => undefined);
  }

  #takeAhead(wanted: ExpectedRead): AheadRead | undefined {
    const ahead = this.#ahead;
    if (ahead === undefined) return undefined;
    const fits =
      ahead.startOffset === wanted.startOffset &&
      ahead.maxBytes === wanted.maxBytes &&
      ahead.minOneMessage === wanted.minOneMessage &&
      ahead.isolation === wanted.isolation &&
      ahead.truncations === this.#log.local.truncations;
    if (!fits) return undefined;
    this.dropReadAhead();
    this.#environment.readAheads.release(this);
    return ahead;
  }

  /** Its place was given to another log, or it is of no use any more. */
  dropReadAhead(): void {
    this.#ahead = undefined;
  }

  #fetchData(range: ReadRange, records: readonly Buffer[]): FetchDataInfo {
    let sizeBytes = 0;
    for (const slice of records) sizeBytes += slice.length;
    if (range.isolation !== 'committed') return { records, sizeBytes, abortedTransactions: undefined };
    const aborted = this.abortedTransactions(range.startOffset, range.upperOffset);
    if (aborted.length === 0) return { records, sizeBytes, abortedTransactions: aborted };
    const end = endOffsetOf(records, range.startOffset);
    return { records, sizeBytes, abortedTransactions: aborted.filter(({ firstOffset }) => firstOffset < end) };
  }

  abortedTransactions(startOffset: number, upperBoundOffset: number): AbortedTransaction[] {
    return this.#checked(() => abortedTransactions(this.#log.local.segments, startOffset, upperBoundOffset));
  }

  #checked<T>(action: () => T): T {
    try {
      return coded(this.#log.name, action);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const failure = storageError(`reading ${this.#log.name} failed`, error);
      this.#environment.limitedLogger.error(failure.message, error);
      throw failure;
    }
  }
}
