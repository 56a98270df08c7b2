import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { lz4Decompress } from '@platformatic/wasm-utils/bundled';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { compress, decompress } from '../../../extension/records/compression.ts';
import { CompressionType } from '../../../extension/records/compression-type.ts';
import { RecordsError } from '../../../extension/records/records-error.ts';
import { wasmCodecs } from '../../../extension/records/wasm-codecs.ts';
import { portableZstdDecompress } from '../../../extension/records/zstd.ts';

const codecs = Object.entries(CompressionType);

/** Random bytes, and text that repeats itself near and far. */
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 }), fc.uint8Array())
    .map(([text, times, tail]) => Buffer.concat([Buffer.from(text.repeat(times)), tail, Buffer.from(text)])),
);

function codeOf(action: () => unknown): number | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (error instanceof RecordsError) return error.code;
    throw error;
  }
}

describe.each(codecs)('%s', (_name, type) => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(payloads, (data) => {
        expect(decompress(type, compress(type, data))).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(codecs.filter(([name]) => name !== 'none'))('%s', (_name, type) => {
  it('stops at the limit', () => {
    const packed = compress(type, Buffer.alloc(300_000, 'samsa '));
    expect(decompress(type, packed, 300_000)).toHaveLength(300_000);
    expect(codeOf(() => decompress(type, packed, 299_999))).toBe(ErrorCode.CORRUPT_MESSAGE);
  });

  it('answers damage with a coded error', () => {
    const packed = compress(type, Buffer.from('the quick brown fox jumps over the lazy dog '.repeat(50)));
    fc.assert(
      fc.property(
        fc.nat(packed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(packed.length),
        (at, flip, cut) => {
          const damaged = Buffer.from(packed.subarray(0, cut));
          if (at < cut) damaged[at] = damaged[at]! ^ flip;
          const code = codeOf(() => decompress(type, damaged, 1 << 20));
          expect(['no error', ErrorCode.CORRUPT_MESSAGE]).toContain(code);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('lz4 at a level', () => {
  it('gives back what went in, to other decoders too', () => {
    const long = fc.integer({ min: 0, max: 200_000 }).map((length) => Buffer.from(words(length)));
    fc.assert(
      fc.property(fc.oneof(payloads, long), fc.constantFrom(1, 3, 10, 17), (data, level) => {
        const frame = compress(CompressionType.lz4, data, level);
        expect(decompress(CompressionType.lz4, frame).equals(data)).toBe(true);
        if (data.length > 0) expect(Buffer.from(lz4Decompress(frame)).equals(data)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('looks longer for matches at higher levels', () => {
    const sizes = [1, 4, 12].map((level) => compress(CompressionType.lz4, Buffer.from(words(100_000)), level).length);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]).toBeGreaterThan(sizes[2]!);
    expect(compress(CompressionType.lz4, Buffer.from(words(100_000)), 17)).toHaveLength(sizes[2]!);
  });
});

/** Text of so many bytes that repeats itself in parts. */
function words(length: number): string {
  let text = '';
  for (let state = 1; text.length < length; state = (state * 1103515245 + 12345) % 2147483648) {
    text += `${['order', 'payment', 'customer', 'stock'][(state >> 8) % 4]} ${(state >> 12) % 300} `;
  }
  return text.slice(0, length);
}

describe('snappy', () => {
  it('reads a raw block, as librdkafka writes it', () => {
    fc.assert(
      fc.property(payloads, (data) => {
        expect(decompress(CompressionType.snappy, wasmCodecs().snappyCompress(data))).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });

  it('believes no block that claims more than its bytes can hold', () => {
    const bomb = Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00]);
    expect(codeOf(() => decompress(CompressionType.snappy, bomb))).toBe(ErrorCode.CORRUPT_MESSAGE);
  });
});

describe('bombs', () => {
  it('gzip: a gigabyte of zeros in a megabyte is refused', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(codeOf(() => decompress(CompressionType.gzip, bomb, 1 << 20))).toBe(ErrorCode.CORRUPT_MESSAGE);
  });

  it('unknown codec', () => {
    expect(codeOf(() => decompress(5, Buffer.alloc(3)))).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
  });
});

describe('portable zstd', () => {
  it('reads what zlib writes, up to the limit', () => {
    const data = Buffer.from('zstd without zlib '.repeat(20_000));
    const packed = compress(CompressionType.zstd, data);
    expect(portableZstdDecompress(packed, data.length)).toEqual(data);
    expect(codeOf(() => portableZstdDecompress(packed, data.length - 1))).toBe(ErrorCode.CORRUPT_MESSAGE);
  });
});
