import * as batch from '../../records/record-batch.ts';
import { RecordReader } from '../../records/record-reader.ts';
import { cleanBatch } from './batch-filter.ts';
import type { CleaningRules } from './batch-filter.ts';
import { groupSegments } from './cleanable-log.ts';
import type { CleanableRange } from './cleanable-log.ts';
import { CleanedSegmentWriter } from './cleaned-segment-writer.ts';
import { CleanedTransactions } from './cleaned-transactions.ts';
import type { LogEnvironment } from './log-environment.ts';
import { CLEANED_SUFFIX } from './log-file-names.ts';
import { LogSegment } from './log-segment.ts';
import { OffsetMap } from './offset-map.ts';
import { abortedTransactionEntries } from './transaction-lookup.ts';
import type { UnifiedLog } from './unified-log.ts';

/** What a round did. */
export interface CleaningResult {
  /** Everything below is clean now. */
  readonly endOffset: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly tookMs: number;
}

/** The log was cut, closed or changed under the cleaner's hands; the next round begins anew. */
export class CleaningInterrupted extends Error {
  constructor(name: string) {
    super(`Compaction of ${name} was interrupted: the log has changed.`);
    this.name = 'CleaningInterrupted';
  }
}

/** How long a round may go on without letting anything else run. */
const SLICE_MS = 10;

/**
 * Compacts one log in one round: first a map of the last offset of each key in the dirty part, then every segment below
 * its end is written anew without what a later record has replaced, neighbours together where they fit. Done in slices
 * of time, between which the log serves on.
 */
export class Cleaner {
  readonly #environment: LogEnvironment;
  readonly #mapBytes: number;
  #sliceStartMs = 0;

  constructor(environment: LogEnvironment, mapBytes: number) {
    this.#environment = environment;
    this.#mapBytes = mapBytes;
  }

  /** Rejects with CleaningInterrupted, or with what the file system or the records say. */
  async clean(log: UnifiedLog, range: CleanableRange): Promise<CleaningResult> {
    const { clock } = this.#environment;
    const startMs = clock.monotonicMs();
    this.#sliceStartMs = startMs;
    const watch = new ChangeWatch(log);
    const map = await this.#buildMap(log, range, watch);
    const endOffset = map.latestOffset + 1;
    const transactions = new CleanedTransactions();
    const rules: CleaningRules = {
      map,
      transactions,
      nowMs: clock.nowMs(),
      deleteRetentionMs: log.config.deleteRetentionMs,
      isLastOfProducer: lastOfProducer(log),
      endOffset: range.firstUncleanableOffset,
    };
    let readBytes = 0;
    let writtenBytes = 0;
    const { segments } = log.local;
    const touched = segments.inactive.filter((segment) => segment.baseOffset < endOffset);
    for (const group of groupSegments(touched, log.config, range.firstUncleanableOffset)) {
      writtenBytes += await this.#cleanGroup(log, group, rules, watch);
      readBytes += group.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    }
    return { endOffset, readBytes, writtenBytes, tookMs: clock.monotonicMs() - startMs };
  }

  async #buildMap(log: UnifiedLog, range: CleanableRange, watch: ChangeWatch): Promise<OffsetMap> {
    const map = new OffsetMap(this.#mapBytes);
    const { firstDirtyOffset, firstUncleanableOffset } = range;
    const { segments } = log.local;
    const transactions = new CleanedTransactions();
    transactions.add(abortedTransactionEntries(segments, firstDirtyOffset, firstUncleanableOffset));
    for (const segment of segments.from(firstDirtyOffset)) {
      if (segment.baseOffset >= firstUncleanableOffset) break;
      const batches = segment.scan(segment.indexedPosition(firstDirtyOffset), true);
      while (batches.next()) {
        const { bytes, at } = batches;
        if (batch.lastOffset(bytes, at) < firstDirtyOffset) continue;
        if (batch.baseOffset(bytes, at) >= firstUncleanableOffset) break;
        if (!addToMap(map, transactions, bytes, at, firstDirtyOffset)) return checkedProgress(map, log, range);
        map.updateLatestOffset(batch.lastOffset(bytes, at));
        if (this.#isSliceOver()) await this.#pause(watch);
      }
    }
    // Offsets that hold no records any more are clean too.
    map.updateLatestOffset(firstUncleanableOffset - 1);
    return map;
  }

  /** Answers the size of the new segment in bytes. */
  async #cleanGroup(
    log: UnifiedLog,
    group: readonly LogSegment[],
    rules: CleaningRules,
    watch: ChangeWatch,
  ): Promise<number> {
    const { handles, clock } = this.#environment;
    const { baseOffset } = group[0]!;
    const created = LogSegment.create(handles, log.directory, baseOffset, log.config, clock, 0, CLEANED_SUFFIX);
    const writer = new CleanedSegmentWriter(created);
    rules.transactions.transactionIndex = created.transactionIndex;
    try {
      for (const segment of group) {
        const upperOffset = log.local.segments.higher(segment.baseOffset)?.baseOffset ?? log.logEndOffset;
        rules.transactions.add(abortedTransactionEntries(log.local.segments, segment.baseOffset, upperOffset));
        await this.#cleanInto(writer, segment, rules, watch);
      }
      await writer.finish();
      watch.check();
      if (group.some((segment) => log.local.segments.floor(segment.baseOffset) !== segment)) {
        throw new CleaningInterrupted(log.name);
      }
    } catch (error) {
      // A log that was closed may belong to somebody else already; the next load removes what is left.
      if (log.isInService) created.deleteFiles();
      else created.closeFiles();
      throw error;
    }
    log.replaceSegments(created, group);
    return created.sizeBytes;
  }

