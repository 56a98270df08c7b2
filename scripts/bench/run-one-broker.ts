import { join } from 'node:path';
import { root } from '../support/paths.ts';
import type { BenchArguments } from './arguments.ts';
import { measureOneBroker, oneBrokerMetrics } from './one-broker.ts';
import { chosenFrom, load, machine, roundsOf, table, writeReport } from './report.ts';
import { defaultSystems, systems } from './systems.ts';

/** One broker of Samsa beside Apache Kafka and kfake. A full run of all three renews docs/benchmarks.md. */
export async function benchOneBroker(args: BenchArguments): Promise<void> {
  const chosen = chosenFrom(systems, args.only ?? defaultSystems);
  const records = args.records ?? (args.quick ? 200_000 : 1_000_000);
  const rounds = args.rounds ?? (args.quick ? 1 : 3);
  const samples = await measureOneBroker(chosen, { rounds, records, minutes: args.minutes });
  const report = `One broker, one partition, ${records.toLocaleString('en')} records of 100 B and a fifth of that of 1 KiB.
Medians of ${roundsOf(samples, chosen)}, in turn, on ${machine()}; ${load()}.
In brackets: how many times better than Apache Kafka 4.3.1.

${table(oneBrokerMetrics, samples, 'apache-kafka')}`;
  console.log(`\n${report}`);
  const isFull = !args.quick && defaultSystems.every((name) => chosen.some((system) => system.name === name));
  if (isFull) writeReport(join(root, 'docs', 'benchmarks.md'), 'bench', report);
}
