import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ShardOrder, ShardReport } from './shard.ts';

/** What came of many seeds. */
export interface SeedsSummary {
  readonly seeds: number;
  readonly failures: readonly ShardReport[];
  readonly hashes: ReadonlyMap<number, string>;
  readonly acknowledged: number;
  readonly cpuMs: number;
  readonly virtualMs: number;
}

export interface SeedsOrder {
  readonly from: number;
  readonly seeds: number;
  /** Processes; as many as there are cores by default. */
  readonly jobs?: number | undefined;
  /** Ends at the first seed that fails. */
  readonly stopsAtFailure?: boolean;
  /** One of `mutants.ts`: the product with a mistake put in. */
  readonly mutant?: string | undefined;
  readonly onReport?: (report: ShardReport) => void;
}

/** Seeds that a process is given at a time. */
const LOT = 10;

/** Runs seeds in processes of their own, so that all cores are used and no seed sees another one's leftovers of the loader. */
export async function runSeeds(order: SeedsOrder): Promise<SeedsSummary> {
  const endSeed = order.from + order.seeds;
  const reports: ShardReport[] = [];
  let next = order.from;
  let isOver = false;
  const shard = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('shard.ts', import.meta.url)), [], { stdio: 'inherit' });
      let waiting = 0;
      const give = (): void => {
        if (isOver || next >= endSeed) {
          if (child.connected) child.disconnect();
          return;
        }
        const lot: ShardOrder = { from: next, to: Math.min(next + LOT, endSeed), mutant: order.mutant };
        next = lot.to;
        waiting = lot.to - lot.from;
        child.send(lot);
      };
      child.on('message', (message) => {
        const report = message as ShardReport;
        reports.push(report);
        order.onReport?.(report);
        if (report.violation !== undefined && order.stopsAtFailure === true) isOver = true;
        if (--waiting === 0 || isOver) give();
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        isOver ||= code !== 0;
        if (code === 0) resolve();
        else reject(new Error(`a process of the simulation ended with ${signal ?? code}`));
      });
      give();
    });
  const jobs = Math.max(1, Math.min(order.jobs ?? availableParallelism(), Math.ceil(order.seeds / LOT)));
  await Promise.all(Array.from({ length: jobs }, shard));
  const sum = (value: (report: ShardReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0);
  return {
    seeds: reports.length,
    failures: reports.filter(({ violation }) => violation !== undefined).sort((a, b) => a.seed - b.seed),
    hashes: new Map(reports.map(({ seed, hash }) => [seed, hash])),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    virtualMs: sum(({ virtualMs }) => virtualMs),
  };
}
