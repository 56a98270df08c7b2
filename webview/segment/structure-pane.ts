import { LitElement, css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { NodePath, StructureNode } from '../../extension/shared/segment-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { icon } from '../shared/icon.ts';
import { rowAfterKey } from '../shared/row-keys.ts';
import { ROW_HEIGHT, VirtualRows } from '../shared/virtual-rows.ts';
import type { NodeStore } from './node-store.ts';
import { tintStyles } from './tints.ts';
import type { TreeRows } from './tree-rows.ts';

/** A node that somebody chose. */
export interface ChosenNode {
  readonly path: NodePath;
  readonly node: StructureNode;
}

/** The structure of a file as a tree of any length. Fires `choose-node`. */
@customElement('samsa-structure')
export class StructurePane extends LitElement {
  static override styles = [
    ...baseStyles,
    tintStyles,
    css`
      .row {
        display: flex;
        align-items: center;
        gap: 6px;
        padding: 0 8px 0 calc(8px + var(--level) * 12px);
        cursor: default;
      }
      .twistie {
        display: inline-flex;
        width: 16px;
        height: 16px;
        flex: none;
        color: var(--vscode-icon-foreground, inherit);
      }
      .twistie.open {
        transform: rotate(90deg);
      }
      .swatch {
        flex: none;
        width: 8px;
        height: 8px;
        border: 1px solid var(--tint);
        background: color-mix(in srgb, var(--tint) 48%, transparent);
      }
      .swatch.none {
        border-color: transparent;
        background: none;
      }
      .label {
        flex: none;
        max-width: 60%;
      }
      .value {
        flex: 1 1 0;
        min-width: 0;
      }
      .warning {
        flex: none;
        color: var(--vscode-editorWarning-foreground);
      }
      .row.active .warning,
      .row.active .twistie {
        color: inherit;
      }
    `,
  ];

  @property({ attribute: false }) tree: TreeRows | undefined;
  @property({ attribute: false }) nodes: NodeStore | undefined;
  @property({ attribute: false }) chosen: NodePath | undefined;

  readonly #rows = new VirtualRows(this);

  /** Brings a node into sight; its ancestors must be open. */
  reveal(path: NodePath): void {
    this.#rows.setRowCount(this.tree?.rowCount ?? 0);
    const row = this.tree?.rowOf(path) ?? -1;
    if (row < 0) return;
    const { first, end } = this.#rows.scroll.window();
    this.#rows.scrollToRow(row, row >= first && row < end ? 'nearest' : 'center');
  }

  protected override willUpdate(): void {
    this.#rows.setRowCount(this.tree?.rowCount ?? 0);
  }

  protected override render(): TemplateResult {
    const { first, end, top } = this.#rows.window;
    const rows: TemplateResult[] = [];
    for (let row = first; row < end; row++) {
      const path = this.tree?.pathAt(row);
      if (path !== undefined) rows.push(this.#row(path, row, top + (row - first) * ROW_HEIGHT));
    }
    const chosenRow = this.chosen === undefined ? -1 : (this.tree?.rowOf(this.chosen) ?? -1);
    return html`
      <div
        class="scroller"
        role="tree"
        tabindex="0"
        aria-label="Structure"
        aria-activedescendant=${chosenRow >= first && chosenRow < end ? `node-${chosenRow}` : nothing}
        @keydown=${this.#onKey}
        @click=${this.#onClick}
        @dblclick=${this.#onDoubleClick}
      >
        <div class="window" role="presentation" .style=${this.#rows.windowStyle}>${rows}</div>
        <div class="spacer" role="presentation" .style=${this.#rows.spacerStyle}></div>
      </div>
    `;
  }

  #row(path: NodePath, row: number, top: number): TemplateResult {
    const node = this.nodes?.get(path);
    const isOpen = this.tree?.isOpen(path) ?? false;
    // A node that was read in full may have turned out to have other children than its header said.
    if (isOpen && node !== undefined && node.childCount !== this.tree?.childCount(path)) {
      this.tree?.open(path, node.childCount);
      this.requestUpdate();
    }
    const isChosen = this.chosen?.join() === path.join();
    const canOpen = (node?.childCount ?? 0) > 0;
    const tint = node?.tint ?? null;
    return html`
      <div
        class="row ${isChosen ? 'active' : ''}"
        role="treeitem"
        id="node-${row}"
        data-path=${path.join('/')}
        aria-level=${path.length}
        aria-posinset=${(path.at(-1) ?? 0) + 1}
        aria-setsize=${this.tree?.childCount(path.slice(0, -1)) ?? 0}
        aria-expanded=${canOpen ? String(isOpen) : nothing}
        aria-selected=${String(isChosen)}
        .style=${`top:${top}px;--level:${path.length - 1}`}
      >
        <span class="twistie ${isOpen ? 'open' : ''}">${canOpen ? icon('chevron-right') : nothing}</span>
        <span class="swatch ${tint === null ? 'none' : `t${tint}`}"></span>
        ${node === undefined ? html`<span class="dim">…</span>` : this.#content(node)}
      </div>
    `;
  }

  #content(node: StructureNode): TemplateResult {
    const { label, value, problem } = node;
    return html`<span class="label ellipsis">${label}</span>
      <span class="value dim ellipsis">${value}</span>
      ${problem === undefined ? nothing : html`<span class="warning" title=${problem}>${icon('warning', problem)}</span>`}`;
  }

  #choose(path: NodePath): void {
    const node = this.nodes?.get(path);
    if (node === undefined) return;
    this.dispatchEvent(new CustomEvent<ChosenNode>('choose-node', { detail: { path, node } }));
  }

  #toggle(path: NodePath): void {
    const node = this.nodes?.get(path);
    if (node === undefined || this.tree === undefined) return;
    if (this.tree.isOpen(path)) {
      this.tree.close(path);
      this.nodes?.forget(path);
    } else {
      this.tree.open(path, node.childCount);
      // Reading its children reads all of it: checksum and damage are known then.
      if (path.length === 1) this.nodes?.refreshRoot(path[0] ?? 0);
    }
    this.requestUpdate();
  }

  #moveTo(row: number): void {
    const path = this.tree?.pathAt(row);
    if (path === undefined) return;
    this.#rows.scrollToRow(row);
    this.#choose(path);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || this.tree === undefined) return;
    const path = this.chosen;
    const row = path === undefined ? -1 : this.tree.rowOf(path);
    if (path !== undefined && this.#onTreeKey(event.key, path, row)) {
      event.preventDefault();
      return;
    }
    const next = rowAfterKey(event.key, row, this.tree.rowCount, this.#rows.scroll.pageRows);
    if (next === undefined) return;
    event.preventDefault();
    this.#moveTo(next);
  };

  /** Opens, closes, and steps between levels; whether the key was one of those. */
  #onTreeKey(key: string, path: NodePath, row: number): boolean {
    const isOpen = this.tree?.isOpen(path) ?? false;
    const canOpen = (this.nodes?.peek(path)?.childCount ?? 0) > 0;
    if (key === 'ArrowRight' && canOpen) {
      if (isOpen) this.#moveTo(row + 1);
      else this.#toggle(path);
      return true;
    }
    if (key === 'ArrowLeft') {
      if (isOpen) this.#toggle(path);
      else if (path.length > 1) this.#moveTo(this.tree?.rowOf(path.slice(0, -1)) ?? 0);
      return true;
    }
    if ((key === 'Enter' || key === ' ') && canOpen) {
      this.#toggle(path);
      return true;
    }
    return false;
  }

  readonly #onClick = (event: MouseEvent): void => {
    const path = pathOf(event);
    if (path === undefined) return;
    const isTwistie = (event.composedPath()[0] as HTMLElement).closest('.twistie') !== null;
    if (isTwistie) this.#toggle(path);
    else this.#choose(path);
  };

  readonly #onDoubleClick = (event: MouseEvent): void => {
    const path = pathOf(event);
    if (path !== undefined) this.#toggle(path);
  };
}

function pathOf(event: Event): NodePath | undefined {
  const row = event
    .composedPath()
    .find((part): part is HTMLElement => part instanceof HTMLElement && part.dataset.path !== undefined);
  return row?.dataset.path?.split('/').map(Number);
}
