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

  it('holds no more than was sent of a frame that was only announced', () => {
    const decoder = new FrameDecoder(100_000_000, () => expect.unreachable());
    const bytes = Buffer.alloc(10);
    bytes.writeInt32BE(99_000_000);
    decoder.push(bytes);
    expect(decoder.pendingBytes).toBe(10);
  });
});
