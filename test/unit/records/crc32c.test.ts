import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, nativeCrc32c, portableCrc32c, wasmCrc32c } from '../../../extension/records/crc32c.ts';

/** Bit by bit, straight from the definition. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it('has the check value of the standard', () => {
    const bytes = Buffer.from('123456789');
    expect(portableCrc32c(bytes, 0, 9)).toBe(0xe3069283);
    expect(crc32c(bytes, 0, 9)).toBe(0xe3069283);
    expect(wasmCrc32c?.(bytes, 0, 9)).toBe(0xe3069283);
  });

  it('agrees with the definition for any bytes and any part of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(600), (array, cut) => {
        const bytes = Buffer.from(array);
        const start = Math.min(cut, bytes.length);
        const expected = slowCrc32c(bytes.subarray(start));
        expect(portableCrc32c(bytes, start, bytes.length)).toBe(expected);
        expect(crc32c(bytes, start, bytes.length)).toBe(expected);
        expect(wasmCrc32c?.(bytes, start, bytes.length)).toBe(expected);
        if (nativeCrc32c !== undefined) expect(nativeCrc32c(bytes, start, bytes.length)).toBe(expected);
      }),
    );
  });

  it('goes on over inputs that are larger than what WebAssembly is given at a time', () => {
    for (const length of [114_687, 114_688, 114_689, 400_001]) {
      const bytes = Buffer.alloc(length, 'Kafka');
      expect(wasmCrc32c?.(bytes, 0, length)).toBe(portableCrc32c(bytes, 0, length));
    }
  });
});
