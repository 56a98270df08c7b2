import { ErrorCode } from '../protocol/errors.ts';
import { RecordsError } from './records-error.ts';

/** Signed integers in zig-zag variable-length form, as inside records. Lengths in bytes. */

const TWO_32 = 0x1_0000_0000;

export function varintSize(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (zigzag > 0x7f) {
    zigzag >>>= 7;
    size++;
  }
  return size;
}

/** `value` is a safe integer. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  let size = 1;
  while (zigzag > 0x7f) {
    zigzag = Math.floor(zigzag / 128);
    size++;
  }
  return size;
}

/** Writes a 32-bit integer and answers where the next byte goes. */
export function writeVarint(buffer: Buffer, value: number, at: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag > 0x7f) {
    buffer[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  buffer[at++] = zigzag;
  return at;
}

/** Writes a safe integer and answers where the next byte goes. */
export function writeVarlong(buffer: Buffer, value: number, at: number): number {
  if (value === (value | 0)) return writeVarint(buffer, value, at);
  // Two 32-bit halves: doubling a safe integer may leave the safe range.
  const high = Math.floor(value / TWO_32);
  const low = (value - high * TWO_32) >>> 0;
  const sign = high < 0 ? -1 : 0;
  let zigzagHigh = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
  let zigzagLow = ((low << 1) ^ sign) >>> 0;
  while (zigzagHigh !== 0 || zigzagLow > 0x7f) {
    buffer[at++] = (zigzagLow & 0x7f) | 0x80;
    zigzagLow = ((zigzagLow >>> 7) | (zigzagHigh << 25)) >>> 0;
    zigzagHigh >>>= 7;
  }
  buffer[at++] = zigzagLow;
  return at;
}

/** Reads variable-length integers front to back. Throws RecordsError INVALID_RECORD at the end and on over-long ones. */
export class VarintReader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;

  constructor(buffer: Buffer, position: number, end: number) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  varint(): number {
    const b = this.buffer;
    let at = this.position;
    let byte = at < this.end ? b[at++]! : truncated();
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 28) throw tooLong(5);
      byte = at < this.end ? b[at++]! : truncated();
      value |= (byte & 0x7f) << shift;
    }
    this.position = at;
    return (value >>> 1) ^ -(value & 1);
  }

  /** A 64-bit integer as a number, past 2^53 the nearest double. */
  varlong(): number {
    const b = this.buffer;
    const start = this.position;
    let at = start;
    let low = 0;
    let high = 0;
    for (let count = 0; ; count++) {
      if (count === 10) throw tooLong(10);
      if (at >= this.end) truncated();
      const byte = b[at++]!;
      const bits = byte & 0x7f;
      if (count < 4) low |= bits << (7 * count);
      else if (count === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * count - 32);
      if (byte < 0x80) break;
    }
    this.position = at;
    const sign = -(low & 1);
    const plainLow = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
    return ((high >>> 1) ^ sign) * TWO_32 + plainLow;
  }
}

function truncated(): never {
  throw new RecordsError(ErrorCode.INVALID_RECORD, 'The records end in the middle of a record.');
}

function tooLong(bytes: number): RecordsError {
  return new RecordsError(ErrorCode.INVALID_RECORD, `A variable-length integer has more than ${bytes} bytes.`);
}
