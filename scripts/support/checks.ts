import { availableParallelism } from 'node:os';
import { importViolations } from './import-rules.ts';
import { runBin } from './run.ts';
import type { Totals } from './totals.ts';

interface Check {
  readonly name: string;
  run(): Promise<{ code: number; output: string }>;
}

const checks: readonly Check[] = [
  { name: 'types', run: () => runBin('typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit']) },
  { name: 'lint', run: () => runBin('eslint/bin/eslint.js', ['.', '--max-warnings', '0']) },
  { name: 'types of webviews', run: () => runBin('typescript/bin/tsc', ['-p', 'webview/tsconfig.json', '--noEmit']) },
  {
    name: 'formatting',
    run: () =>
      runBin('prettier/bin/prettier.cjs', [
        ...['.', '--check', '--log-level', 'warn'],
        ...['--cache', '--cache-location', '.cache/prettier'],
      ]),
  },
  {
    name: 'imports',
    run: async () => {
      const violations = await importViolations();
      return { code: violations.length > 0 ? 1 : 0, output: violations.join('\n') };
    },
  },
];

/** Types (Node and browser side), lint, formatting and import rules; two at a time, each reported as it ends. */
export async function runChecks(): Promise<Totals> {
  let failed = 0;
  const queue = [...checks];
  const lanes = Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const startedAt = performance.now();
      const { code, output } = await check.run();
      const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(18)} ${took}`);
      if (code !== 0) {
        failed += 1;
        console.log(output.trimEnd());
      }
    }
  });
  await Promise.all(lanes);
  return { passed: checks.length - failed, failed, skipped: 0 };
}
