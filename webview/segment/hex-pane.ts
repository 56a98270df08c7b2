import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { printable } from '../../extension/shared/bytes-text.ts';
import type { BytesPage } from '../../extension/shared/segment-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import type { PageCache } from '../shared/page-cache.ts';
import { VirtualRows } from '../shared/virtual-rows.ts';
import { BYTES_PER_ROW, caretAfterKey, edgesOf, isIn, pageOfRow, rowCountOf, tintsOf } from './hex-rows.ts';
import type { Range } from './hex-rows.ts';
import { tintStyles } from './tints.ts';

const COLUMNS = Array.from({ length: BYTES_PER_ROW }, (_, column) => column);

/** One row of the pane. Made once and filled again and again: templates for every byte would be too slow. */
interface HexRow {
  readonly element: HTMLElement;
  readonly position: HTMLElement;
  readonly hex: readonly HTMLElement[];
  readonly ascii: readonly HTMLElement[];
}

/** The bytes of a file of any size, as hex and ASCII. Fires `caret-move` with a position. */
@customElement('samsa-hex')
export class HexPane extends LitElement {
  static override styles = [
    ...baseStyles,
    tintStyles,
    css`
      .scroller {
        font-family: var(--vscode-editor-font-family);
        font-size: var(--vscode-editor-font-size);
        container-type: inline-size;
      }
      .head,
      .window {
        min-width: max-content;
      }
      .line {
        display: flex;
        gap: 16px;
        padding: 0 16px;
        width: max-content;
        min-width: 100%;
      }
      .row.line:hover {
        background: none;
      }
      .position {
        color: var(--vscode-descriptionForeground);
        width: var(--digits);
      }
      .cells {
        display: flex;
      }
      .hex > span {
        width: 21px;
        text-align: center;
      }
      .hex > span:nth-child(8) {
        width: 29px;
        padding-right: 8px;
      }
      .ascii > span {
        width: 1.1ch;
        text-align: center;
      }
      .cell {
        background: color-mix(in srgb, var(--tint, transparent) 16%, transparent);
        cursor: default;
      }
      .cell.zero {
        color: var(--vscode-descriptionForeground);
        opacity: 0.7;
      }
      .cell.chosen {
        background: color-mix(in srgb, var(--tint, var(--vscode-charts-blue)) 42%, transparent);
        color: var(--vscode-list-activeSelectionForeground, var(--vscode-foreground));
        opacity: 1;
        --under: var(--vscode-focusBorder);
        box-shadow: inset 0 -2px var(--under);
      }
      .cell.top {
        --edge-top: var(--vscode-focusBorder);
      }
      .cell.bottom {
        --edge-bottom: var(--vscode-focusBorder);
      }
      .cell.left {
        --edge-left: var(--vscode-focusBorder);
      }
      .cell.right {
        --edge-right: var(--vscode-focusBorder);
      }
      .cell.outlined {
        box-shadow:
          inset 0 -2px var(--under, transparent),
          inset 1px 0 var(--edge-left, transparent),
          inset -1px 0 var(--edge-right, transparent),
          inset 0 1px var(--edge-top, transparent),
          inset 0 -1px var(--edge-bottom, transparent);
      }
      .cell.caret {
        outline: 1px solid var(--vscode-foreground);
        outline-offset: -1px;
      }
      .scroller:focus .cell.caret {
        outline-width: 2px;
        outline-offset: -2px;
      }
      .cell.waiting {
        color: var(--vscode-descriptionForeground);
      }
    `,
  ];

  @property({ type: Number }) sizeBytes = 0;
  @property({ type: Number }) caret = 0;
  @property({ attribute: false }) chosen: Range | undefined;
  /** Outlined: what the chosen field is part of. */
  @property({ attribute: false }) parents: readonly Range[] = [];
  @property({ attribute: false }) pages: PageCache<BytesPage> | undefined;

  readonly #rows = new VirtualRows(this);
  readonly #pool: HexRow[] = [];
  readonly #tints = new WeakMap<BytesPage, Int8Array>();

  /** Brings a byte into sight. */
  reveal(at: number, align: 'nearest' | 'center' = 'nearest'): void {
    const row = Math.floor(at / BYTES_PER_ROW);
    const { first, end } = this.#rows.scroll.window();
    const isInSight = row >= first && row < end;
    this.#rows.scrollToRow(row, isInSight ? 'nearest' : align);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('sizeBytes')) this.#rows.setRowCount(rowCountOf(this.sizeBytes));
  }

  protected override render(): TemplateResult {
    const digits = Math.max(8, (this.sizeBytes - 1).toString(16).length);
    return html`
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label="Bytes"
        aria-rowcount=${rowCountOf(this.sizeBytes) + 1}
        aria-activedescendant="byte-${this.caret}"
        .style=${`--digits:${digits}ch`}
        @keydown=${this.#onKey}
        @pointerdown=${this.#onPointer}
      >
        <div class="head" role="rowgroup">
          <div class="line" role="row" aria-rowindex="1">
            <span class="position" role="columnheader">position</span>
            <span class="cells hex" role="presentation">
              ${COLUMNS.map((column) => html`<span role="columnheader">${column.toString(16).padStart(2, '0')}</span>`)}
            </span>
            <span class="ascii" role="columnheader">text</span>
          </div>
        </div>
        <div class="window" role="rowgroup" .style=${this.#rows.windowStyle}></div>
        <div class="spacer" role="presentation" .style=${this.#rows.spacerStyle}></div>
      </div>
    `;
  }

