import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { formatRanges } from '../../extension/shared/format.ts';
import { NO_FILTER } from '../../extension/shared/messages-contract.ts';
import type { MessagesFilter } from '../../extension/shared/messages-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { icon } from '../shared/icon.ts';
import { messagesStyles } from './styles.ts';
import { TIME_CHOICES, describeTime, isFiltered, parsePartitions } from './state.ts';

/** Typing rests this long before the filter is applied. */
const TYPING_MS = 250;

type Field = HTMLElement & { value: string };

/** Partition, time and text, all of which must hold. Fires `filter-change` with a MessagesFilter. */
@customElement('samsa-filter-bar')
export class FilterBar extends LitElement {
  static override styles = [
    ...baseStyles,
    messagesStyles,
    css`
      :host {
        display: block;
        height: auto;
        flex: none;
      }
    `,
  ];

  @property({ attribute: false }) filter: MessagesFilter = NO_FILTER;
  /** Only one partition is read: there is nothing to choose. */
  @property({ type: Boolean }) onePartition = false;
  /** While somebody types, what the field holds; the filter's own text otherwise. */
  @state() private typedPartitions: string | undefined;
  @state() private typedText: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** Puts the cursor into the text field. */
  focusText(): void {
    this.renderRoot.querySelector<HTMLElement>('.text')?.focus();
  }

  protected override render(): TemplateResult {
    const { filter } = this;
    const partitions = this.typedPartitions ?? formatRanges(filter.partitions ?? []);
    const isWrong = parsePartitions(partitions) === undefined;
    return html`
      <div class="filters" role="search" aria-label="Filter">
        <vscode-text-field
          class="partitions ${isWrong ? 'wrong' : ''}"
          ?hidden=${this.onePartition}
          placeholder="All partitions"
          aria-label="Partitions, such as 0-2, 5"
          title=${isWrong ? 'Numbers and ranges, such as 0-2, 5' : 'Partitions, such as 0-2, 5'}
          .value=${partitions}
          @input=${this.#onPartitions}
        ></vscode-text-field>
        <vscode-dropdown aria-label="Time" .value=${this.#timeValue} @change=${this.#onTime}>
          ${TIME_CHOICES.map(({ label, lastMs }) => html`<vscode-option value=${String(lastMs)}>${label}</vscode-option>`)}
          ${
            filter.time?.kind === 'range'
              ? html`<vscode-option value="range" title=${describeTime(filter.time)}>Selected range</vscode-option>`
              : ''
          }
        </vscode-dropdown>
        <vscode-text-field
          class="text"
          placeholder="Text in key, value or headers"
          aria-label="Text in key, value or headers"
          .value=${this.typedText ?? filter.text}
          @input=${this.#onText}
        >
          <span slot="start">${icon('search')}</span>
        </vscode-text-field>
        <button
          class="tool"
          aria-label="Clear filter"
          title="Clear filter"
          ?disabled=${!isFiltered(filter)}
          @click=${() => this.clear()}
        >
          ${icon('clear-all')}
        </button>
      </div>
    `;
  }

  /** Lets everything through again. */
  clear(): void {
    this.typedPartitions = undefined;
    this.typedText = undefined;
    this.#tell(NO_FILTER);
  }

  get #timeValue(): string {
    const { time } = this.filter;
    if (time === null) return 'null';
    return time.kind === 'last' ? String(time.lastMs) : 'range';
  }

  readonly #onPartitions = (event: Event): void => {
    this.typedPartitions = (event.target as Field).value;
    this.#later(() => {
      const partitions = parsePartitions(this.typedPartitions ?? '');
      if (partitions !== undefined) this.#tell({ ...this.filter, partitions });
    });
  };

  readonly #onText = (event: Event): void => {
    this.typedText = (event.target as Field).value;
    this.#later(() => this.#tell({ ...this.filter, text: this.typedText ?? '' }));
  };

  readonly #onTime = (event: Event): void => {
    const { value } = event.target as Field;
    if (value === 'range' || value === this.#timeValue) return;
    this.#tell({ ...this.filter, time: value === 'null' ? null : { kind: 'last', lastMs: Number(value) } });
  };

  #later(apply: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(apply, TYPING_MS);
  }

  #tell(filter: MessagesFilter): void {
    clearTimeout(this.#timer);
    this.filter = filter;
    this.dispatchEvent(new CustomEvent<MessagesFilter>('filter-change', { detail: filter }));
  }
}
