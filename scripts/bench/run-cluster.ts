import { join } from 'node:path';
import { root } from '../support/paths.ts';
import type { BenchArguments } from './arguments.ts';
import { clusterSystems } from './cluster-systems.ts';
import { clusterMetrics, measureClusters } from './cluster.ts';
import { chosenFrom, load, machine, roundsOf, table, writeReport } from './report.ts';

/** Three brokers of Samsa beside three of Apache Kafka. A full run of both renews docs/benchmarks.md. */
export async function benchCluster(args: BenchArguments): Promise<void> {
  const names = clusterSystems.map(({ name }) => name);
  const chosen = chosenFrom(clusterSystems, args.only ?? names);
  const records = args.records ?? (args.quick ? 100_000 : 500_000);
  const topics = args.quick ? 100 : 1_000;
  const rounds = args.rounds ?? (args.quick ? 1 : 2);
  const samples = await measureClusters(chosen, { rounds, records, topics, minutes: args.minutes });
  const report = `Three brokers that are the quorum too, ${records.toLocaleString('en')} records of 100 B and a fifth of that of 1 KiB into three
partitions of three replicas, then ${topics.toLocaleString('en')} topics like that. All with default configs.
Medians of ${roundsOf(samples, chosen)}, in turn, on ${machine()}; ${load()}.
In brackets: how many times better than Apache Kafka 4.3.1.

${table(clusterMetrics, samples, 'apache-kafka')}`;
  console.log(`\n${report}`);
  if (!args.quick && chosen.length === names.length)
    writeReport(join(root, 'docs', 'benchmarks.md'), 'bench-cluster', report);
}
