import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants, mutate } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';

const SEEDS = 200;
const TIMEOUT_MS = 600_000;

test.each(mutants)(
  `$name ($what) is found within ${SEEDS} seeds`,
  async ({ name }) => {
    const { failures } = await runSeeds({ from: 1, seeds: SEEDS, mutant: name, stopsAtFailure: true });
    expect(failures.length).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test.each(mutants)('$name has its place in the product exactly once', (mutant) => {
  const source = readFileSync(new URL(`../..${mutant.file}`, import.meta.url), 'utf8');
  expect(mutate(mutant, source)).not.toBe(source);
  expect(() => mutate({ ...mutant, find: 'nowhere to be found' }, source)).toThrow('0 times');
});
