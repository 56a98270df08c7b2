import { css } from 'lit';

export const messagesStyles = css`
  .filters {
    display: flex;
    align-items: center;
    flex: none;
    flex-wrap: wrap;
    gap: 8px;
    padding: 0 16px 8px;
  }
  .filters vscode-text-field.partitions {
    width: 112px;
  }
  .filters vscode-text-field.text {
    flex: 1 1 200px;
    max-width: 480px;
  }
  .filters vscode-dropdown {
    width: 168px;
  }
  .filters .wrong {
    --input-border-color: 1;
    outline: 1px solid var(--vscode-inputValidation-errorBorder);
  }
  vscode-dropdown::part(listbox) {
    z-index: 10;
  }

  .main {
    position: relative;
    display: flex;
    flex: 1 1 0;
    flex-direction: column;
    min-height: 0;
    container-type: inline-size;
  }
  .grid {
    display: grid;
    grid-template-columns: var(--partition) var(--offset) var(--time) minmax(80px, 1fr) minmax(120px, 3fr) 72px;
    column-gap: 16px;
    padding: 0 16px;
  }
  .row.grid {
    cursor: default;
  }
  .data {
    font-family: var(--vscode-editor-font-family);
    font-size: var(--vscode-editor-font-size);
  }
  .none {
    font-style: italic;
    color: var(--vscode-descriptionForeground);
  }
  .binary {
    color: var(--vscode-debugTokenExpression-number);
  }
  .row.active .none,
  .row.active .binary {
    color: inherit;
  }
  .note {
    display: flex;
    align-items: center;
    gap: 8px;
    grid-column: 3 / -1;
    color: var(--vscode-editorWarning-foreground);
  }
  .waiting {
    color: var(--vscode-descriptionForeground);
  }
  .head button {
    all: unset;
    cursor: pointer;
  }
  .head button:hover {
    color: var(--vscode-foreground);
  }
  .head button:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }

  .newer {
    position: absolute;
    z-index: 3;
    bottom: 8px;
    left: 50%;
    transform: translateX(-50%);
    padding: 0 12px;
    height: 24px;
    line-height: 22px;
    border: 1px solid var(--vscode-button-border, transparent);
    border-radius: 12px;
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
    font: inherit;
    font-variant-numeric: tabular-nums;
    cursor: pointer;
  }
  .full {
    display: flex;
    align-items: center;
    flex: none;
    gap: 8px;
    height: 28px;
    padding: 0 16px;
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    color: var(--vscode-descriptionForeground);
  }

  @container (max-width: 760px) {
    .grid {
      grid-template-columns: var(--partition) var(--offset) var(--time) minmax(80px, 2fr) minmax(120px, 3fr);
      column-gap: 12px;
    }
    .c-size {
      display: none;
    }
  }
  @container (max-width: 520px) {
    .grid {
      grid-template-columns: var(--partition) var(--offset) minmax(80px, 1fr);
    }
    .c-time,
    .c-key,
    .c-size {
      display: none;
    }
    .note {
      grid-column: 3 / -1;
    }
  }
`;
