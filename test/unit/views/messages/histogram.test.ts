import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogramOf } from '../../../../extension/views/messages/histogram.ts';

test('nothing to count is no histogram', () => {
  expect(histogramOf([])).toBeNull();
  expect(histogramOf([-1])).toBeNull();
});

test('bins have round widths and round starts', () => {
  const minute = 60_000;
  const times = Array.from({ length: 91 }, (_, i) => i * minute + 17);
  expect(histogramOf(times)).toMatchObject({ fromMs: 0, binMs: minute });
  expect(histogramOf([5000])).toEqual({ fromMs: 5000, binMs: 1, counts: [1] });
});

test('every time is in its bin, and the bins are bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000_000_000_000), { minLength: 1 }), (times) => {
      const histogram = histogramOf(times);
      expect(histogram).not.toBeNull();
      const { fromMs, binMs, counts } = histogram!;
      expect(counts.length).toBeLessThanOrEqual(98);
      expect(counts.reduce((a, b) => a + b, 0)).toBe(times.length);
      for (const time of times) expect(counts[Math.floor((time - fromMs) / binMs)]).toBeGreaterThan(0);
    }),
  );
});
