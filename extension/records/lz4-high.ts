/**
 * LZ4 frames with matches that were searched for longer: the levels of `compression.lz4.level`. Blocks of 64 KiB, each by
 * itself, without checksums, as Kafka writes them.
 */

/** Magic, version 1 with independent blocks, blocks of 64 KiB, and the header's checksum. */
const FRAME_HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
const FRAME_END = Buffer.alloc(4);
const BLOCK_BYTES = 64 * 1024;
const STORED_BIT = 0x8000_0000;

const MIN_MATCH = 4;
/** The format wants a block to end in literals, and its last match to begin before them. */
const LAST_LITERALS = 5;
const MATCH_FREE_END = 12;
const HASH_BITS = 15;
/** Above it the search would take no longer in Kafka either. */
const MAX_LEVEL = 12;

/** Compresses at a level from 1 on: each looks at twice as many earlier places as the one before. */
export function lz4CompressHigh(data: Buffer, level: number): Buffer {
  const search = new MatchSearch(2 ** (Math.min(level, MAX_LEVEL) - 1));
  const parts: Buffer[] = [FRAME_HEADER];
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const block = data.subarray(at, at + BLOCK_BYTES);
    const compressed = compressBlock(block, search);
    const isSmaller = compressed.length < block.length;
    const size = Buffer.alloc(4);
    size.writeUInt32LE(isSmaller ? compressed.length : block.length + STORED_BIT);
    parts.push(size, isSmaller ? compressed : block);
  }
  parts.push(FRAME_END);
  return Buffer.concat(parts);
}

/** Finds earlier places in a block that go on like the one at hand: chains of places whose four bytes have one hash. */
class MatchSearch {
  readonly #attempts: number;
  readonly #latest = new Int32Array(2 ** HASH_BITS);
  readonly #previous = new Int32Array(BLOCK_BYTES);
  /** Of the match that {@link find} found. */
  start = 0;

  constructor(attempts: number) {
    this.#attempts = attempts;
  }

  begin(): void {
    this.#latest.fill(-1);
  }

  add(block: Buffer, at: number): void {
    const slot = Math.imul(block.readInt32LE(at), 0x9e3779b1) >>> (32 - HASH_BITS);
    this.#previous[at] = this.#latest[slot]!;
    this.#latest[slot] = at;
  }

  /** The length of the longest match for the place that was added last, 0 for none. */
  find(block: Buffer, at: number): number {
    const limit = block.length - LAST_LITERALS;
    let longest = MIN_MATCH - 1;
    let candidate = this.#previous[at]!;
    for (let left = this.#attempts; left > 0 && candidate >= 0; left--) {
      if (block[candidate + longest] === block[at + longest]) {
        let length = 0;
        while (at + length < limit && block[candidate + length] === block[at + length]) length++;
        if (length > longest) {
          longest = length;
          this.start = candidate;
        }
      }
      candidate = this.#previous[candidate]!;
    }
    return longest < MIN_MATCH ? 0 : longest;
  }
}

function compressBlock(block: Buffer, search: MatchSearch): Buffer {
  const out = Buffer.allocUnsafe(block.length + Math.ceil(block.length / 255) + 16);
  const lastStart = block.length - MATCH_FREE_END;
  let to = 0;
  let literalsFrom = 0;
  search.begin();
  for (let at = 0; at <= lastStart;) {
    search.add(block, at);
    const length = search.find(block, at);
    if (length === 0) {
      at++;
      continue;
    }
    to = writeSequence(out, to, block.subarray(literalsFrom, at), length, at - search.start);
    for (let inside = at + 1; inside < at + length && inside <= lastStart; inside++) search.add(block, inside);
    at += length;
    literalsFrom = at;
  }
  to = writeSequence(out, to, block.subarray(literalsFrom), 0, 0);
  return out.subarray(0, to);
}

/** Literals, then a match of `length` bytes; the last sequence of a block has none. */
function writeSequence(out: Buffer, to: number, literals: Buffer, length: number, distance: number): number {
  const matchCode = length === 0 ? 0 : length - MIN_MATCH;
  out[to] = (Math.min(literals.length, 15) << 4) | Math.min(matchCode, 15);
  let at = writeExcess(out, to + 1, literals.length);
  at += literals.copy(out, at);
  if (length === 0) return at;
  at = out.writeUInt16LE(distance, at);
  return writeExcess(out, at, matchCode);
}

/** What of a length does not fit into its half of the token. */
function writeExcess(out: Buffer, to: number, length: number): number {
  if (length < 15) return to;
  let at = to;
  let left = length - 15;
  for (; left >= 255; left -= 255) out[at++] = 255;
  out[at++] = left;
  return at;
}
