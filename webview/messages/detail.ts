import { LitElement, css, html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { formatBytesAs, guessFormat, previewBytes } from '../../extension/shared/bytes-text.ts';
import { formatAgo, formatBytes, formatCount, formatTime } from '../../extension/shared/format.ts';
import type { BytesFormat, DetailBytes, MessageDetail, MessagePart } from '../../extension/shared/messages-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { icon } from '../shared/icon.ts';
import { jsonTokens } from './json-tokens.ts';

const FORMATS: readonly { readonly format: BytesFormat; readonly label: string }[] = [
  { format: 'text', label: 'Text' },
  { format: 'json', label: 'JSON' },
  { format: 'hex', label: 'Hex' },
];

/** From here on a line of hex has sixteen bytes. */
const WIDE_PIXELS = 640;

/** What somebody wants done with a key or value. */
export interface PartRequest {
  readonly action: 'copy' | 'openInEditor';
  readonly part: MessagePart;
  readonly format: BytesFormat;
}

/** One record in full. Fires `part-request` and `close-detail`. */
@customElement('samsa-message-detail')
export class MessageDetailPane extends LitElement {
  static override styles = [
    ...baseStyles,
    css`
      :host {
        flex: 1 1 0;
      }
      .title {
        flex: 0 1 auto;
        max-width: none;
      }
      header {
        display: flex;
        align-items: center;
        flex: none;
        gap: 8px;
        height: 32px;
        padding: 0 8px 0 16px;
        white-space: nowrap;
      }
      .content {
        flex: 1 1 0;
        min-height: 0;
        overflow: auto;
        padding: 0 16px 16px;
        outline: none;
      }
      .content:focus-visible {
        box-shadow: inset 0 0 0 1px var(--vscode-focusBorder);
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 0 16px;
        margin: 0 0 8px;
      }
      dt {
        color: var(--vscode-descriptionForeground);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      .part {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: 8px;
        height: 24px;
        border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
        white-space: nowrap;
      }
      h2 {
        margin: 0;
        font-size: inherit;
        font-weight: 600;
      }
      .formats {
        display: flex;
        gap: 4px;
      }
      button.tool.chosen {
        background: var(--vscode-list-inactiveSelectionBackground);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      pre {
        margin: 4px 0 0;
        font-family: var(--vscode-editor-font-family);
        font-size: var(--vscode-editor-font-size);
        line-height: 18px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      pre.hex {
        overflow-x: auto;
        white-space: pre;
      }
      .json-name {
        color: var(--vscode-debugTokenExpression-name);
      }
      .json-string {
        color: var(--vscode-debugTokenExpression-string);
      }
      .json-number {
        color: var(--vscode-debugTokenExpression-number);
      }
      .json-word {
        color: var(--vscode-debugTokenExpression-boolean);
      }
      .none {
        font-style: italic;
      }
    `,
  ];

  @property({ attribute: false }) detail: MessageDetail | null = null;
  @property() topic = '';
  @state() private formats: Partial<Record<MessagePart, BytesFormat>> = {};

  protected override willUpdate(changed: PropertyValues): void {
    // Another record is shown as suits it best.
    if (changed.has('detail')) this.formats = {};
  }

  protected override render(): TemplateResult {
    const { detail } = this;
    return html`
      <header>
        <span class="title ellipsis">
          ${detail === null ? '' : `${this.topic}-${detail.partition} · offset ${formatCount(detail.offset)}`}
        </span>
        <span class="grow"></span>
        <button class="tool" aria-label="Close detail" title="Close (Escape)" @click=${this.#close}>
          ${icon('close')}
        </button>
      </header>
      <div class="content" tabindex="0" role="region" aria-label="Record">
        ${detail === null ? html`<p class="dim">The record is no longer in the buffer.</p>` : this.#record(detail)}
      </div>
    `;
  }

  #record(detail: MessageDetail): TemplateResult {
    const { timestampMs, timestampType } = detail;
    const timeName = timestampType === 'create' ? 'set by the producer' : 'set by the broker';
    return html`
      <dl>
        <dt>Time</dt>
        <dd title=${timestampMs < 0 ? '' : formatAgo(timestampMs, Date.now())}>
          ${timestampMs < 0 ? 'none' : formatTime(timestampMs)} <span class="dim">${timeName}</span>
        </dd>
      </dl>
      ${this.#part('key', 'Key', detail.key)} ${this.#part('value', 'Value', detail.value)}
      <div class="part">
        <h2>Headers</h2>
        <span class="dim">${formatCount(detail.headers.length)}</span>
      </div>
      <dl class="mono">
        ${detail.headers.map(
          ({ key, value }) =>
            html`<dt>${key}</dt>
              <dd>${value === null ? html`<span class="dim none">null</span>` : previewBytes(value, 2000).text}</dd>`,
        )}
      </dl>
    `;
  }

  #part(part: MessagePart, name: string, content: DetailBytes | null): TemplateResult {
    if (content === null) {
      const nothingText = part === 'key' ? 'null' : 'null: a tombstone';
      return html`<div class="part">
        <h2>${name}</h2>
        <span class="dim none">${nothingText}</span>
      </div>`;
    }
    const format = this.formats[part] ?? guessFormat(content.bytes);
    const isCut = content.bytes.length < content.sizeBytes;
    return html`
      <div class="part">
        <h2>${name}</h2>
        <span class="dim">${formatBytes(content.sizeBytes)}</span>
        <span class="grow"></span>
        <span class="formats" role="group" aria-label="${name} format">
          ${FORMATS.map(
            (choice) =>
              html`<button
                class="tool ${choice.format === format ? 'chosen' : ''}"
                aria-pressed=${choice.format === format ? 'true' : 'false'}
                @click=${() => (this.formats = { ...this.formats, [part]: choice.format })}
              >
                ${choice.label}
              </button>`,
          )}
        </span>
        <button class="tool" aria-label="Copy ${part}" title="Copy" @click=${() => this.#ask('copy', part, format)}>
          ${icon('copy')}
        </button>
        <button
          class="tool"
          aria-label="Open ${part} in editor"
          title="Open in editor"
          @click=${() => this.#ask('openInEditor', part, format)}
        >
          ${icon('go-to-file')}
        </button>
      </div>
      <pre class=${format === 'hex' ? 'hex' : ''}>${this.#text(content.bytes, format)}</pre>
      ${
        isCut
          ? html`<span class="dim">The first ${formatBytes(content.bytes.length)}.</span>
              <button class="link" @click=${() => this.#ask('openInEditor', part, format)}>Open all in editor</button>`
          : nothing
      }
    `;
  }

  #text(bytes: Uint8Array, format: BytesFormat): string | TemplateResult[] {
    const text = formatBytesAs(bytes, format, this.clientWidth < WIDE_PIXELS ? 8 : 16);
    if (format !== 'json') return text;
    return jsonTokens(text).map((token) => html`<span class="json-${token.kind}">${token.text}</span>`);
  }

  #ask(action: PartRequest['action'], part: MessagePart, format: BytesFormat): void {
    this.dispatchEvent(new CustomEvent<PartRequest>('part-request', { detail: { action, part, format } }));
  }

  readonly #close = (): void => {
    this.dispatchEvent(new CustomEvent('close-detail'));
  };
}
