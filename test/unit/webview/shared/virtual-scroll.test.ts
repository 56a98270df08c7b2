import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_CONTENT_PIXELS, VirtualScroll } from '../../../../webview/shared/virtual-scroll.ts';

function scroll(rows: number, viewport = 220): VirtualScroll {
  const made = new VirtualScroll(22);
  made.setViewportHeight(viewport);
  made.setRowCount(rows);
  return made;
}

test('a short list is its own scroll position', () => {
  const list = scroll(100);
  expect(list.contentHeight).toBe(2200);
  list.nativeScrolled(231);
  expect(list.top).toBe(231);
  expect(list.window()).toEqual({ first: 10, end: 21, top: -11 });
});

test('rows come into sight with the least movement', () => {
  const list = scroll(100);
  list.scrollToRow(9);
  expect(list.top).toBe(0);
  list.scrollToRow(10);
  expect(list.top).toBe(22);
  list.scrollToRow(99);
  expect(list.isAtEnd).toBe(true);
  list.scrollToRow(0, 'start');
  expect(list.top).toBe(0);
  list.scrollToRow(50, 'center');
  expect(list.window().first).toBeLessThan(50);
});

test('a list of 67 million rows is reached from end to end, and wheels by single pixels', () => {
  const list = scroll(67_108_864);
  expect(list.contentHeight).toBe(MAX_CONTENT_PIXELS);
  list.nativeScrolled(MAX_CONTENT_PIXELS - 220);
  expect(list.isAtEnd).toBe(true);
  expect(list.window().end).toBe(67_108_864);
  list.scrollToRow(33_554_432, 'start');
  const { top } = list;
  list.scrollBy(5);
  expect(list.top).toBe(top + 5);
  // The scroll bar follows, and its echo does not move the list.
  expect(list.nativeScrolled(Math.round(list.nativeTop))).toBe(false);
  expect(list.top).toBe(top + 5);
});

test('fewer rows never leave the position beyond the end', () => {
  const list = scroll(1000);
  list.scrollToEnd();
  list.setRowCount(3);
  expect(list.top).toBe(0);
  expect(list.window()).toEqual({ first: 0, end: 3, top: 0 });
});

test('the window always covers the viewport and stays within the list', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000_000),
      fc.nat(2000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rows, viewport, share) => {
        const list = scroll(rows, viewport);
        list.scrollBy(share * list.maxTop);
        const { first, end, top } = list.window(3);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(rows);
        expect(top).toBeLessThanOrEqual(0);
        if (end < rows) expect(top + (end - first) * 22).toBeGreaterThanOrEqual(viewport - 1e-3);
      },
    ),
  );
});