  async #cleanInto(
    writer: CleanedSegmentWriter,
    segment: LogSegment,
    rules: CleaningRules,
    watch: ChangeWatch,
  ): Promise<void> {
    const batches = segment.scan(0, true, 1024 * 1024);
    while (batches.next()) {
      const { bytes, at, sizeBytes } = batches;
      const cleaned = cleanBatch(bytes, at, rules);
      if (cleaned.kind === 'keep') writer.add(bytes, at, sizeBytes);
      else if (cleaned.kind === 'rewrite') writer.add(cleaned.bytes, 0, cleaned.bytes.length);
      if (this.#isSliceOver()) await this.#pause(watch);
    }
    if (batches.scanEnd === 'torn') {
      throw new Error(`${segment.log.path} is damaged: no record batch starts at position ${batches.nextPosition}.`);
    }
  }

  #isSliceOver(): boolean {
    return this.#environment.clock.monotonicMs() - this.#sliceStartMs >= SLICE_MS;
  }

  /** Lets others run. Rejects with CleaningInterrupted when they changed what the cleaner relies on. */
  async #pause(watch: ChangeWatch): Promise<void> {
    const { clock } = this.#environment;
    await new Promise<void>((resolve) => clock.defer(resolve));
    this.#sliceStartMs = clock.monotonicMs();
    watch.check();
  }
}

/** Notices that a log was cut or closed. */
class ChangeWatch {
  readonly #log: UnifiedLog;
  readonly #truncations: number;

  constructor(log: UnifiedLog) {
    this.#log = log;
    this.#truncations = log.local.truncations;
  }

  check(): void {
    if (this.#log.isInService && this.#log.local.truncations === this.#truncations) return;
    throw new CleaningInterrupted(this.#log.name);
  }
}

/** A full map ends the round early, but a round that gets nowhere would come again and again. */
function checkedProgress(map: OffsetMap, log: UnifiedLog, range: CleanableRange): OffsetMap {
  if (map.latestOffset >= range.firstDirtyOffset) return map;
  throw new Error(`the keys of one batch of ${log.name} do not fit into the cleaner's memory`);
}

/** False when the map is full; the batch then belongs to the next round. */
function addToMap(
  map: OffsetMap,
  transactions: CleanedTransactions,
  bytes: Buffer,
  at: number,
  firstDirtyOffset: number,
): boolean {
  if (batch.isControl(bytes, at)) {
    transactions.onControlBatch(bytes, at);
    return true;
  }
  if (transactions.onBatch(bytes, at)) return true;
  const reader = new RecordReader(bytes, at);
  while (reader.next()) {
    const key = reader.key();
    if (key !== null && reader.offset >= firstDirtyOffset && !map.put(key, reader.offset)) return false;
  }
  return true;
}

/** Whether a batch holds the last sequence, or the last marker, of a producer that the log still knows. */
function lastOfProducer(log: UnifiedLog): (bytes: Buffer, at: number) => boolean {
  return (bytes, at) => {
    const entry = log.producers.entry(batch.producerId(bytes, at));
    if (entry === undefined) return false;
    const last = entry.batches.at(-1);
    if (last !== undefined) return batch.lastOffset(bytes, at) === last.lastOffset;
    return batch.isControl(bytes, at) && batch.producerEpoch(bytes, at) === entry.producerEpoch;
  };
}
