import { cpus, totalmem } from 'node:os';

export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
}

/** What one run of one system measured, by metric. */
export interface Sample {
  readonly system: string;
  readonly values: Readonly<Record<string, number>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * A Markdown table of medians. Behind each stands how many times better (above 1) or worse it is than `baseline`, so that
 * a machine's speed cancels out.
 */
export function table(metrics: readonly Metric[], samples: readonly Sample[], baseline: string): string {
  const systems = [...new Set(samples.map(({ system }) => system))];
  const value = (system: string, key: string): number =>
    median(samples.filter((sample) => sample.system === system).map(({ values }) => values[key] ?? Number.NaN));
  const rows = metrics.map(({ key, title, unit, better }) => [
    `${title} (${unit})`,
    ...systems.map((system) => {
      const own = value(system, key);
      if (system === baseline || !systems.includes(baseline)) return amount(own);
      const ratio = own / value(baseline, key);
      return `${amount(own)} (${(better === 'more' ? ratio : 1 / ratio).toFixed(1)}×)`;
    }),
  ]);
  return [['', ...systems], ['-', ...systems.map(() => '-:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function amount(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`;
}
