import { TreeNode } from './tree-node.ts';
import type { NodeSpec } from './tree-node.ts';

/** Rows below a node, and how many there are beyond the limit. */
export interface Rows {
  readonly specs: readonly NodeSpec[];
  readonly hidden: number;
}

/** Reads the first `limit` rows below a node; `undefined` is the root. */
export type LoadChildren = (node: TreeNode | undefined, limit: number) => Promise<Rows>;

/** A page of rows below one node; the rest waits behind a "Show more" row. */
export const PAGE_SIZE = 500;

interface Branch {
  /** Undefined until first asked for. */
  nodes: readonly TreeNode[] | undefined;
  loading: Promise<boolean> | undefined;
  failures: number;
  /** Of the round in which the rows were read. */
  round: number;
  /** Undefined while the person has not touched it: then as the row says. */
  expanded: boolean | undefined;
  limit: number;
}

export interface ExplorerTreeOptions {
  readonly load: LoadChildren;
  /** The row to show where reading failed. */
  readonly describeError: (error: unknown) => NodeSpec;
  /** The row that stands for `hidden` others. */
  readonly describeMore: (parentId: string, hidden: number) => NodeSpec;
}

/**
 * The rows that are known, without any editor. Children are read when first asked for; `refresh` reads again what is
 * expanded, keeps the node of everything that is still there and says which rows have to be drawn again.
 */
export class ExplorerTree {
  readonly #options: ExplorerTreeOptions;
  readonly #branches = new Map<string, Branch>();
  #round = 0;

  constructor(options: ExplorerTreeOptions) {
    this.#options = options;
  }

  /** Rows below a node, read anew unless the last round did. Never rejects: errors are rows. */
  async children(node?: TreeNode): Promise<readonly TreeNode[]> {
    const branch = this.#branch(node);
    if (branch.nodes === undefined || branch.round < this.#round) await this.#read(node, branch);
    return branch.nodes ?? [];
  }

  /** Tells what the person opened or closed; only open rows are refreshed. */
  setExpanded(node: TreeNode, expanded: boolean): void {
    this.#branch(node).expanded = expanded;
  }

  isExpanded(node: TreeNode): boolean {
    return this.#branch(node).expanded ?? node.spec.children === 'expanded';
  }

  /** Lets a page more of the rows below the node with this id be seen. Returns the node, or undefined when it is gone. */
  showMore(id: string): TreeNode | undefined {
    const node = this.find(id);
    if (node !== undefined) this.#branch(node).limit += PAGE_SIZE;
    return node;
  }

  find(id: string): TreeNode | undefined {
    for (const branch of this.#branches.values()) {
      const found = branch.nodes?.find((node) => node.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A round: reads again what is open. Returns the rows that changed, outermost first; undefined is the root. */
  async refresh(): Promise<readonly (TreeNode | undefined)[]> {
    this.#round++;
    return this.#refresh(undefined);
  }

  async #refresh(node: TreeNode | undefined): Promise<readonly (TreeNode | undefined)[]> {
    const branch = this.#branch(node);
    if (branch.nodes === undefined) return [];
    const redraw = new Set<TreeNode>();
    const hasMoved = await this.#read(node, branch, redraw);
    const open = branch.nodes.filter((child) => this.isExpanded(child));
    const below = await Promise.all(open.map((child) => this.#refresh(child)));
    if (hasMoved) return [node];
    return [...redraw, ...below.flat().filter((each) => each === undefined || !isBelow(each, redraw))];
  }

  /** Reads rows into the branch. Returns whether rows came or went; rows that look different are added to `redraw`. */
  #read(node: TreeNode | undefined, branch: Branch, redraw = new Set<TreeNode>()): Promise<boolean> {
    branch.loading ??= this.#load(node, branch)
      .then((specs) => this.#reconcile(node, branch, specs, redraw))
      .finally(() => (branch.loading = undefined));
    return branch.loading;
  }

  async #load(node: TreeNode | undefined, branch: Branch): Promise<readonly NodeSpec[]> {
    try {
      const { specs, hidden } = await this.#options.load(node, branch.limit);
      branch.failures = 0;
      return hidden === 0 ? specs : [...specs, this.#options.describeMore(node?.id ?? '', hidden)];
    } catch (error) {
      branch.failures++;
      // A broker that restarts should not fold up the tree: what was there stays for a few rounds.
      if (branch.nodes !== undefined && branch.failures < failuresShown) return branch.nodes.map(({ spec }) => spec);
      return [this.#options.describeError(error)];
    }
  }

  #reconcile(parent: TreeNode | undefined, branch: Branch, specs: readonly NodeSpec[], redraw: Set<TreeNode>): boolean {
    const before = branch.nodes ?? [];
    const known = new Map(before.map((node) => [node.key, node]));
    const nodes = specs.map((spec) => {
      const node = known.get(spec.key);
      if (node === undefined) return new TreeNode(parent, spec);
      known.delete(spec.key);
      if (node.update(spec)) redraw.add(node);
      return node;
    });
    for (const gone of known.values()) this.#drop(gone);
    branch.nodes = nodes;
    branch.round = this.#round;
    return nodes.length !== before.length || nodes.some((node, index) => node !== before[index]);
  }

  #drop(node: TreeNode): void {
    const branch = this.#branches.get(node.id);
    this.#branches.delete(node.id);
    for (const child of branch?.nodes ?? []) this.#drop(child);
  }

  #branch(node: TreeNode | undefined): Branch {
    const id = node?.id ?? '';
    let branch = this.#branches.get(id);
    if (branch === undefined) {
      branch = { nodes: undefined, loading: undefined, failures: 0, round: 0, expanded: undefined, limit: PAGE_SIZE };
      this.#branches.set(id, branch);
    }
    return branch;
  }
}

const failuresShown = 3;

/** Drawing a row draws what is below it too. */
function isBelow(node: TreeNode, drawn: ReadonlySet<TreeNode>): boolean {
  for (let up = node.parent; up !== undefined; up = up.parent) if (drawn.has(up)) return true;
  return drawn.has(node);
}
