/**
 * Record batch, version 2 (KIP-98). All integers are big-endian. `batchLength` counts what follows it; `crc` is the
 * CRC-32C of everything from `attributes` on, so that a broker may set `baseOffset` and `partitionLeaderEpoch` without
 * touching it. The records start at 61 and are compressed as one block when the codec bits say so.
 */

export type FieldKind = 'int8' | 'int16' | 'int32' | 'uint32' | 'int64';

/** One field of a fixed layout: where it lies, relative to the start of the structure. Offsets and sizes in bytes. */
export interface FieldLayout {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly kind: FieldKind;
  readonly about: string;
}

export const BASE_OFFSET_AT = 0;
export const BATCH_LENGTH_AT = 8;
export const PARTITION_LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
export const RECORDS_AT = 61;

/** Bytes up to and including `batchLength`: what every magic has in common with `magic` at 16. */
export const LOG_OVERHEAD = 12;
/** Bytes that must be there before magic can be told. */
export const HEADER_SIZE_UP_TO_MAGIC = 17;
export const BATCH_HEADER_SIZE = RECORDS_AT;

export const RECORD_BATCH_FIELDS: readonly FieldLayout[] = [
  { name: 'baseOffset', offset: BASE_OFFSET_AT, size: 8, kind: 'int64', about: 'Offset of the first record.' },
  { name: 'batchLength', offset: BATCH_LENGTH_AT, size: 4, kind: 'int32', about: 'Bytes that follow this field.' },
  {
    name: 'partitionLeaderEpoch',
    offset: PARTITION_LEADER_EPOCH_AT,
    size: 4,
    kind: 'int32',
    about: 'Epoch of the leader that took the batch in; -1 from a client.',
  },
  { name: 'magic', offset: MAGIC_AT, size: 1, kind: 'int8', about: 'Version of the layout: 2.' },
  { name: 'crc', offset: CRC_AT, size: 4, kind: 'uint32', about: 'CRC-32C from attributes to the end.' },
  {
    name: 'attributes',
    offset: ATTRIBUTES_AT,
    size: 2,
    kind: 'int16',
    about: 'Bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon.',
  },
  {
    name: 'lastOffsetDelta',
    offset: LAST_OFFSET_DELTA_AT,
    size: 4,
    kind: 'int32',
    about: 'Last offset minus base offset; kept by compaction.',
  },
  {
    name: 'baseTimestamp',
    offset: BASE_TIMESTAMP_AT,
    size: 8,
    kind: 'int64',
    about: 'Milliseconds since the epoch; the delete horizon where bit 6 is set.',
  },
  { name: 'maxTimestamp', offset: MAX_TIMESTAMP_AT, size: 8, kind: 'int64', about: 'Largest timestamp in the batch.' },
  { name: 'producerId', offset: PRODUCER_ID_AT, size: 8, kind: 'int64', about: 'Idempotent producer, or -1.' },
  { name: 'producerEpoch', offset: PRODUCER_EPOCH_AT, size: 2, kind: 'int16', about: 'Its epoch, or -1.' },
  { name: 'baseSequence', offset: BASE_SEQUENCE_AT, size: 4, kind: 'int32', about: 'Its first sequence, or -1.' },
  { name: 'recordCount', offset: RECORD_COUNT_AT, size: 4, kind: 'int32', about: 'Records in the batch.' },
];

/** Bits of `attributes`. */
export const CODEC_MASK = 0x07;
export const TIMESTAMP_TYPE_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const DELETE_HORIZON_BIT = 0x40;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_TIMESTAMP = -1;
export const NO_PARTITION_LEADER_EPOCH = -1;
export const CURRENT_MAGIC = 2;
