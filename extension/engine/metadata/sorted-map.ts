/** A node of the tree; `height` is that of the subtree. */
interface Node<V> {
  readonly key: string;
  readonly value: V;
  readonly left: Node<V> | undefined;
  readonly right: Node<V> | undefined;
  readonly height: number;
}

/**
 * An immutable map from strings to values, iterated in the order of the keys' UTF-16 units. `with` and `without` answer a
 * new map that shares all but O(log n) nodes with the old one (an AVL tree), so keeping an old image costs next to
 * nothing.
 */
export class SortedMap<V> {
  static readonly #empty: SortedMap<never> = new SortedMap<never>(undefined, 0);

  readonly size: number;
  readonly #root: Node<V> | undefined;

  private constructor(root: Node<V> | undefined, size: number) {
    this.#root = root;
    this.size = size;
  }

  static empty<V>(): SortedMap<V> {
    return SortedMap.#empty;
  }

  get(key: string): V | undefined {
    return find(this.#root, key)?.value;
  }

  has(key: string): boolean {
    return find(this.#root, key) !== undefined;
  }

  with(key: string, value: V): SortedMap<V> {
    const existing = find(this.#root, key);
    if (existing !== undefined && existing.value === value) return this;
    return new SortedMap(insert(this.#root, key, value), existing === undefined ? this.size + 1 : this.size);
  }

  /** {@link with} for many entries, in any order. Where they are a good part of the map, the tree is built anew, in linear time. */
  withAll(entries: ReadonlyMap<string, V>): SortedMap<V> {
    if (entries.size * REBUILD_FACTOR < this.size) {
      return [...entries].reduce<SortedMap<V>>((map, [key, value]) => map.with(key, value), this);
    }
    const added = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const all: [string, V][] = [];
    let next = 0;
    for (const entry of this.entries()) {
      while (next < added.length && added[next]![0] < entry[0]) all.push(added[next++]!);
      all.push(added[next]?.[0] === entry[0] ? added[next++]! : entry);
    }
    while (next < added.length) all.push(added[next++]!);
    return all.length === 0 ? SortedMap.empty() : new SortedMap(build(all, 0, all.length), all.length);
  }

  without(key: string): SortedMap<V> {
    if (!this.has(key)) return this;
    return this.size === 1 ? SortedMap.empty() : new SortedMap(remove(this.#root, key), this.size - 1);
  }

  *entries(): Generator<[string, V], void> {
    yield* this.entriesFrom('');
  }

  /** Entries whose key is `from` or later. */
  *entriesFrom(from: string): Generator<[string, V], void> {
    const path: Node<V>[] = [];
    for (let node = this.#root; node !== undefined;) {
      if (node.key < from) {
        node = node.right;
      } else {
        path.push(node);
        node = node.left;
      }
    }
    for (let top = path.pop(); top !== undefined; top = path.pop()) {
      yield [top.key, top.value];
      for (let node = top.right; node !== undefined; node = node.left) path.push(node);
    }
  }

  *keys(): Generator<string, void> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, V], void> {
    return this.entries();
  }
}

/** About the height of a tree: so much more a single insertion costs than a place in a tree that is built anew. */
const REBUILD_FACTOR = 8;

/** A balanced tree of sorted entries. */
function build<V>(entries: readonly (readonly [string, V])[], from: number, to: number): Node<V> | undefined {
  if (from >= to) return undefined;
  const middle = (from + to) >>> 1;
  const [key, value] = entries[middle]!;
  return make(key, value, build(entries, from, middle), build(entries, middle + 1, to));
}

function find<V>(node: Node<V> | undefined, key: string): Node<V> | undefined {
  while (node !== undefined && node.key !== key) node = key < node.key ? node.left : node.right;
  return node;
}

function heightOf(node: Node<unknown> | undefined): number {
  return node === undefined ? 0 : node.height;
}

function make<V>(key: string, value: V, left: Node<V> | undefined, right: Node<V> | undefined): Node<V> {
  return { key, value, left, right, height: Math.max(heightOf(left), heightOf(right)) + 1 };
}

function insert<V>(node: Node<V> | undefined, key: string, value: V): Node<V> {
  if (node === undefined) return make(key, value, undefined, undefined);
  if (key === node.key) return { key, value, left: node.left, right: node.right, height: node.height };
  return key < node.key
    ? balance(node.key, node.value, insert(node.left, key, value), node.right)
    : balance(node.key, node.value, node.left, insert(node.right, key, value));
}

function remove<V>(node: Node<V> | undefined, key: string): Node<V> | undefined {
  if (node === undefined) return undefined;
  if (key < node.key) return balance(node.key, node.value, remove(node.left, key), node.right);
  if (key > node.key) return balance(node.key, node.value, node.left, remove(node.right, key));
  if (node.left === undefined) return node.right;
  if (node.right === undefined) return node.left;
  let next = node.right;
  while (next.left !== undefined) next = next.left;
  return balance(next.key, next.value, node.left, remove(node.right, next.key));
}

/** Joins two subtrees whose heights differ by at most two. */
function balance<V>(key: string, value: V, left: Node<V> | undefined, right: Node<V> | undefined): Node<V> {
  const tilt = heightOf(left) - heightOf(right);
  if (left !== undefined && tilt > 1) {
    const inner = left.right;
    if (inner === undefined || heightOf(left.left) >= inner.height) {
      return make(left.key, left.value, left.left, make(key, value, inner, right));
    }
    const outer = make(left.key, left.value, left.left, inner.left);
    return make(inner.key, inner.value, outer, make(key, value, inner.right, right));
  }
  if (right !== undefined && tilt < -1) {
    const inner = right.left;
    if (inner === undefined || heightOf(right.right) >= inner.height) {
      return make(right.key, right.value, make(key, value, left, inner), right.right);
    }
    const outer = make(right.key, right.value, inner.right, right.right);
    return make(inner.key, inner.value, make(key, value, left, inner.left), outer);
  }
  return make(key, value, left, right);
}
