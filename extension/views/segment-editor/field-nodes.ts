import type { FieldKind, FieldLayout } from '../../records/record-batch-layout.ts';
import { formatCount } from '../../shared/format.ts';
import { TINTS, leaf } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';

/** The integer of a field, exactly, whatever its size. */
export function readField(bytes: Buffer, at: number, kind: FieldKind): bigint {
  switch (kind) {
    case 'int8':
      return BigInt(bytes.readInt8(at));
    case 'int16':
      return BigInt(bytes.readInt16BE(at));
    case 'int32':
      return BigInt(bytes.readInt32BE(at));
    case 'uint32':
      return BigInt(bytes.readUInt32BE(at));
    case 'int64':
      return bytes.readBigInt64BE(at);
  }
}

/** What a field says besides its number, and what is wrong with it. */
export interface FieldMeaning {
  readonly text?: string;
  readonly problem?: string;
}

export type MeaningOf = (field: FieldLayout, value: bigint) => FieldMeaning;

/**
 * One leaf per field of a layout. `bytes` begin at `start` of the file; the structure at `at` within them. `tintFrom` is
 * the tint of the first field, so that neighbours differ.
 */
export function fieldNodes(
  bytes: Buffer,
  start: number,
  at: number,
  layout: readonly FieldLayout[],
  meaning: MeaningOf = () => ({}),
  tintFrom = 0,
): LazyNode[] {
  return layout.map((field, index) => {
    const value = readField(bytes, at + field.offset, field.kind);
    const { text, problem } = meaning(field, value);
    return leaf({
      label: field.name,
      value: text === undefined ? formatBigInt(value) : text,
      at: start + at + field.offset,
      size: field.size,
      icon: 'field',
      tint: (tintFrom + index) % TINTS,
      about: field.about,
      ...(problem === undefined ? {} : { problem }),
    });
  });
}

export function formatBigInt(value: bigint): string {
  return Number.isSafeInteger(Number(value)) ? formatCount(Number(value)) : value.toString();
}
