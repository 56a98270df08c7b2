import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import { onDidChangeSetting, readSetting } from '../settings/configuration.ts';
import { moreSpec, readErrorSpec } from './cluster-looks.ts';
import { EmbeddedSource } from './embedded-source.ts';
import type { EmbeddedSession } from './embedded-session.ts';
import { ExplorerTree } from './explorer-tree.ts';
import { loadChildren } from './load-children.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { RoundSource } from './round-source.ts';
import { decorations, treeItem } from './tree-item.ts';
import type { TreeNode } from './tree-node.ts';
import { UnfoldKeeper } from './unfold-keeper.ts';

/** How many rounds pass between two looks for a cluster that somebody else started. */
const lookEvery = 3;

/** The tree in the Samsa container. Reads and refreshes only while it can be seen. */
export class ExplorerView implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #session: EmbeddedSession<ClusterClient>;
  readonly #source: RoundSource;
  readonly #tree: ExplorerTree;
  readonly #loop = new RefreshLoop(() => this.#round());
  readonly #changed = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #keeper = new UnfoldKeeper<TreeNode>((node) => void this.#openAgain(node));
  readonly #disposables: vscode.Disposable[] = [this.#changed, this.#keeper];
  readonly #view: vscode.TreeView<TreeNode>;
  #rounds = 0;

  constructor(session: EmbeddedSession<ClusterClient>) {
    this.#session = session;
    this.#source = new RoundSource(new EmbeddedSource(session));
    this.#tree = new ExplorerTree({
      load: loadChildren({
        sessionId: session.id,
        state: () => session.state,
        source: () => this.#source.view,
        showInternalTopics: () => readSetting('explorer.showInternalTopics'),
      }),
      describeError: readErrorSpec,
      describeMore: moreSpec,
    });
    const view = vscode.window.createTreeView('samsa.explorer', { treeDataProvider: this, showCollapseAll: true });
    this.#view = view;
    this.#disposables.push(
      view,
      vscode.window.registerFileDecorationProvider(decorations),
      view.onDidChangeVisibility(({ visible }) => this.#loop.setActive(visible)),
      view.onDidExpandElement(({ element }) => this.#expanded(element, true)),
      view.onDidCollapseElement(({ element }) => this.#expanded(element, false)),
      session.onDidChange(() => this.#loop.soon()),
      session.onDidChangeContents(() => this.#loop.soon()),
      session.onDidReceiveEvent(({ event }) => {
        if (event !== 'log') this.#loop.soon();
      }),
      onDidChangeSetting(['explorer.showInternalTopics'], () => this.#loop.soon()),
    );
    this.#loop.setActive(view.visible);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    return treeItem(node);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    // The event of an unfolding gets lost in a redraw, but only rows that are open are asked for.
    if (node !== undefined && !this.#tree.isExpanded(node)) this.#expanded(node, true);
    return [...(await this.#tree.children(node))];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent;
  }

  /** Reads again what is open. Resolves when the rows are up to date. */
  refresh(): Promise<void> {
    return this.#loop.now();
  }

  showMore(id: string): Promise<void> {
    this.#tree.showMore(id);
    return this.#loop.now();
  }

  dispose(): void {
    this.#loop.setActive(false);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #expanded(node: TreeNode, expanded: boolean): void {
    this.#tree.setExpanded(node, expanded);
    if (expanded) this.#keeper.unfolded(node);
    else this.#keeper.folded(node);
    if (expanded) this.#loop.soon();
  }

  async #round(): Promise<void> {
    if (!this.#session.isUp && this.#rounds++ % lookEvery === 0) void this.#session.look();
    this.#source.newRound();
    const changed = await this.#tree.refresh();
    if (changed.length === 0) return;
    this.#keeper.redraws();
    this.#changed.fire(changed.includes(undefined) ? undefined : changed.filter((node) => node !== undefined));
  }

  /** Where the person can still see it open. */
  async #openAgain(node: TreeNode): Promise<void> {
    for (let row: TreeNode | undefined = node; row !== undefined; row = row.parent) {
      if (!this.#tree.isExpanded(row)) return;
    }
    if (!this.#view.visible || this.#tree.find(node.id) !== node) return;
    try {
      await this.#view.reveal(node, { expand: true, select: false, focus: false });
    } catch {
      // It went with the redraw.
    }
  }
}
