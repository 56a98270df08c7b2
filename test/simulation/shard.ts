import { mutantNamed, plant } from './mutants.ts';

// One process of the simulation: gets lots of seeds from its parent, reports each one, ends when the parent lets go.

/** Seeds from `from` to below `to`. */
export interface ShardOrder {
  readonly from: number;
  readonly to: number;
  readonly mutant?: string | undefined;
}

/** What came of one seed. */
export interface ShardReport {
  readonly seed: number;
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly cpuMs: number;
  readonly violation: { readonly rule: string; readonly message: string } | undefined;
}

async function run({ from, to, mutant }: ShardOrder): Promise<void> {
  if (mutant !== undefined) plant(mutantNamed(mutant));
  // Only now, so that the product is loaded with the mistake in it.
  const { runSeed } = await import('./run-seed.ts');
  for (let seed = from; seed < to; seed++) {
    const before = process.cpuUsage();
    const { hash, virtualMs, events, acknowledged, violation } = await runSeed(seed);
    const { user, system } = process.cpuUsage(before);
    const report: ShardReport = {
      ...{ seed, hash, virtualMs, events, acknowledged },
      cpuMs: (user + system) / 1000,
      violation: violation === undefined ? undefined : { rule: violation.rule, message: violation.message },
    };
    // The parent may have let go meanwhile.
    process.send?.(report, undefined, undefined, () => {});
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order) => {
  run(order as ShardOrder).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
