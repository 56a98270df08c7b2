import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { varintSize, VarintReader, varlongSize, writeVarint, writeVarlong } from '../../../extension/records/varint.ts';
import { readInt64, writeInt64 } from '../../../extension/records/int64.ts';

/** Zig-zag with big integers: slow and plainly right. */
function reference(value: bigint): number[] {
  let rest = value < 0n ? -value * 2n - 1n : value * 2n;
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

describe('varint', () => {
  it('writes, sizes and reads every 32-bit integer', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const buffer = Buffer.alloc(16);
        const end = writeVarint(buffer, value, 3);
        expect([...buffer.subarray(3, end)]).toEqual(reference(BigInt(value)));
        expect(varintSize(value)).toBe(end - 3);
        expect(new VarintReader(buffer, 3, end).varint()).toBe(value);
      }),
    );
  });

  it('writes, sizes and reads every safe integer', () => {
    const edges = [0, 2 ** 31, -(2 ** 31) - 1, 2 ** 52, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const values = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges));
    fc.assert(
      fc.property(values, (value) => {
        const buffer = Buffer.alloc(16);
        const end = writeVarlong(buffer, value, 0);
        expect([...buffer.subarray(0, end)]).toEqual(reference(BigInt(value)));
        expect(varlongSize(value)).toBe(end);
        expect(new VarintReader(buffer, 0, end).varlong()).toBe(value);
      }),
    );
  });

  it('reads the smallest and the largest 64-bit integer as doubles', () => {
    const largest = Buffer.from(reference(2n ** 63n - 1n));
    const smallest = Buffer.from(reference(-(2n ** 63n)));
    expect(new VarintReader(largest, 0, largest.length).varlong()).toBe(2 ** 63);
    expect(new VarintReader(smallest, 0, smallest.length).varlong()).toBe(-(2 ** 63));
  });

  it('refuses over-long and cut-off integers', () => {
    const endless = Buffer.alloc(20, 0xff);
    expect(() => new VarintReader(endless, 0, 20).varint()).toThrow(/more than 5 bytes/);
    expect(() => new VarintReader(endless, 0, 20).varlong()).toThrow(/more than 10 bytes/);
    expect(() => new VarintReader(endless, 0, 2).varint()).toThrow(/end in the middle/);
    expect(() => new VarintReader(endless, 0, 2).varlong()).toThrow(/end in the middle/);
  });
});

describe('int64', () => {
  it('writes and reads what Node writes and reads', () => {
    const edges = [2 ** 53 - 1, -(2 ** 53) + 1, -1, 0, 2 ** 32, -(2 ** 32)];
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges)), (value) => {
        const ours = Buffer.alloc(8);
        const theirs = Buffer.alloc(8);
        writeInt64(ours, value, 0);
        theirs.writeBigInt64BE(BigInt(value));
        expect(ours).toEqual(theirs);
        expect(readInt64(ours, 0)).toBe(value);
      }),
    );
  });

  it('takes 2^63 for the largest value', () => {
    const buffer = Buffer.alloc(8);
    writeInt64(buffer, 2 ** 63, 0);
    expect(buffer.readBigInt64BE()).toBe(2n ** 63n - 1n);
    writeInt64(buffer, -(2 ** 63), 0);
    expect(buffer.readBigInt64BE()).toBe(-(2n ** 63n));
  });
});
