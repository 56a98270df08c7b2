import { cpus, loadavg, totalmem } from 'node:os';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

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
  const known = metrics.filter(({ key }) => samples.some(({ values }) => Number.isFinite(values[key])));
  const rows = known.map(({ key, title, unit, better }) => [
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
  const digits = value < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return value.toLocaleString('en', digits);
}

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`;
}

/** How many processes wanted to run meanwhile, beside ours; the medians of a busy machine are worth less. */
export function load(): string {
  return `load average ${loadavg()
    .map((value) => value.toFixed(1))
    .join(', ')}`;
}

/** Those of the systems that were named and can be measured here; says which cannot. */
export function chosenFrom<S extends { readonly name: string; missing(): string | undefined }>(
  systems: readonly S[],
  names: readonly string[],
): S[] {
  const unknown = names.filter((name) => !systems.some((system) => system.name === name));
  if (unknown.length > 0)
    throw new Error(`--only knows ${systems.map(({ name }) => name).join(', ')}, not ${unknown.join()}`);
  return systems.filter((system) => {
    if (!names.includes(system.name)) return false;
    const reason = system.missing();
    if (reason !== undefined) console.log(`Not measured: ${system.name}. ${reason}`);
    return reason === undefined;
  });
}

/** `3 rounds` */
export function roundsOf(samples: readonly Sample[], systems: readonly unknown[]): string {
  const rounds = samples.length / systems.length;
  return `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
}

/** Puts what was measured between the two marks of a document, and leaves the prose around them alone. */
export function writeReport(path: string, section: string, report: string): void {
  const [beginMark, endMark] = [`<!-- ${section}:begin -->`, `<!-- ${section}:end -->`];
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# Benchmarks\n\n${beginMark}\n${endMark}\n`;
  const begin = text.indexOf(beginMark);
  const end = text.indexOf(endMark);
  if (begin < 0 || end < begin) throw new Error(`${path} has lost its marks ${beginMark} and ${endMark}`);
  writeFileSync(path, `${text.slice(0, begin + beginMark.length)}\n${report.trim()}\n${text.slice(end)}`);
}
