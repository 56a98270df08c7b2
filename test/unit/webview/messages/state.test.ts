import { expect, test } from 'vitest';
import { NO_FILTER } from '../../../../extension/shared/messages-contract.ts';
import type { MessagesStatus } from '../../../../extension/shared/messages-contract.ts';
import {
  ReaderPlace,
  brushedRange,
  describeReading,
  describeShown,
  parsePartitions,
} from '../../../../webview/messages/state.ts';
import { jsonTokens } from '../../../../webview/messages/json-tokens.ts';

const status: MessagesStatus = {
  topic: 'orders',
  cluster: 'embedded',
  partition: null,
  from: { kind: 'beginning' },
  reading: { state: 'live' },
  filter: NO_FILTER,
  revision: 1,
  first: 0,
  end: 100,
  buffered: 48_210,
  capacity: 100_000,
  undecodable: 0,
  partitions: [0, 1, 2],
  shownPartitions: [0, 1, 2],
  filtering: null,
  histogram: null,
};

test.each([
  ['', null],
  ['3', [3]],
  ['0-2, 5', [0, 1, 2, 5]],
  ['5 0–1 5', [0, 1, 5]],
  ['2-1', undefined],
  ['all', undefined],
  ['-1', undefined],
  ['0-99999999', undefined],
])('partitions %j', (text, expected) => {
  expect(parsePartitions(text)).toEqual(expected);
});

test('the status line says what is shown of what', () => {
  expect(describeShown(status)).toBe('48,210 · P0–2');
  const filter = { ...NO_FILTER, time: { kind: 'last', lastMs: 600_000 } as const, text: 'x' };
  expect(describeShown({ ...status, filter, end: 3120, undecodable: 2 })).toBe(
    '3,120 of 48,210 · P0–2 · last 10 min · 2 undecodable',
  );
});

test('the reading state in a word', () => {
  expect(describeReading(status)).toBe('live');
  expect(describeReading({ ...status, reading: { state: 'reading', share: 0.349 } })).toBe('reading 34 %');
  expect(describeReading({ ...status, filtering: 0.5 })).toBe('filtering 50 %');
});

test('a reader who left the end keeps the place and learns what is new', () => {
  const reader = new ReaderPlace(false);
  expect(reader.apply({ ...status, from: { kind: 'end' } })).toEqual({ dropped: 0, isNew: true });
  expect(reader.follows).toBe(true);
  reader.apply({ ...status, end: 150 });
  expect(reader.unseen).toBe(0);
  reader.moved(false);
  expect(reader.apply({ ...status, first: 20, end: 364 })).toEqual({ dropped: 20, isNew: false });
  expect(reader.unseen).toBe(214);
  reader.moved(true);
  expect(reader.unseen).toBe(0);
});

test('what was there when reading began is not news', () => {
  const reader = new ReaderPlace(false);
  reader.apply({ ...status, end: 0, reading: { state: 'reading', share: 0 } });
  reader.apply({ ...status, end: 90, reading: { state: 'reading', share: 0.9 } });
  reader.apply({ ...status, end: 100 });
  expect(reader.unseen).toBe(0);
  reader.apply({ ...status, end: 103 });
  expect(reader.unseen).toBe(3);
});

test('rows that came and went unseen are not counted', () => {
  const reader = new ReaderPlace(false);
  reader.apply(status);
  expect(reader.follows).toBe(false);
  reader.apply({ ...status, first: 500, end: 600 });
  expect(reader.unseen).toBe(100);
});

test('another revision starts over without forgetting whether to follow', () => {
  const reader = new ReaderPlace(false);
  reader.apply({ ...status, from: { kind: 'end' } });
  reader.moved(false);
  expect(reader.apply({ ...status, from: { kind: 'end' }, revision: 2, end: 7 })).toEqual({ dropped: 0, isNew: true });
  expect(reader.follows).toBe(false);
  expect(reader.rowCount).toBe(7);
});

test('a brush covers whole bins, whichever way it was drawn', () => {
  const histogram = { fromMs: 1000, binMs: 10, counts: [1, 2, 3, 4] };
  expect(brushedRange(histogram, 0.6, 0.3)).toEqual({ kind: 'range', fromMs: 1010, toMs: 1030 });
  expect(brushedRange(histogram, -1, 2)).toEqual({ kind: 'range', fromMs: 1000, toMs: 1040 });
});

test('JSON tokens join to the text', () => {
  const text = '{\n  "a\\"b": [1, -2.5e3, "x: y", true, null]\n}';
  const tokens = jsonTokens(text);
  expect(tokens.map((token) => token.text).join('')).toBe(text);
  expect(tokens.filter(({ kind }) => kind !== 'other').map((token) => [token.kind, token.text])).toEqual([
    ['name', '"a\\"b"'],
    ['number', '1'],
    ['number', '-2.5e3'],
    ['string', '"x: y"'],
    ['word', 'true'],
    ['word', 'null'],
  ]);
});
