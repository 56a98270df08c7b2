// npm run bench [-- --quick] [-- --rounds 3 --records 1000000 --minutes 7 --only samsa,kfake]: one broker of Samsa
// beside Apache Kafka and franz-go's kfake, measured in turn with Kafka's own performance tools. A full run of all three
// renews docs/benchmarks.md.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missingTools, prepareTools } from '../test/support/tools.ts';
import { measureOneBroker, oneBrokerMetrics } from './bench/one-broker.ts';
import { load, machine, table, writeReport } from './bench/report.ts';
import { defaultSystems, systems } from './bench/systems.ts';
import { build } from './build.ts';
import { root } from './support/paths.ts';

const { values } = parseArgs({
  options: {
    /** One round of few records: whether it works, and the order of magnitude. */
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    records: { type: 'string' },
    minutes: { type: 'string', default: '7' },
    only: { type: 'string' },
  },
});

// Another build can be named, as in the tests.
if (process.env['SAMSA_CLI'] === undefined) await build();
await prepareTools();
const [unmeasurable] = missingTools(['apache-kafka']);
if (unmeasurable !== undefined) throw new Error(`${unmeasurable.reason}; its performance tools do the measuring.`);

const names = values.only?.split(',') ?? defaultSystems;
const unknown = names.filter((name) => !systems.some((system) => system.name === name));
if (unknown.length > 0)
  throw new Error(`--only knows ${systems.map(({ name }) => name).join(', ')}, not ${unknown.join()}`);
const chosen = systems.filter((system) => {
  if (!names.includes(system.name)) return false;
  const reason = system.missing();
  if (reason !== undefined) console.log(`Not measured: ${system.name}. ${reason}`);
  return reason === undefined;
});
const options = {
  rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
  records: Number(values.records ?? (values.quick ? 200_000 : 1_000_000)),
  minutes: Number(values.minutes),
};
const samples = await measureOneBroker(chosen, options);

const rounds = samples.length / chosen.length;
const report = `One broker, one partition, ${options.records.toLocaleString('en')} records of 100 B and a fifth of that of 1 KiB.
Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, in turn, on ${machine()}; ${load()}.
In brackets: how many times better than Apache Kafka 4.3.1.

${table(oneBrokerMetrics, samples, 'apache-kafka')}`;
console.log(`\n${report}`);
const isFull = !values.quick && defaultSystems.every((name) => chosen.some((system) => system.name === name));
if (isFull) writeReport(join(root, 'docs', 'benchmarks.md'), report);
