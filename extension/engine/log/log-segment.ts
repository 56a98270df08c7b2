import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import { hasValidCrc } from '../../records/record-batch.ts';
import * as batch from '../../records/record-batch.ts';
import type { Clock } from '../common/clock.ts';
import type { Random } from '../common/random.ts';
import { BatchScanner, LOOK_UP_BUFFER_BYTES } from './batch-scanner.ts';
import type { CachedFile, FileHandleCache } from './file-handle-cache.ts';
import type { LogConfig } from './log-config.ts';
import * as names from './log-file-names.ts';
import { OFFSET_INDEX_ENTRY_SIZE, OffsetIndex } from './offset-index.ts';
import type { OffsetPosition } from './offset-index.ts';
import { TIME_INDEX_ENTRY_SIZE, TimeIndex } from './time-index.ts';
import type { TimestampOffset } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

/** What may be put back when the write of a turn fails: see {@link LogSegment.mark}. */
export interface SegmentMark {
  readonly sizeBytes: number;
  readonly offsetEntries: number;
  readonly timeEntries: number;
  readonly transactionEntries: number;
  readonly bytesSinceIndexEntry: number;
  readonly maxTimestamp: TimestampOffset;
  readonly firstBatchTimestampMs: number | undefined;
}

/** What {@link LogSegment.shouldRoll} asks of the next append. */
export interface RollQuestion {
  readonly sizeBytes: number;
  readonly maxTimestampMs: number;
  readonly lastOffset: number;
  readonly nowMs: number;
}

const NO_TIMESTAMP = -1;
const MAX_INT32 = 0x7fffffff;

/** `segment.jitter.ms`: how much earlier than `segment.ms` this segment ends, so that not all of a broker roll at once. */
export function chooseJitterMs({ segmentJitterMs, segmentMs }: LogConfig, random: Random): number {
  const limit = Math.min(segmentJitterMs, segmentMs, 2 ** 47);
  return limit > 0 ? random.int(limit) : 0;
}

/**
 * One segment: `.log` and its indexes, all named after the offset of its first record. It keeps the books (sizes, index
 * entries, largest timestamp); the bytes of appends are written by the log (see local-log.ts).
 */
export class LogSegment {
  readonly baseOffset: number;
  readonly log: CachedFile;
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  readonly transactionIndex: TransactionIndex;
  readonly createdMs: number;
  readonly rollJitterMs: number;
  /** Bytes of whole batches, those that wait for their write included. */
  sizeBytes: number;
  /** Bytes that were written. Readers stop here. */
  writtenBytes: number;

  readonly #indexIntervalBytes: number;
  #bytesSinceIndexEntry = 0;
  /** The file is longer than what was written: `preallocate`. */
  #isPreallocated = false;
  /** The indexes are complete and have no spare tail: nothing was appended since the segment was closed. */
  #isComplete = false;
  /** The index files were looked at, or made by us. */
  #hasCheckedIndexes = false;
  #maxTimestamp: TimestampOffset | undefined;
  /** Where a reader ended: the batch with this offset, or the next one, starts here. */
  #boundary: OffsetPosition | undefined;
  /** -1 where the first batch has no timestamp; undefined until it was looked at. */
  #firstBatchTimestampMs: number | undefined;

  private constructor(
    handles: FileHandleCache,
    directory: string,
    baseOffset: number,
    suffix: string,
    config: LogConfig,
    clock: Clock,
    sizeBytes: number,
    rollJitterMs: number,
  ) {
    const path = (extension: string): string => `${directory}/${names.fileName(baseOffset, extension)}${suffix}`;
    this.baseOffset = baseOffset;
    this.log = handles.file(path(names.LOG_SUFFIX));
    this.offsetIndex = new OffsetIndex(handles, path(names.OFFSET_INDEX_SUFFIX), baseOffset);
    this.timeIndex = new TimeIndex(handles, path(names.TIME_INDEX_SUFFIX), baseOffset);
    this.transactionIndex = new TransactionIndex(handles, path(names.TRANSACTION_INDEX_SUFFIX), baseOffset);
    this.createdMs = clock.nowMs();
    this.rollJitterMs = rollJitterMs;
    this.sizeBytes = sizeBytes;
    this.writtenBytes = sizeBytes;
    this.#indexIntervalBytes = config.indexIntervalBytes;
  }

  /** A segment whose files exist. Missing indexes count as empty. */
  static open(
    handles: FileHandleCache,
    directory: string,
    baseOffset: number,
    config: LogConfig,
    clock: Clock,
    sizeBytes: number,
    rollJitterMs: number,
    suffix = '',
  ): LogSegment {
    const segment = new LogSegment(handles, directory, baseOffset, suffix, config, clock, sizeBytes, rollJitterMs);
    segment.#isComplete = true;
    return segment;
  }

