import type { FileSystem } from '../common/file-system.ts';
import type { Logger } from '../common/logger.ts';
import { fileName, offsetOfFile, PRODUCER_SNAPSHOT_SUFFIX } from './log-file-names.ts';
import type { ActiveProducer } from './partition-log.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot, ProducerSnapshotError } from './producer-snapshot.ts';
import { lastSequenceOf } from './producer-state-entry.ts';
import type { CompletedTransaction, ProducerStateEntry } from './producer-state-entry.ts';
import { TransactionVerifications } from './transaction-verification.ts';

/** A transaction without marker so far. */
interface OngoingTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** The state before a turn of appends, to go back to when its write fails. */
export interface ProducerStateMark {
  readonly mapEndOffset: number;
  readonly ongoing: readonly OngoingTransaction[];
  readonly unreplicated: readonly CompletedTransaction[];
}

/**
 * What a partition knows of its producers: entries by producer id, transactions that are open, and those that ended but
 * whose markers are not replicated yet. It follows the log: `mapEndOffset` is the offset up to which it does. Snapshots
 * let it be made again without reading the whole log.
 */
export class ProducerStateManager {
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;
  readonly #expirationMs: number;
  readonly verifications = new TransactionVerifications();
  #directory: string;
  #producers = new Map<number, ProducerStateEntry>();
  /** By first offset. Never changed in place. */
  #ongoing: readonly OngoingTransaction[] = [];
  /** By first offset. Never changed in place. */
  #unreplicated: readonly CompletedTransaction[] = [];
  #mapEndOffset = 0;
  #lastSnapshotOffset = 0;
  /** Offsets of the snapshot files, ascending. */
  #snapshots: number[] = [];
  #inTurn = false;
  /** Entries as they were when the turn began, of the producers that it touched. */
  #undo: Map<number, ProducerStateEntry | undefined> | undefined;

