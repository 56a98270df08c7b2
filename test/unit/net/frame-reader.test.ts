import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../../extension/net/frame-reader.ts';

function framed(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(frame.length);
      return [size, frame];
    }),
  );
}

function readAll(chunks: readonly Buffer[], limit = 1_000_000): Buffer[] {
  const reader = new FrameReader(limit);
  const frames: Buffer[] = [];
  for (const chunk of chunks) reader.push(chunk, (frame) => frames.push(frame));
  expect(reader.pendingBytes).toBe(0);
  return frames;
}

describe('FrameReader', () => {
  test('gives the same frames however the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 });
    fc.assert(
      fc.property(frames, cuts, (given, positions) => {
        const bytes = framed(given);
        const ends = [...new Set([...positions, bytes.length])]
          .filter((at) => at <= bytes.length)
          .sort((a, b) => a - b);
        const chunks = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1]!, end));
        const found = readAll(chunks);
        expect(found.map((frame) => frame.toString('hex'))).toEqual(
          given.map((frame) => Buffer.from(frame).toString('hex')),
        );
      }),
    );
  });

  test('keeps nothing of chunks whose memory is used again', () => {
    const given = [Buffer.from('a'), Buffer.from('bcd'), Buffer.alloc(200_000, 'x'), Buffer.from('e')];
    const bytes = framed(given);
    for (const size of [1, 3, 7, 5000, 70_000, bytes.length]) {
      const shared = Buffer.alloc(size);
      const reader = new FrameReader(1_000_000);
      const frames: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        const length = bytes.copy(shared, 0, at);
        reader.push(shared.subarray(0, length), (frame) => frames.push(frame), true);
        shared.fill(0);
      }
      expect(frames).toEqual(given);
    }
  });

  test('does not believe a size: memory grows with what arrives', () => {
    const reader = new FrameReader(200_000_000);
    const header = Buffer.alloc(4);
    header.writeInt32BE(200_000_000);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.concat([header, Buffer.alloc(1000)]), () => undefined);
    expect(reader.pendingBytes).toBe(1004);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test('does not copy a frame that lies in one chunk', () => {
    const chunk = framed([Buffer.from('one'), Buffer.from('two')]);
    const frames = readAll([chunk]);
    expect(frames.map(String)).toEqual(['one', 'two']);
    expect(frames.every((frame) => frame.buffer === chunk.buffer)).toBe(true);
  });

  test.each([
    ['negative', -5],
    ['beyond the limit', 101],
  ])('refuses a size that is %s before the bytes come', (_, size) => {
    const header = Buffer.alloc(4);
    header.writeInt32BE(size);
    expect(() => new FrameReader(100).push(header, () => undefined)).toThrow(RangeError);
  });
});
