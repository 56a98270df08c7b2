import { NODES_PAGE_SIZE } from '../../extension/shared/segment-contract.ts';
import type { NodePath, StructureNode } from '../../extension/shared/segment-contract.ts';
import { PageCache } from '../shared/page-cache.ts';

export type FetchNodes = (parent: NodePath, from: number, count: number) => Promise<readonly StructureNode[]>;

/** Nodes by path, fetched in pages of their parent's children as they are looked at. */
export class NodeStore {
  readonly #fetch: FetchNodes;
  readonly #changed: () => void;
  readonly #children = new Map<string, PageCache<readonly StructureNode[]>>();

  constructor(fetch: FetchNodes, changed: () => void) {
    this.#fetch = fetch;
    this.#changed = changed;
  }

  /** The node if it is here; if not, it is asked for. */
  get(path: NodePath): StructureNode | undefined {
    const index = path.at(-1);
    if (index === undefined) return undefined;
    const page = this.#childrenOf(path.slice(0, -1)).get(Math.floor(index / NODES_PAGE_SIZE));
    return page?.[index % NODES_PAGE_SIZE];
  }

  /** The node if it is here. */
  peek(path: NodePath): StructureNode | undefined {
    const index = path.at(-1);
    if (index === undefined) return undefined;
    const children = this.#children.get(path.slice(0, -1).join('/'));
    return children?.peek(Math.floor(index / NODES_PAGE_SIZE))?.[index % NODES_PAGE_SIZE];
  }

  /** Fetches children of the root again from an index on: they are more now, or say more. */
  refreshRoot(fromIndex: number): void {
    this.#children.get('')?.refresh((page) => page >= Math.floor(fromIndex / NODES_PAGE_SIZE));
  }

  /** Forgets what is below a node. */
  forget(path: NodePath): void {
    const prefix = path.join('/');
    for (const key of this.#children.keys()) {
      if (key === prefix || key.startsWith(`${prefix}/`)) this.#children.delete(key);
    }
  }

  clear(): void {
    this.#children.clear();
  }

  #childrenOf(parent: NodePath): PageCache<readonly StructureNode[]> {
    const key = parent.join('/');
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const made = new PageCache<readonly StructureNode[]>(
      (page) => this.#fetch(parent, page * NODES_PAGE_SIZE, NODES_PAGE_SIZE),
      this.#changed,
    );
    this.#children.set(key, made);
    return made;
  }
}
