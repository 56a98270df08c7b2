import { LitElement, css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { BYTES_PAGE_SIZE } from '../../extension/shared/segment-contract.ts';
import type {
  BytesPage,
  FileState,
  FileTrouble,
  Located,
  NodePath,
  SegmentContract,
  SegmentState,
  StructureNode,
} from '../../extension/shared/segment-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { Host } from '../shared/host.ts';
import { banner, notice, noticeStyles } from '../shared/notice.ts';
import type { NoticeContent } from '../shared/notice.ts';
import { PageCache } from '../shared/page-cache.ts';
import '../shared/split.ts';
import { registerControls } from '../shared/toolkit.ts';
import { describeFile, describePlace } from './describe.ts';
import { parseTarget } from './go-to.ts';
import type { HexPane } from './hex-pane.ts';
import './hex-pane.ts';
import type { Range } from './hex-rows.ts';
import './inspector-pane.ts';
import { NodeStore } from './node-store.ts';
import type { ChosenNode, StructurePane } from './structure-pane.ts';
import './structure-pane.ts';
import { TreeRows } from './tree-rows.ts';

registerControls();

/** Below it the panes go one above the other. */
const WIDE_PIXELS = 820;
/** What the hex pane needs for a whole row. */
const BYTES_PIXELS = 612;
const INSPECTED_BYTES = 64;
/** 4,096 pages hold 16 MiB, more than anybody scrolls back to. */
const KEPT_PAGES = 64;

const TROUBLES: Readonly<Record<FileTrouble['kind'], string>> = {
  deleted: 'The file is gone.',
  truncated: 'The file was cut.',
  unreadable: 'The file cannot be read.',
};

/** One file of a Kafka log directory: structure, bytes, and what the bytes at the caret say. */
@customElement('samsa-segment')
export class SegmentApp extends LitElement {
  static override styles = [
    ...baseStyles,
    noticeStyles,
    css`
      .facts {
        flex: 0 1 auto;
        min-width: 0;
      }
      .go-to {
        width: 208px;
      }
      .lost {
        outline: 1px solid var(--vscode-inputValidation-errorBorder);
      }
    `,
  ];

  @state() private file: FileState | undefined;
  @state() private caret = 0;
  @state() private chosen: { readonly path: NodePath; readonly nodes: readonly StructureNode[] } | undefined;
  @state() private width = 0;
  @state() private isLost = false;
  @state() private announcement = '';

  readonly #host = new Host<SegmentContract, SegmentState>(({ data }) => this.#takeFile(data));
  readonly #tree = new TreeRows();
  readonly #nodes = new NodeStore(
    (parent, from, count) => this.#host.request('nodes', { parent, from, count }),
    () => this.#redraw(),
  );
  readonly #pages = new PageCache<BytesPage>(
    (page) => this.#host.request('bytes', { page }),
    () => this.#redraw(),
    KEPT_PAGES,
  );
  readonly #observer = new ResizeObserver(() => (this.width = this.clientWidth));
  #isFirst = true;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
    window.addEventListener('keydown', this.#onKeyAnywhere);
    this.#host.request('open', null).then(
      (file) => this.#takeFile(file),
      () => undefined,
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    window.removeEventListener('keydown', this.#onKeyAnywhere);
  }

  #takeFile(file: FileState): void {
    const before = this.file;
    this.file = file;
    if (before !== undefined && file.revision !== before.revision) this.#refreshFrom(file, before);
    else if (before !== undefined && file.scannedBytes !== before.scannedBytes) this.#refreshScanned(before);
    this.#tree.setRootCount(file.rootCount);
    if (file.trouble !== null && file.trouble.message !== before?.trouble?.message) {
      this.announcement = file.trouble.message;
    }
    if (this.#isFirst && file.sizeBytes > 0) {
      this.#isFirst = false;
      void this.#goTo(Math.min(this.#host.state.position ?? 0, file.sizeBytes - 1));
    } else if (this.chosen === undefined && file.scannedBytes > this.caret) {
      // The structure at the caret has become known.
      void this.#goTo(this.caret);
    }
    this.#redraw();
  }

  /** The content changed from a place on. */
  #refreshFrom(file: FileState, before: FileState): void {
    if (file.keptBytes === 0) {
      this.#pages.clear();
      this.#nodes.clear();
      this.#tree.closeAll();
      this.chosen = undefined;
      this.caret = Math.min(this.caret, Math.max(0, file.sizeBytes - 1));
      return;
    }
    this.#pages.refresh((page) => (page + 1) * BYTES_PAGE_SIZE > file.keptBytes);
    this.#nodes.refreshRoot(Math.max(0, before.rootCount - 1));
  }

  /** More of the structure is known than a moment ago. */
  #refreshScanned(before: FileState): void {
    this.#pages.refresh((page) => this.#pages.peek(page)?.regions === null);
    this.#nodes.refreshRoot(Math.max(0, before.rootCount - 1));
  }

  #redraw(): void {
    this.requestUpdate();
    this.#structurePane?.requestUpdate();
    this.#hexPane?.requestUpdate();
  }

  get #structurePane(): StructurePane | null {
    return this.renderRoot.querySelector('samsa-structure');
  }

  get #hexPane(): HexPane | null {
    return this.renderRoot.querySelector('samsa-hex');
  }

  /** Puts the caret on a byte and shows what it is part of. */
  async #goTo(at: number): Promise<void> {
    this.caret = at;
    this.#host.keep({ position: at });
    const located = await this.#host.request('locate', { at }).catch(() => null);
    // Somebody may have gone on meanwhile.
    if (this.caret === at) this.#showLocated(located);
  }

  #showLocated(located: Located | null): void {
    if (located === null) {
      this.chosen = undefined;
      return;
    }
    const { path, nodes } = located;
    nodes.slice(0, -1).forEach((node, depth) => this.#tree.open(path.slice(0, depth + 1), node.childCount));
    this.chosen = located;
    this.#structurePane?.reveal(path);
    this.#redraw();
  }

  readonly #onChoose = ({ detail: { path, node } }: CustomEvent<ChosenNode>): void => {
    const nodes = path.slice(0, -1).map((_, depth) => this.#nodes.peek(path.slice(0, depth + 1)));
    this.chosen = { path, nodes: [...nodes.filter((each) => each !== undefined), node] };
    this.#putCaret(this.chosen.nodes);
  };

  protected override render(): TemplateResult {
    const { file } = this;
    return html`
      ${this.#header()} ${this.#trouble(file)}
      ${file === undefined || (file.trouble !== null && file.sizeBytes === 0) ? this.#nothingToShow(file) : this.#panes(file)}
      <footer class="status">
        <span class="ellipsis">${file === undefined ? '' : describePlace(file, this.caret, this.chosen)}</span>
      </footer>
      <div class="unseen" role="status" aria-live="polite">${this.announcement}</div>
    `;
  }

  #header(): TemplateResult {
    const { file } = this;
    const facts = file === undefined || (file.trouble !== null && file.sizeBytes === 0) ? '' : describeFile(file);
    return html`
      <header class="bar">
        <h1 class="title ellipsis" title=${file?.path ?? ''}>${file?.name ?? ''}</h1>
        <span class="dim ellipsis facts" title=${facts}>${facts}</span>
        <span class="grow"></span>
        <vscode-text-field
          class="go-to ${this.isLost ? 'lost' : ''}"
          placeholder="Go to 1234, 0x4d2, @offset"
          aria-label="Go to a position such as 1234 or 0x4d2, or to an offset such as @48210"
          @change=${this.#onGoTo}
          @keydown=${(event: KeyboardEvent) => event.key === 'Enter' && this.#onGoTo(event)}
        ></vscode-text-field>
      </header>
    `;
  }

  #trouble(file: FileState | undefined): TemplateResult | typeof nothing {
    if (file === undefined || file.trouble === null || file.sizeBytes === 0) return nothing;
    return banner(this.#troubleContent(file));
  }

  #troubleContent({ trouble }: FileState): NoticeContent {
    const kind = trouble?.kind ?? 'unreadable';
    const content = { icon: 'warning', title: TROUBLES[kind], text: trouble?.message ?? '', urgent: true } as const;
    if (kind === 'truncated') return content;
    const [label, op] = kind === 'deleted' ? (['Close', 'close'] as const) : (['Open as text', 'openAsText'] as const);
    return { ...content, step: { label, run: () => void this.#host.request(op, null).catch(() => undefined) } };
  }

  #nothingToShow(file: FileState | undefined): TemplateResult {
    if (file === undefined) return notice({ icon: 'progress', title: 'Opening' });
    return notice(this.#troubleContent(file));
  }

  #panes(file: FileState): TemplateResult {
    if (file.sizeBytes === 0) {
      return notice({ icon: 'file-binary', title: 'The file is empty', text: 'What is written to it appears here.' });
    }
    const { structureSize, inspectorSize } = this.#host.state;
    const isNarrow = this.width < WIDE_PIXELS;
    // What the bytes leave, shared between structure and inspector.
    const rest = Math.max(0, this.width - BYTES_PIXELS);
    const ofStructure = Math.min(400, Math.max(220, rest * 0.56));
    const ofInspector = Math.min(320, Math.max(208, rest - ofStructure));
    const chosenNode = this.chosen?.nodes.at(-1);
    return html`
      <samsa-split
        sized="first"
        ?stacked=${isNarrow}
        .size=${structureSize ?? (isNarrow ? 180 : ofStructure)}
        .least=${isNarrow ? 66 : 160}
        label="Resize structure"
        @resize-pane=${(event: CustomEvent<number>) => this.#host.keep({ structureSize: event.detail })}
      >
        ${
          file.rootCount === 0 && file.scannedBytes === file.sizeBytes
            ? html`<div slot="first" class="notice">
                <div class="notice-text">No structure is known for this file.</div>
              </div>`
            : html`<samsa-structure
                slot="first"
                .tree=${this.#tree}
                .nodes=${this.#nodes}
                .chosen=${this.chosen?.path}
                @choose-node=${this.#onChoose}
              ></samsa-structure>`
        }
        <samsa-split
          slot="second"
          ?stacked=${isNarrow}
          .size=${inspectorSize ?? (isNarrow ? 140 : ofInspector)}
          .least=${isNarrow ? 66 : 160}
          label="Resize inspector"
          @resize-pane=${(event: CustomEvent<number>) => {
            event.stopPropagation();
            this.#host.keep({ inspectorSize: event.detail });
          }}
        >
          <samsa-hex
            slot="first"
            .sizeBytes=${file.sizeBytes}
            .caret=${this.caret}
            .chosen=${rangeOf(chosenNode)}
            .parents=${this.#parents()}
            .pages=${this.#pages}
            @caret-move=${(event: CustomEvent<number>) => void this.#goTo(event.detail)}
          ></samsa-hex>
          <samsa-inspector
            slot="second"
            .node=${chosenNode}
            .caret=${this.caret}
            .bytes=${this.#bytesAtCaret()}
            @copy-text=${(event: CustomEvent<string>) =>
              void this.#host.request('copy', { text: event.detail }).catch(() => undefined)}
          ></samsa-inspector>
        </samsa-split>
      </samsa-split>
    `;
  }

  /** Ranges of the chosen node's ancestors. */
  #parents(): readonly Range[] {
    return (this.chosen?.nodes ?? [])
      .slice(0, -1)
      .map(rangeOf)
      .filter((range) => range !== undefined);
  }

  #bytesAtCaret(): Uint8Array {
    const page = Math.floor(this.caret / BYTES_PAGE_SIZE);
    const first = this.#pages.peek(page);
    if (first === undefined) return new Uint8Array();
    const start = this.caret - first.at;
    const here = first.bytes.subarray(start, start + INSPECTED_BYTES);
    const next = here.length < INSPECTED_BYTES ? this.#pages.peek(page + 1) : undefined;
    if (next === undefined) return here;
    const joined = new Uint8Array(INSPECTED_BYTES);
    joined.set(here);
    const more = next.bytes.subarray(0, INSPECTED_BYTES - here.length);
    joined.set(more, here.length);
    return joined.subarray(0, here.length + more.length);
  }

  readonly #onGoTo = (event: Event): void => {
    const field = event.target as HTMLElement & { value: string };
    if (field.value.trim() === '') {
      this.isLost = false;
      return;
    }
    void this.#followTarget(field.value);
  };

  async #followTarget(text: string): Promise<void> {
    const target = parseTarget(text);
    const isThere =
      target?.kind === 'offset' ? await this.#goToOffset(target.offset) : await this.#goToByte(target?.at);
    this.isLost = !isThere;
    if (isThere) this.#hexPane?.reveal(this.caret, 'center');
    else if (target?.kind === 'offset') this.announcement = 'The file does not hold this offset.';
    else this.announcement = 'There is no such position.';
  }

  async #goToByte(at: number | undefined): Promise<boolean> {
    if (at === undefined || at >= (this.file?.sizeBytes ?? 0)) return false;
    await this.#goTo(at);
    return true;
  }

  async #goToOffset(offset: number): Promise<boolean> {
    const located = await this.#host.request('findOffset', { offset }).catch(() => null);
    if (located === null) return false;
    this.#putCaret(located.nodes);
    this.#showLocated(located);
    return true;
  }

  /** On the innermost node that has bytes of its own. */
  #putCaret(nodes: readonly StructureNode[]): void {
    const at = nodes.findLast((node) => node.at !== null)?.at ?? null;
    if (at === null) return;
    this.caret = at;
    this.#host.keep({ position: at });
    this.#hexPane?.reveal(at, 'center');
  }

  readonly #onKeyAnywhere = (event: KeyboardEvent): void => {
    if (event.key !== 'g' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>('.go-to')?.focus();
  };
}

function rangeOf(node: StructureNode | undefined): Range | undefined {
  return node === undefined || node.at === null ? undefined : { at: node.at, size: node.size };
}
