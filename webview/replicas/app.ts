import { LitElement, html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { formatCount } from '../../extension/shared/format.ts';
import type {
  BrokerAction,
  ReplicasBroker,
  ReplicasContract,
  ReplicasSnapshot,
  ReplicasState,
  TimelineEntry,
} from '../../extension/shared/replicas-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { Host } from '../shared/host.ts';
import { icon } from '../shared/icon.ts';
import { banner, notice, noticeStyles } from '../shared/notice.ts';
import type { NoticeContent } from '../shared/notice.ts';
import { replicaShape, replicaStyles, roleNames } from '../shared/replica-shape.ts';
import { registerControls } from '../shared/toolkit.ts';
import { VirtualRows } from '../shared/virtual-rows.ts';
import { partitionCells } from './partition-row.ts';
import { ReplicasModel, actionsFor, clockTime, describeBroker, describeHead, describeTopic, toneOf } from './state.ts';
import { replicasStyles } from './styles.ts';

registerControls();

const ACTIONS: readonly { readonly action: BrokerAction; readonly label: string; readonly title: string }[] = [
  { action: 'kill', label: 'Kill', title: 'Ends it like a crash: sockets reset, nothing written any more' },
  { action: 'stop', label: 'Stop', title: 'Controlled: others take over what it leads first' },
  { action: 'start', label: 'Start', title: 'Starts it on its own files' },
  { action: 'freeze', label: 'Freeze…', title: 'It keeps its connections and does nothing for a while' },
  { action: 'isolate', label: 'Isolate', title: 'No packet between it and the other nodes' },
  { action: 'heal', label: 'Heal', title: 'Ends what is done to it' },
];

/** Replicas of a topic or of the cluster: brokers as columns, partitions as rows, below them what happened and why. */
@customElement('samsa-replicas')
export class ReplicasApp extends LitElement {
  static override styles = [...baseStyles, noticeStyles, replicaStyles, replicasStyles];

  @state() private announcement = '';
  @state() private chosen = -1;
  /** The row that a hovered or chosen entry of the timeline is about. */
  @state() private told = -1;

  readonly #model = new ReplicasModel();
  readonly #rows = new VirtualRows(this, { onMove: () => this.#askForWindow() });
  readonly #host = new Host<ReplicasContract, ReplicasState>(({ data }) => this.#apply(data));
  #asked = { first: -1, end: -1 };
  #follows = true;

  override connectedCallback(): void {
    super.connectedCallback();
    this.chosen = this.#host.state.broker ?? -1;
    this.#askForWindow();
  }

  #askForWindow(): void {
    const { first, end } = this.#rows.window;
    if (first === this.#asked.first && end === this.#asked.end) return;
    const withTimeline = this.#asked.first < 0;
    this.#asked = { first, end };
    if (withTimeline) this.#model.clearTimeline();
    this.#host.request('window', { first, end, withTimeline }).then(
      (snapshot) => this.#apply(snapshot),
      () => undefined,
    );
  }

  #apply(snapshot: ReplicasSnapshot): void {
    const spoken = this.#model.apply(snapshot);
    if (spoken !== undefined) this.announcement = spoken;
    this.#rows.setRowCount(this.#model.summary?.partitionCount ?? 0);
    this.#askForWindow();
    this.requestUpdate();
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const list = this.renderRoot.querySelector('.timeline');
    if (list !== null && this.#follows) list.scrollTop = list.scrollHeight;
  }

  #act(action: BrokerAction): void {
    if (this.chosen < 0) return;
    this.#host.request('act', { action, broker: this.chosen }).catch(() => undefined);
  }

  #choose(broker: number): void {
    this.chosen = this.chosen === broker ? -1 : broker;
    this.#host.keep({ broker: this.chosen });
  }

  protected override render(): TemplateResult {
    return html`
      ${this.#header()} ${this.#body()}
      <div class="unseen" role="status" aria-live="polite">${this.announcement}</div>
    `;
  }

  #header(): TemplateResult {
    const { summary, connection, brokers } = this.#model;
    const topic = summary === null ? this.#host.state.topic : summary.topic;
    const isLive = connection.state === 'live';
    return html`
      <header class="bar">
        <h1 class="title ellipsis">${topic ?? 'Replicas'}</h1>
        <span class="dim ellipsis">${summary === null ? '' : describeTopic(summary, brokers.length)}</span>
        ${this.#worries()}
        <span class="grow"></span>
        <span class="state">${isLive ? html`${icon('sync')} live` : nothing}</span>
        <vscode-button
          appearance="secondary"
          title="Has the first replica of each assignment lead again, where it is in sync"
          ?disabled=${!isLive || (summary?.notPreferred ?? 0) === 0}
          @click=${() => void this.#host.request('electPreferred', null).catch(() => undefined)}
        >
          Elect preferred${(summary?.notPreferred ?? 0) > 0 ? ` (${formatCount(summary?.notPreferred ?? 0)})` : ''}
        </vscode-button>
      </header>
    `;
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

  #body(): TemplateResult {
    const { summary } = this.#model;
    const trouble = this.#trouble();
    if (summary === null) return notice(trouble ?? { icon: 'progress', title: 'Reading replicas' });
    return html`
      ${trouble === undefined ? nothing : banner(trouble)}
      <div class="panes">
        <section class="pane" aria-label="Replicas">${this.#table()}</section>
        <section class="pane" aria-label="What happened">${this.#actions()} ${this.#timeline()}</section>
      </div>
      ${this.#footer()}
    `;
  }

  #trouble(): NoticeContent | undefined {
    const { connection, summary } = this.#model;
    if (connection.state === 'disconnected') {
      const isOff = connection.next === 'start';
      const run = (): void => void this.#host.request(isOff ? 'startCluster' : 'retry', null).catch(() => undefined);
      return {
        icon: 'debug-disconnect',
        title: isOff ? 'The cluster is off.' : 'Not connected.',
        text: connection.message,
        step: { label: isOff ? 'Start cluster' : 'Retry', run },
        urgent: true,
      };
    }
    if (summary?.quorumTrouble == null) return undefined;
    const { text, meaning } = summary.quorumTrouble;
    return { icon: 'warning', title: `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`, text: meaning, urgent: true };
  }

  #table(): TemplateResult {
    const { summary, connection, brokers } = this.#model;
    const count = summary?.partitionCount ?? 0;
    const { first, end, top } = this.#rows.window;
    const rows: TemplateResult[] = [];
    for (let index = first; index < Math.min(end, count); index++)
      rows.push(this.#row(index, top + (index - first) * 22));
    return html`
      <div
        class="scroller ${connection.state === 'live' ? '' : 'old'}"
        role="grid"
        tabindex="0"
        aria-label="Replicas by partition and broker"
        aria-rowcount=${count + 1}
        .style=${`--brokers:${brokers.length};--name:${this.#nameWidth()}ch`}
      >
        <div class="head" role="rowgroup">
          <div class="grid" role="row" aria-rowindex="1">
            <div role="columnheader" class="cell">Partition</div>
            ${brokers.map((broker) => this.#brokerHead(broker))}
            <div role="columnheader" class="cell" title="Replicas in sync, as the controller has them">ISR</div>
            <div role="columnheader" class="cell number" title="Leader epoch: grows with each election">Epoch</div>
          </div>
        </div>
        <div class="window" role="rowgroup" .style=${this.#rows.windowStyle}>${rows}</div>
        <div class="spacer" role="presentation" .style=${this.#rows.spacerStyle}></div>
      </div>
    `;
  }

  /** Wide enough for what is in sight, and not for what would push the columns away. */
  #nameWidth(): number {
    const { first, end } = this.#rows.window;
    let width = 10;
    for (let index = first; index < end; index++) {
      const row = this.#model.row(index);
      if (row !== undefined) width = Math.max(width, row.topic.length + String(row.partition).length + 2);
    }
    return Math.min(width, 40);
  }

  #brokerHead(broker: ReplicasBroker): TemplateResult {
    const condition = describeBroker(broker);
    const isChosen = broker.id === this.chosen;
    return html`
      <div role="columnheader" class="broker-cell">
        <button
          class="broker ${isChosen ? 'chosen' : ''}"
          aria-pressed=${isChosen ? 'true' : 'false'}
          title=${describeHead(broker)}
          @click=${() => this.#choose(broker.id)}
        >
          <span class="name">
            <span>broker ${broker.id}</span>
            ${broker.isController ? html`<span class="star">${icon('star-full', 'controller')}</span>` : nothing}
          </span>
          <span class="condition ${condition === '' ? '' : toneOf(broker)}">${condition}</span>
        </button>
      </div>
    `;
  }

  #row(index: number, top: number): TemplateResult {
    const value = this.#model.row(index);
    return html`
      <div
        class="row grid ${index === this.told ? 'told' : ''}"
        role="row"
        aria-rowindex=${index + 2}
        .style=${`top:${top}px`}
      >
        ${value === undefined ? nothing : partitionCells(value, this.#model.brokers, this.#model.hasChanged(index))}
      </div>
    `;
  }

  #actions(): TemplateResult {
    const broker = this.#model.brokers.find(({ id }) => id === this.chosen);
    const possible = actionsFor(broker);
    return html`
      <div class="actions" role="toolbar" aria-label="What to do to a broker">
        <span class="who dim">${broker === undefined ? 'Click a broker above' : `Broker ${broker.id}`}</span>
        ${ACTIONS.map(
          ({ action, label, title }) => html`
            <vscode-button
              appearance="secondary"
              title=${title}
              ?disabled=${!possible.has(action)}
              @click=${() => this.#act(action)}
            >
              ${label}
            </vscode-button>
          `,
        )}
      </div>
    `;
  }

  #timeline(): TemplateResult {
    const { timeline } = this.#model;
    if (timeline.length === 0) {
      return html`<div class="timeline">
        <div class="quiet">Nothing has happened yet. Kill a broker and see who takes over.</div>
      </div>`;
    }
    return html`
      <ol class="timeline" @scroll=${this.#onTimelineScroll} tabindex="0" aria-label="Timeline">
        ${timeline.map((entry) => this.#entry(entry))}
      </ol>
    `;
  }

  #entry(entry: TimelineEntry): TemplateResult {
    const show = (): void => {
      const { topic, partition } = entry;
      this.told = topic === null || partition === null ? -1 : (this.#model.indexOf(topic, partition) ?? -1);
    };
    return html`
      <li class="entry ${entry.tone}" @mouseenter=${show} @mouseleave=${() => (this.told = -1)}>
        <time class="at" title=${new Date(entry.atMs).toISOString()}>${clockTime(entry.atMs)}</time>
        <span class="dot" aria-hidden="true"></span>
        <span class="text">${entry.text}</span>
        <span class="detail">${entry.detail}</span>
      </li>
    `;
  }

  #footer(): TemplateResult {
    const { summary } = this.#model;
    const roles = ['leader', 'inSync', 'behind', 'eligible', 'offline'] as const;
    const controller = summary === null || summary.controllerEpoch < 0 ? 'no controller' : '';
    return html`
      <footer class="status">
        <span>${controller === '' ? `Controller epoch ${summary?.controllerEpoch ?? ''}` : controller}</span>
        <span class="grow"></span>
        <span class="legend" aria-hidden="true">
          ${roles.map((role) => html`<span class="one">${replicaShape(role)} ${roleNames[role]}</span>`)}
          <span class="one">${replicaShape('inSync', true)} preferred</span>
          <span class="one">1,204 log end</span>
          <span class="one">−12 records behind</span>
        </span>
      </footer>
    `;
  }

  /** Follows new entries as long as the last one is in sight. */
  readonly #onTimelineScroll = (event: Event): void => {
    const list = event.currentTarget as HTMLElement;
    this.#follows = list.scrollHeight - list.scrollTop - list.clientHeight < 8;
  };
}
