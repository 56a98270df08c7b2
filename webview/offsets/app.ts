import { LitElement, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShortCount,
  plural,
} from '../../extension/shared/format.ts';
import type { OffsetsContract, OffsetsSnapshot, OffsetsState } from '../../extension/shared/offsets-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { Host } from '../shared/host.ts';
import { icon } from '../shared/icon.ts';
import { banner, notice, noticeStyles } from '../shared/notice.ts';
import type { NoticeContent, NoticeStep } from '../shared/notice.ts';
import { replicaShape, replicaStyles, roleNames } from '../shared/replica-shape.ts';
import { rowAfterKey } from '../shared/row-keys.ts';
import { registerControls } from '../shared/toolkit.ts';
import { VirtualRows } from '../shared/virtual-rows.ts';
import { emptyCells, partitionCells } from './partition-row.ts';
import { OffsetsModel, describeRetention } from './state.ts';
import { offsetsStyles } from './styles.ts';

registerControls();

/** The offsets of one topic, live: a row per partition, bars to one scale. */
@customElement('samsa-offsets')
export class OffsetsApp extends LitElement {
  static override styles = [...baseStyles, noticeStyles, replicaStyles, offsetsStyles];

  @state() private announcement = '';
  @state() private active = -1;

  readonly #model = new OffsetsModel();
  readonly #rows = new VirtualRows(this, { onMove: () => this.#askForWindow() });
  readonly #host = new Host<OffsetsContract, OffsetsState>(({ data }) => this.#apply(data));
  #asked = { first: -1, end: -1 };

  override connectedCallback(): void {
    super.connectedCallback();
    this.active = this.#host.state.active ?? -1;
    this.#askForWindow();
  }