  protected override updated(): void {
    const container = this.renderRoot.querySelector<HTMLElement>('.window');
    if (container === null) return;
    const { first, end, top } = this.#rows.window;
    while (this.#pool.length < end - first) this.#pool.push(makeRow(container));
    this.#pool.forEach((row, i) => {
      const index = first + i;
      row.element.hidden = index >= end;
      if (index >= end) return;
      row.element.style.top = `${top + i * this.#rows.scroll.rowHeight}px`;
      this.#fill(row, index);
    });
  }

  #fill(row: HexRow, index: number): void {
    const page = this.pages?.get(pageOfRow(index));
    const tints = page === undefined ? undefined : this.#tintsOf(page);
    const start = index * BYTES_PER_ROW;
    row.element.ariaRowIndex = String(index + 2);
    setText(row.position, start.toString(16).padStart(8, '0'));
    for (const column of COLUMNS) {
      const at = start + column;
      const [hex, ascii] = [row.hex[column], row.ascii[column]] as [HTMLElement, HTMLElement];
      const byte = page?.bytes[at - page.at];
      const isBeyond = at >= this.sizeBytes;
      const look = isBeyond ? '' : this.#look(at, byte, tints?.[at - (page?.at ?? 0)] ?? -1);
      setText(hex, isBeyond ? '' : byte === undefined ? '··' : byte.toString(16).padStart(2, '0'));
      setText(ascii, isBeyond ? '' : byte === undefined ? ' ' : printable(byte));
      setClass(hex, look);
      setClass(ascii, look);
      hex.id = isBeyond ? '' : `byte-${at}`;
    }
  }

  #look(at: number, byte: number | undefined, tint: number): string {
    let look = 'cell';
    if (tint >= 0) look += ` t${tint}`;
    if (byte === undefined) look += ' waiting';
    else if (byte === 0 && tint < 0) look += ' zero';
    if (isIn(this.chosen, at)) look += ' chosen';
    if (at === this.caret) look += ' caret';
    for (const parent of this.parents) {
      if (!isIn(parent, at)) continue;
      const { left, right, top, bottom } = edgesOf(parent, at);
      if (!(left || right || top || bottom)) continue;
      look += ` outlined${left ? ' left' : ''}${right ? ' right' : ''}${top ? ' top' : ''}${bottom ? ' bottom' : ''}`;
    }
    return look;
  }

  #tintsOf(page: BytesPage): Int8Array {
    const known = this.#tints.get(page);
    if (known !== undefined) return known;
    const made = tintsOf(page);
    this.#tints.set(page, made);
    return made;
  }

  #move(at: number): void {
    this.dispatchEvent(new CustomEvent<number>('caret-move', { detail: at }));
    this.reveal(at);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || (event.ctrlKey && event.key !== 'Home' && event.key !== 'End')) return;
    const { pageRows } = this.#rows.scroll;
    const next = caretAfterKey(event.key, event.ctrlKey || event.metaKey, this.caret, this.sizeBytes, pageRows);
    if (next === undefined) return;
    event.preventDefault();
    this.#move(next);
  };

  readonly #onPointer = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const target = event.composedPath()[0] as HTMLElement;
    const row = this.#pool.find(({ element }) => element.contains(target));
    if (row === undefined) return;
    const column = Math.max(row.hex.indexOf(target), row.ascii.indexOf(target));
    const at = parseInt(row.position.textContent ?? '', 16) + column;
    if (column >= 0 && at < this.sizeBytes) this.#move(at);
  };
}

function makeRow(container: HTMLElement): HexRow {
  const element = document.createElement('div');
  element.className = 'row line';
  element.setAttribute('role', 'row');
  const position = document.createElement('span');
  position.className = 'position';
  position.setAttribute('role', 'rowheader');
  const group = (name: string, isHidden: boolean): HTMLElement => {
    const cells = document.createElement('span');
    cells.className = `cells ${name}`;
    cells.setAttribute('role', isHidden ? 'gridcell' : 'presentation');
    return cells;
  };
  const hexGroup = group('hex', false);
  const asciiGroup = group('ascii', true);
  const cellsOf = (parent: HTMLElement, role: string): HTMLElement[] =>
    COLUMNS.map(() => {
      const cell = document.createElement('span');
      cell.setAttribute('role', role);
      parent.append(cell);
      return cell;
    });
  const hex = cellsOf(hexGroup, 'gridcell');
  const ascii = cellsOf(asciiGroup, 'presentation');
  element.append(position, hexGroup, asciiGroup);
  container.append(element);
  return { element, position, hex, ascii };
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function setClass(element: HTMLElement, name: string): void {
  if (element.className !== name) element.className = name;
}
