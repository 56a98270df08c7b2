import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';
import { runBin } from './run.ts';
import type { Totals } from './totals.ts';

interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** Runs one project of vitest.config.ts with its usual output and returns what it counted. */
export async function runVitest(project: string, args: readonly string[] = []): Promise<Totals> {
  const report = join(root, '.cache', 'test', `${project}.json`);
  await mkdir(join(root, '.cache', 'test'), { recursive: true });
  await rm(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await runBin(
    'vitest/vitest.mjs',
    ['run', '--project', project, '--passWithNoTests', ...reporters, ...args],
    {
      output: 'inherit',
    },
  );
  const totals = await readReport(report);
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** A file that fails before its first test counts as one failure. */
async function readReport(path: string): Promise<Totals> {
  const report = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as JsonReport,
    () => undefined,
  );
  if (report === undefined) return { passed: 0, failed: 0, skipped: 0 };
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
