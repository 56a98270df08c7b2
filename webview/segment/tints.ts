import { css } from 'lit';

/** Six quiet tints, from the theme's chart colours; red is left for trouble. */
export const tintStyles = css`
  .t0 {
    --tint: var(--vscode-charts-blue);
  }
  .t1 {
    --tint: var(--vscode-charts-green);
  }
  .t2 {
    --tint: var(--vscode-charts-purple);
  }
  .t3 {
    --tint: var(--vscode-charts-orange);
  }
  .t4 {
    --tint: var(--vscode-charts-yellow);
  }
  .t5 {
    --tint: var(--vscode-charts-foreground, var(--vscode-foreground));
  }
`;
