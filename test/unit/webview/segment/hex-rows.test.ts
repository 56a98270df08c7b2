import { expect, test } from 'vitest';
import type { FileState, StructureNode } from '../../../../extension/shared/segment-contract.ts';
import { describeFile, describePlace } from '../../../../webview/segment/describe.ts';
import { parseTarget } from '../../../../webview/segment/go-to.ts';
import { caretAfterKey, edgesOf, isIn, rowCountOf, tintsOf } from '../../../../webview/segment/hex-rows.ts';

test.each([
  ['ArrowLeft', false, 0, 0],
  ['ArrowRight', false, 15, 16],
  ['ArrowDown', false, 90, 99],
  ['ArrowUp', false, 5, 5],
  ['PageDown', false, 3, 67],
  ['PageUp', false, 67, 3],
  ['Home', false, 37, 32],
  ['End', false, 37, 47],
  ['End', false, 97, 99],
  ['Home', true, 37, 0],
  ['End', true, 37, 99],
  ['x', false, 37, undefined],
])('%s (control: %s) at %d leads to %s', (key, isControl, at, next) => {
  expect(caretAfterKey(key, isControl, at, 100, 4)).toBe(next);
});

test('an empty file has no caret to move', () => {
  expect(caretAfterKey('ArrowRight', false, 0, 0, 4)).toBeUndefined();
  expect(rowCountOf(0)).toBe(0);
  expect(rowCountOf(17)).toBe(2);
});

test('regions that begin before the page and end behind it tint what is on it', () => {
  const tints = tintsOf({ at: 4096, bytes: new Uint8Array(8), regions: [4000, 98, 2, 4098, 2, 3, 4102, 500, 1] });
  expect([...tints]).toEqual([2, 2, 3, 3, -1, -1, 1, 1]);
  expect([...tintsOf({ at: 0, bytes: new Uint8Array(2), regions: null })]).toEqual([-1, -1]);
});

test('an outline runs around its range, line by line', () => {
  const range = { at: 14, size: 6 };
  expect(edgesOf(range, 14)).toEqual({ left: true, right: false, top: true, bottom: true });
  expect(edgesOf(range, 15)).toEqual({ left: false, right: true, top: true, bottom: true });
  expect(edgesOf(range, 16)).toEqual({ left: true, right: false, top: true, bottom: true });
  expect(edgesOf({ at: 0, size: 48 }, 20)).toEqual({ left: false, right: false, top: false, bottom: false });
  expect([13, 14, 19, 20].map((at) => isIn(range, at))).toEqual([false, true, true, false]);
});

test.each([
  ['1234', { kind: 'position', at: 1234 }],
  ['1,234', { kind: 'position', at: 1234 }],
  ['0x4D2', { kind: 'position', at: 1234 }],
  ['@48 210', { kind: 'offset', offset: 48_210 }],
  ['', undefined],
  ['-1', undefined],
  ['0xzz', undefined],
  ['@', undefined],
])('go to %j', (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

const file: FileState = {
  revision: 1,
  keptBytes: 0,
  kind: 'index',
  name: 'x',
  path: '/x',
  sizeBytes: 10_485_760,
  usedBytes: 24,
  rootCount: 4,
  unitCount: 3,
  unit: 'entry',
  scannedBytes: 10_485_760,
  topic: 'orders',
  partition: 0,
  modifiedMs: 0,
  trouble: null,
};

test('the file in a line', () => {
  expect(describeFile(file)).toBe('orders-0 · offset index · 10 MiB preallocated, 24 B used · 3 entries');
  const log: FileState = { ...file, kind: 'log', unit: 'batch', usedBytes: file.sizeBytes, scannedBytes: 5_242_880 };
  expect(describeFile({ ...log, firstOffset: 0, lastOffset: 48_209 })).toBe(
    'orders-0 · log · 10 MiB · 3 batches · offsets 0–48,209 · reading 50 %',
  );
});

test('the place in a line', () => {
  const node = (label: string, icon: StructureNode['icon'], size: number): StructureNode => ({
    label,
    value: '',
    at: 300,
    size,
    childCount: 0,
    icon,
    tint: null,
  });
  const nodes = [node('48,210–48,230', 'batch', 500), node('48,211', 'record', 40), node('value', 'text', 12)];
  expect(describePlace({ ...file, unit: 'batch' }, 300, { path: [1, 14, 6], nodes })).toBe(
    'position 300 (0x12c) of 10,485,760 · offset 48,211 · batch 2 of 3 · value, 12 bytes',
  );
  expect(describePlace(file, 300, undefined)).toBe('position 300 (0x12c) of 10,485,760');
});
