import { expect, test } from 'vitest';
import { rowAfterKey } from '../../../../webview/shared/row-keys.ts';

test.each([
  ['ArrowDown', -1, 0],
  ['ArrowDown', 99, 99],
  ['ArrowUp', -1, 99],
  ['ArrowUp', 0, 0],
  ['PageDown', 50, 60],
  ['PageUp', 5, 0],
  ['Home', 50, 0],
  ['End', 50, 99],
  ['a', 50, undefined],
])('%s at %d leads to %s', (key, active, next) => {
  expect(rowAfterKey(key, active, 100, 10)).toBe(next);
});

test('an empty list has nowhere to go', () => {
  expect(rowAfterKey('ArrowDown', -1, 0, 10)).toBeUndefined();
});
