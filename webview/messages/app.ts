import { LitElement, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { formatCount } from '../../extension/shared/format.ts';
import { MESSAGES_PAGE_SIZE } from '../../extension/shared/messages-contract.ts';
import type {
  MessageDetail,
  MessageRow,
  MessagesContract,
  MessagesFilter,
  MessagesState,
  MessagesStatus,
} from '../../extension/shared/messages-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { Host } from '../shared/host.ts';
import { icon } from '../shared/icon.ts';
import { banner, notice, noticeStyles } from '../shared/notice.ts';
import { PageCache } from '../shared/page-cache.ts';
import { rowAfterKey } from '../shared/row-keys.ts';
import '../shared/split.ts';
import { registerControls } from '../shared/toolkit.ts';
import { ROW_HEIGHT, VirtualRows } from '../shared/virtual-rows.ts';
import './detail.ts';
import type { PartRequest } from './detail.ts';
import type { FilterBar } from './filter-bar.ts';
import './filter-bar.ts';
import './histogram.ts';
import { messageCells } from './message-row.ts';
import { emptyNotice, troubleNotice } from './notices.ts';
import type { NoticeSteps } from './notices.ts';
import { ReaderPlace, describeFrom, describeReading, describeShown } from './state.ts';
import { messagesStyles } from './styles.ts';

registerControls();

/** Below it the detail goes under the grid. */
const SIDE_BY_SIDE_PIXELS = 800;

type Page = { readonly first: number; readonly rows: readonly MessageRow[] };
type PlainOperation = 'pause' | 'resume' | 'clear' | 'retry' | 'startCluster' | 'produce' | 'close';

/** The records of one topic: live, filtered, in full on demand. */
@customElement('samsa-messages')
export class MessagesApp extends LitElement {
  static override styles = [...baseStyles, noticeStyles, messagesStyles];

  @state() private status: MessagesStatus | undefined;
  /** Place of the chosen row; -1 for none. */
  @state() private active = -1;
  @state() private detail: MessageDetail | null | undefined;
  @state() private exactTimes = false;
  @state() private isNarrow = false;
  @state() private announcement = '';

  readonly #host = new Host<MessagesContract, MessagesState>(({ data }) => this.#apply(data));
  readonly #reader = new ReaderPlace(false);
  readonly #rows = new VirtualRows(this, { onScrolled: () => this.#reader.moved(this.#rows.scroll.isAtEnd) });
  readonly #pages = new PageCache<Page>(
    (page) => this.#host.request('page', { revision: this.#reader.revision, place: page * MESSAGES_PAGE_SIZE }),
    () => this.requestUpdate(),
  );
  readonly #observer = new ResizeObserver(() => (this.isNarrow = this.clientWidth < SIDE_BY_SIDE_PIXELS));
  #clock: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.exactTimes = this.#host.state.exactTimes ?? false;
    this.#observer.observe(this);
    // Relative times grow older without anybody's doing.
    this.#clock = setInterval(() => this.requestUpdate(), 1000);
    this.#host.request('open', null).then(
      (status) => this.#apply(status),
      () => undefined,
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    clearInterval(this.#clock);
  }

  #apply(status: MessagesStatus): void {
    const before = this.status;
    const oldEnd = this.#reader.end;
    const { dropped, isNew } = this.#reader.apply(status);
    if (isNew) {
      this.#pages.clear();
      this.#choose(-1);
    } else if (status.end !== oldEnd) {
      const lastPage = Math.floor(oldEnd / MESSAGES_PAGE_SIZE);
      this.#pages.refresh((page) => page >= lastPage);
    }
    this.status = status;
    this.#rows.setRowCount(this.#reader.rowCount);
    if (this.#reader.follows) this.#rows.scrollToEnd();
    else if (isNew) this.#rows.scrollToRow(0, 'start');
    else if (dropped > 0) this.#rows.shift(-dropped);
    this.#announce(before, status);
    this.#host.keep({ from: status.from, filter: status.filter });
  }

  #announce(before: MessagesStatus | undefined, now: MessagesStatus): void {
    if (before?.reading.state !== now.reading.state) this.announcement = describeReading(now);
    else if (before.revision !== now.revision) this.announcement = `${formatCount(now.end - now.first)} records`;
  }

  #do(op: PlainOperation): void {
    this.#host.request(op, null).catch(() => undefined);
  }

  #choose(place: number): void {
    this.active = place;
    this.detail = undefined;
    if (place < 0) return;
    const { revision } = this.#reader;
    this.#host.request('detail', { revision, place }).then(
      (detail) => {
        if (this.active === place && this.#reader.revision === revision) this.detail = detail;
      },
      () => undefined,
    );
  }

  #rowAt(place: number): MessageRow | undefined {
    const page = this.#pages.get(Math.floor(place / MESSAGES_PAGE_SIZE));
    return page?.rows[place - page.first];
  }

  protected override render(): TemplateResult {
    const { status } = this;
    return html`
      ${this.#header()}
      <samsa-filter-bar
        ?onePartition=${typeof status?.partition === 'number'}
        .filter=${status?.filter ?? this.#host.state.filter ?? { partitions: null, time: null, text: '' }}
        @filter-change=${this.#onFilter}
      ></samsa-filter-bar>
      <samsa-histogram
        .histogram=${status?.histogram ?? null}
        .time=${status?.filter.time ?? null}
        @brush-time=${this.#onBrush}
      ></samsa-histogram>
      ${this.#trouble(true)}
      <samsa-split
        ?stacked=${this.isNarrow}
        ?single=${this.active < 0}
        .size=${this.#host.state.split ?? (this.isNarrow ? 240 : 440)}
        .least=${this.isNarrow ? 96 : 240}
        label="Resize detail"
        @resize-pane=${this.#onResize}
        @keydown=${this.#onKeyAnywhere}
      >
        <div class="main" slot="first">${this.#body()}</div>
        <samsa-message-detail
          slot="second"
          .detail=${this.detail ?? null}
          .topic=${status?.topic ?? ''}
          ?hidden=${this.detail === undefined}
          @part-request=${this.#onPart}
          @close-detail=${this.#closeDetail}
        ></samsa-message-detail>
      </samsa-split>
      ${this.#footer()}
      <div class="unseen" role="status" aria-live="polite">${this.announcement}</div>
    `;
  }

  #header(): TemplateResult {
    const { status } = this;
    const kind = status?.reading.state;
    const partition = status === undefined ? this.#host.state.partition : (status.partition ?? undefined);
    const isStill = kind === 'paused' || kind === 'full';
    const canToggle = isStill || kind === 'live' || kind === 'reading' || kind === 'waiting';
    return html`
      <header class="bar">
        <h1 class="title ellipsis">${status?.topic ?? this.#host.state.topic ?? ''}</h1>
        ${partition === undefined ? nothing : html`<span class="dim">partition ${partition}</span>`}
        <span class="grow"></span>
        <button
          class="tool"
          aria-label=${isStill ? 'Resume' : 'Pause'}
          title=${isStill ? 'Resume' : 'Pause'}
          ?disabled=${!canToggle}
          @click=${() => this.#do(isStill ? 'resume' : 'pause')}
        >
          ${icon(isStill ? 'debug-continue' : 'debug-pause')}
        </button>
        <button class="tool" aria-label="Clear buffer" title="Clear buffer" @click=${() => this.#do('clear')}>
          ${icon('trash')}
        </button>
        <vscode-button appearance="secondary" title="Read from elsewhere" @click=${this.#seek}>
          ${describeFrom(status?.from ?? this.#host.state.from ?? { kind: 'end' })}
          <span slot="start">${icon('history')}</span>
        </vscode-button>
      </header>
    `;
  }

  /** Above the grid as long as there are rows, else in place of them. */
  #trouble(asBanner: boolean): TemplateResult | typeof nothing {
    const content = troubleNotice(this.status, this.#steps);
    if (content === undefined || asBanner !== this.#reader.rowCount > 0) return nothing;
    return asBanner ? banner(content) : notice(content);
  }

  #body(): TemplateResult {
    if (this.#reader.rowCount > 0) return this.#table();
    const trouble = this.#trouble(false);
    return trouble === nothing ? notice(emptyNotice(this.status, this.#steps)) : (trouble as TemplateResult);
  }

  readonly #steps: NoticeSteps = {
    close: { label: 'Close', run: () => this.#do('close') },
    start: { label: 'Start cluster', run: () => this.#do('startCluster') },
    retry: { label: 'Retry', run: () => this.#do('retry') },
    resume: { label: 'Resume', run: () => this.#do('resume') },
    produce: { label: 'Produce a message', run: () => this.#do('produce') },
    clearFilter: { label: 'Clear filter', run: () => this.#filterBar?.clear() },
  };

  get #filterBar(): FilterBar | null {
    return this.renderRoot.querySelector('samsa-filter-bar');
  }

  #table(): TemplateResult {
    const { first, end, top } = this.#rows.window;
    const rows: TemplateResult[] = [];
    const nowMs = Date.now();
    for (let row = first; row < end; row++) {
      rows.push(this.#row(this.#reader.first + row, row, top + (row - first) * ROW_HEIGHT, nowMs));
    }
    const activeRow = this.active - this.#reader.first;
    return html`
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label="Records"
        aria-rowcount=${this.#reader.rowCount + 1}
        aria-activedescendant=${activeRow >= first && activeRow < end ? `place-${this.active}` : nothing}
        .style=${this.#columnWidths()}
        @keydown=${this.#onKey}
        @click=${this.#onClick}
      >
        ${this.#head()}
        <div class="window" role="rowgroup" .style=${this.#rows.windowStyle}>${rows}</div>
        <div class="spacer" role="presentation" .style=${this.#rows.spacerStyle}></div>
      </div>
      ${
        this.#reader.unseen === 0
          ? nothing
          : html`<button class="newer" @click=${this.#toEnd}>↓ ${formatCount(this.#reader.unseen)} new</button>`
      }
      ${this.#fullLine()}
    `;
  }

  #columnWidths(): string {
    const partitions = this.status?.partitions ?? [];
    return [
      `--partition:${Math.max(2, String(partitions.at(-1) ?? 0).length + 1)}ch`,
      '--offset:12ch',
      `--time:${this.exactTimes ? 24 : 11}ch`,
    ].join(';');
  }

  #head(): TemplateResult {
    const timeTitle = this.exactTimes ? 'Show how long ago' : 'Show exact times';
    return html`
      <div class="head" role="rowgroup">
        <div class="grid" role="row" aria-rowindex="1">
          <div role="columnheader" class="number" title="Partition">P</div>
          <div role="columnheader" class="number">Offset</div>
          <div role="columnheader" class="c-time">
            <button title=${timeTitle} aria-label="Time: ${timeTitle}" @click=${this.#toggleTimes}>Time</button>
          </div>
          <div role="columnheader" class="c-key">Key</div>
          <div role="columnheader">Value</div>
          <div role="columnheader" class="number c-size">Size</div>
        </div>
      </div>
    `;
  }

  #row(place: number, row: number, top: number, nowMs: number): TemplateResult {
    const content = this.#rowAt(place);
    const isActive = place === this.active;
    return html`
      <div
        class="row grid ${isActive ? 'active' : ''}"
        role="row"
        id="place-${place}"
        data-place=${place}
        aria-rowindex=${row + 2}
        aria-selected=${isActive ? 'true' : 'false'}
        .style=${`top:${top}px`}
      >
        ${
          content === undefined
            ? html`<div role="gridcell" class="number waiting">…</div>`
            : messageCells(content, { exactTimes: this.exactTimes, nowMs })
        }
      </div>
    `;
  }

  #fullLine(): TemplateResult | typeof nothing {
    const { status } = this;
    if (status?.reading.state !== 'full') return nothing;
    return html`
      <div class="full" role="status">
        ${icon('info')}
        <span class="ellipsis">The buffer holds ${formatCount(status.buffered)} records and is full.</span>
        <button class="link" @click=${() => this.#do('resume')}>Read on, drop the oldest</button>
      </div>
    `;
  }

  #footer(): TemplateResult {
    const { status } = this;
    return html`
      <footer class="status">
        <span class="ellipsis">${status === undefined ? '' : describeShown(status)}</span>
        <span class="grow"></span>
        <span class="state">
          ${status?.reading.state === 'live' ? icon('sync') : nothing}${status === undefined ? '' : describeReading(status)}
        </span>
      </footer>
    `;
  }

  readonly #onFilter = (event: CustomEvent<MessagesFilter>): void => {
    this.#host.request('filter', event.detail).catch(() => undefined);
  };

  readonly #onBrush = (event: CustomEvent<NonNullable<MessagesFilter['time']>>): void => {
    if (this.status === undefined) return;
    const filter = { ...this.status.filter, time: event.detail };
    this.#host.request('filter', filter).catch(() => undefined);
  };

  readonly #onPart = ({ detail: { action, part, format } }: CustomEvent<PartRequest>): void => {
    const place = { revision: this.#reader.revision, place: this.active };
    this.#host.request(action, { ...place, part, format }).catch(() => undefined);
  };

  readonly #onResize = (event: CustomEvent<number>): void => this.#host.keep({ split: event.detail });

  readonly #seek = (): void => {
    this.#host.request('seek', {}).catch(() => undefined);
  };

  readonly #toggleTimes = (): void => {
    this.exactTimes = !this.exactTimes;
    this.#host.keep({ exactTimes: this.exactTimes });
  };

  readonly #toEnd = (): void => {
    this.#reader.moved(true);
    this.#rows.scrollToEnd();
    this.requestUpdate();
  };

  readonly #closeDetail = (): void => {
    this.#choose(-1);
    this.renderRoot.querySelector<HTMLElement>('.scroller')?.focus();
  };

  readonly #onKeyAnywhere = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.active >= 0) this.#closeDetail();
    if (event.key === 'f' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#filterBar?.focusText();
    }
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const { rowCount, pageRows } = this.#rows.scroll;
    const activeRow = this.active < 0 ? -1 : this.active - this.#reader.first;
    const next = rowAfterKey(event.key, activeRow, rowCount, pageRows);
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(this.#reader.first + next);
    this.#rows.scrollToRow(next);
    this.#reader.moved(this.#rows.scroll.isAtEnd && event.key === 'End');
  };

  readonly #onClick = (event: MouseEvent): void => {
    const row = event
      .composedPath()
      .find((part): part is HTMLElement => part instanceof HTMLElement && part.dataset.place !== undefined);
    if (row === undefined) return;
    // Who reads one record does not want it to scroll away.
    this.#reader.moved(false);
    this.#choose(Number(row.dataset.place));
  };
}