  constructor(fileSystem: FileSystem, directory: string, expirationMs: number, logger: Logger) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#expirationMs = expirationMs;
    this.#logger = logger;
  }

  get mapEndOffset(): number {
    return this.#mapEndOffset;
  }

  get isEmpty(): boolean {
    return this.#producers.size === 0 && this.#unreplicated.length === 0;
  }

  get latestSnapshotOffset(): number | undefined {
    return this.#snapshots.at(-1);
  }

  /** Where the first transaction begins that is open, or whose marker is not replicated; undefined without one. */
  get firstUnstableOffset(): number | undefined {
    const ongoing = this.#ongoing[0]?.firstOffset;
    const unreplicated = this.#unreplicated[0]?.firstOffset;
    return ongoing === undefined || unreplicated === undefined
      ? (ongoing ?? unreplicated)
      : Math.min(ongoing, unreplicated);
  }

  entry(producerId: number): ProducerStateEntry | undefined {
    return this.#producers.get(producerId);
  }

  /** Whether a transaction of this very epoch is open here. */
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#producers.get(producerId);
    return entry?.producerEpoch === producerEpoch && entry.currentTransactionFirstOffset >= 0;
  }

  activeProducers(): ActiveProducer[] {
    return Array.from(this.#producers.values(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: lastSequenceOf(entry),
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.currentTransactionFirstOffset,
    }));
  }

  /** Takes the next state of a producer, as producer-state-entry.ts made it. */
  update(entry: ProducerStateEntry): void {
    const before = this.#producers.get(entry.producerId);
    if (this.#inTurn) {
      this.#undo ??= new Map();
      if (!this.#undo.has(entry.producerId)) this.#undo.set(entry.producerId, before);
    }
    this.#producers.set(entry.producerId, entry);
    const firstOffset = entry.currentTransactionFirstOffset;
    if (firstOffset >= 0 && before?.currentTransactionFirstOffset !== firstOffset) {
      this.#ongoing = insert(this.#ongoing, { producerId: entry.producerId, firstOffset });
    }
  }

  /** A marker ended a transaction; it stays unstable until the marker is replicated. */
  complete(transaction: CompletedTransaction): void {
    this.#ongoing = this.#ongoing.filter((ongoing) => ongoing.firstOffset !== transaction.firstOffset);
    this.#unreplicated = insert(this.#unreplicated, transaction);
  }

  /** The last stable offset once `transaction` has ended: where the next open one begins, or behind its marker. */
  lastStableOffsetAfter(transaction: CompletedTransaction): number {
    const next = this.#ongoing.find((ongoing) => ongoing.firstOffset !== transaction.firstOffset);
    return next?.firstOffset ?? transaction.lastOffset + 1;
  }

  updateMapEndOffset(offset: number): void {
    this.#mapEndOffset = offset;
  }

  /** Markers below the high watermark are replicated. */
  onHighWatermarkUpdated(highWatermark: number): void {
    if (this.#unreplicated.length === 0) return;
    this.#unreplicated = this.#unreplicated.filter((transaction) => transaction.lastOffset >= highWatermark);
  }

  onLogStartOffsetIncremented(logStartOffset: number): void {
    if (this.#unreplicated.length > 0) {
      this.#unreplicated = this.#unreplicated.filter((transaction) => transaction.lastOffset >= logStartOffset);
    }
    if (this.#mapEndOffset < logStartOffset) this.#mapEndOffset = logStartOffset;
    this.#lastSnapshotOffset = this.latestSnapshotOffset ?? logStartOffset;
  }

  /** A turn of appends begins: changes are noted until {@link endTurn} or {@link restore}. */
  beginTurn(): ProducerStateMark {
    this.#inTurn = true;
    return { mapEndOffset: this.#mapEndOffset, ongoing: this.#ongoing, unreplicated: this.#unreplicated };
  }

  endTurn(): void {
    this.#inTurn = false;
    this.#undo = undefined;
  }

  restore(mark: ProducerStateMark): void {
    for (const [producerId, entry] of this.#undo ?? []) {
      if (entry === undefined) this.#producers.delete(producerId);
      else this.#producers.set(producerId, entry);
    }
    this.endTurn();
    this.#mapEndOffset = mark.mapEndOffset;
    this.#ongoing = mark.ongoing;
    this.#unreplicated = mark.unreplicated;
  }

  /** Forgets producers that were quiet for long and have no open transaction. */
  removeExpired(nowMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (this.#isExpired(entry, nowMs)) this.#producers.delete(producerId);
    }
    this.verifications.removeExpired(nowMs, this.#expirationMs);
  }

  #isExpired(entry: ProducerStateEntry, nowMs: number): boolean {
    return entry.currentTransactionFirstOffset < 0 && nowMs - entry.lastTimestampMs >= this.#expirationMs;
  }

  /** Takes note of the snapshot files of a folder, as `readdir` named them. */
  loadSnapshotNames(fileNames: readonly string[]): void {
    const offsets: number[] = [];
    for (const name of fileNames) {
      const offset = offsetOfFile(name);
      if (offset !== undefined && name === fileName(offset, PRODUCER_SNAPSHOT_SUFFIX)) offsets.push(offset);
    }
    this.#snapshots = offsets.sort((a, b) => a - b);
  }

  /** Deletes the snapshots that no segment starts with, the latest one excepted. */
  removeStraySnapshots(segmentOffsets: ReadonlySet<number>): void {
    const latest = this.latestSnapshotOffset;
    for (const offset of [...this.#snapshots]) {
      if (offset !== latest && !segmentOffsets.has(offset)) this.deleteSnapshot(offset);
    }
  }

  /**
   * Goes back to the latest snapshot between the two offsets; damaged ones are deleted on the way. Afterwards the log
   * from {@link mapEndOffset} on must be applied.
   */
  truncateAndReload(logStartOffset: number, logEndOffset: number, nowMs: number): void {
    for (const offset of [...this.#snapshots]) {
      if (offset > logEndOffset || offset <= logStartOffset) this.deleteSnapshot(offset);
    }
    if (logEndOffset === this.#mapEndOffset) return this.onLogStartOffsetIncremented(logStartOffset);
    this.#clear();
    for (;;) {
      const offset = this.latestSnapshotOffset;
      if (offset === undefined) {
        this.#mapEndOffset = logStartOffset;
        this.#lastSnapshotOffset = logStartOffset;
        return;
      }
      const entries = this.#read(offset);
      if (entries === undefined) continue;
      for (const entry of entries) if (!this.#isExpired(entry, nowMs)) this.update(entry);
      this.#mapEndOffset = offset;
      this.#lastSnapshotOffset = offset;
      return;
    }
  }

  #clear(): void {
    this.#producers.clear();
    this.#ongoing = [];
    this.#unreplicated = [];
    this.endTurn();
  }

  #read(offset: number): ProducerStateEntry[] | undefined {
    try {
      return decodeProducerSnapshot(this.#fileSystem.readFileSync(this.#path(offset)));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!(error instanceof ProducerSnapshotError) && !isMissing) throw error;
      this.#logger.warn(`Producer snapshot ${this.#path(offset)} is damaged and is left out: ${String(error)}`);
      this.deleteSnapshot(offset);
      return undefined;
    }
  }

  truncateFullyAndStartAt(offset: number): void {
    this.#clear();
    for (const snapshot of [...this.#snapshots]) this.deleteSnapshot(snapshot);
    this.#mapEndOffset = offset;
    this.#lastSnapshotOffset = offset;
  }

  /** Writes the state at {@link mapEndOffset}, unless there is a snapshot of it. */
  takeSnapshot(): void {
    if (this.#mapEndOffset <= this.#lastSnapshotOffset) return;
    const content = encodeProducerSnapshot([...this.#producers.values()]);
    this.#write(this.#path(this.#mapEndOffset), content);
    this.#lastSnapshotOffset = this.#mapEndOffset;
    if (this.latestSnapshotOffset !== this.#mapEndOffset) this.#snapshots.push(this.#mapEndOffset);
  }

  /** In place, as Kafka does: a snapshot has a checksum, and one that was torn is left out. */
  #write(path: string, content: Buffer): void {
    const file = this.#fileSystem.openSync(path, 'create');
    try {
      if (file.sizeSync() > content.length) file.truncateSync(content.length);
      file.writeSync([content], 0);
    } finally {
      file.close();
    }
  }

  /** The segment that starts there goes away. */
  deleteSnapshot(offset: number): void {
    const index = this.#snapshots.indexOf(offset);
    if (index < 0) return;
    this.#snapshots.splice(index, 1);
    this.#fileSystem.unlinkSync(this.#path(offset));
  }

  #path(offset: number): string {
    return `${this.#directory}/${fileName(offset, PRODUCER_SNAPSHOT_SUFFIX)}`;
  }

  moved(directory: string): void {
    this.#directory = directory;
  }
}

function insert<T extends { readonly firstOffset: number }>(list: readonly T[], item: T): readonly T[] {
  const index = list.findIndex((other) => other.firstOffset > item.firstOffset);
  return index < 0 ? [...list, item] : list.toSpliced(index, 0, item);
}
