import { formatTime } from '../../extension/shared/format.ts';

export interface Inspected {
  readonly label: string;
  readonly value: string;
}

const MAX_TEXT_BYTES = 64;

/**
 * What the bytes at the caret say in every way that Kafka writes them: integers big-endian, varints in both forms, time,
 * uuid, text. A dash where too few bytes are left.
 */
export function inspect(bytes: Uint8Array): readonly Inspected[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fixed = (size: number, read: () => string): string => (bytes.length >= size ? read() : '–');
  return [
    { label: 'binary', value: fixed(1, () => view.getUint8(0).toString(2).padStart(8, '0')) },
    { label: 'int8', value: fixed(1, () => String(view.getInt8(0))) },
    { label: 'uint8', value: fixed(1, () => String(view.getUint8(0))) },
    { label: 'int16', value: fixed(2, () => String(view.getInt16(0))) },
    { label: 'uint16', value: fixed(2, () => String(view.getUint16(0))) },
    { label: 'int32', value: fixed(4, () => String(view.getInt32(0))) },
    { label: 'uint32', value: fixed(4, () => String(view.getUint32(0))) },
    { label: 'int64', value: fixed(8, () => String(view.getBigInt64(0))) },
    { label: 'float64', value: fixed(8, () => String(view.getFloat64(0))) },
    { label: 'varint', value: varintText(bytes, zigzag) },
    { label: 'unsigned varint', value: varintText(bytes, (value) => value) },
    { label: 'time', value: fixed(8, () => timeText(view.getBigInt64(0))) },
    { label: 'uuid', value: fixed(16, () => uuidText(bytes.subarray(0, 16))) },
    { label: 'text', value: textOf(bytes.subarray(0, MAX_TEXT_BYTES)) },
  ];
}

/** A varint of at most ten bytes, and how many bytes it takes; undefined where none ends in them. */
export function readVarint(bytes: Uint8Array): { readonly value: bigint; readonly size: number } | undefined {
  let value = 0n;
  for (let size = 1; size <= Math.min(10, bytes.length); size++) {
    const byte = bytes[size - 1] as number;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (size - 1));
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), size };
  }
  return undefined;
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

function varintText(bytes: Uint8Array, meaning: (value: bigint) => bigint): string {
  const found = readVarint(bytes);
  if (found === undefined) return '–';
  return `${meaning(found.value)} (${found.size} B)`;
}

/** Years 1970 to 2200: anything else is hardly meant as a time. */
function timeText(value: bigint): string {
  return value > 0n && value < 7_258_118_400_000n ? formatTime(Number(value)) : '–';
}

/** As Kafka prints it: URL-safe base64 without padding. */
function uuidText(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '–';
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return text.replace(/[\u0000-\u001f\u007f\ufffd]/g, '·');
}
