import { expect, test } from 'vitest';
import { median, table } from '../../../scripts/bench/report.ts';

test('the median of an even count lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
});

test('ratios say how many times better a system is than the baseline', () => {
  const metrics = [
    { key: 'start', title: 'Start', unit: 'ms', better: 'less' },
    { key: 'produce', title: 'Produce', unit: 'records/s', better: 'more' },
  ] as const;
  const samples = [
    { system: 'ours', values: { start: 100, produce: 3000 } },
    { system: 'base', values: { start: 2000, produce: 1000 } },
    { system: 'base', values: { start: 4000, produce: 2000 } },
  ];
  expect(table(metrics, samples, 'base').split('\n')).toEqual([
    '|  | ours | base |',
    '| - | -: | -: |',
    '| Start (ms) | 100 (30.0×) | 3,000 |',
    '| Produce (records/s) | 3,000 (2.0×) | 1,500 |',
  ]);
});
