// npm run simulate -- [--seeds N] [--from S] [--jobs N] | --seed S | --mutants [--seeds N]
//
// Whole clusters under one seed each, with simulated time, network and disks. A seed that fails prints its trace. `--seed`
// shows one seed with everything that its nodes log; `--mutants` puts mistakes into the product and looks for each.

import { parseArgs } from 'node:util';
import { mutants } from '../test/simulation/mutants.ts';
import { runSeed } from '../test/simulation/run-seed.ts';
import { runSeeds } from '../test/simulation/run-seeds.ts';
import { traceText } from '../test/simulation/trace-text.ts';

const TRACE_LINES = 120;
/** Failing seeds whose traces are printed; of the others only the numbers are. */
const TRACES_MAX = 3;
const MUTANT_SEEDS = 200;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    jobs: { type: 'string' },
    seed: { type: 'string' },
    mutants: { type: 'boolean' },
  },
});

function number(text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`Expected a whole number, not ${text}`);
  process.exit(2);
}

const from = number(values.from, 1);
const jobs = values.jobs === undefined ? undefined : number(values.jobs, 1);

async function showOne(seed: number): Promise<boolean> {
  const { hash, lines, violation, virtualMs, acknowledged, read } = await runSeed(seed, true);
  console.log(traceText(lines));
  console.log(
    `seed ${seed}: ${Math.round(virtualMs)} ms, ${acknowledged} records acknowledged, ${read} read, hash ${hash}`,
  );
  return violation === undefined;
}

async function runMany(seeds: number): Promise<boolean> {
  const startedAt = performance.now();
  let done = 0;
  const summary = await runSeeds({
    ...{ from, seeds, jobs },
    onReport: ({ seed, violation }) => {
      if (violation !== undefined)
        console.log(`seed ${seed} FAILS: ${violation.rule}: ${firstLine(violation.message)}`);
      if (++done % 500 === 0) console.log(`${done} seeds done`);
    },
  });
  for (const { seed } of summary.failures.slice(0, TRACES_MAX)) {
    const { lines } = await runSeed(seed);
    console.log(`\n== seed ${seed}\n${traceText(lines, TRACE_LINES)}`);
    console.log(`Again, with all that the nodes log: npm run simulate -- --seed ${seed}`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const each = (summary.cpuMs / Math.max(summary.seeds, 1)).toFixed(0);
  const hours = (summary.virtualMs / 3_600_000).toFixed(1);
  console.log(
    `\n${summary.seeds} seeds, ${summary.failures.length} failed; ${hours} hours of cluster time, ` +
      `${summary.acknowledged} records acknowledged; ${seconds} s, ${each} ms of CPU per seed`,
  );
  return summary.failures.length === 0;
}

async function findMutants(seeds: number): Promise<boolean> {
  let areAllFound = true;
  for (const { name, what } of mutants) {
    const { failures } = await runSeeds({ ...{ from, seeds, jobs }, mutant: name, stopsAtFailure: true });
    const [first] = failures;
    if (first === undefined) areAllFound = false;
    const outcome =
      first === undefined ? `NOT FOUND in ${seeds} seeds` : `seed ${first.seed}: ${first.violation?.rule}`;
    console.log(`${name} (${what}): ${outcome}`);
  }
  return areAllFound;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

const isGood =
  values.seed !== undefined
    ? await showOne(number(values.seed, 1))
    : values.mutants === true
      ? await findMutants(number(values.seeds, MUTANT_SEEDS))
      : await runMany(number(values.seeds, 1_000));
process.exitCode = isGood ? 0 : 1;
