import { css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { codicons } from './codicons.ts';
import type { Codicon } from './codicons.ts';

/** An icon; with a label it is an image of that name, without one decoration. */
export function icon(name: Codicon, label?: string): TemplateResult {
  const text = String.fromCodePoint(codicons[name]);
  return label === undefined
    ? html`<span class="codicon" aria-hidden="true">${text}</span>`
    : html`<span class="codicon" role="img" aria-label=${label} title=${label}>${text}</span>`;
}

export const iconStyles = css`
  .codicon {
    font: normal 16px/1 codicon;
    display: inline-block;
    flex: none;
    width: 16px;
    height: 16px;
    text-align: center;
    -webkit-font-smoothing: antialiased;
    user-select: none;
  }
`;
