import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { PendingVerification } from './transaction-verification.ts';

/** One of the last batches of a producer, to know it again. */
export interface ProducerBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  /** Last minus first offset, and last minus first sequence. */
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

/** What a partition knows of one producer. Never changed: an append makes the next one. */
export interface ProducerStateEntry {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** At most five, oldest first; empty right after a new epoch began with a transaction marker. */
  readonly batches: readonly ProducerBatch[];
  readonly lastTimestampMs: number;
  /** Of the last transaction marker; -1 before the first. */
  readonly coordinatorEpoch: number;
  /** Where its open transaction began; -1 without one. */
  readonly currentTransactionFirstOffset: number;
}

/** A data batch as a header says it, with the offsets that it gets. */
export interface DataBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly timestampMs: number;
  readonly isTransactional: boolean;
}

/** A transaction marker and where it goes. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly isAbort: boolean;
  readonly offset: number;
  readonly timestampMs: number;
  /** 2: the marker's epoch is past that of the transaction (KIP-890). */
  readonly transactionVersion: number;
}

/** A transaction that its marker ended. Offsets are inclusive, the last one is the marker's. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly isAborted: boolean;
}

const BATCHES_KEPT = 5;
const NO_EPOCH = -1;
const NO_OFFSET = -1;
const MAX_EPOCH = 0x7fff;

export function emptyEntry(producerId: number): ProducerStateEntry {
  return {
    producerId,
    producerEpoch: NO_EPOCH,
    batches: [],
    lastTimestampMs: -1,
    coordinatorEpoch: -1,
    currentTransactionFirstOffset: NO_OFFSET,
  };
}

/** The sequence of the last record that was taken, -1 for none. */
export function lastSequenceOf(entry: ProducerStateEntry): number {
  return entry.batches.at(-1)?.lastSequence ?? -1;
}

/** The batch among the last five that has exactly these sequences: a retry of what was appended before. */
export function findDuplicate(
  entry: ProducerStateEntry,
  producerEpoch: number,
  firstSequence: number,
  lastSequence: number,
): ProducerBatch | undefined {
  if (producerEpoch !== entry.producerEpoch) return undefined;
  return entry.batches.find((known) => known.lastSequence === lastSequence && firstSequenceOf(known) === firstSequence);
}

function firstSequenceOf(batch: ProducerBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + 0x8000_0000 : first;
}

/**
 * The entry after a data batch. With `checks` as for a client's batch: the epoch must not be an older one, the sequence
 * must follow the last one, and start at 0 in a new epoch. `verification`: the transaction that begins is being verified.
 *
 * @throws ApiError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE
 */
export function appendData(
  entry: ProducerStateEntry,
  data: DataBatch,
  checks: 'client' | 'epoch' | 'none',
  verification?: PendingVerification,
): ProducerStateEntry {
  if (checks !== 'none') {
    checkEpoch(entry, data.producerEpoch);
    if (checks === 'client') {
      if (verification !== undefined) checkVerified(entry, data, verification);
      checkSequence(entry, data);
    }
    if (entry.currentTransactionFirstOffset !== NO_OFFSET && !data.isTransactional) {
      throw new ApiError(
        ErrorCode.INVALID_TXN_STATE,
        `Expected transactional write from producer with id ${data.producerId}: its transaction is open.`,
      );
    }
  }
  const known = data.producerEpoch === entry.producerEpoch ? entry.batches : [];
  const latest: ProducerBatch = {
    lastSequence: data.lastSequence,
    lastOffset: data.lastOffset,
    offsetDelta: data.lastOffset - data.firstOffset,
    timestampMs: data.timestampMs,
  };
  const startsTransaction = data.isTransactional && entry.currentTransactionFirstOffset === NO_OFFSET;
  return {
    producerId: entry.producerId,
    producerEpoch: data.producerEpoch,
    batches: known.length < BATCHES_KEPT ? [...known, latest] : [...known.slice(1 - BATCHES_KEPT), latest],
    lastTimestampMs: data.timestampMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTransactionFirstOffset: startsTransaction ? data.firstOffset : entry.currentTransactionFirstOffset,
  };
}

