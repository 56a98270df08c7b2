import { ProtocolError, ProtocolErrorCode } from './protocol-error.ts';
import { LONG_MAX, LONG_MIN, type RawTaggedField } from './reader.ts';

const TWO_32 = 0x1_0000_0000;

/** Byte arrays from this size on are handed on as they are; below it, copying is cheaper than one more chunk. */
const REFERENCE_MIN_BYTES = 2048;

/** Largest string that a 16-bit length can announce. */
const STRING_MAX_BYTES = 0x7fff;

/**
 * Writes Kafka's primitive types into a list of chunks. Large byte arrays and record sets become chunks of their own
 * without a copy, so the caller must leave them unchanged until the chunks are sent.
 *
 * @throws ProtocolError (UNREPRESENTABLE) when a value does not fit its type
 */
export class Writer {
  readonly #done: Buffer[] = [];
  #doneBytes = 0;
  #buffer: Buffer;
  /** Where the part of `#buffer` that is not in `#done` begins. */
  #start = 0;
  #position = 0;

  constructor(initialBytes = 512) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#doneBytes + this.#position - this.#start;
  }

  /** What was written, in order. The writer must not be used afterwards. */
  chunks(): Buffer[] {
    this.#cut();
    return this.#done;
  }

  /** What was written, as one buffer. The writer must not be used afterwards. */
  toBuffer(): Buffer {
    const chunks = this.chunks();
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#doneBytes);
  }

  #cut(): void {
    if (this.#position === this.#start) return;
    this.#done.push(this.#buffer.subarray(this.#start, this.#position));
    this.#doneBytes += this.#position - this.#start;
    this.#start = this.#position;
  }

  #room(length: number): number {
    const at = this.#position;
    if (at + length > this.#buffer.length) {
      this.#cut();
      this.#buffer = Buffer.allocUnsafe(Math.max(length, Math.min(this.#buffer.length * 2, 0x10000)));
      this.#start = 0;
      this.#position = length;
      return 0;
    }
    this.#position = at + length;
    return at;
  }

  /** Leaves room for a 32-bit size in front of what follows; the function fills it in with the bytes written since. */
  sizePrefix(): () => void {
    const at = this.#room(4);
    const buffer = this.#buffer;
    const before = this.sizeBytes;
    return () => buffer.writeInt32BE(this.sizeBytes - before, at);
  }

  bool(value: boolean): void {
    // In two steps: making room may change the buffer.
    const at = this.#room(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  int8(value: number): void {
    if (value < -0x80 || value > 0x7f) throw outOfRange(value, 'int8');
    const at = this.#room(1);
    this.#buffer[at] = value;
  }

  int16(value: number): void {
    if (value < -0x8000 || value > 0x7fff) throw outOfRange(value, 'int16');
    const at = this.#room(2);
    const b = this.#buffer;
    b[at] = value >> 8;
    b[at + 1] = value;
  }

  uint16(value: number): void {
    if (value < 0 || value > 0xffff) throw outOfRange(value, 'uint16');
    const at = this.#room(2);
    const b = this.#buffer;
    b[at] = value >> 8;
    b[at + 1] = value;
  }

  int32(value: number): void {
    if (value < -0x80000000 || value > 0x7fffffff) throw outOfRange(value, 'int32');
    this.#raw32(value);
  }

  uint32(value: number): void {
    if (value < 0 || value > 0xffffffff) throw outOfRange(value, 'uint32');
    this.#raw32(value);
  }

  #raw32(value: number): void {
    const at = this.#room(4);
    const b = this.#buffer;
    b[at] = value >> 24;
    b[at + 1] = value >> 16;
    b[at + 2] = value >> 8;
    b[at + 3] = value;
  }

  int64(value: number): void {
    if (Number.isSafeInteger(value)) {
      const high = Math.floor(value / TWO_32);
      this.#raw32(high);
      this.#raw32(value - high * TWO_32);
    } else if (value === LONG_MAX) {
      this.#raw32(0x7fffffff);
      this.#raw32(-1);
    } else if (value === LONG_MIN) {
      this.#raw32(-0x80000000);
      this.#raw32(0);
    } else {
      throw outOfRange(value, 'int64 (to 2^53 - 1)');
    }
  }

  bits64(value: bigint): void {
    const at = this.#room(8);
    this.#buffer.writeBigInt64BE(BigInt.asIntN(64, value), at);
  }

  float64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  uuid(value: string): void {
    const at = this.#room(16);
    if (value.length !== 22 || this.#buffer.write(value, at, 16, 'base64url') !== 16) {
      throw new ProtocolError(ProtocolErrorCode.UNREPRESENTABLE, `'${value}' is not a uuid in base64`);
    }
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0;
    const at = this.#room(varintBytes(rest));
    const b = this.#buffer;
    let i = at;
    while (rest > 0x7f) {
      b[i++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    b[i] = rest;
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    if (length > STRING_MAX_BYTES) {
      throw new ProtocolError(ProtocolErrorCode.UNREPRESENTABLE, `a string of ${length} bytes is too long`);
    }
    this.int16(length);
    this.#text(value, length);
  }

  compactString(value: string): void {
    const length = Buffer.byteLength(value);
    this.unsignedVarint(length + 1);
    this.#text(value, length);
  }

  #text(value: string, length: number): void {
    const at = this.#room(length);
    this.#buffer.write(value, at, length, 'utf8');
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactString(value);
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length);
    this.raw(value);
  }

  compactBytes(value: Uint8Array): void {
    this.unsignedVarint(value.length + 1);
    this.raw(value);
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1);
    else this.bytes(value);
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactBytes(value);
  }

  nullableRecords(value: RecordSet | null): void {
    if (value === null) return this.int32(-1);
    this.int32(recordSetBytes(value));
    this.#records(value);
  }

  compactNullableRecords(value: RecordSet | null): void {
    if (value === null) return this.unsignedVarint(0);
    this.unsignedVarint(recordSetBytes(value) + 1);
    this.#records(value);
  }

  #records(value: RecordSet): void {
    if (value instanceof Uint8Array) this.raw(value);
    else for (const slice of value) this.raw(slice);
  }

  /** The element count of an array, null as -1. */
  arrayLength(array: readonly unknown[] | null): void {
    this.int32(array === null ? -1 : array.length);
  }

  compactArrayLength(array: readonly unknown[] | null): void {
    this.unsignedVarint(array === null ? 0 : array.length + 1);
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): void {
    if (value.length < REFERENCE_MIN_BYTES) {
      const at = this.#room(value.length);
      this.#buffer.set(value, at);
      return;
    }
    this.#cut();
    this.#done.push(Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length));
    this.#doneBytes += value.length;
  }

  /** One tagged field whose content is in a writer of its own. */
  tagged(tag: number, content: Writer): void {
    this.unsignedVarint(tag);
    this.unsignedVarint(content.sizeBytes);
    for (const chunk of content.chunks()) this.raw(chunk);
  }

  /** Unknown tagged fields whose tags lie between two known ones, both exclusive, so that tags ascend. */
  rawTags(unknown: readonly RawTaggedField[] | undefined, after: number, before: number): void {
    if (unknown === undefined) return;
    for (const field of unknown) {
      if (field.tag <= after || field.tag >= before) continue;
      this.unsignedVarint(field.tag);
      this.unsignedVarint(field.data.length);
      this.raw(field.data);
    }
  }
}

/** Record batches on their way out: one slice, or several that follow each other. */
export type RecordSet = Uint8Array | readonly Uint8Array[];

export function recordSetBytes(records: RecordSet): number {
  if (records instanceof Uint8Array) return records.length;
  let sum = 0;
  for (const slice of records) sum += slice.length;
  return sum;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

function outOfRange(value: number, type: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.UNREPRESENTABLE, `${value} does not fit into ${type}`);
}

/** The error for a field that is set but not part of the version that is written. */
export function notInVersion(field: string, version: number): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.UNREPRESENTABLE,
    `${field} is set, but version ${version} has no such field`,
  );
}

/** Refuses null where the version that is written allows none. */
export function notNull<T>(value: T | null, field: string, version: number): T {
  if (value === null) {
    throw new ProtocolError(ProtocolErrorCode.UNREPRESENTABLE, `${field} must not be null in version ${version}`);
  }
  return value;
}
