import { css } from 'lit';

export const replicasStyles = css`
  .panes {
    display: grid;
    flex: 1 1 0;
    grid-template-rows: minmax(96px, 3fr) minmax(96px, 2fr);
    grid-template-columns: minmax(0, 1fr);
    min-height: 0;
  }
  .pane {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  .grid {
    display: grid;
    grid-template-columns: var(--name) repeat(var(--brokers), minmax(104px, 160px)) minmax(120px, 1fr) 88px;
    column-gap: 16px;
    box-sizing: border-box;
    /* The same for head and rows, whatever stands in them: else their columns part where there is little room. */
    width: max(100%, calc(var(--name) + var(--brokers) * 120px + 272px));
    padding: 0 16px;
  }
  .row.grid {
    right: auto;
    cursor: default;
  }
  .cell {
    min-width: 0;
    overflow: hidden;
    white-space: nowrap;
  }
  .replica-cell {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  .elr {
    color: var(--vscode-foreground);
  }

  .head .grid {
    height: 40px;
    align-items: stretch;
  }
  .head .cell {
    align-self: end;
  }
  .head .broker-cell {
    display: flex;
    min-width: 0;
  }
  .head .broker {
    all: unset;
    display: flex;
    flex: 1 1 0;
    flex-direction: column;
    box-sizing: border-box;
    min-width: 0;
    padding: 2px 6px;
    margin-left: -6px;
    cursor: pointer;
    line-height: 18px;
    border-bottom: 2px solid transparent;
  }
  .head .broker:hover {
    background: var(--vscode-list-hoverBackground);
  }
  .head .broker:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .head .broker.chosen {
    color: var(--vscode-foreground);
    border-bottom-color: var(--vscode-focusBorder);
  }
  .head .broker .name {
    display: flex;
    align-items: center;
    gap: 4px;
    height: 18px;
    white-space: nowrap;
  }
  .head .broker .star {
    line-height: 0;
    color: var(--vscode-charts-purple);
  }
  .head .broker .condition {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-size: 11px;
  }
  .row.told {
    background: var(--vscode-editor-findMatchHighlightBackground);
  }

  .actions {
    display: flex;
    align-items: center;
    flex: none;
    flex-wrap: wrap;
    gap: 4px 8px;
    min-height: 36px;
    padding: 4px 16px;
    box-sizing: border-box;
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .actions .who {
    min-width: 80px;
  }

  .timeline {
    flex: 1 1 0;
    min-height: 0;
    margin: 0;
    padding: 4px 0;
    overflow: auto;
    list-style: none;
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .entry {
    display: grid;
    grid-template-columns: 12ch 12px minmax(0, 1fr) max-content;
    column-gap: 8px;
    padding: 0 16px;
    cursor: default;
  }
  .entry:hover {
    background: var(--vscode-list-hoverBackground);
  }
  .entry .at {
    color: var(--vscode-descriptionForeground);
  }
  .entry .dot {
    align-self: center;
    width: 6px;
    height: 6px;
    border-radius: 50%;
    background: var(--vscode-descriptionForeground);
  }
  .entry.good .dot {
    background: var(--vscode-charts-green);
  }
  .entry.caution .dot {
    background: var(--vscode-charts-yellow);
    border-radius: 0;
  }
  .entry.trouble .dot {
    background: var(--vscode-charts-red);
    border-radius: 0;
    transform: rotate(45deg);
  }
  .entry .text {
    overflow-wrap: anywhere;
  }
  .entry .detail {
    color: var(--vscode-descriptionForeground);
    font-family: var(--vscode-editor-font-family);
  }
  .quiet {
    padding: 8px 16px;
    color: var(--vscode-descriptionForeground);
  }
`;
