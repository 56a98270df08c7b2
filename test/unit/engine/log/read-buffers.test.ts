import { describe, expect, it } from 'vitest';
import { LentMemory } from '../../../../extension/engine/common/lent-memory.ts';
import { ReadBuffers } from '../../../../extension/engine/log/read-buffers.ts';

const MIB = 1024 * 1024;

describe('ReadBuffers', () => {
  it('hand out the same memory again once it was given back, and not before', () => {
    const lent = new LentMemory();
    const buffers = new ReadBuffers(lent);
    const first = buffers.take(MIB + 8192);
    const second = buffers.take(MIB);
    expect([first.length, second.length]).toEqual([MIB + 8192, MIB]);
    expect(second.buffer).not.toBe(first.buffer);
    // What goes out is a part of what was read.
    lent.giveBack(first.subarray(100, 2000));
    expect(buffers.take(MIB - 1).buffer).toBe(first.buffer);
    expect(buffers.take(MIB).buffer).not.toBe(first.buffer);
  });

  it('keep no more than a few megabytes, none of small reads, and nothing that was not lent', () => {
    const lent = new LentMemory();
    const buffers = new ReadBuffers(lent);
    for (const buffer of Array.from({ length: 20 }, () => buffers.take(MIB))) lent.giveBack(buffer);
    expect(buffers.spareBytes).toBeGreaterThan(4 * MIB);
    expect(buffers.spareBytes).toBeLessThanOrEqual(8 * MIB);
    const before = buffers.spareBytes;
    lent.giveBack(buffers.take(1000));
    lent.giveBack(Buffer.alloc(MIB));
    expect(buffers.spareBytes).toBe(before);
  });
});
