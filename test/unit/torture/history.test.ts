import { expect, test } from 'vitest';
import { checkHistory, type Read, type Written } from '../../clients/torture/history.ts';

const written = (number: number, offset: number | undefined): Written => ({
  producer: 'p',
  partition: 0,
  number,
  offset,
});
const read = (offset: number, value: string, consumer = 'c'): Read => ({ consumer, partition: 0, offset, value });

test('finds nothing in a log that kept everything', () => {
  const both = ['c', 'd'].flatMap((consumer) => [read(0, 'p 0', consumer), read(2, 'p 1', consumer)]);
  expect(checkHistory([written(0, 0), written(1, 2), written(2, undefined)], both)).toEqual([]);
});

test('lets a record be there that its producer gave up', () => {
  expect(checkHistory([written(0, undefined)], [read(0, 'p 0')])).toEqual([]);
});

test.each([
  ['lost', [written(0, 0), written(1, 1)], [read(0, 'p 0')]],
  ['lost', [written(0, 0)], [read(0, 'q 0')]],
  ['duplicated', [written(0, 0)], [read(0, 'p 0'), read(1, 'p 0')]],
  ['reordered', [], [read(0, 'p 1'), read(1, 'p 0')]],
  ['reordered', [], [read(1, 'p 1'), read(0, 'p 0')]],
  ['unseen', [], [read(0, 'p 0'), read(1, 'p 1'), read(1, 'p 1', 'd')]],
  ['disagreement', [], [read(0, 'p 0'), read(0, 'p 1', 'd')]],
] as const)('finds what is %s', (what, writes, reads) => {
  const problems = checkHistory(writes, reads);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${what}: `);
});
