import { ControlRecordType, parseControlKey } from '../../records/control-record.ts';
import * as batch from '../../records/record-batch.ts';
import { RecordReader } from '../../records/record-reader.ts';
import type { AbortedTransactionEntry, TransactionIndex } from './transaction-index.ts';

/** An aborted transaction, while the cleaner is between its first record and its marker. */
interface OngoingAbort {
  readonly entry: AbortedTransactionEntry;
  /** A batch of it was seen, so that its marker is still needed. */
  hasBatch: boolean;
}

/**
 * Which batches belong to aborted transactions, and whether a marker still has records before it. Fed with the batches of
 * a log in order.
 */
export class CleanedTransactions {
  /** To come, by first offset. */
  #aborted: AbortedTransactionEntry[] = [];
  readonly #ongoingAborts = new Map<number, OngoingAbort>();
  /** Producers with a committed transaction of which batches were seen. */
  readonly #ongoingCommits = new Set<number>();
  /** Where aborted transactions that keep their marker are noted; undefined while only the map is built. */
  transactionIndex: TransactionIndex | undefined;

  /** More of what the log's transaction indexes say. */
  add(aborted: readonly AbortedTransactionEntry[]): void {
    const known = new Set(this.#aborted.map((entry) => entry.firstOffset));
    const more = aborted.filter((entry) => !known.has(entry.firstOffset) && !this.#isOngoing(entry));
    this.#aborted = [...this.#aborted, ...more].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  #isOngoing(entry: AbortedTransactionEntry): boolean {
    return this.#ongoingAborts.get(entry.producerId)?.entry.firstOffset === entry.firstOffset;
  }

  #startAbortsUpTo(offset: number): void {
    while (this.#aborted.length > 0 && this.#aborted[0]!.firstOffset <= offset) {
      const entry = this.#aborted.shift()!;
      if (!this.#ongoingAborts.has(entry.producerId)) {
        this.#ongoingAborts.set(entry.producerId, { entry, hasBatch: false });
      }
    }
  }

  /** A data batch passes by; true when its transaction was aborted, so that nobody needs its records. */
  onBatch(bytes: Buffer, at: number): boolean {
    this.#startAbortsUpTo(batch.lastOffset(bytes, at));
    if (!batch.isTransactional(bytes, at)) return false;
    const producerId = batch.producerId(bytes, at);
    const aborted = this.#ongoingAborts.get(producerId);
    if (aborted !== undefined) {
      aborted.hasBatch = true;
      return true;
    }
    this.#ongoingCommits.add(producerId);
    return false;
  }

  /** A control batch passes by; true when nothing of its transaction is left, so that it may go in time. */
  onControlBatch(bytes: Buffer, at: number): boolean {
    this.#startAbortsUpTo(batch.lastOffset(bytes, at));
    const reader = new RecordReader(bytes, at);
    // Emptied by an earlier round.
    if (!reader.next()) return true;
    const producerId = batch.producerId(bytes, at);
    switch (parseControlKey(reader.key()).type) {
      case ControlRecordType.abort: {
        const aborted = this.#ongoingAborts.get(producerId);
        this.#ongoingAborts.delete(producerId);
        if (aborted?.hasBatch !== true) return true;
        this.transactionIndex?.append(aborted.entry);
        return false;
      }
      case ControlRecordType.commit:
        return !this.#ongoingCommits.delete(producerId);
      default:
        return false;
    }
  }
}
