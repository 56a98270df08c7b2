// npm run check: types (Node and browser side), lint, formatting and import rules. Two run at a time.

import { availableParallelism } from 'node:os';
import { importViolations } from './support/import-rules.ts';
import { runBin } from './support/run.ts';

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
console.log(`${checks.length - failed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed > 0 ? 1 : 0;