  /** Makes the files of a new, empty segment; none is left where one of them cannot be made. */
  static create(
    handles: FileHandleCache,
    directory: string,
    baseOffset: number,
    config: LogConfig,
    clock: Clock,
    rollJitterMs: number,
    suffix = '',
  ): LogSegment {
    const segment = new LogSegment(handles, directory, baseOffset, suffix, config, clock, 0, rollJitterMs);
    try {
      segment.#createFiles(config.preallocate && suffix === '' ? config.segmentSizeBytes : 0);
    } catch (error) {
      // The log may go on with the segment that it has: an empty one behind it would cut it at the next start.
      segment.deleteFiles();
      throw error;
    }
    return segment;
  }

  #createFiles(preallocatedBytes: number): void {
    this.log.create();
    if (preallocatedBytes > 0) {
      this.log.truncateSync(preallocatedBytes);
      this.#isPreallocated = true;
    }
    this.offsetIndex.file.create();
    this.timeIndex.file.create();
    this.#hasCheckedIndexes = true;
  }

  /** Keeps the books for one batch that goes to the end of the segment. */
  append(sizeBytes: number, lastOffset: number, maxTimestampMs: number): void {
    this.#isComplete = false;
    if (this.sizeBytes === 0) this.#firstBatchTimestampMs = maxTimestampMs;
    if (maxTimestampMs > this.maxTimestamp.timestampMs) {
      this.#maxTimestamp = { timestampMs: maxTimestampMs, offset: lastOffset };
    }
    if (this.#bytesSinceIndexEntry > this.#indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, this.sizeBytes);
      this.timeIndex.maybeAppend(this.maxTimestamp.timestampMs, this.maxTimestamp.offset);
      this.#bytesSinceIndexEntry = 0;
    }
    this.#bytesSinceIndexEntry += sizeBytes;
    this.sizeBytes += sizeBytes;
  }

  mark(): SegmentMark {
    return {
      sizeBytes: this.sizeBytes,
      offsetEntries: this.offsetIndex.file.count,
      timeEntries: this.timeIndex.file.count,
      transactionEntries: this.transactionIndex.file.count,
      bytesSinceIndexEntry: this.#bytesSinceIndexEntry,
      maxTimestamp: this.maxTimestamp,
      firstBatchTimestampMs: this.#firstBatchTimestampMs,
    };
  }

  /** Undoes the appends since `mark`, on disk too. */
  restore(mark: SegmentMark): void {
    this.sizeBytes = mark.sizeBytes;
    this.writtenBytes = mark.sizeBytes;
    this.#bytesSinceIndexEntry = mark.bytesSinceIndexEntry;
    this.#maxTimestamp = mark.maxTimestamp;
    this.#firstBatchTimestampMs = mark.firstBatchTimestampMs;
    this.offsetIndex.file.truncate(mark.offsetEntries);
    this.timeIndex.file.truncate(mark.timeEntries);
    this.transactionIndex.file.truncate(mark.transactionEntries);
    this.log.truncateSync(mark.sizeBytes);
    // What was cut must not come back with a loss of power.
    this.log.syncSync();
  }

  /** The largest timestamp so far and the last offset of its batch; timestamp -1 where there is none. */
  get maxTimestamp(): TimestampOffset {
    if (this.#maxTimestamp === undefined) {
      this.#checkIndexes();
      this.#maxTimestamp ??= this.timeIndex.last();
    }
    return this.#maxTimestamp;
  }

  /** The time that retention counts from: the largest timestamp, or the file's age where records have none. */
  largestTimestampMs(modifiedMs: () => number): number {
    const { timestampMs } = this.maxTimestamp;
    return timestampMs >= 0 ? timestampMs : modifiedMs();
  }

  /** The first batch's own timestamp, -1 for none. */
  get firstBatchTimestampMs(): number {
    if (this.#firstBatchTimestampMs === undefined) {
      const scanner = this.scan(0, false, BATCH_HEADER_SIZE);
      this.#firstBatchTimestampMs = scanner.next() ? batch.maxTimestamp(scanner.bytes, scanner.at) : NO_TIMESTAMP;
    }
    return this.#firstBatchTimestampMs;
  }

  /** Whether what comes next belongs into a new segment: by size, age, index space, or reach of relative offsets. */
  shouldRoll(next: RollQuestion, config: LogConfig): boolean {
    if (this.sizeBytes > config.segmentSizeBytes - next.sizeBytes) return true;
    if (next.lastOffset - this.baseOffset > MAX_INT32) return true;
    if (this.sizeBytes === 0) return false;
    const maxOffsetEntries = Math.floor(config.segmentIndexSizeBytes / OFFSET_INDEX_ENTRY_SIZE);
    if (this.offsetIndex.file.count >= maxOffsetEntries) return true;
    const maxTimeEntries = Math.floor(config.segmentIndexSizeBytes / TIME_INDEX_ENTRY_SIZE);
    if (this.timeIndex.file.count >= maxTimeEntries - 1) return true;
    // What is still being written can't be compacted, so max.compaction.lag.ms limits the age of a segment too.
    const maxAgeMs = config.isCompacted ? Math.min(config.segmentMs, config.maxCompactionLagMs) : config.segmentMs;
    return this.#ageMs(next) > maxAgeMs - this.rollJitterMs;
  }

  #ageMs(next: RollQuestion): number {
    const first = this.firstBatchTimestampMs;
    return first >= 0 ? next.maxTimestampMs - first : next.nowMs - this.createdMs;
  }

  /** The batches from `position` on, as far as they were written. */
  scan(position: number, wholeBatches = false, bufferBytes?: number): BatchScanner {
    return new BatchScanner(this.log, position, this.writtenBytes, wholeBatches, bufferBytes);
  }

  /**
   * Where to start looking for `offset`: a position that is never past its batch. An index whose entry does not lead to
   * the batch it names is made again.
   */
  indexedPosition(offset: number): number {
    if (this.#boundary?.offset === offset) return this.#boundary.position;
    this.#checkIndexes();
    const entry = this.offsetIndex.lookup(offset);
    if (entry.position === 0 || this.#leadsToBatch(entry)) return entry.position;
    this.rebuildIndexes();
    return this.offsetIndex.lookup(offset).position;
  }

  /** The batch before `position` ends with the offset before `offset`: whoever reads on need not search. */
  noteBoundary(offset: number, position: number): void {
    this.#boundary = { offset, position };
  }

  #leadsToBatch({ offset, position }: OffsetPosition): boolean {
    // Batches that wait for their write were indexed by ourselves a moment ago.
    if (position >= this.writtenBytes) return position < this.sizeBytes;
    const header = new BatchScanner(this.log, position, this.writtenBytes, false, BATCH_HEADER_SIZE);
    return header.next() && batch.lastOffset(header.bytes, header.at) === offset;
  }

  /** The offset after the last record. */
  readNextOffset(): number {
    let next = this.baseOffset;
    const scanner = this.scan(this.indexedPosition(Number.MAX_SAFE_INTEGER), false, LOOK_UP_BUFFER_BYTES);
    while (scanner.next()) next = batch.lastOffset(scanner.bytes, scanner.at) + 1;
    return next;
  }

  /** Before the first use: index files that are missing, or cannot belong to this segment, are made again. */
  #checkIndexes(): void {
    if (this.#hasCheckedIndexes) return;
    this.#hasCheckedIndexes = true;
    const files = [this.offsetIndex.file, this.timeIndex.file];
    const areWhole = files.every((file) => file.exists() && !file.isTorn);
    if (areWhole && this.offsetIndex.looksSane(this.sizeBytes) && this.timeIndex.looksSane(this.sizeBytes)) return;
    this.rebuildIndexes();
  }

  /** Makes offset and time index again from the headers of the log. The log itself stays as it is. */
  rebuildIndexes(): void {
    const { sizeBytes, writtenBytes } = this;
    this.#startIndexes();
    const scanner = this.scan(0);
    while (scanner.next()) {
      const { bytes, at } = scanner;
      this.append(scanner.sizeBytes, batch.lastOffset(bytes, at), batch.maxTimestamp(bytes, at));
    }
    this.sizeBytes = sizeBytes;
    this.writtenBytes = writtenBytes;
    this.saveIndexes();
  }

  /**
   * Checks every batch (CRC, offsets that grow), makes the indexes again and cuts the log behind the last valid batch.
   * `onBatch` sees each valid batch whole. Answers how many bytes were cut off.
   */
  recover(onBatch: (bytes: Buffer, at: number) => void): number {
    const fileSize = this.log.sizeSync();
    this.writtenBytes = fileSize;
    // Until it is through, the next start recovers again: what the files had may stay in them meanwhile.
    this.offsetIndex.file.restart();
    this.timeIndex.file.restart();
    this.#startBooks();
    if (this.transactionIndex.file.exists()) this.transactionIndex.file.delete();
    const scanner = this.scan(0, true, Math.min(1024 * 1024, Math.max(fileSize, BATCH_HEADER_SIZE)));
    let previousOffset = this.baseOffset - 1;
    while (scanner.next()) {
      const { bytes, at } = scanner;
      const lastOffset = batch.lastOffset(bytes, at);
      const isOutOfReach = lastOffset - this.baseOffset > MAX_INT32;
      if (batch.baseOffset(bytes, at) <= previousOffset || isOutOfReach || !hasValidCrc(bytes, at)) break;
      this.append(scanner.sizeBytes, lastOffset, batch.maxTimestamp(bytes, at));
      onBatch(bytes, at);
      previousOffset = lastOffset;
    }
    this.writtenBytes = this.sizeBytes;
    if (fileSize > this.sizeBytes) this.log.truncateSync(this.sizeBytes);
    this.becomeInactive();
    return fileSize - this.sizeBytes;
  }

  #startIndexes(): void {
    this.offsetIndex.file.create();
    this.timeIndex.file.create();
    this.#startBooks();
  }

  #startBooks(): void {
    this.#boundary = undefined;
    this.#hasCheckedIndexes = true;
    this.#isComplete = false;
    this.sizeBytes = 0;
    this.#bytesSinceIndexEntry = 0;
    this.#maxTimestamp = { timestampMs: NO_TIMESTAMP, offset: this.baseOffset };
  }

  /** Drops everything from `offset` on; answers how many bytes that were. Nothing may wait for its write. */
  truncateTo(offset: number): number {
    const position = this.positionOf(offset);
    this.offsetIndex.truncateTo(offset);
    this.timeIndex.truncateTo(offset);
    this.transactionIndex.truncateTo(offset);
    const dropped = this.sizeBytes - position;
    this.log.truncateSync(position);
    this.log.syncSync();
    this.#boundary = undefined;
    this.#isComplete = false;
    this.sizeBytes = position;
    this.writtenBytes = position;
    this.#bytesSinceIndexEntry = 0;
    if (position === 0) this.#firstBatchTimestampMs = undefined;
    this.#maxTimestamp = this.#largestTimestampFromLastEntry();
    return dropped;
  }

  /** The batches behind the last time index entry may hold a larger timestamp than it. */
  #largestTimestampFromLastEntry(): TimestampOffset {
    let largest = this.timeIndex.last();
    const scanner = this.scan(this.indexedPosition(largest.offset));
    while (scanner.next()) {
      const timestampMs = batch.maxTimestamp(scanner.bytes, scanner.at);
      if (timestampMs > largest.timestampMs) {
        largest = { timestampMs, offset: batch.lastOffset(scanner.bytes, scanner.at) };
      }
    }
    return largest;
  }

  /** Where the first batch that ends at or past `offset` starts; the end where there is none. */
  positionOf(offset: number): number {
    const scanner = this.scan(this.indexedPosition(offset), false, LOOK_UP_BUFFER_BYTES);
    while (scanner.next()) {
      if (batch.lastOffset(scanner.bytes, scanner.at) >= offset) return scanner.position;
    }
    return scanner.nextPosition;
  }

  /** Hands index entries that wait in memory to the operating system. */
  saveIndexes(): void {
    this.offsetIndex.file.save();
    this.timeIndex.file.save();
    this.transactionIndex.save();
  }

  /** No more appends for now: the largest timestamp is noted, nothing has a spare tail. */
  becomeInactive(): void {
    if (this.#isComplete) return;
    const { timestampMs, offset } = this.maxTimestamp;
    if (timestampMs >= 0) this.timeIndex.maybeAppend(timestampMs, offset);
    this.offsetIndex.file.seal();
    this.timeIndex.file.seal();
    this.transactionIndex.seal();
    if (this.#isPreallocated) this.log.truncateSync(this.writtenBytes);
    this.#isPreallocated = false;
    this.#isComplete = true;
  }

  /** Makes the log survive a loss of power. Recovery makes the indexes of the active segment again, but no others. */
  syncSync(isActive: boolean): void {
    this.log.syncSync();
    if (isActive) return;
    for (const index of this.#indexes()) if (index.exists()) index.syncSync();
  }

  async sync(isActive: boolean): Promise<void> {
    await this.log.sync();
    if (isActive) return;
    for (const index of this.#indexes()) if (index.exists()) await index.sync();
  }

  /** Closes the files; they open again when they are used. */
  closeFiles(): void {
    this.log.close();
    for (const index of this.#indexes()) index.close();
  }

  #indexes(): readonly [OffsetIndex['file'], TimeIndex['file'], TransactionIndex['file']] {
    return [this.offsetIndex.file, this.timeIndex.file, this.transactionIndex.file];
  }

  /** Renames every file that exists, from one suffix behind `.log` and so on to another (`''`, `.deleted`, …). */
  changeSuffix(from: string, to: string): void {
    for (const file of [...this.#indexes(), this.log]) {
      file.rename(file.path.slice(0, file.path.length - from.length) + to);
    }
  }

  /** The partition's folder was renamed. */
  moved(directory: string): void {
    for (const file of [...this.#indexes(), this.log]) {
      file.moved(directory + file.path.slice(file.path.lastIndexOf('/')));
    }
  }

  deleteFiles(): void {
    for (const file of [...this.#indexes(), this.log]) file.delete();
  }
}
