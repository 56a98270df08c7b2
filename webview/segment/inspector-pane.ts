import { LitElement, css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatCount, plural } from '../../extension/shared/format.ts';
import type { StructureNode } from '../../extension/shared/segment-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { icon } from '../shared/icon.ts';
import { inspect } from './inspect.ts';

/** What the chosen node and the bytes at the caret say. Fires `copy-text`. */
@customElement('samsa-inspector')
export class InspectorPane extends LitElement {
  static override styles = [
    ...baseStyles,
    css`
      :host {
        overflow: auto;
        padding: 0 16px 16px;
      }
      h2 {
        display: flex;
        align-items: center;
        gap: 8px;
        flex: none;
        margin: 0;
        height: 32px;
        font-size: inherit;
        font-weight: 600;
      }
      .value {
        max-height: 176px;
        overflow: auto;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
        line-height: 18px;
      }
      p {
        margin: 4px 0 0;
        line-height: 18px;
      }
      .problem {
        display: flex;
        gap: 8px;
        color: var(--vscode-editorWarning-foreground);
      }
      hr {
        flex: none;
        width: 100%;
        margin: 8px 0 0;
        border: 0;
        border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 0 8px;
        margin: 0;
      }
      dt {
        color: var(--vscode-descriptionForeground);
      }
      dd {
        margin: 0;
        text-align: right;
      }
    `,
  ];

  @property({ attribute: false }) node: StructureNode | undefined;
  @property({ type: Number }) caret = 0;
  /** From the caret on, as far as they are at hand. */
  @property({ attribute: false }) bytes: Uint8Array = new Uint8Array();

  protected override render(): TemplateResult {
    return html`
      ${this.node === undefined ? nothing : this.#node(this.node)}
      <h2>At ${formatCount(this.caret)}</h2>
      <dl>
        ${inspect(this.bytes).map(
          ({ label, value }) =>
            html`<dt>${label}</dt>
              <dd class="mono ellipsis" title=${value}>${value}</dd>`,
        )}
      </dl>
    `;
  }

  #node({ label, value, about, problem, at, size }: StructureNode): TemplateResult {
    return html`
      <h2>
        <span class="ellipsis">${label}</span>
        <span class="grow"></span>
        ${
          value === ''
            ? nothing
            : html`<button class="tool" aria-label="Copy value" title="Copy value" @click=${() => this.#copy(value)}>
                ${icon('copy')}
              </button>`
        }
      </h2>
      ${value === '' ? nothing : html`<div class="value mono" tabindex="0" role="region" aria-label="Value">${value}</div>`}
      ${about === undefined ? nothing : html`<p class="dim">${about}</p>`}
      ${problem === undefined ? nothing : html`<p class="problem">${icon('warning')}<span>${problem}</span></p>`}
      <p class="dim">
        ${at === null ? 'No bytes of its own in the file.' : `${plural(size, 'byte')} at ${formatCount(at)}`}
      </p>
      <hr />
    `;
  }

  #copy(text: string): void {
    this.dispatchEvent(new CustomEvent<string>('copy-text', { detail: text }));
  }
}
