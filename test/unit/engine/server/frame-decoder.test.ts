import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder, FrameError } from '../../../../extension/engine/server/frame-decoder.ts';

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

describe('FrameDecoder', () => {
  it('finds the same frames wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.map(framed));
          const seen: string[] = [];
          const decoder = new FrameDecoder(100, (frame) => seen.push(frame.toString('hex')));
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = Math.min(stream.length, at + cuts[i % cuts.length]!);
            decoder.push(stream.subarray(at, end));
            at = end;
          }
          expect(seen).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')));
          expect(decoder.pendingBytes).toBe(0);
        },
      ),
    );
  });

  it.each([-1, -2147483648, 101, 2147483647])('refuses a frame of %i bytes before it is held', (length) => {
    const decoder = new FrameDecoder(100, () => expect.unreachable());
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    expect(() => decoder.push(bytes)).toThrow(FrameError);
  });

  it('hands over the frames before a bad one', () => {
    const seen: number[] = [];
    const decoder = new FrameDecoder(100, (frame) => seen.push(frame.length));
    expect(() => decoder.push(Buffer.concat([framed(Buffer.alloc(3)), Buffer.alloc(4, 0xff)]))).toThrow(FrameError);
    expect(seen).toEqual([3]);
  });

  it('keeps nothing of what it was given, and says which frames are slices of it', () => {
    const seen: [string, boolean][] = [];
    const decoder = new FrameDecoder(1_000_000, (frame, isSlice) => seen.push([frame.toString('hex', 0, 2), isSlice]));
    const large = Buffer.alloc(300_000, 7);
    const stream = Buffer.concat([framed(Buffer.of(1, 1)), framed(large), framed(Buffer.of(2, 2))]);
    const shared = Buffer.alloc(50_000);
    for (let at = 0; at < stream.length; at += shared.length) {
      const count = stream.copy(shared, 0, at);
      decoder.push(shared.subarray(0, count));
      shared.fill(0);
    }
    expect(seen).toEqual([
      ['0101', true],
      ['0707', false],
      ['0202', true],
    ]);
  });

  it('holds no more than was sent of a frame that was only announced', () => {
    const decoder = new FrameDecoder(100_000_000, () => expect.unreachable());
    const bytes = Buffer.alloc(10);
    bytes.writeInt32BE(99_000_000);
    decoder.push(bytes);
    expect(decoder.pendingBytes).toBe(10);
  });
});
