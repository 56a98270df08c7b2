import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import type { LogSegments } from './log-segments.ts';
import type { AbortedTransaction } from './partition-log.ts';
import type { AbortedTransactionEntry } from './transaction-index.ts';

/** The transactions that were aborted between two offsets (the upper one excluded), over all segments. */
export function abortedTransactions(
  segments: LogSegments,
  startOffset: number,
  upperBoundOffset: number,
): AbortedTransaction[] {
  return abortedTransactionEntries(segments, startOffset, upperBoundOffset).map(({ producerId, firstOffset }) => ({
    producerId,
    firstOffset,
  }));
}

/** The same, as the indexes have them. */
export function abortedTransactionEntries(
  segments: LogSegments,
  startOffset: number,
  upperBoundOffset: number,
): AbortedTransactionEntry[] {
  const found: AbortedTransactionEntry[] = [];
  for (const segment of segments.from(startOffset)) {
    if (segment.transactionIndex.collect(startOffset, upperBoundOffset, found)) break;
  }
  return found;
}

/** The offset after the last batch in slices that were read, a cut-off one included. */
export function endOffsetOf(records: readonly Buffer[], startOffset: number): number {
  let end = startOffset;
  for (const slice of records) {
    for (let at = 0; at + BATCH_HEADER_SIZE <= slice.length; at += batch.batchSize(slice, at)) {
      end = batch.lastOffset(slice, at) + 1;
    }
  }
  return end;
}
