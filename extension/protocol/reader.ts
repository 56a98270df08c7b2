import { ProtocolError, ProtocolErrorCode } from './protocol-error.ts';

/** A tagged field that this version of the definitions does not know: kept, so that re-encoding loses nothing. */
export interface RawTaggedField {
  readonly tag: number;
  readonly data: Buffer;
}

const TWO_32 = 0x1_0000_0000;

/** Kafka's "no limit"; the one value past 2^53 - 1 that real messages carry. Exact as a double: it is 2^63. */
export const LONG_MAX = 2 ** 63;
export const LONG_MIN = -(2 ** 63);

/**
 * Reads Kafka's primitive types from a buffer, front to back. Everything that a hostile peer controls is checked against
 * what is left before anything is allocated. Bytes and records come back as slices of the buffer, not copies.
 *
 * @throws ProtocolError from every method
 */
export class Reader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  remaining(): number {
    return this.end - this.position;
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at) {
      throw new ProtocolError(
        ProtocolErrorCode.TRUNCATED,
        `needed ${length} bytes at position ${at}, but only ${this.end - at} are left`,
      );
    }
    this.position = at + length;
    return at;
  }

  bool(): boolean {
    return this.buffer[this.#take(1)] !== 0;
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1));
  }

  int16(): number {
    const b = this.buffer;
    const at = this.#take(2);
    return ((b[at]! << 24) | (b[at + 1]! << 16)) >> 16;
  }

  uint16(): number {
    const b = this.buffer;
    const at = this.#take(2);
    return (b[at]! << 8) | b[at + 1]!;
  }

  int32(): number {
    const b = this.buffer;
    const at = this.#take(4);
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A safe integer, or {@link LONG_MAX} or {@link LONG_MIN}; anything else past 2^53 - 1 is refused. */
  int64(): number {
    const high = this.int32();
    const low = this.int32() >>> 0;
    const value = high * TWO_32 + low;
    if (Number.isSafeInteger(value)) return value;
    if (high === 0x7fffffff && low === 0xffffffff) return LONG_MAX;
    if (high === -0x80000000 && low === 0) return LONG_MIN;
    throw new ProtocolError(
      ProtocolErrorCode.UNSAFE_INTEGER,
      `the 64-bit value at position ${this.position - 8} is beyond 2^53 - 1`,
    );
  }

  /** Any 64 bits, signed, for what is no number (a hash). */
  bits64(): bigint {
    return this.buffer.readBigInt64BE(this.#take(8));
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8));
  }

  /** 22 characters of URL-safe base64. */
  uuid(): string {
    const at = this.#take(16);
    return this.buffer.toString('base64url', at, at + 16);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#take(1)]!;
      if (shift === 28 && byte > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new ProtocolError(
      ProtocolErrorCode.BAD_VARINT,
      `the varint that ends at position ${this.position} is longer than 32 bits`,
    );
  }

  #text(length: number): string {
    const at = this.#take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  #slice(length: number): Buffer {
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  #notNull(length: number, what: string): number {
    if (length < 0) {
      throw new ProtocolError(
        ProtocolErrorCode.BAD_LENGTH,
        `the ${what} before position ${this.position} has length ${length}, which must not be below 0`,
      );
    }
    return length;
  }

  #nullable(length: number, what: string): number {
    return length === -1 ? -1 : this.#notNull(length, what);
  }

  string(): string {
    return this.#text(this.#notNull(this.int16(), 'string'));
  }

  compactString(): string {
    return this.#text(this.#notNull(this.unsignedVarint() - 1, 'string'));
  }

  nullableString(): string | null {
    const length = this.#nullable(this.int16(), 'string');
    return length < 0 ? null : this.#text(length);
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.#text(length);
  }

  bytes(): Buffer {
    return this.#slice(this.#notNull(this.int32(), 'byte array'));
  }

  compactBytes(): Buffer {
    return this.#slice(this.#notNull(this.unsignedVarint() - 1, 'byte array'));
  }

  nullableBytes(): Buffer | null {
    const length = this.#nullable(this.int32(), 'byte array');
    return length < 0 ? null : this.#slice(length);
  }

  compactNullableBytes(): Buffer | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.#slice(length);
  }

  /**
   * The element count of an array, -1 for null. `minimumElementBytes` is the least that one element takes on the wire:
   * a count that could not fit into what is left is refused before anything is allocated.
   */
  arrayLength(minimumElementBytes: number): number {
    return this.#count(this.#nullable(this.int32(), 'array'), minimumElementBytes);
  }

  compactArrayLength(minimumElementBytes: number): number {
    return this.#count(this.unsignedVarint() - 1, minimumElementBytes);
  }

  #count(count: number, minimumElementBytes: number): number {
    if (count * minimumElementBytes > this.end - this.position) {
      throw new ProtocolError(
        ProtocolErrorCode.TRUNCATED,
        `an array of ${count} elements at position ${this.position} cannot fit into the ${this.end - this.position} bytes left`,
      );
    }
    return count;
  }

  /** Refuses a null array where the definitions allow none. */
  notNullArray(count: number, field: string): number {
    if (count < 0) {
      throw new ProtocolError(ProtocolErrorCode.BAD_LENGTH, `${field} must not be null`);
    }
    return count;
  }

  /** Where a tagged field of `size` bytes ends. */
  taggedEnd(size: number): number {
    const at = this.#take(size);
    this.position = at;
    return at + size;
  }

  /** Checks that a tagged field was as long as it said. */
  expectPosition(position: number, field: string): void {
    if (this.position !== position) {
      throw new ProtocolError(
        this.position > position ? ProtocolErrorCode.TRUNCATED : ProtocolErrorCode.TRAILING_BYTES,
        `tagged field ${field} ends at position ${this.position}, but its length says ${position}`,
      );
    }
  }

  /** Checks that tags ascend; the tag itself. */
  tag(previous: number): number {
    const tag = this.unsignedVarint();
    if (tag <= previous) {
      throw new ProtocolError(ProtocolErrorCode.BAD_TAG, `tag ${tag} follows tag ${previous}`);
    }
    return tag;
  }

  rawTaggedField(tag: number, size: number): RawTaggedField {
    return { tag, data: this.#slice(size) };
  }

  /** Refuses bytes after the end of a message. */
  expectEnd(what: string): void {
    if (this.position !== this.end) {
      throw new ProtocolError(
        ProtocolErrorCode.TRAILING_BYTES,
        `${this.end - this.position} bytes follow the end of ${what}`,
      );
    }
  }
}
