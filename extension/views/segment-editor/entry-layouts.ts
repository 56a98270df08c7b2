import type { FieldLayout } from '../../records/record-batch-layout.ts';

/** Layouts of the files beside a log, all of fixed size and big-endian; sizes and offsets in bytes. */

export const OFFSET_INDEX_ENTRY: readonly FieldLayout[] = [
  {
    name: 'relativeOffset',
    offset: 0,
    size: 4,
    kind: 'int32',
    about: 'Last offset of a batch, less the base offset of the segment.',
  },
  { name: 'position', offset: 4, size: 4, kind: 'int32', about: 'Where that batch begins in the log file.' },
];

export const TIME_INDEX_ENTRY: readonly FieldLayout[] = [
  {
    name: 'timestamp',
    offset: 0,
    size: 8,
    kind: 'int64',
    about: 'Largest timestamp up to that offset, in milliseconds.',
  },
  {
    name: 'relativeOffset',
    offset: 8,
    size: 4,
    kind: 'int32',
    about: 'Offset of that record, less the base offset of the segment.',
  },
];

export const TRANSACTION_INDEX_ENTRY: readonly FieldLayout[] = [
  { name: 'version', offset: 0, size: 2, kind: 'int16', about: 'Version of the layout: 0.' },
  { name: 'producerId', offset: 2, size: 8, kind: 'int64', about: 'Whose transaction was aborted.' },
  { name: 'firstOffset', offset: 10, size: 8, kind: 'int64', about: 'First offset of the transaction.' },
  { name: 'lastOffset', offset: 18, size: 8, kind: 'int64', about: 'Offset of the abort marker.' },
  {
    name: 'lastStableOffset',
    offset: 26,
    size: 8,
    kind: 'int64',
    about: 'Last stable offset when the transaction was aborted.',
  },
];

export const PRODUCER_SNAPSHOT_HEADER: readonly FieldLayout[] = [
  { name: 'version', offset: 0, size: 2, kind: 'int16', about: 'Version of the layout: 1.' },
  { name: 'crc', offset: 2, size: 4, kind: 'uint32', about: 'CRC-32C of what follows.' },
  { name: 'entryCount', offset: 6, size: 4, kind: 'int32', about: 'Producers that follow.' },
];

export const PRODUCER_SNAPSHOT_ENTRY: readonly FieldLayout[] = [
  { name: 'producerId', offset: 0, size: 8, kind: 'int64', about: 'The producer.' },
  { name: 'producerEpoch', offset: 8, size: 2, kind: 'int16', about: 'Its epoch.' },
  { name: 'lastSequence', offset: 10, size: 4, kind: 'int32', about: 'Sequence of its last record.' },
  { name: 'lastOffset', offset: 14, size: 8, kind: 'int64', about: 'Offset of its last record.' },
  { name: 'offsetDelta', offset: 22, size: 4, kind: 'int32', about: 'Offsets of its last batch, less one.' },
  { name: 'timestamp', offset: 26, size: 8, kind: 'int64', about: 'When it last wrote, in milliseconds.' },
  { name: 'coordinatorEpoch', offset: 34, size: 4, kind: 'int32', about: 'Epoch of its transaction coordinator.' },
  {
    name: 'currentTxnFirstOffset',
    offset: 38,
    size: 8,
    kind: 'int64',
    about: 'Where its open transaction begins; -1 without one.',
  },
];

export function layoutSize(layout: readonly FieldLayout[]): number {
  const last = layout.at(-1);
  return last === undefined ? 0 : last.offset + last.size;
}
