import { expect, test } from 'vitest';
import { RateMeter } from '../../../../extension/views/offsets/rate-meter.ts';

test('one sample has no rate', () => {
  const meter = new RateMeter();
  meter.add(100, 0);
  expect(meter.perSecond).toBeNull();
});

test('the rate covers the last samples, the history is bounded', () => {
  const meter = new RateMeter();
  for (let second = 0; second < 40; second++) meter.add(second < 30 ? 0 : (second - 29) * 10, second * 1000);
  expect(meter.perSecond).toBe(10);
  expect(meter.rates.length).toBe(14);
  expect(meter.rates.at(-1)).toBe(10);
  expect(meter.rates[0]).toBe(0);
});

test('offsets that go back start over', () => {
  const meter = new RateMeter();
  meter.add(1000, 0);
  meter.add(2000, 1000);
  meter.add(5, 2000);
  expect(meter.perSecond).toBeNull();
  meter.add(10, 3000);
  expect(meter.perSecond).toBe(5);
});
