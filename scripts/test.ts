// npm test [stage…] [-- vitest arguments]: everything that this machine can run, or the named stages.
//
// What is missing is named with the reason and counted as skipped. With CI=true it is a failure instead.

import { missingTools, prepareTools } from '../test/support/tools.ts';
import { build } from './build.ts';
import { runChecks } from './support/checks.ts';
import { installCodeServer } from './support/code-server.ts';
import { runExtensionHostSuite } from './support/extension-host-suite.ts';
import { add, describeTotals, lack, nothing } from './support/totals.ts';
import type { Totals } from './support/totals.ts';
import { runVitest } from './support/vitest.ts';

interface Stage {
  readonly name: string;
  /** Whether it runs the bundles of dist/. */
  readonly needsBuild: boolean;
  run(args: readonly string[]): Promise<Totals>;
}

const stages: readonly Stage[] = [
  { name: 'check', needsBuild: false, run: runChecks },
  { name: 'build', needsBuild: true, run: () => Promise.resolve(nothing) },
  { name: 'unit', needsBuild: false, run: (args) => runVitest('unit', args) },
  { name: 'simulation', needsBuild: false, run: (args) => runVitest('simulation', args) },
  { name: 'clients', needsBuild: true, run: runClients },
  { name: 'vscode', needsBuild: true, run: runExtensionHostSuite },
  { name: 'e2e', needsBuild: true, run: runBrowserTests },
];

async function runClients(args: readonly string[]): Promise<Totals> {
  await prepareTools();
  // The tests that are skipped count themselves; here only the reason is added, or the failure.
  const lacking = missingTools(['kcat', 'python-confluent-kafka', 'apache-kafka', 'go']).map(({ reason }) => ({
    ...lack(reason),
    skipped: 0,
  }));
  return [await runVitest('clients', args), ...lacking].reduce(add);
}

async function runBrowserTests(args: readonly string[]): Promise<Totals> {
  const [missing] = missingTools(['chromium']);
  if (missing !== undefined) return lack(missing.reason);
  const reason = await installCodeServer().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return reason === undefined ? runVitest('e2e', args) : lack(reason);
}

const named = process.argv.slice(2).filter((arg) => stages.some(({ name }) => name === arg));
const rest = process.argv.slice(2).filter((arg) => !named.includes(arg));
const chosen = stages.filter(({ name }) => named.length === 0 || named.includes(name));

const summary: string[] = [];
let sum = nothing;
let isBuilt: boolean | undefined;

async function stage(name: string, run: () => Promise<Totals>): Promise<void> {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const totals = await run();
  const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const notes = (totals.notes ?? []).map((note) => `            ${note}`);
  summary.push(`${name.padEnd(12)}${describeTotals(totals)}  (${took})`, ...notes);
  sum = add(sum, totals);
}

async function buildOnce(): Promise<boolean> {
  if (isBuilt === undefined) {
    await stage('build', async () => {
      isBuilt = await build().then(
        () => true,
        () => false,
      );
      return { ...nothing, [isBuilt ? 'passed' : 'failed']: 1 };
    });
  }
  return isBuilt === true;
}

for (const { name, needsBuild, run } of chosen) {
  const canRun = !needsBuild || (await buildOnce());
  if (name === 'build') continue;
  await stage(name, () =>
    canRun ? run(rest) : Promise.resolve({ ...nothing, failed: 1, notes: ['not run: the build failed'] }),
  );
}

console.log(`\n== summary\n${summary.join('\n')}\n`);
console.log(describeTotals(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
