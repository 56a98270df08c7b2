/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly minWidth: number;
}

/**
 * Rows below their titles, columns as wide as their widest cell. The last one is filled up only where something (perhaps
 * empty) is said to come `afterLast`.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], afterLast?: string): string {
  const widths = columns.map(({ minWidth }, index) => Math.max(minWidth, ...rows.map((row) => row[index]!.length)));
  const last = columns.length - 1;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index < last || afterLast !== undefined ? cell.padEnd(widths[index]!) : cell))
      .join(' ') + (afterLast ?? '');
  return ['', line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n');
}

/** Titles with the least width of each column. */
export function columns(...list: readonly (readonly [string, number])[]): Column[] {
  return list.map(([title, minWidth]) => ({ title, minWidth }));
}
