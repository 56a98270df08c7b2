import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { compressionName } from '../records/compression-type.ts';
import { ControlRecordType, parseControlKey, parseEndTransactionValue } from '../records/control-record.ts';
import * as batch from '../records/record-batch.ts';
import { BATCH_HEADER_SIZE } from '../records/record-batch-layout.ts';
import { checkBatchBounds } from '../records/record-batch-validator.ts';
import { RecordReader } from '../records/record-reader.ts';
import { RecordsError } from '../records/records-error.ts';
import { readKRaftControlRecord } from './dump-log-control.ts';

/** Texts of a record's key and value; null where there is none. */
export type RecordDecoder = (
  key: Buffer | null,
  value: Buffer | null,
) => { readonly key: string | null; readonly value: string | null };

/** Where a batch lies, and its bytes: the header only, or all of it. */
export interface BatchAt {
  readonly position: number;
  readonly bytes: Buffer;
  readonly sizeBytes: number;
}

/**
 * The batches of a log file from a position on. The last one may be cut off or be no batch at all: then `onTail` learns how
 * many bytes are left and why.
 */
export function* batchesOf(
  path: string,
  options: { readonly headersOnly: boolean; readonly from?: number; readonly maxBytes?: number },
  onTail: (position: number, leftBytes: number, reason: string) => void = () => undefined,
): Generator<BatchAt, void> {
  const file = openSync(path, 'r');
  try {
    const end = fstatSync(file).size;
    const limit = Math.min(end, (options.from ?? 0) + (options.maxBytes ?? Infinity));
    const header = Buffer.alloc(BATCH_HEADER_SIZE);
    for (let position = options.from ?? 0; position < limit;) {
      const read = readSync(file, header, 0, header.length, position);
      let sizeBytes: number;
      try {
        if (read < header.length) throw new RecordsError(0, 'the bytes are too few for a batch');
        sizeBytes = batch.batchSize(header, 0);
        if (sizeBytes > end - position) throw new RecordsError(0, `a batch of ${sizeBytes} bytes does not fit`);
        checkBatchBounds(header, 0, Math.max(sizeBytes, header.length));
      } catch (error) {
        if (!(error instanceof RecordsError)) throw error;
        return onTail(position, end - position, error.message);
      }
      const bytes = options.headersOnly ? Buffer.from(header) : Buffer.alloc(sizeBytes);
      if (!options.headersOnly) readSync(file, bytes, 0, sizeBytes, position);
      yield { position, bytes, sizeBytes };
      position += sizeBytes;
    }
  } finally {
    closeSync(file);
  }
}

/** The line about a batch. */
export function batchLine({ bytes, position, sizeBytes }: BatchAt): string {
  const time = batch.isLogAppendTime(bytes, 0) ? 'LogAppendTime' : 'CreateTime';
  const horizon = batch.deleteHorizonMs(bytes, 0);
  return [
    `baseOffset: ${batch.baseOffset(bytes, 0)}`,
    `lastOffset: ${batch.lastOffset(bytes, 0)}`,
    `count: ${batch.recordCount(bytes, 0)}`,
    `baseSequence: ${batch.baseSequence(bytes, 0)}`,
    `lastSequence: ${batch.lastSequence(bytes, 0)}`,
    `producerId: ${batch.producerId(bytes, 0)}`,
    `producerEpoch: ${batch.producerEpoch(bytes, 0)}`,
    `partitionLeaderEpoch: ${batch.partitionLeaderEpoch(bytes, 0)}`,
    `isTransactional: ${batch.isTransactional(bytes, 0)}`,
    `isControl: ${batch.isControl(bytes, 0)}`,
    `deleteHorizonMs: ${optionalLong(horizon)}`,
    `position: ${position}`,
    `${time}: ${batch.maxTimestamp(bytes, 0)}`,
    `size: ${sizeBytes}`,
    `magic: ${batch.magic(bytes, 0)}`,
    `compresscodec: ${compressionName(batch.codecId(bytes, 0)) ?? batch.codecId(bytes, 0)}`,
    `crc: ${batch.storedCrc(bytes, 0)}`,
    `isvalid: ${batch.hasValidCrc(bytes, 0)}`,
  ].join(' ');
}

/** As Java shows an `OptionalLong`. */
export function optionalLong(value: number | undefined): string {
  return value === undefined ? 'OptionalLong.empty' : `OptionalLong[${value}]`;
}

export interface RecordLineOptions {
  readonly printsContent: boolean;
  readonly skipsMetadata: boolean;
  readonly decode: RecordDecoder;
}

/** A line per record of a batch. Throws RecordsError when the records are damaged. */
export function* recordLines(bytes: Buffer, options: RecordLineOptions): Generator<string, void> {
  const isControl = batch.isControl(bytes, 0);
  if (isControl && options.skipsMetadata) return;
  const time = batch.isLogAppendTime(bytes, 0) ? 'LogAppendTime' : 'CreateTime';
  const firstSequence = batch.baseSequence(bytes, 0);
  const reader = new RecordReader(bytes, 0);
  while (reader.next()) {
    const sequence = firstSequence < 0 ? -1 : batch.incrementSequence(firstSequence, reader.offsetDelta);
    const parts = options.skipsMetadata
      ? []
      : [
          `offset: ${reader.offset}`,
          `${time}: ${reader.timestamp}`,
          `keySize: ${reader.keyLength}`,
          `valueSize: ${reader.valueLength}`,
          `sequence: ${sequence}`,
          `headerKeys: [${reader
            .headers()
            .map(({ key }) => key)
            .join(',')}]`,
        ];
    if (isControl) parts.push(controlText(reader.key(), reader.value()));
    else if (options.printsContent) {
      const { key, value } = options.decode(reader.key(), reader.value());
      if (key !== null) parts.push(`key: ${key}`);
      if (value !== null) parts.push(`payload: ${value}`);
    }
    yield `| ${parts.join(' ')}`;
  }
}

function controlText(key: Buffer | null, value: Buffer | null): string {
  const { type } = parseControlKey(key);
  if (type === ControlRecordType.abort || type === ControlRecordType.commit) {
    const name = type === ControlRecordType.abort ? 'ABORT' : 'COMMIT';
    return `endTxnMarker: ${name} coordinatorEpoch: ${parseEndTransactionValue(value)}`;
  }
  return readKRaftControlRecord(type, value ?? Buffer.alloc(0));
}
