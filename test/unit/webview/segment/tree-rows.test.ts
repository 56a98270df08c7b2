import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodePath } from '../../../../extension/shared/segment-contract.ts';
import { TreeRows } from '../../../../webview/segment/tree-rows.ts';

test('closed, it is a list', () => {
  const tree = new TreeRows();
  tree.setRootCount(15_000_000);
  expect(tree.rowCount).toBe(15_000_000);
  expect(tree.pathAt(14_999_999)).toEqual([14_999_999]);
  expect(tree.rowOf([14_999_999])).toBe(14_999_999);
  expect(tree.pathAt(15_000_000)).toBeUndefined();
});

test('opens and closes on every level', () => {
  const tree = new TreeRows();
  tree.setRootCount(3);
  tree.open([1], 2);
  tree.open([1, 1], 4);
  tree.open([2, 0], 9);
  expect(tree.rowCount).toBe(9);
  const rows = Array.from({ length: 10 }, (_, row) => tree.pathAt(row)?.join('.'));
  expect(rows).toEqual(['0', '1', '1.0', '1.1', '1.1.0', '1.1.1', '1.1.2', '1.1.3', '2', undefined]);
  expect(tree.isOpen([1])).toBe(true);
  tree.close([1]);
  expect(tree.rowCount).toBe(3);
  expect(tree.rowOf([1, 0])).toBe(-1);
});

test('a shorter file takes open nodes with it', () => {
  const tree = new TreeRows();
  tree.setRootCount(5);
  tree.open([4], 10);
  tree.setRootCount(2);
  expect(tree.rowCount).toBe(2);
});

test('rows and paths say the same as a list of all', () => {
  const shape = fc.array(fc.tuple(fc.nat(9), fc.option(fc.nat(5)), fc.integer({ min: 1, max: 6 })), { maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), shape, (count, openings) => {
      const tree = new TreeRows();
      tree.setRootCount(count);
      for (const [root, child, children] of openings) tree.open(child === null ? [root] : [root, child], children);
      const listed: NodePath[] = [];
      const walk = (path: NodePath): void => {
        for (let i = 0; i < (tree.childCount(path) ?? 0); i++) {
          listed.push([...path, i]);
          walk([...path, i]);
        }
      };
      walk([]);
      expect(tree.rowCount).toBe(listed.length);
      listed.forEach((path, row) => {
        expect(tree.pathAt(row)).toEqual(path);
        expect(tree.rowOf(path)).toBe(row);
      });
    }),
  );
});
