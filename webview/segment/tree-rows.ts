import type { NodePath } from '../../extension/shared/segment-contract.ts';

/** An open node: how many children it has, and which of them are open. */
interface OpenNode {
  count: number;
  readonly open: Map<number, OpenNode>;
}

/**
 * The rows of a tree of which some nodes are open, without making them: millions of closed children cost nothing. Rows
 * count from 0; the root has none.
 */
export class TreeRows {
  readonly #root: OpenNode = { count: 0, open: new Map() };

  get rowCount(): number {
    return rowsBelow(this.#root);
  }

  setRootCount(count: number): void {
    this.#root.count = count;
    for (const index of this.#root.open.keys()) if (index >= count) this.#root.open.delete(index);
  }

  /** Opens a node with so many children; its ancestors must be open. */
  open(path: NodePath, childCount: number): void {
    const parent = this.#find(path.slice(0, -1));
    const index = path.at(-1);
    if (parent === undefined || index === undefined || index >= parent.count || childCount === 0) return;
    const known = parent.open.get(index);
    if (known === undefined) parent.open.set(index, { count: childCount, open: new Map() });
    else known.count = childCount;
  }

  close(path: NodePath): void {
    const index = path.at(-1);
    if (index !== undefined) this.#find(path.slice(0, -1))?.open.delete(index);
  }

  closeAll(): void {
    this.#root.open.clear();
  }

  isOpen(path: NodePath): boolean {
    return path.length > 0 && this.#find(path) !== undefined;
  }

  /** Children of an open node (or of the root); undefined for a closed one. */
  childCount(path: NodePath): number | undefined {
    return this.#find(path)?.count;
  }

  /** The node in a row; undefined beyond the last. */
  pathAt(row: number): NodePath | undefined {
    const path: number[] = [];
    let node = this.#root;
    let left = row;
    descend: for (;;) {
      let index = 0;
      for (const [openIndex, child] of sorted(node.open)) {
        // Closed children before the open one have a row each.
        const between = openIndex - index;
        if (left < between) break;
        left -= between;
        index = openIndex;
        if (left === 0) return [...path, index];
        const below = rowsBelow(child);
        if (left <= below) {
          left -= 1;
          path.push(index);
          node = child;
          continue descend;
        }
        left -= below + 1;
        index++;
      }
      const found = index + left;
      return found < node.count && left >= 0 ? [...path, found] : undefined;
    }
  }

  /** The row of a node whose ancestors are open; -1 when one is not. */
  rowOf(path: NodePath): number {
    let row = -1;
    let node: OpenNode | undefined = this.#root;
    for (const index of path) {
      if (node === undefined || index >= node.count) return -1;
      row += index + 1;
      for (const [openIndex, child] of node.open) if (openIndex < index) row += rowsBelow(child);
      node = node.open.get(index);
    }
    return row;
  }

  #find(path: NodePath): OpenNode | undefined {
    let node: OpenNode | undefined = this.#root;
    for (const index of path) node = node?.open.get(index);
    return node;
  }
}

function rowsBelow(node: OpenNode): number {
  let rows = node.count;
  for (const child of node.open.values()) rows += rowsBelow(child);
  return rows;
}

function sorted(open: ReadonlyMap<number, OpenNode>): [number, OpenNode][] {
  return [...open].sort(([a], [b]) => a - b);
}
