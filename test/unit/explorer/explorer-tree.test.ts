import { beforeEach, describe, expect, test } from 'vitest';
import { ExplorerTree, PAGE_SIZE } from '../../../extension/explorer/explorer-tree.ts';
import { moreSpec, readErrorSpec } from '../../../extension/explorer/cluster-looks.ts';
import type { NodeSpec, TreeNode } from '../../../extension/explorer/tree-node.ts';

function spec(key: string, description = '', children: NodeSpec['children'] = 'collapsed'): NodeSpec {
  const look = { label: key, description, icon: 'layers', contextValue: 'partition' } as const;
  return { key, target: { kind: 'topic', topic: key }, look, children };
}

/** What each node has below it, by id; the root is ''. An error is thrown. */
let below: Map<string, readonly NodeSpec[] | Error>;
let reads: string[];

beforeEach(() => {
  below = new Map();
  reads = [];
});

function makeTree(): ExplorerTree {
  return new ExplorerTree({
    load: (node, limit) => {
      const id = node?.id ?? '';
      reads.push(id);
      const specs = below.get(id) ?? [];
      if (specs instanceof Error) return Promise.reject(specs);
      return Promise.resolve({ specs: specs.slice(0, limit), hidden: Math.max(0, specs.length - limit) });
    },
    describeError: readErrorSpec,
    describeMore: moreSpec,
  });
}

function labels(nodes: readonly TreeNode[]): string[] {
  return nodes.map(({ look }) => look.label);
}

async function child(tree: ExplorerTree, key: string, parent?: TreeNode): Promise<TreeNode> {
  const found = (await tree.children(parent)).find((node) => node.key === key);
  if (found === undefined) throw new Error(`no row ${key}`);
  return found;
}

describe('reading', () => {
  test('asks for the rows of a node only when they are wanted, and once', async () => {
    below.set('', [spec('a'), spec('b')]);
    below.set('a', [spec('1')]);
    const tree = makeTree();
    expect(labels(await tree.children())).toEqual(['a', 'b']);
    const a = await child(tree, 'a');
    expect(labels(await tree.children(a))).toEqual(['1']);
    await tree.children(a);
    expect(reads).toEqual(['', 'a']);
    expect((await child(tree, '1', a)).id).toBe('a/1');
  });

  test('an error is a row', async () => {
    below.set('', new Error('the broker does not answer'));
    const [row] = await makeTree().children();
    expect(row?.look).toMatchObject({ label: 'The broker does not answer', contextValue: 'error.read' });
  });

  test('shows pages and says how much is left', async () => {
    below.set('', [spec('a', '', 'expanded')]);
    below.set(
      'a',
      Array.from({ length: 9000 }, (_, index) => spec(`t${index}`)),
    );
    const tree = makeTree();
    const a = await child(tree, 'a');
    const rows = await tree.children(a);
    expect(rows).toHaveLength(PAGE_SIZE + 1);
    expect(rows.at(-1)?.look).toMatchObject({ description: '8,500 rows not shown', contextValue: 'more' });
    expect(rows.at(-1)?.look.command?.args).toEqual(['a']);
    expect(tree.showMore('a')).toBe(a);
    await tree.refresh();
    expect(await tree.children(a)).toHaveLength(2 * PAGE_SIZE + 1);
  });
});

describe('refreshing', () => {
  test('keeps the node of what is still there and tells what looks different', async () => {
    below.set('', [spec('a', 'x'), spec('b', 'y')]);
    const tree = makeTree();
    const [a, b] = await tree.children();
    expect(await tree.refresh()).toEqual([]);
    below.set('', [spec('a', 'x'), spec('b', 'z')]);
    expect(await tree.refresh()).toEqual([b]);
    expect(b?.look.description).toBe('z');
    below.set('', [spec('0'), spec('a', 'x'), spec('b', 'z')]);
    expect(await tree.refresh()).toEqual([undefined]);
    expect((await tree.children()).slice(1)).toEqual([a, b]);
  });

  test('reads only what is open', async () => {
    below.set('', [spec('a'), spec('b')]);
    below.set('a', [spec('1', 'x')]);
    below.set('b', [spec('2')]);
    const tree = makeTree();
    const a = await child(tree, 'a');
    const b = await child(tree, 'b');
    const one = await child(tree, '1', a);
    await tree.children(b);
    tree.setExpanded(a, true);
    reads = [];
    below.set('a', [spec('1', 'y')]);
    expect(await tree.refresh()).toEqual([one]);
    expect(reads).toEqual(['', 'a']);
    tree.setExpanded(a, false);
    reads = [];
    await tree.refresh();
    expect(reads).toEqual(['']);
  });

  test('reads a row anew that is opened again after other rounds', async () => {
    below.set('', [spec('a')]);
    below.set('a', [spec('1')]);
    const tree = makeTree();
    const a = await child(tree, 'a');
    await tree.children(a);
    below.set('a', [spec('1'), spec('2')]);
    await tree.refresh();
    expect(labels(await tree.children(a))).toEqual(['1', '2']);
  });

  test('names a node once, where it and what is below it changed', async () => {
    below.set('', [spec('a', 'x', 'expanded')]);
    below.set('a', [spec('1', 'x')]);
    const tree = makeTree();
    const a = await child(tree, 'a');
    await tree.children(a);
    below.set('', [spec('a', 'y', 'expanded')]);
    below.set('a', [spec('1', 'y')]);
    expect(await tree.refresh()).toEqual([a]);
  });

  test('a row that becomes expandable counts as open', async () => {
    below.set('', [spec('a', '', 'none')]);
    const tree = makeTree();
    const a = await child(tree, 'a');
    await tree.children(a);
    below.set('', [spec('a', '', 'expanded')]);
    below.set('a', [spec('1')]);
    expect(await tree.refresh()).toEqual([a]);
    expect(labels(await tree.children(a))).toEqual(['1']);
  });

  test('keeps the rows while a broker restarts, then says what is wrong, then recovers', async () => {
    below.set('', [spec('a')]);
    const tree = makeTree();
    const [a] = await tree.children();
    below.set('', new Error('away'));
    await tree.refresh();
    await tree.refresh();
    expect(await tree.children()).toEqual([a]);
    expect(await tree.refresh()).toEqual([undefined]);
    expect(labels(await tree.children())).toEqual(['Away']);
    below.set('', [spec('a')]);
    await tree.refresh();
    expect(labels(await tree.children())).toEqual(['a']);
  });

  test('forgets what is below a row that is gone', async () => {
    below.set('', [spec('a')]);
    below.set('a', [spec('1')]);
    const tree = makeTree();
    const a = await child(tree, 'a');
    await tree.children(a);
    below.set('', []);
    await tree.refresh();
    expect(tree.find('a/1')).toBeUndefined();
    below.set('', [spec('a')]);
    await tree.refresh();
    expect(await child(tree, 'a')).not.toBe(a);
  });
});
