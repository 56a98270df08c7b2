import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedMap } from '../../../../extension/engine/metadata/sorted-map.ts';

const key = fc.stringMatching(/^[a-c._]{0,3}$/);

test('behaves like a map that is sorted by its keys, and never changes an old version', () => {
  const operation = fc.record({ key, value: fc.option(fc.nat(5), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), key, (operations, from) => {
      let map = SortedMap.empty<number>();
      const model = new Map<string, number>();
      const versions: { map: SortedMap<number>; model: [string, number][] }[] = [];
      for (const { key: each, value } of operations) {
        if (value === undefined) {
          map = map.without(each);
          model.delete(each);
        } else {
          map = map.with(each, value);
          model.set(each, value);
        }
        versions.push({ map, model: [...model].sort(([a], [b]) => (a < b ? -1 : 1)) });
      }
      for (const version of versions) {
        expect([...version.map]).toEqual(version.model);
        expect(version.map.size).toBe(version.model.length);
        expect([...version.map.entriesFrom(from)]).toEqual(version.model.filter(([each]) => each >= from));
        for (const [each, value] of version.model) expect(version.map.get(each)).toBe(value);
      }
    }),
  );
});

test('setting what is there changes nothing', () => {
  const map = SortedMap.empty<number>().with('a', 1);
  expect(map.with('a', 1)).toBe(map);
  expect(map.without('b')).toBe(map);
});

test('sorted input does not make a list of it', () => {
  let map = SortedMap.empty<number>();
  for (let i = 0; i < 50_000; i++) map = map.with(String(i).padStart(5, '0'), i);
  // Recursion would overflow the stack on a tree as deep as it has entries.
  for (let i = 0; i < 50_000; i += 2) map = map.without(String(i).padStart(5, '0'));
  expect(map.size).toBe(25_000);
  expect([...map.keys()].slice(0, 3)).toEqual(['00001', '00003', '00005']);
});

test('many entries at once are the same as one by one', () => {
  for (const [size, added] of [
    [0, 5],
    [5, 0],
    [100, 3],
    [100, 40],
    [100, 400],
  ] as const) {
    let map = SortedMap.empty<number>();
    for (let i = 0; i < size; i++) map = map.with(`k${(i * 7) % 1000}`, i);
    const entries = new Map(Array.from({ length: added }, (_, i) => [`k${(i * 13 + 5) % 1000}`, -i]));
    let oneByOne = map;
    for (const [key, value] of entries) oneByOne = oneByOne.with(key, value);
    const before = [...map];
    const all = map.withAll(entries);
    expect([...all]).toEqual([...oneByOne]);
    expect(all.size).toBe(oneByOne.size);
    expect([...map]).toEqual(before);
    for (const key of entries.keys()) expect(all.get(key)).toBe(entries.get(key));
  }
});
