import { ErrorCode } from '../../protocol/errors.ts';
import { ControlRecordType, parseControlKey, parseEndTransactionValue } from '../../records/control-record.ts';
import * as batch from '../../records/record-batch.ts';
import { RecordReader } from '../../records/record-reader.ts';
import { RecordsError } from '../../records/records-error.ts';
import { appendData, appendMarker, emptyEntry } from './producer-state-entry.ts';
import type { CompletedTransaction, ProducerStateEntry } from './producer-state-entry.ts';
import type { ProducerStateManager } from './producer-state-manager.ts';
import type { TransactionIndex } from './transaction-index.ts';
import type { PendingVerification } from './transaction-verification.ts';

/** The next state of a producer, and the transaction that ended with it. */
export interface ProducerUpdate {
  readonly entry: ProducerStateEntry;
  readonly completed: CompletedTransaction | undefined;
}

/** How much is checked: a client's batch, one of a coordinator (epochs only), or what a leader has checked already. */
export type ProducerChecks = 'client' | 'epoch' | 'none';

/**
 * What the batch at `at`, which starts at `firstOffset`, does to its producer; undefined when it has none.
 *
 * @throws ApiError as producer-state-entry.ts; RecordsError for a marker that cannot be read
 */
export function producerUpdate(
  known: ProducerStateEntry | undefined,
  bytes: Buffer,
  at: number,
  firstOffset: number,
  checks: ProducerChecks,
  transactionVersion = 0,
  verification?: PendingVerification,
): ProducerUpdate | undefined {
  const producerId = batch.producerId(bytes, at);
  if (producerId < 0) return undefined;
  const entry = known ?? emptyEntry(producerId);
  const producerEpoch = batch.producerEpoch(bytes, at);
  if (batch.isControl(bytes, at)) {
    const marker = readMarker(bytes, at);
    if (marker === undefined) return undefined;
    return appendMarker(
      entry,
      { ...marker, producerId, producerEpoch, offset: firstOffset, transactionVersion },
      checks !== 'none',
    );
  }
  const data = {
    producerId,
    producerEpoch,
    firstSequence: batch.baseSequence(bytes, at),
    lastSequence: batch.lastSequence(bytes, at),
    firstOffset,
    lastOffset: firstOffset + batch.lastOffsetDelta(bytes, at),
    timestampMs: batch.maxTimestamp(bytes, at),
    isTransactional: batch.isTransactional(bytes, at),
  };
  return { entry: appendData(entry, data, checks, verification), completed: undefined };
}

/** The transaction marker in a control batch; undefined when compaction has emptied it. */
function readMarker(
  bytes: Buffer,
  at: number,
): { isAbort: boolean; coordinatorEpoch: number; timestampMs: number } | undefined {
  const reader = new RecordReader(bytes, at);
  if (!reader.next()) return undefined;
  const { type } = parseControlKey(reader.key());
  if (type !== ControlRecordType.abort && type !== ControlRecordType.commit) {
    throw new RecordsError(ErrorCode.INVALID_RECORD, `Control record type ${type} cannot end a transaction.`);
  }
  return {
    isAbort: type === ControlRecordType.abort,
    coordinatorEpoch: parseEndTransactionValue(reader.value()),
    timestampMs: reader.timestamp,
  };
}

/** Takes an update over; an aborted transaction is noted in the index of the segment that holds its marker. */
export function applyProducerUpdate(
  state: ProducerStateManager,
  { entry, completed }: ProducerUpdate,
  transactionIndex: TransactionIndex | undefined,
): void {
  state.update(entry);
  if (completed === undefined) return;
  if (completed.isAborted) {
    transactionIndex?.append({
      producerId: completed.producerId,
      firstOffset: completed.firstOffset,
      lastOffset: completed.lastOffset,
      lastStableOffset: state.lastStableOffsetAfter(completed),
    });
  }
  state.complete(completed);
}

/** Follows a batch that lies in the log already: recovery, and rebuilding the state from a snapshot on. */
export function replayBatch(
  state: ProducerStateManager,
  bytes: Buffer,
  at: number,
  transactionIndex?: TransactionIndex,
): void {
  const known = state.entry(batch.producerId(bytes, at));
  const update = producerUpdate(known, bytes, at, batch.baseOffset(bytes, at), 'none');
  if (update !== undefined) applyProducerUpdate(state, update, transactionIndex);
  state.updateMapEndOffset(batch.lastOffset(bytes, at) + 1);
}
