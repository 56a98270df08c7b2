import { ErrorCode } from '../protocol/errors.ts';
import { copyMatch } from './lz4.ts';
import { RecordsError } from './records-error.ts';
import { wasmCodecs } from './wasm-codecs.ts';

/**
 * Snappy comes in two shapes. Raw: one block. Xerial (what Java clients and brokers write): 0x82 "SNAPPY" 0x00, version
 * i32, compatible version i32, then blocks of at most 32 KiB of data, each preceded by its compressed length as i32. A
 * block starts with its uncompressed length as an unsigned varint.
 */

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_SIZE = 16;
const XERIAL_BLOCK_SIZE = 32 * 1024;

/** Compresses in xerial framing, which every Kafka client reads. */
export function snappyCompress(data: Buffer): Buffer {
  const header = Buffer.alloc(XERIAL_HEADER_SIZE);
  XERIAL_MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const chunks: Buffer[] = [header];
  for (let at = 0; at < data.length; at += XERIAL_BLOCK_SIZE) {
    const block = wasmCodecs().snappyCompress(data.subarray(at, at + XERIAL_BLOCK_SIZE));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    chunks.push(length, block);
  }
  return Buffer.concat(chunks);
}

/** Opens either shape. Throws RecordsError CORRUPT_MESSAGE on damage or when more than `maxBytes` would come out. */
export function snappyDecompress(data: Buffer, maxBytes: number): Buffer {
  if (data.length < XERIAL_HEADER_SIZE || XERIAL_MAGIC.compare(data, 0, XERIAL_MAGIC.length) !== 0) {
    const raw = Buffer.allocUnsafe(uncompressedLength(data, 0, data.length, maxBytes));
    decodeBlock(data, 0, data.length, raw, 0);
    return raw;
  }
  let total = 0;
  for (const [start, end] of xerialBlocks(data)) total += uncompressedLength(data, start, end, maxBytes - total);
  const output = Buffer.allocUnsafe(total);
  let to = 0;
  for (const [start, end] of xerialBlocks(data)) to = decodeBlock(data, start, end, output, to);
  return output;
}

function* xerialBlocks(data: Buffer): Iterable<readonly [start: number, end: number]> {
  let at = XERIAL_HEADER_SIZE;
  while (at < data.length) {
    if (at + 4 > data.length) throw corrupt('half a block length');
    const length = data.readInt32BE(at);
    at += 4;
    if (length <= 0 || length > data.length - at) throw corrupt(`a block of ${length} bytes`);
    yield [at, at + length];
    at += length;
  }
}

/** A copy of two bytes yields at most 64: what claims to expand more lies, and is not believed. */
const MAX_EXPANSION = 32;

function uncompressedLength(data: Buffer, start: number, end: number, maxBytes: number): number {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) throw corrupt('no block length');
    const byte = data[at++]!;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > maxBytes) {
    throw new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records decompress to more than ${maxBytes} bytes.`);
  }
  if (length > (end - at) * MAX_EXPANSION) throw corrupt(`a block that claims ${length} bytes`);
  return length;
}

/** Decodes one block to `to` in `out` and answers where the next goes. */
function decodeBlock(input: Buffer, start: number, end: number, out: Buffer, to: number): number {
  const blockStart = to;
  const blockEnd = to + uncompressedLength(input, start, end, out.length - to);
  let at = start;
  while (input[at++]! > 0x7f);
  while (at < end) {
    const tag = input[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        if (at + bytes > end) throw corrupt('a literal without length');
        length = input.readUIntLE(at, bytes) + 1;
        at += bytes;
      }
      if (length > end - at || length > blockEnd - to) throw corrupt('a literal that is too long');
      if (length > 32) input.copy(out, to, at, at + length);
      else for (let i = 0; i < length; i++) out[to + i] = input[at + i]!;
      at += length;
      to += length;
      continue;
    }
    const extra = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    if (at + extra > end) throw corrupt('half a copy');
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? ((tag >> 5) << 8) | input[at]! : input.readUIntLE(at, extra);
    at += extra;
    if (distance === 0 || distance > to - blockStart || length > blockEnd - to) throw corrupt('a copy out of bounds');
    copyMatch(out, to, distance, length);
    to += length;
  }
  if (to !== blockEnd) throw corrupt('a block that is shorter than it claims');
  return to;
}

function corrupt(what: string): RecordsError {
  return new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records do not decompress: snappy has ${what}.`);
}
