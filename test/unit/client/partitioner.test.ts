import { describe, expect, test } from 'vitest';
import { murmur2, partitionOfKey, StickyPartitioner } from '../../../extension/client/partitioner.ts';

describe('murmur2', () => {
  // What Kafka's Java client answers for these.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %j', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });

  test('gives a partition for every key, negative hashes and the empty key included', () => {
    for (const text of ['', '21', 'foobar', 'é', 'x'.repeat(1000)]) {
      const partition = partitionOfKey(Buffer.from(text), 7);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(7);
    }
    expect(partitionOfKey(Buffer.from('foobar'), 1000)).toBe((-790332482 & 0x7fffffff) % 1000);
  });
});

describe('StickyPartitioner', () => {
  test('stays until a batch is full, then moves to another partition', () => {
    const partitioner = new StickyPartitioner(100, () => 0);
    const first = partitioner.next(60, [0, 1, 2]);
    expect(partitioner.next(60, [0, 1, 2])).toBe(first);
    const second = partitioner.next(10, [0, 1, 2]);
    expect(second).not.toBe(first);
    expect(partitioner.next(10, [0, 1, 2])).toBe(second);
  });

  test('leaves a partition that is no longer available', () => {
    const partitioner = new StickyPartitioner(1000, () => 0);
    expect(partitioner.next(1, [0, 1])).toBe(0);
    expect(partitioner.next(1, [1])).toBe(1);
  });

  test('stays where there is only one', () => {
    const partitioner = new StickyPartitioner(10, () => 0.99);
    expect([partitioner.next(20, [4]), partitioner.next(20, [4])]).toEqual([4, 4]);
  });
});