/** Throws ApiError INVALID_PRODUCER_EPOCH where a later epoch was seen. */
export function checkEpoch(entry: ProducerStateEntry, producerEpoch: number): void {
  if (producerEpoch >= entry.producerEpoch) return;
  throw new ApiError(
    ErrorCode.INVALID_PRODUCER_EPOCH,
    `Epoch of producer ${entry.producerId} is ${producerEpoch}, which is smaller than the last seen epoch ` +
      `${entry.producerEpoch}.`,
  );
}

/** The first batch of a transaction must not overtake others that are being verified, and begin at 0 where epochs tell. */
function checkVerified(entry: ProducerStateEntry, data: DataBatch, verification: PendingVerification): void {
  const { producerId, firstSequence } = data;
  if (verification.supportsEpochBump && firstSequence !== 0 && entry.batches.length === 0) {
    throw outOfOrder(
      `Invalid sequence number for producer ${producerId}: ${firstSequence} (incoming seq. number); without earlier ` +
        `batches its transaction must begin at 0`,
    );
  }
  if (firstSequence > verification.lowestSequence) {
    throw outOfOrder(
      `Out of order sequence number for producer ${producerId}: ${firstSequence} (incoming seq. number), ` +
        `${verification.lowestSequence} (earliest seen sequence)`,
    );
  }
}

function checkSequence(entry: ProducerStateEntry, data: DataBatch): void {
  const { producerId, producerEpoch, firstSequence } = data;
  // Nothing is known (retention, DeleteRecords, expiry): any sequence will do.
  if (entry.producerEpoch === NO_EPOCH) return;
  if (producerEpoch !== entry.producerEpoch) {
    if (firstSequence === 0) return;
    throw outOfOrder(
      `Invalid sequence number for new epoch of producer ${producerId}: ${producerEpoch} (request epoch), ` +
        `${firstSequence} (seq. number), ${entry.producerEpoch} (current producer epoch)`,
    );
  }
  const last = lastSequenceOf(entry);
  if (firstSequence === last + 1 || (firstSequence === 0 && last === 0x7fffffff)) return;
  throw outOfOrder(
    `Out of order sequence number for producer ${producerId}: ${firstSequence} (incoming seq. number), ` +
      `${last} (current end sequence number)`,
  );
}

function outOfOrder(message: string): ApiError {
  return new ApiError(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message);
}

/**
 * The entry after a transaction marker, and the transaction that it ended, if one was open.
 *
 * @throws ApiError INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED (neither with `checks` false)
 */
export function appendMarker(
  entry: ProducerStateEntry,
  marker: TransactionMarker,
  checks: boolean,
): { readonly entry: ProducerStateEntry; readonly completed: CompletedTransaction | undefined } {
  if (checks) checkMarker(entry, marker);
  const firstOffset = entry.currentTransactionFirstOffset;
  const completed =
    firstOffset === NO_OFFSET
      ? undefined
      : { producerId: marker.producerId, firstOffset, lastOffset: marker.offset, isAborted: marker.isAbort };
  const next: ProducerStateEntry = {
    producerId: entry.producerId,
    producerEpoch: marker.producerEpoch,
    batches: marker.producerEpoch === entry.producerEpoch ? entry.batches : [],
    lastTimestampMs: marker.timestampMs,
    coordinatorEpoch: marker.coordinatorEpoch,
    currentTransactionFirstOffset: NO_OFFSET,
  };
  return { entry: next, completed };
}

function checkMarker(entry: ProducerStateEntry, marker: TransactionMarker): void {
  const isRetry =
    marker.transactionVersion >= 2 &&
    marker.producerEpoch === entry.producerEpoch &&
    (entry.currentTransactionFirstOffset === NO_OFFSET || marker.producerEpoch === MAX_EPOCH);
  const isFenced =
    marker.transactionVersion >= 2
      ? marker.producerEpoch <= entry.producerEpoch
      : marker.producerEpoch < entry.producerEpoch;
  if (isFenced && !isRetry) {
    throw new ApiError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `Epoch of a transaction marker for producer ${entry.producerId} is ${marker.producerEpoch}, the last seen ` +
        `epoch ${entry.producerEpoch}.`,
    );
  }
  if (entry.coordinatorEpoch > marker.coordinatorEpoch) {
    throw new ApiError(
      ErrorCode.TRANSACTION_COORDINATOR_FENCED,
      `Invalid coordinator epoch for producer ${entry.producerId}: ${marker.coordinatorEpoch} (zombie), ` +
        `${entry.coordinatorEpoch} (current)`,
    );
  }
}
