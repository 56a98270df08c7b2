import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionName } from '../../../extension/client/leader-routing.ts';
import { assignRanges, samePartitions } from '../../../extension/client/range-assignor.ts';

const numbers = (items: readonly { topic: string; partition: number }[] | undefined) => items?.map(partitionName);

describe('assignRanges', () => {
  test('gives the first members, by id, one more', () => {
    const members = ['c', 'a', 'b'].map((memberId) => ({ memberId, topics: ['t'] }));
    const assignment = assignRanges(members, new Map([['t', 7]]));
    expect(numbers(assignment.get('a'))).toEqual(['t-0', 't-1', 't-2']);
    expect(numbers(assignment.get('b'))).toEqual(['t-3', 't-4']);
    expect(numbers(assignment.get('c'))).toEqual(['t-5', 't-6']);
  });

  test('only gives topics to those who subscribe to them', () => {
    const assignment = assignRanges(
      [
        { memberId: 'a', topics: ['x'] },
        { memberId: 'b', topics: ['x', 'y'] },
      ],
      new Map([
        ['x', 2],
        ['y', 2],
      ]),
    );
    expect(numbers(assignment.get('a'))).toEqual(['x-0']);
    expect(numbers(assignment.get('b'))).toEqual(['x-1', 'y-0', 'y-1']);
  });

  test('leaves members empty-handed where partitions are few, and topics that are not there', () => {
    const members = ['a', 'b'].map((memberId) => ({ memberId, topics: ['t', 'gone'] }));
    const assignment = assignRanges(members, new Map([['t', 1]]));
    expect(numbers(assignment.get('b'))).toEqual([]);
  });

  test('gives every partition to exactly one member', () => {
    const counts = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), (topics, size) => {
        const members = Array.from({ length: size }, (_, index) => ({
          memberId: `m${index}`,
          topics: Object.keys(topics),
        }));
        const assignment = assignRanges(members, new Map(Object.entries(topics)));
        const all = [...assignment.values()].flat().map(partitionName).sort();
        const expected = Object.entries(topics).flatMap(([name, count]) =>
          Array.from({ length: count }, (_, partition) => `${name}-${partition}`),
        );
        expect(all).toEqual(expected.sort());
      }),
    );
  });
});

test('samePartitions does not mind the order', () => {
  const a = { topic: 't', partition: 1 };
  const b = { topic: 't', partition: 2 };
  expect(samePartitions([a, b], [b, a])).toBe(true);
  expect(samePartitions([a], [a, b])).toBe(false);
  expect(samePartitions([a, a], [a, b])).toBe(false);
});
