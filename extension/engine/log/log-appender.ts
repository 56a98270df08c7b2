import { ErrorCode } from '../../protocol/errors.ts';
import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import { checkCrc } from '../../records/record-batch-validator.ts';
import { ApiError } from '../common/api-error.ts';
import type { EpochEntry, LeaderEpochFileCache } from './leader-epoch-file-cache.ts';
import type { LocalLog, LocalLogMark } from './local-log.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import { coded, isOutOfSpace, storageError } from './log-errors.ts';
import { validateForLeader } from './log-validator.ts';
import type { AppendOrigin, LeaderAppendOptions, LogAppendInfo, WriteCallback } from './partition-log.ts';
import { checkEpoch, findDuplicate } from './producer-state-entry.ts';
import type { ProducerBatch, ProducerStateEntry } from './producer-state-entry.ts';
import type { ProducerStateManager, ProducerStateMark } from './producer-state-manager.ts';
import { applyProducerUpdate, producerUpdate } from './producer-update.ts';
import type { ProducerChecks, ProducerUpdate } from './producer-update.ts';
import type { VerificationGuard } from './transaction-verification.ts';

/** The log that is appended to, as its appender sees it. */
export interface AppendedLog {
  readonly name: string;
  readonly directory: string;
  readonly config: LogConfig;
  readonly logStartOffset: number;
  readonly local: LocalLog;
  readonly producers: ProducerStateManager;
  readonly epochs: LeaderEpochFileCache;
  /** Starts a segment for a batch at `firstOffset`. Throws ApiError. */
  rollFor(firstOffset: number): void;
  /** Asks for {@link LogAppender.flushWrites} at the end of this turn. */
  enqueue(): void;
  /** A write has moved the log end. */
  advanced(): void;
  /** The disk is not to be trusted any more; answers what calls fail with from now on. */
  fail(what: string, cause: unknown): ApiError;
  /** Calls somebody else's code, which must not harm the log. */
  notify(call: () => void): void;
}

/** The appends that wait for one write, and the state to go back to when it fails. */
interface Turn {
  readonly local: LocalLogMark;
  readonly producers: ProducerStateMark;
  readonly epochs: readonly EpochEntry[];
  readonly callbacks: WriteCallback[];
}

interface AppendedRecords {
  readonly records: Buffer;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
}

/**
 * The way of records into the log: checked, given offsets, noted in the books, written at the end of the turn. When that
 * write fails the books go back to where they were when the turn began.
 */
export class LogAppender {
  readonly #environment: LogEnvironment;
  readonly #log: AppendedLog;
  #turn: Turn | undefined;

  constructor(environment: LogEnvironment, log: AppendedLog) {
    this.#environment = environment;
    this.#log = log;
  }

  appendAsLeader(records: Buffer, leaderEpoch: number, options: LeaderAppendOptions): LogAppendInfo {
    const { config, name } = this.#log;
    const origin = options.origin ?? 'client';
    const nowMs = this.#environment.clock.nowMs();
    const valid = coded(name, () => validateForLeader(records, { config, origin, nowMs, name }));
    try {
      return this.#appendValid(valid, leaderEpoch, origin, nowMs, options);
    } catch (error) {
      throw error instanceof ApiError ? error : this.#takeBack(error);
    }
  }

