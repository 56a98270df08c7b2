import type { NodePath, StructureNode } from '../../shared/segment-contract.ts';

/** How many tints the palette has. */
export const TINTS = 6;

/** A node of the structure whose children are made when they are looked at. */
export interface LazyNode {
  readonly node: StructureNode;
  /** Called with 0 to `node.childCount` - 1. */
  child(index: number): LazyNode;
  /** The child that holds a position of the file, or -1; by default each child is looked at. */
  childAt?(at: number): number;
  /** The first child that holds this Kafka offset or a later one, or -1. */
  childOf?(offset: number): number;
}

const noChildren = (index: number): never => {
  throw new RangeError(`There is no child ${index}.`);
};

export function leaf(node: Omit<StructureNode, 'childCount'>): LazyNode {
  return { node: { ...node, childCount: 0 }, child: noChildren };
}

export function branch(node: Omit<StructureNode, 'childCount'>, children: readonly LazyNode[]): LazyNode {
  return {
    node: { ...node, childCount: children.length },
    child: (index) => children[index] ?? noChildren(index),
  };
}

/** Follows a path below a node; undefined where it leads nowhere. */
export function descend(from: LazyNode, path: NodePath): LazyNode | undefined {
  let found = from;
  for (const index of path) {
    if (!(index >= 0 && index < found.node.childCount)) return undefined;
    found = found.child(index);
  }
  return found;
}

/** The way from a node to the deepest one below it that holds the position. */
export function descendTo(from: LazyNode, at: number): { readonly path: number[]; readonly nodes: StructureNode[] } {
  const path: number[] = [];
  const nodes = [from.node];
  for (let found = from; ;) {
    const index = childAt(found, at);
    if (index < 0) return { path, nodes };
    found = found.child(index);
    path.push(index);
    nodes.push(found.node);
  }
}

/** The way from a node to the record at a Kafka offset, or the next one there is. */
export function descendToOffset(
  from: LazyNode,
  offset: number,
): { readonly path: number[]; readonly nodes: StructureNode[] } {
  const path: number[] = [];
  const nodes = [from.node];
  for (let found = from; ;) {
    const index = found.childOf?.(offset) ?? -1;
    if (index < 0) return { path, nodes };
    found = found.child(index);
    path.push(index);
    nodes.push(found.node);
  }
}

function childAt(parent: LazyNode, at: number): number {
  if (parent.childAt !== undefined) return parent.childAt(at);
  for (let index = 0; index < parent.node.childCount; index++) {
    if (holds(parent.child(index).node, at)) return index;
  }
  return -1;
}

export function holds({ at, size }: StructureNode, position: number): boolean {
  return at !== null && position >= at && position < at + size;
}

/** Adds the leaves between two positions to `into`, as triples of position, size and tint. */
export function collectRegions(node: LazyNode, from: number, to: number, into: number[]): void {
  const { at, size, childCount, tint } = node.node;
  if (at === null || at >= to || at + size <= from) return;
  let hasPlacedChild = false;
  const first = childCount > 0 && node.childAt !== undefined && from > at ? Math.max(0, node.childAt(from)) : 0;
  for (let index = first; index < childCount; index++) {
    const child = node.child(index);
    if (child.node.at === null) continue;
    if (child.node.at >= to) {
      hasPlacedChild = true;
      break;
    }
    hasPlacedChild = true;
    collectRegions(child, from, to, into);
  }
  if (!hasPlacedChild && tint !== null) into.push(at, size, tint);
}
