import { ErrorCode } from '../protocol/errors.ts';
import { RecordsError } from './records-error.ts';
import { wasmCodecs } from './wasm-codecs.ts';

/**
 * LZ4 frame format 1.6 as Kafka's clients write it: magic, FLG, BD, optional content size, header checksum, then blocks
 * with a little-endian length (high bit: stored), a zero length, an optional content checksum. The checksums are not
 * looked at: the record batch has its own.
 */

const FRAME_MAGIC = 0x184d2204;
const FLG_DICTIONARY = 0x01;
const FLG_CONTENT_CHECKSUM = 0x04;
const FLG_CONTENT_SIZE = 0x08;
const FLG_BLOCK_CHECKSUM = 0x10;
const STORED_BIT = 0x8000_0000;
const MIN_MATCH = 4;

export function lz4Compress(data: Buffer): Buffer {
  return wasmCodecs().lz4Compress(data);
}

/** Opens one frame. Throws RecordsError CORRUPT_MESSAGE on damage or when more than `maxBytes` would come out. */
export function lz4Decompress(frame: Buffer, maxBytes: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== FRAME_MAGIC) throw corrupt('no LZ4 frame header');
  const flags = frame[4]!;
  if (flags >> 6 !== 1) throw corrupt(`LZ4 frame version ${flags >> 6}`);
  if ((flags & FLG_DICTIONARY) !== 0) throw corrupt('an LZ4 dictionary that is not there');
  const maxBlock = maxBlockSize(frame[5]!);
  let at = 7 + ((flags & FLG_CONTENT_SIZE) !== 0 ? 8 : 0);
  const blockChecksum = (flags & FLG_BLOCK_CHECKSUM) !== 0 ? 4 : 0;

  const output = new GrowingOutput(Math.min(frame.length * 4, maxBytes), maxBytes);
  for (;;) {
    if (at + 4 > frame.length) throw corrupt('an LZ4 frame without end');
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const length = word & ~STORED_BIT;
    if (length > frame.length - at) throw corrupt('an LZ4 block past the end of its frame');
    if (word >= STORED_BIT) {
      output.reserve(length);
      output.length += frame.copy(output.bytes, output.length, at, at + length);
    } else {
      output.reserve(Math.min(maxBlock, maxExpansion(length)));
      decodeBlock(frame, at, at + length, output);
    }
    at += length + blockChecksum;
  }
  if ((flags & FLG_CONTENT_CHECKSUM) !== 0 && at + 4 > frame.length) throw corrupt('an LZ4 frame without checksum');
  return output.bytes.subarray(0, output.length);
}

function maxBlockSize(descriptor: number): number {
  const id = (descriptor >> 4) & 7;
  if (id < 4) throw corrupt(`LZ4 block size id ${id}`);
  return 1 << (8 + 2 * id);
}

/** A byte of input adds at most 255 to a match length. */
const maxExpansion = (length: number): number => length * 255 + 64;

/** Bytes that grow up to a limit; `bytes` is replaced by {@link reserve}. */
class GrowingOutput {
  bytes: Buffer;
  length = 0;
  readonly #maxBytes: number;

  constructor(sizeBytes: number, maxBytes: number) {
    this.bytes = Buffer.allocUnsafe(sizeBytes);
    this.#maxBytes = maxBytes;
  }

  /** Makes room for `more` bytes or up to the limit, whichever is less. */
  reserve(more: number): void {
    const wanted = Math.min(this.length + more, this.#maxBytes);
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(wanted, this.bytes.length * 2), this.#maxBytes));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** One compressed block: sequences of literals and back references, which may reach into earlier blocks. */
function decodeBlock(input: Buffer, start: number, end: number, output: GrowingOutput): void {
  const out = output.bytes;
  const capacity = out.length;
  let to = output.length;
  let at = start;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) byte = at < end ? input[at++]! : overrun();
    }
    if (literals > end - at) overrun();
    if (literals > capacity - to) throw tooLarge(capacity);
    if (literals > 32) input.copy(out, to, at, at + literals);
    else for (let i = 0; i < literals; i++) out[to + i] = input[at + i]!;
    to += literals;
    at += literals;
    if (at === end) break;

    if (at + 2 > end) overrun();
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    if (distance === 0 || distance > to) throw corrupt('an LZ4 match that reaches before the start');
    let match = (token & 15) + MIN_MATCH;
    if (match === 15 + MIN_MATCH) {
      for (let byte = 255; byte === 255; match += byte) byte = at < end ? input[at++]! : overrun();
    }
    if (match > capacity - to) throw tooLarge(capacity);
    copyMatch(out, to, distance, match);
    to += match;
  }
  output.length = to;
}

/** Repeats what lies `distance` back; source and target overlap when the match is longer than that. */
export function copyMatch(out: Buffer, to: number, distance: number, length: number): void {
  const from = to - distance;
  if (length > 48 && distance >= length) out.copyWithin(to, from, from + length);
  else for (let i = 0; i < length; i++) out[to + i] = out[from + i]!;
}

function overrun(): never {
  throw corrupt('an LZ4 block that ends too early');
}

function tooLarge(maxBytes: number): RecordsError {
  return new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records decompress to more than ${maxBytes} bytes.`);
}

function corrupt(what: string): RecordsError {
  return new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records do not decompress: ${what}.`);
}
