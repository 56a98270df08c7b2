import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { icon } from './icon.ts';
import type { Codicon } from './codicons.ts';

export interface NoticeStep {
  readonly label: string;
  run(): void;
}

export interface NoticeContent {
  readonly icon: Codicon | 'progress';
  readonly title: string;
  readonly text?: string;
  /** The one thing to do about it. */
  readonly step?: NoticeStep | undefined;
  readonly urgent?: boolean;
}

/** Fills a pane that has nothing to show: why, and the one next step. */
export function notice(content: NoticeContent): TemplateResult {
  const { title, text, step } = content;
  return html`
    <div class="notice" role=${content.urgent === true ? 'alert' : 'status'}>
      ${content.icon === 'progress' ? html`<vscode-progress-ring></vscode-progress-ring>` : icon(content.icon)}
      <div class="notice-title">${title}</div>
      ${text === undefined ? nothing : html`<div class="notice-text">${text}</div>`}
      ${step === undefined ? nothing : html`<vscode-button @click=${step.run}>${step.label}</vscode-button>`}
    </div>
  `;
}

/** A line above what is still shown although it is old. */
export function banner(content: NoticeContent): TemplateResult {
  const { title, text, step } = content;
  return html`
    <div class="banner" role="alert">
      ${icon(content.icon === 'progress' ? 'sync' : content.icon)}
      <span class="ellipsis" title=${text ?? title}>${title}${text === undefined ? nothing : html` ${text}`}</span>
      <span class="grow"></span>
      ${step === undefined ? nothing : html`<button class="link" @click=${step.run}>${step.label}</button>`}
    </div>
  `;
}

export const noticeStyles = css`
  .notice {
    display: flex;
    flex: 1 1 0;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-height: 0;
    padding: 16px;
    text-align: center;
  }
  .notice > .codicon {
    width: 32px;
    height: 32px;
    font-size: 32px;
    color: var(--vscode-descriptionForeground);
  }
  .notice-title {
    font-weight: 600;
  }
  .notice-text {
    max-width: 64ch;
    color: var(--vscode-descriptionForeground);
    overflow-wrap: anywhere;
  }
  .notice vscode-button {
    margin-top: 8px;
  }
  .notice vscode-progress-ring {
    /* Nothing flickers when the answer comes at once. */
    animation: appear 0s 300ms both;
  }
  @keyframes appear {
    from {
      visibility: hidden;
    }
  }
  .banner {
    display: flex;
    align-items: center;
    flex: none;
    gap: 8px;
    min-height: 32px;
    padding: 0 16px;
    border: 1px solid var(--vscode-inputValidation-warningBorder, var(--vscode-contrastBorder, transparent));
    border-width: 1px 0;
    background: var(--vscode-inputValidation-warningBackground, transparent);
    color: var(--vscode-inputValidation-warningForeground, var(--vscode-foreground));
  }
  .banner .grow {
    flex: 1;
  }
`;
