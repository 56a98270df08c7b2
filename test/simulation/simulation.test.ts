import { expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';
import { runSeeds } from './run-seeds.ts';
import { traceText } from './trace-text.ts';

const SEEDS = 1_000;
/** On two quiet cores it takes less than three minutes; busy ones may take ten times as long. */
const TIMEOUT_MS = 1_800_000;

test(
  `a cluster keeps its promises under ${SEEDS} seeds`,
  async () => {
    const { failures, seeds, acknowledged } = await runSeeds({ from: 1, seeds: SEEDS });
    const texts: string[] = [];
    for (const { seed, violation } of failures.slice(0, 3)) {
      const { lines } = await runSeed(seed);
      texts.push(
        `seed ${seed}: ${violation?.rule}\n${traceText(lines, 80)}\nAgain: npm run simulate -- --seed ${seed}`,
      );
    }
    expect(texts.join('\n\n')).toBe('');
    expect(failures.map(({ seed }) => seed)).toEqual([]);
    expect(seeds).toBe(SEEDS);
    expect(acknowledged).toBeGreaterThan(SEEDS * 50);
  },
  TIMEOUT_MS,
);

test(
  'the same seed does the same again, whatever ran before it in the process',
  async () => {
    const forwards = await runSeeds({ from: 1, seeds: 12, jobs: 1 });
    const backwards = await runSeeds({ from: 7, seeds: 6, jobs: 1 });
    expect(backwards.hashes).toEqual(new Map([...forwards.hashes].filter(([seed]) => seed >= 7)));
    expect(new Set(forwards.hashes.values()).size).toBe(12);
  },
  TIMEOUT_MS,
);
