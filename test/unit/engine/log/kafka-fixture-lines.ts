import { decodeProducerSnapshot } from '../../../../extension/engine/log/producer-snapshot.ts';
import type { LogSegment } from '../../../../extension/engine/log/log-segment.ts';
import type { AbortedTransactionEntry } from '../../../../extension/engine/log/transaction-index.ts';
import {
  ControlRecordType,
  parseControlKey,
  parseEndTransactionValue,
} from '../../../../extension/records/control-record.ts';
import { compressionName } from '../../../../extension/records/compression-type.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { RecordReader } from '../../../../extension/records/record-reader.ts';

/** What we read, in the words of DumpLogSegments: each function answers what its lines say of one file. */

const optional = (value: number | undefined): string =>
  value === undefined || value < 0 ? 'OptionalLong.empty' : `OptionalLong[${value}]`;

/** A line for each batch and for each record; `content` says what follows the header keys. */
export function logLines(
  segment: LogSegment,
  content: (key: Buffer | null, value: Buffer | null) => string = textContent,
): string[] {
  const lines = [`Log starting offset: ${segment.baseOffset}`];
  const scanner = segment.scan(0, true);
  while (scanner.next()) {
    const { bytes, at, position, sizeBytes } = scanner;
    lines.push(batchLine(bytes, at, position, sizeBytes), ...recordLines(bytes, at, content));
  }
  return lines;
}

function batchLine(b: Buffer, at: number, position: number, sizeBytes: number): string {
  const fields = {
    baseOffset: batch.baseOffset(b, at),
    lastOffset: batch.lastOffset(b, at),
    count: batch.recordCount(b, at),
    baseSequence: batch.baseSequence(b, at),
    lastSequence: batch.lastSequence(b, at),
    producerId: batch.producerId(b, at),
    producerEpoch: batch.producerEpoch(b, at),
    partitionLeaderEpoch: batch.partitionLeaderEpoch(b, at),
    isTransactional: batch.isTransactional(b, at),
    isControl: batch.isControl(b, at),
    deleteHorizonMs: optional(batch.deleteHorizonMs(b, at)),
    position,
    [timeName(b, at)]: batch.maxTimestamp(b, at),
    size: sizeBytes,
    magic: batch.magic(b, at),
    compresscodec: compressionName(batch.codecId(b, at)),
    crc: batch.computeCrc(b, at),
    isvalid: batch.hasValidCrc(b, at),
  };
  return line(fields);
}

const timeName = (b: Buffer, at: number): string => (batch.isLogAppendTime(b, at) ? 'LogAppendTime' : 'CreateTime');

function line(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' ');
}

function recordLines(b: Buffer, at: number, content: (key: Buffer | null, value: Buffer | null) => string): string[] {
  const lines: string[] = [];
  const baseSequence = batch.baseSequence(b, at);
  const reader = new RecordReader(b, at);
  while (reader.next()) {
    const fields = line({
      offset: reader.offset,
      [timeName(b, at)]: reader.timestamp,
      keySize: reader.keyLength,
      valueSize: reader.valueLength,
      sequence: baseSequence < 0 ? -1 : batch.incrementSequence(baseSequence, reader.offsetDelta),
    });
    const names = reader.headers().map(({ key }) => key);
    const rest = (batch.isControl(b, at) ? markerContent : content)(reader.key(), reader.value());
    lines.push(`| ${fields} headerKeys: [${names.join(',')}]${rest === '' ? '' : ` ${rest}`}`);
  }
  return lines;
}

function textContent(key: Buffer | null, value: Buffer | null): string {
  const parts = [key === null ? [] : [`key: ${String(key)}`], value === null ? [] : [`payload: ${String(value)}`]];
  return parts.flat().join(' ');
}

function markerContent(key: Buffer | null, value: Buffer | null): string {
  const name = parseControlKey(key).type === ControlRecordType.abort ? 'ABORT' : 'COMMIT';
  return `endTxnMarker: ${name} coordinatorEpoch: ${parseEndTransactionValue(value)}`;
}

export function offsetIndexLines(segment: LogSegment): string[] {
  const { file } = segment.offsetIndex;
  return Array.from({ length: file.count }, (_, index) => {
    const entry = file.entry(index);
    return `offset: ${segment.baseOffset + entry.readInt32BE(0)} position: ${entry.readInt32BE(4)}`;
  });
}

export function timeIndexLines(segment: LogSegment): string[] {
  const { file } = segment.timeIndex;
  return Array.from({ length: file.count }, (_, index) => {
    const entry = file.entry(index);
    return `timestamp: ${entry.readBigInt64BE(0)} offset: ${segment.baseOffset + entry.readInt32BE(8)}`;
  });
}

export function transactionIndexLines(entries: readonly AbortedTransactionEntry[]): string[] {
  return entries.map(({ producerId, firstOffset, lastOffset, lastStableOffset }) =>
    line({ version: 0, producerId, firstOffset, lastOffset, lastStableOffset }),
  );
}

export function snapshotLines(bytes: Buffer): string[] {
  return decodeProducerSnapshot(bytes).map((entry) => {
    const last = entry.batches[0];
    return line({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnFirstOffset: optional(entry.currentTransactionFirstOffset),
      lastTimestamp: entry.lastTimestampMs,
      ...(last === undefined
        ? {}
        : {
            firstSequence: last.lastSequence - last.offsetDelta,
            lastSequence: last.lastSequence,
            lastOffset: last.lastOffset,
            offsetDelta: last.offsetDelta,
            timestamp: last.timestampMs,
          }),
    });
  });
}

/** Offset, key, value and headers of each record of a segment, as `contentsOf` has them. */
export function contentLines(segment: LogSegment, name: string): string[] {
  const lines: string[] = [];
  const scanner = segment.scan(0, true);
  while (scanner.next()) {
    const reader = new RecordReader(scanner.bytes, scanner.at);
    while (reader.next()) {
      const headers = reader.headers().map(({ key, value }) => `${hex(Buffer.from(key))}=${hex(value)}`);
      lines.push([name, reader.offset, hex(reader.key()), hex(reader.value()), ...headers].join(' '));
    }
  }
  return lines;
}

const hex = (bytes: Buffer | null): string => (bytes === null ? '-' : bytes.toString('hex'));
