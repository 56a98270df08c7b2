import { asText } from '../../shared/bytes-text.ts';
import type { SegmentFileKind } from '../../shared/segment-contract.ts';
import { CURRENT_MAGIC, HEADER_SIZE_UP_TO_MAGIC, MAGIC_AT } from '../../records/record-batch-layout.ts';
import { EntriesStructure } from './entries-structure.ts';
import { offsetIndexFormat, producerSnapshotFormat, timeIndexFormat, transactionIndexFormat } from './entry-formats.ts';
import { knownRecordsOf } from './known-records.ts';
import { LogStructure } from './log-structure.ts';
import type { SegmentBytes } from './segment-bytes.ts';
import type { SegmentName } from './segment-name.ts';
import { NO_STRUCTURE } from './structure.ts';
import type { Structure } from './structure.ts';
import { TextStructure, lineLabel } from './text-structure.ts';

/** A producer snapshot is read whole for its checksum; larger ones go without structure. */
const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;
const SNIFFED_BYTES = 512;

/** What a file turned out to be, and the reader of its structure. */
export interface OpenedStructure {
  readonly kind: SegmentFileKind;
  readonly structure: Structure;
}

/** Chooses by the file's name, and where that says nothing, by how the file begins. */
export async function openStructure(
  file: SegmentBytes,
  name: SegmentName,
  fileName: string,
  sizeBytes: number,
): Promise<OpenedStructure> {
  const kind = name.kind === 'unknown' ? await sniff(file, sizeBytes) : name.kind;
  return { kind, structure: await structureOf(file, { ...name, kind }, fileName, sizeBytes) };
}

async function structureOf(
  file: SegmentBytes,
  name: SegmentName,
  fileName: string,
  sizeBytes: number,
): Promise<Structure> {
  const { kind, topic, baseOffset = 0 } = name;
  switch (kind) {
    case 'log':
    case 'checkpoint':
      return new LogStructure(file, knownRecordsOf(topic, kind === 'checkpoint'));
    case 'index':
      return new EntriesStructure(file, offsetIndexFormat(baseOffset));
    case 'timeindex':
      return new EntriesStructure(file, timeIndexFormat(baseOffset));
    case 'txnindex':
      return new EntriesStructure(file, transactionIndexFormat);
    case 'snapshot':
      if (sizeBytes > MAX_SNAPSHOT_BYTES) return NO_STRUCTURE;
      return new EntriesStructure(file, producerSnapshotFormat(await file.read(0, sizeBytes)));
    case 'textCheckpoint':
    case 'text':
      return new TextStructure(file, lineLabel(kind, fileName));
    case 'unknown':
      return NO_STRUCTURE;
  }
}

async function sniff(file: SegmentBytes, sizeBytes: number): Promise<SegmentFileKind> {
  const bytes = await file.read(0, Math.min(sizeBytes, SNIFFED_BYTES));
  if (bytes.length >= HEADER_SIZE_UP_TO_MAGIC && bytes[MAGIC_AT] === CURRENT_MAGIC) {
    const length = bytes.readInt32BE(8);
    if (length > 48 && length + 12 <= sizeBytes) return 'log';
  }
  const isText =
    bytes.length > 0 && asText(bytes.subarray(0, bytes.length < SNIFFED_BYTES ? undefined : -4)) !== undefined;
  return isText ? 'text' : 'unknown';
}
