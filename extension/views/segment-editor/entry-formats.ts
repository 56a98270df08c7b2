import { crc32c } from '../../records/crc32c.ts';
import { readInt64 } from '../../records/int64.ts';
import { formatCount, formatTime, plural } from '../../shared/format.ts';
import type { EntriesFormat } from './entries-structure.ts';
import {
  OFFSET_INDEX_ENTRY,
  PRODUCER_SNAPSHOT_ENTRY,
  PRODUCER_SNAPSHOT_HEADER,
  TIME_INDEX_ENTRY,
  TRANSACTION_INDEX_ENTRY,
} from './entry-layouts.ts';
import { formatBigInt } from './field-nodes.ts';
import type { FieldMeaning, MeaningOf } from './field-nodes.ts';

/** `relativeOffset` means an offset only together with the segment's base offset, which its name tells. */
function offsetMeaning(baseOffset: number): MeaningOf {
  return ({ name }, value): FieldMeaning => {
    if (name === 'timestamp') return { text: `${value} · ${formatTime(Number(value))}` };
    if (name !== 'relativeOffset') return {};
    return { text: `${formatBigInt(value)} · offset ${formatCount(baseOffset + Number(value))}` };
  };
}

const timeMeaning: MeaningOf = ({ name }, value) =>
  name === 'timestamp' && value >= 0n ? { text: `${value} · ${formatTime(Number(value))}` } : {};

export function offsetIndexFormat(baseOffset: number): EntriesFormat {
  return {
    header: [],
    entry: OFFSET_INDEX_ENTRY,
    mayBePreallocated: true,
    meaning: offsetMeaning(baseOffset),
    describe: (bytes, at, previousAt) => {
      const relative = bytes.readInt32BE(at);
      const position = bytes.readInt32BE(at + 4);
      const ascends =
        previousAt === undefined ||
        (relative > bytes.readInt32BE(previousAt) && position > bytes.readInt32BE(previousAt + 4));
      return {
        label: formatCount(baseOffset + relative),
        value: `at ${formatCount(position)}`,
        ...(ascends ? {} : { problem: 'Offset and position must be above those of the entry before.' }),
      };
    },
  };
}

export function timeIndexFormat(baseOffset: number): EntriesFormat {
  return {
    header: [],
    entry: TIME_INDEX_ENTRY,
    mayBePreallocated: true,
    meaning: offsetMeaning(baseOffset),
    describe: (bytes, at, previousAt) => {
      const time = readInt64(bytes, at);
      const offset = baseOffset + bytes.readInt32BE(at + 8);
      const ascends = previousAt === undefined || time >= readInt64(bytes, previousAt);
      return {
        label: formatTime(time),
        value: `offset ${formatCount(offset)}`,
        ...(ascends ? {} : { problem: 'The timestamp must not be below that of the entry before.' }),
      };
    },
  };
}

export const transactionIndexFormat: EntriesFormat = {
  header: [],
  entry: TRANSACTION_INDEX_ENTRY,
  mayBePreallocated: false,
  describe: (bytes, at) => ({
    label: `producer ${formatBigInt(bytes.readBigInt64BE(at + 2))}`,
    value: `aborted ${formatBigInt(bytes.readBigInt64BE(at + 10))}–${formatBigInt(bytes.readBigInt64BE(at + 18))}`,
  }),
};

/** `whole` are all bytes of the file, for its checksum. */
export function producerSnapshotFormat(whole: Buffer): EntriesFormat {
  return {
    header: PRODUCER_SNAPSHOT_HEADER,
    entry: PRODUCER_SNAPSHOT_ENTRY,
    mayBePreallocated: false,
    meaning: (field, value) => {
      if (field.name !== 'crc') return timeMeaning(field, value);
      const hex = (crc: bigint | number): string => `0x${crc.toString(16).padStart(8, '0')}`;
      const computed = crc32c(whole, 6, whole.length);
      if (BigInt(computed) === value) return { text: `${hex(value)} · matches` };
      return { text: hex(value), problem: `The bytes have CRC ${hex(computed)}.` };
    },
    describeHeader: (bytes) => plural(bytes.readInt32BE(6), 'producer'),
    describe: (bytes, at) => {
      const openSince = readInt64(bytes, at + 38);
      const open = openSince < 0 ? '' : ` · transaction since ${formatCount(openSince)}`;
      return {
        label: `producer ${formatBigInt(bytes.readBigInt64BE(at))}`,
        value: `epoch ${bytes.readInt16BE(at + 8)} · last offset ${formatCount(readInt64(bytes, at + 14))}${open}`,
      };
    },
  };
}
