import { css } from 'lit';

export const offsetsStyles = css`
  .scroller {
    container-type: inline-size;
  }
  .grid {
    display: grid;
    grid-template-columns:
      var(--partition) 56px var(--replicas) var(--isr) var(--offset) minmax(80px, 1fr) var(--offset)
      max(var(--offset), 15ch) var(--offset) 56px 56px 80px;
    column-gap: 16px;
    padding: 0 16px;
  }
  .row.grid {
    cursor: pointer;
  }
  .cell {
    position: relative;
    min-width: 0;
    overflow: hidden;
    white-space: nowrap;
  }
  .number {
    text-align: right;
  }
  .leader,
  .replica-list {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .replica-list {
    gap: 8px;
  }
  .replica-list .one {
    display: inline-flex;
    align-items: center;
    gap: 3px;
    min-width: 28px;
  }
  .facts {
    flex: 0 1 auto;
    min-width: 0;
  }
  .short {
    color: var(--vscode-editorWarning-foreground);
  }

  .axis {
    display: flex;
    justify-content: space-between;
    font-size: 11px;
  }
  .axis::before,
  .axis::after {
    content: '';
    flex: 1;
    order: 1;
    align-self: center;
    margin: 0 6px;
    border-top: 1px solid var(--vscode-editorIndentGuide-background1, var(--vscode-descriptionForeground));
  }
  .axis::after {
    display: none;
  }
  .axis span:last-child {
    order: 2;
  }
  .extent {
    display: block;
    width: 100%;
    height: 22px;
    overflow: visible;
  }
  .extent .track {
    fill: var(--vscode-foreground);
    opacity: 0.08;
  }
  .extent .held {
    fill: var(--vscode-charts-blue);
    opacity: 0.55;
  }
  .extent .open {
    fill: var(--vscode-charts-purple);
    opacity: 0.55;
  }
  .extent .unreplicated {
    fill: var(--vscode-charts-yellow);
    opacity: 0.55;
  }
  .extent .tick {
    stroke: var(--vscode-charts-foreground, var(--vscode-foreground));
    stroke-width: 1;
  }
  .extent .tick.watermark {
    stroke-width: 3;
  }
  .extent .tick.stable {
    stroke-dasharray: 2 2;
  }

  .spark {
    display: block;
    margin-top: 3px;
  }
  .spark rect {
    fill: var(--vscode-descriptionForeground);
  }
  .row.active .spark rect,
  .row.active .extent .tick {
    fill: currentColor;
    stroke: currentColor;
  }

  @keyframes stepped {
    from {
      background-color: color-mix(in srgb, var(--vscode-charts-blue) 22%, transparent);
    }
  }
  .stepped {
    animation: stepped 600ms ease-out;
  }
  @media (prefers-reduced-motion: reduce) {
    .stepped {
      animation: none;
    }
  }

  @container (max-width: 1040px) {
    .grid {
      grid-template-columns:
        var(--partition) 56px var(--replicas) var(--offset) minmax(80px, 1fr) var(--offset)
        max(var(--offset), 15ch) var(--offset) 56px 80px;
    }
    .c-isr,
    .c-spark {
      display: none;
    }
  }
  @container (max-width: 840px) {
    .grid {
      grid-template-columns:
        var(--partition) 56px var(--replicas) minmax(64px, 1fr) max(var(--offset), 15ch)
        var(--offset) 48px;
      column-gap: 12px;
    }
    .c-start,
    .c-end,
    .c-size {
      display: none;
    }
  }
  @container (max-width: 560px) {
    .grid {
      grid-template-columns: var(--partition) 48px minmax(0, 1fr) max(var(--offset), 15ch);
    }
    .c-bar,
    .c-records,
    .c-rate {
      display: none;
    }
  }
`;