  #appendValid(
    valid: Buffer,
    leaderEpoch: number,
    origin: AppendOrigin,
    nowMs: number,
    options: LeaderAppendOptions,
  ): LogAppendInfo {
    const { config, local, name } = this.#log;
    const duplicate = origin === 'client' ? this.#findDuplicate(valid) : undefined;
    if (duplicate !== undefined) return this.#answerDuplicate(duplicate, options.onWritten);

    const stampMs = config.isLogAppendTime && origin !== 'raft' ? nowMs : -1;
    const { offsetCount, maxTimestampMs } = measure(valid, stampMs);
    // May write what waits and call back: only what comes after it may rely on offsets and producers.
    this.#makeRoom(valid.length, maxTimestampMs, nowMs, () => ({
      firstOffset: local.nextOffset,
      lastOffset: local.nextOffset + offsetCount - 1,
    }));
    const firstOffset = local.nextOffset;
    assign(valid, firstOffset, leaderEpoch, stampMs);
    const checks = origin === 'client' ? 'client' : 'epoch';
    const updates = coded(name, () => this.#producerUpdates(valid, checks, options));
    const appended = { records: valid, firstOffset, lastOffset: firstOffset + offsetCount - 1, maxTimestampMs };
    this.#append(appended, updates, options.onWritten);
    return this.#appendInfo(appended, stampMs);
  }

  appendAsFollower(records: Buffer, leaderEpoch: number, onWritten: WriteCallback | undefined): LogAppendInfo {
    const appended = this.#validPrefix(records, leaderEpoch);
    try {
      if (appended.records.length === 0) this.#whenWritten(onWritten);
      else this.#appendFollowed(appended, onWritten);
    } catch (error) {
      throw error instanceof ApiError ? error : this.#takeBack(error);
    }
    return this.#appendInfo(appended, -1);
  }

  #appendFollowed(appended: AppendedRecords, onWritten: WriteCallback | undefined): void {
    const { records, maxTimestampMs } = appended;
    const expectedOffset = this.#log.local.nextOffset;
    this.#makeRoom(records.length, maxTimestampMs, this.#environment.clock.nowMs(), () => appended);
    if (this.#log.local.nextOffset !== expectedOffset) throw this.#lostPredecessor(expectedOffset);
    const updates = coded(this.#log.name, () => this.#producerUpdates(records, 'none'));
    this.#append(appended, updates, onWritten);
  }

  /** The whole batches at the front that a leader of `leaderEpoch` can have sent. */
  #validPrefix(records: Buffer, leaderEpoch: number): AppendedRecords {
    const { name, local } = this.#log;
    let end = 0;
    let lastOffset = local.nextOffset - 1;
    let maxTimestampMs = -1;
    while (end + BATCH_HEADER_SIZE <= records.length) {
      const size = batch.batchSize(records, end);
      if (size < BATCH_HEADER_SIZE || size > records.length - end) break;
      if (batch.partitionLeaderEpoch(records, end) > leaderEpoch) break;
      const at = end;
      coded(name, () => checkCrc(records, at));
      if (batch.baseOffset(records, end) <= lastOffset) {
        throw new ApiError(
          ErrorCode.OFFSET_OUT_OF_RANGE,
          `${name} was sent offset ${batch.baseOffset(records, end)}, but goes on at ${lastOffset + 1}.`,
        );
      }
      lastOffset = batch.lastOffset(records, end);
      maxTimestampMs = Math.max(maxTimestampMs, batch.maxTimestamp(records, end));
      end += size;
    }
    const firstOffset = end > 0 ? batch.baseOffset(records, 0) : local.nextOffset;
    return { records: records.subarray(0, end), firstOffset, lastOffset, maxTimestampMs };
  }

  #appendInfo(appended: AppendedRecords, logAppendTimeMs: number): LogAppendInfo {
    return {
      firstOffset: appended.firstOffset,
      lastOffset: appended.lastOffset,
      logAppendTimeMs,
      logStartOffset: this.#log.logStartOffset,
      maxTimestampMs: appended.maxTimestampMs,
      isDuplicate: false,
      sizeBytes: appended.records.length,
    };
  }

  /** A client sends one batch at a time, so the first one tells. */
  #findDuplicate(records: Buffer): ProducerBatch | undefined {
    const entry = this.#log.producers.entry(batch.producerId(records, 0));
    if (entry === undefined) return undefined;
    const firstSequence = batch.baseSequence(records, 0);
    return findDuplicate(entry, batch.producerEpoch(records, 0), firstSequence, batch.lastSequence(records, 0));
  }

  #answerDuplicate(original: ProducerBatch, onWritten: WriteCallback | undefined): LogAppendInfo {
    this.#whenWritten(onWritten);
    return {
      firstOffset: original.lastOffset - original.offsetDelta,
      lastOffset: original.lastOffset,
      logAppendTimeMs: original.timestampMs,
      logStartOffset: this.#log.logStartOffset,
      maxTimestampMs: original.timestampMs,
      isDuplicate: true,
      sizeBytes: 0,
    };
  }

  /** What the batches, whose offsets are final, do to their producers; nothing is taken over yet. */
  #producerUpdates(records: Buffer, checks: ProducerChecks, options: LeaderAppendOptions = {}): ProducerUpdate[] {
    const { producers } = this.#log;
    const updates: ProducerUpdate[] = [];
    for (let at = 0; at < records.length; at += batch.batchSize(records, at)) {
      const producerId = batch.producerId(records, at);
      if (producerId < 0) continue;
      const earlier = updates.findLast((update) => update.entry.producerId === producerId)?.entry;
      const known = earlier ?? producers.entry(producerId);
      const firstOffset = batch.baseOffset(records, at);
      const isTransactional = batch.isTransactional(records, at);
      if (isTransactional && checks !== 'none') this.#checkVerified(known, records, at, options.verificationGuard);
      const verification = producers.verifications.of(producerId);
      const update = producerUpdate(known, records, at, firstOffset, checks, options.transactionVersion, verification);
      if (update !== undefined) updates.push(update);
      if (isTransactional) producers.verifications.end(producerId);
    }
    return updates;
  }

  /** Whether a transaction that begins here is one that its coordinator knows. */
  #checkVerified(
    known: ProducerStateEntry | undefined,
    records: Buffer,
    at: number,
    guard: VerificationGuard | undefined,
  ): void {
    const producerId = batch.producerId(records, at);
    const producerEpoch = batch.producerEpoch(records, at);
    const isOpen = known?.producerEpoch === producerEpoch && known.currentTransactionFirstOffset >= 0;
    if (isOpen || batch.isControl(records, at) || !this.#environment.verifiesTransactions) return;
    if (known !== undefined) checkEpoch(known, producerEpoch);
    const expected = this.#log.producers.verifications.of(producerId)?.guard;
    if (expected !== undefined && guard === expected) return;
    throw new ApiError(
      ErrorCode.INVALID_TXN_STATE,
      `Record of producer ${producerId} to ${this.#log.name} was not part of an ongoing transaction`,
    );
  }

  /**
   * Starts a new segment where the active one must not take the records. What waits is written first; `place` is asked
   * again afterwards, because a write that fails takes offsets back.
   */
  #makeRoom(
    sizeBytes: number,
    maxTimestampMs: number,
    nowMs: number,
    place: () => { readonly firstOffset: number; readonly lastOffset: number },
  ): void {
    if (sizeBytes > this.#log.config.segmentSizeBytes) throw this.#tooLarge(sizeBytes);
    const mustRoll = (): boolean =>
      this.#log.local.shouldRoll({ sizeBytes, maxTimestampMs, lastOffset: place().lastOffset, nowMs });
    if (!mustRoll()) return;
    this.flushWrites();
    if (mustRoll()) this.#log.rollFor(place().firstOffset);
  }

  /** A follower's records came after others of the same turn, which the disk did not take. */
  #lostPredecessor(expectedOffset: number): ApiError {
    return new ApiError(
      ErrorCode.KAFKA_STORAGE_ERROR,
      `${this.#log.name} ends at ${this.#log.local.nextOffset} and cannot go on at ${expectedOffset}: a write failed.`,
    );
  }

  #append(appended: AppendedRecords, updates: readonly ProducerUpdate[], onWritten: WriteCallback | undefined): void {
    const { records, lastOffset } = appended;
    const { local, producers } = this.#log;
    const turn = this.#currentTurn();
    const segment = local.append(appended);
    for (let at = 0; at < records.length;) {
      const size = batch.batchSize(records, at);
      segment.append(size, batch.lastOffset(records, at), batch.maxTimestamp(records, at));
      this.#noteEpoch(batch.partitionLeaderEpoch(records, at), batch.baseOffset(records, at));
      at += size;
    }
    for (const update of updates) applyProducerUpdate(producers, update, segment.transactionIndex);
    producers.updateMapEndOffset(lastOffset + 1);
    if (onWritten !== undefined) turn.callbacks.push(onWritten);
  }

  #tooLarge(sizeBytes: number): ApiError {
    return new ApiError(
      ErrorCode.RECORD_LIST_TOO_LARGE,
      `Message batch size is ${sizeBytes} bytes in append to partition ${this.#log.name}, which exceeds the maximum ` +
        `configured segment size of ${this.#log.config.segmentSizeBytes}.`,
    );
  }

  #noteEpoch(epoch: number, startOffset: number): void {
    if (epoch >= 0 && epoch !== this.#log.epochs.latestEpoch) this.#log.epochs.note(epoch, startOffset);
  }

  #currentTurn(): Turn {
    if (this.#turn === undefined) {
      const { local, producers, epochs } = this.#log;
      this.#turn = { local: local.mark(), producers: producers.beginTurn(), epochs: epochs.entries, callbacks: [] };
      this.#log.enqueue();
    }
    return this.#turn;
  }

  /** Calls back after the write that is under way, or at the end of this turn when there is none. */
  #whenWritten(onWritten: WriteCallback | undefined): void {
    if (onWritten !== undefined) this.#currentTurn().callbacks.push(onWritten);
  }

  /** Writes what waits and calls back. Does not throw. */
  flushWrites(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    let error: ApiError | undefined;
    if (this.#log.local.hasPendingWrites) {
      error = this.#write(turn);
      if (error === undefined) this.#log.advanced();
    } else this.#log.producers.endTurn();
    for (const callback of turn.callbacks) this.#log.notify(() => callback(error));
  }

  #write(turn: Turn): ApiError | undefined {
    const { local, producers, epochs, config, name } = this.#log;
    try {
      epochs.saveNoted();
      local.writePending();
      producers.endTurn();
    } catch (cause) {
      return this.#undo(turn, cause);
    }
    if (local.writtenEndOffset - local.recoveryPoint < config.flushMessages) return undefined;
    try {
      local.flush(local.writtenEndOffset);
      return undefined;
    } catch (cause) {
      return this.#log.fail(`flushing ${name} failed`, cause);
    }
  }

  /** The disk failed while the books were kept (an index was asked for): everything that waits in this turn goes with it. */
  #takeBack(cause: unknown): ApiError {
    const turn = this.#turn;
    if (turn === undefined) return this.#failed(cause);
    this.#turn = undefined;
    const error = this.#undo(turn, cause);
    for (const callback of turn.callbacks) this.#log.notify(() => callback(error));
    return error;
  }

  #undo(turn: Turn, cause: unknown): ApiError {
    const { local, producers, epochs, name } = this.#log;
    producers.restore(turn.producers);
    try {
      local.undo(turn.local);
      epochs.restore(turn.epochs);
    } catch (undoCause) {
      return this.#log.fail(`removing what was written to ${name} in part failed`, undoCause);
    }
    return this.#failed(cause);
  }

  /** For want of space the log stays in service. */
  #failed(cause: unknown): ApiError {
    const { name, directory } = this.#log;
    if (!isOutOfSpace(cause)) return this.#log.fail(`writing to ${name} failed`, cause);
    const error = storageError(`there is no space left for ${name} in ${directory}`, cause);
    this.#environment.limitedLogger.error(error.message);
    return error;
  }

  /** Nothing more is written; whoever waits is told so. */
  abandon(closedError: () => ApiError): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    const error = closedError();
    for (const callback of turn.callbacks) this.#log.notify(() => callback(error));
  }
}

/** How many offsets the batches take, and their largest timestamp (`stampMs` where the broker sets it). */
function measure(records: Buffer, stampMs: number): { offsetCount: number; maxTimestampMs: number } {
  let offsetCount = 0;
  let maxTimestampMs = stampMs;
  for (let at = 0; at < records.length; at += batch.batchSize(records, at)) {
    offsetCount += batch.lastOffsetDelta(records, at) + 1;
    if (stampMs < 0) maxTimestampMs = Math.max(maxTimestampMs, batch.maxTimestamp(records, at));
  }
  return { offsetCount, maxTimestampMs };
}

/** Gives the batches their offsets and epoch, and the broker's time where that counts, in place. */
function assign(records: Buffer, firstOffset: number, leaderEpoch: number, stampMs: number): void {
  let offset = firstOffset;
  for (let at = 0; at < records.length; at += batch.batchSize(records, at)) {
    batch.assignOffset(records, at, offset, leaderEpoch);
    if (stampMs >= 0) batch.assignLogAppendTime(records, at, stampMs);
    offset += batch.lastOffsetDelta(records, at) + 1;
  }
}
