import { css } from 'lit';
import { iconStyles } from './icon.ts';

/** What every view shares: type, rows, states, focus. Sizes on an 8 px grid, rows of 22 px, colours of the theme only. */
export const baseStyles = [
  iconStyles,
  css`
    :host {
      display: flex;
      flex-direction: column;
      height: 100%;
      min-height: 0;
      color: var(--vscode-foreground);
      font-family: var(--vscode-font-family);
      font-size: var(--vscode-font-size, 13px);
      line-height: 22px;
      font-variant-numeric: tabular-nums;
    }
    *,
    *::before,
    *::after {
      box-sizing: border-box;
    }
    [hidden] {
      display: none !important;
    }
    .dim {
      color: var(--vscode-descriptionForeground);
    }
    .mono {
      font-family: var(--vscode-editor-font-family);
      font-size: var(--vscode-editor-font-size);
    }
    .ellipsis {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .number {
      text-align: right;
    }
    .trouble {
      color: var(--vscode-errorForeground);
    }
    .caution {
      color: var(--vscode-editorWarning-foreground);
    }
    .unseen {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }

    .bar {
      display: flex;
      align-items: center;
      flex: none;
      gap: 8px;
      min-height: 40px;
      padding: 4px 16px;
      white-space: nowrap;
    }
    .grow {
      flex: 1 1 0;
      min-width: 0;
    }
    .title {
      flex: none;
      max-width: 50%;
      margin: 0;
      font-size: inherit;
      font-weight: 600;
    }

    .scroller {
      position: relative;
      flex: 1 1 0;
      min-height: 0;
      overflow: auto;
      overflow-anchor: none;
      outline: none;
    }
    .head {
      position: sticky;
      top: 0;
      z-index: 2;
      background: var(--vscode-editor-background);
      border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
      color: var(--vscode-descriptionForeground);
    }
    .window {
      position: sticky;
      overflow: hidden;
    }
    .spacer {
      pointer-events: none;
    }
    .row {
      position: absolute;
      left: 0;
      right: 0;
      height: 22px;
      line-height: 22px;
      white-space: nowrap;
    }
    .row:hover {
      background: var(--vscode-list-hoverBackground);
    }
    .row.active {
      background: var(--vscode-list-inactiveSelectionBackground);
      outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
      outline-offset: -1px;
    }
    .scroller:focus .row.active,
    .scroller:focus-within .row.active {
      background: var(--vscode-list-activeSelectionBackground);
      color: var(--vscode-list-activeSelectionForeground);
    }
    .scroller:focus-visible .row.active {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    .row.active .dim {
      color: inherit;
    }

    .status {
      display: flex;
      align-items: center;
      flex: none;
      gap: 8px;
      height: 24px;
      padding: 0 16px;
      border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
      color: var(--vscode-descriptionForeground);
      white-space: nowrap;
      overflow: hidden;
    }

    .legend {
      display: flex;
      align-items: center;
      gap: 12px;
      overflow: hidden;
    }
    .legend .one {
      display: inline-flex;
      align-items: center;
      gap: 4px;
    }
    .state {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      min-width: 64px;
      color: var(--vscode-descriptionForeground);
    }
    .old .window {
      opacity: 0.55;
    }

    button.link,
    button.tool {
      all: unset;
      cursor: pointer;
      border-radius: 2px;
    }
    button.link {
      color: var(--vscode-textLink-foreground);
    }
    button.link:hover {
      color: var(--vscode-textLink-activeForeground);
      text-decoration: underline;
    }
    button.tool {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      height: 22px;
      padding: 0 3px;
      color: var(--vscode-icon-foreground, var(--vscode-foreground));
    }
    button.tool:hover:not(:disabled) {
      background: var(--vscode-toolbar-hoverBackground);
      outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
      outline-offset: -1px;
    }
    button.tool:disabled {
      cursor: default;
      opacity: 0.4;
    }
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder) !important;
      outline-offset: -1px;
    }

    @keyframes moved {
      from {
        background-color: var(--vscode-editor-findMatchHighlightBackground);
      }
    }
    .moved {
      animation: moved 800ms ease-out;
    }
    @media (prefers-reduced-motion: reduce) {
      .moved {
        animation: none;
      }
    }
  `,
];