  #askForWindow(): void {
    const { first, end } = this.#rows.window;
    if (first === this.#asked.first && end === this.#asked.end) return;
    this.#asked = { first, end };
    this.#host.request('window', { first, end }).then(
      (snapshot) => this.#apply(snapshot),
      () => undefined,
    );
  }

  #apply(snapshot: OffsetsSnapshot): void {
    const spoken = this.#model.apply(snapshot);
    if (spoken !== undefined) this.announcement = spoken;
    this.#rows.setRowCount(this.#model.summary?.partitionCount ?? 0);
    this.#askForWindow();
    this.requestUpdate();
  }

  #do(op: 'produce' | 'retry' | 'startCluster' | 'close'): void {
    this.#host.request(op, null).catch(() => undefined);
  }

  #openMessages(partition?: number): void {
    this.#host.request('openMessages', partition === undefined ? {} : { partition }).catch(() => undefined);
  }

  protected override render(): TemplateResult {
    return html`
      ${this.#header()} ${this.#body()}
      <div class="unseen" role="status" aria-live="polite">${this.announcement}</div>
    `;
  }

  #header(): TemplateResult {
    const { summary, connection } = this.#model;
    const facts = summary === null ? '' : this.#facts().join(' · ');
    const usable = connection.state === 'live';
    return html`
      <header class="bar">
        <h1 class="title">${summary?.topic ?? this.#host.state.topic ?? ''}</h1>
        <span class="dim ellipsis facts" title=${facts}>${facts}</span>
        ${this.#worries()}
        <span class="grow"></span>
        <span class="state">${this.#liveMark()}</span>
        <vscode-button appearance="secondary" ?disabled=${!usable} @click=${() => this.#do('produce')}>
          Produce
        </vscode-button>
        <vscode-button ?disabled=${!usable} @click=${() => this.#openMessages()}>Messages</vscode-button>
      </header>
    `;
  }

  #facts(): string[] {
    const { summary } = this.#model;
    if (summary === null) return [];
    const [least, most] = summary.replication;
    const retention = describeRetention(summary, formatDuration, formatBytes);
    return [
      plural(summary.partitionCount, 'partition'),
      least === most ? `RF ${most}` : `RF ${least}–${most}`,
      ...(retention === undefined ? [] : [retention]),
      ...(summary.sizeBytes === null ? [] : [formatBytes(summary.sizeBytes)]),
    ];
  }

  #worries(): TemplateResult[] {
    const { leaderless, underReplicated } = this.#model.summary ?? { leaderless: 0, underReplicated: 0 };
    return [
      ...(leaderless === 0 ? [] : [html`<span class="trouble">${formatCount(leaderless)} without leader</span>`]),
      ...(underReplicated === 0
        ? []
        : [html`<span class="caution">${formatCount(underReplicated)} under-replicated</span>`]),
    ];
  }

  #liveMark(): TemplateResult | typeof nothing {
    const { state } = this.#model.connection;
    if (state === 'live') return html`${icon('sync')} live`;
    return state === 'disconnected' ? html`${icon('debug-disconnect')} offline` : nothing;
  }

  #body(): TemplateResult {
    const { connection, summary } = this.#model;
    if (connection.state === 'gone') {
      const topic = summary?.topic ?? this.#host.state.topic ?? 'This topic';
      return notice({ icon: 'trash', title: `${topic} no longer exists`, step: this.#step('Close', 'close') });
    }
    const trouble = this.#trouble();
    if (summary === null) return notice(trouble ?? { icon: 'progress', title: 'Reading offsets' });
    return html`${trouble === undefined ? nothing : banner(trouble)} ${this.#table()} ${this.#footer()}`;
  }

  #trouble(): NoticeContent | undefined {
    const { connection } = this.#model;
    if (connection.state !== 'disconnected') return undefined;
    const step =
      connection.next === 'start' ? this.#step('Start cluster', 'startCluster') : this.#step('Retry', 'retry');
    const title = connection.next === 'start' ? 'The cluster is off.' : 'Not connected.';
    return { icon: 'debug-disconnect', title, text: connection.message, step, urgent: true };
  }

  #step(label: string, op: 'retry' | 'startCluster' | 'close'): NoticeStep {
    return { label, run: () => this.#do(op) };
  }

  #table(): TemplateResult {
    const { summary, connection } = this.#model;
    const count = summary?.partitionCount ?? 0;
    const { first, end, top } = this.#rows.window;
    const rows: TemplateResult[] = [];
    for (let index = first; index < end; index++) rows.push(this.#row(index, top + (index - first) * 22));
    return html`
      <div
        class="scroller ${connection.state === 'live' ? '' : 'old'}"
        role="grid"
        tabindex="0"
        aria-label="Partitions"
        aria-rowcount=${count + 1}
        aria-activedescendant=${this.active >= first && this.active < end ? `row-${this.active}` : nothing}
        .style=${this.#columnWidths()}
        @keydown=${this.#onKey}
        @click=${this.#onClick}
      >
        ${this.#head()}
        <div class="window" role="rowgroup" .style=${this.#rows.windowStyle}>${rows}</div>
        <div class="spacer" role="presentation" .style=${this.#rows.spacerStyle}></div>
      </div>
    `;
  }

  /** Widths follow the largest number there is, so that nothing moves while numbers grow. */
  #columnWidths(): string {
    const { summary } = this.#model;
    const offset = Math.max(formatCount(summary?.axisEnd ?? 0).length, formatCount(summary?.records ?? 0).length, 7);
    const replicas = Math.max(2, summary?.replication[1] ?? 1);
    const partition = Math.max(1, String(summary?.partitionCount ?? 0).length);
    return [
      `--partition:${partition + 1}ch`,
      `--offset:${offset + 1}ch`,
      `--replicas:${Math.max(64, replicas * 36)}px`,
      `--isr:${Math.max(4, replicas * 3)}ch`,
    ].join(';');
  }

  #head(): TemplateResult {
    const { summary } = this.#model;
    const number = (name: string, text: string, title = ''): TemplateResult =>
      html`<div role="columnheader" class="cell number c-${name}" title=${title}>${text}</div>`;
    return html`
      <div class="head" role="rowgroup">
        <div class="grid" role="row" aria-rowindex="1">
          ${number('partition', 'P', 'Partition')}
          <div role="columnheader" class="cell">Leader</div>
          <div role="columnheader" class="cell" title="In assignment order: the first is the preferred leader">
            Replicas
          </div>
          <div role="columnheader" class="cell c-isr" title="Replicas in sync with the leader">ISR</div>
          ${number('start', 'Start', 'Log start offset: the first that is kept')}
          <div role="columnheader" class="cell c-bar" title="All bars have this scale">
            <span class="axis">
              <span>${formatShortCount(summary?.axisStart ?? 0)}</span>
              <span>${formatShortCount(summary?.axisEnd ?? 0)}</span>
            </span>
          </div>
          ${number('end', 'End', 'Log end offset: the next to be written')}
          ${number('watermark', 'High watermark', 'Consumers read up to here')}
          ${number('records', 'Records', 'Offsets from start to high watermark; compaction leaves gaps')}
          ${number('rate', 'Rate/s')}
          <div role="columnheader" class="cell c-spark"><span class="unseen">Rate over time</span></div>
          ${number('size', 'Size', "Of the leader's copy")}
        </div>
      </div>
    `;
  }

  #row(index: number, top: number): TemplateResult {
    const { summary } = this.#model;
    const value = this.#model.row(index);
    const isActive = index === this.active;
    return html`
      <div
        class="row grid ${isActive ? 'active' : ''}"
        role="row"
        id="row-${index}"
        data-index=${index}
        aria-rowindex=${index + 2}
        aria-selected=${isActive ? 'true' : 'false'}
        .style=${`top:${top}px`}
      >
        ${
          value === undefined || summary === null
            ? emptyCells(index)
            : partitionCells(value, summary, this.#model.moved(index))
        }
      </div>
    `;
  }

  #footer(): TemplateResult {
    const { summary } = this.#model;
    const shapes = (['leader', 'inSync', 'behind', 'offline'] as const).map(
      (role) => html`<span class="one">${replicaShape(role)} ${roleNames[role]}</span>`,
    );
    const total = `${plural(summary?.records ?? 0, 'record')} · ${formatRate(summary?.rate ?? null)}/s`;
    return html`
      <footer class="status">
        <span>${total}</span>
        ${
          summary?.records === 0
            ? html`<span>Nothing written yet.</span>
                <button class="link" @click=${() => this.#do('produce')}>Produce a message</button>`
            : nothing
        }
        <span class="grow"></span>
        <span class="legend" aria-hidden="true">${shapes}</span>
      </footer>
    `;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && this.active >= 0) {
      event.preventDefault();
      this.#openMessages(this.#model.row(this.active)?.partition);
      return;
    }
    const { rowCount, pageRows } = this.#rows.scroll;
    const next = rowAfterKey(event.key, this.active, rowCount, pageRows);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#activate(next);
    this.#rows.scrollToRow(next);
  };

  readonly #onClick = (event: MouseEvent): void => {
    const row = event
      .composedPath()
      .find((part): part is HTMLElement => part instanceof HTMLElement && part.dataset.index !== undefined);
    if (row === undefined) return;
    const index = Number(row.dataset.index);
    this.#activate(index);
    this.#openMessages(this.#model.row(index)?.partition);
  };

  #activate(index: number): void {
    this.active = index;
    this.#host.keep({ active: index });
  }
}
