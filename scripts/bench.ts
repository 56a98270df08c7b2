// npm run bench [-- --rounds 3 --records 2000000 --only samsa,kfake]: one broker of Samsa beside Apache Kafka and
// franz-go's kfake, measured in turn with Kafka's own performance tools.

import { parseArgs } from 'node:util';
import { missingTools, prepareTools } from '../test/support/tools.ts';
import { measureOneBroker, oneBrokerMetrics } from './bench/one-broker.ts';
import { machine, table } from './bench/report.ts';
import { systems } from './bench/systems.ts';
import { build } from './build.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    records: { type: 'string', default: '2000000' },
    only: { type: 'string' },
  },
});

await build();
await prepareTools();
const [unmeasurable] = missingTools(['apache-kafka']);
if (unmeasurable !== undefined) throw new Error(`${unmeasurable.reason}; its performance tools do the measuring.`);

const names = values.only?.split(',');
const chosen = systems.filter((system) => {
  if (names !== undefined && !names.includes(system.name)) return false;
  const reason = system.missing();
  if (reason !== undefined) console.log(`Not measured: ${system.name}. ${reason}`);
  return reason === undefined;
});
const options = { rounds: Number(values.rounds), records: Number(values.records) };
const samples = await measureOneBroker(chosen, options);

console.log(`\nOne broker, one partition; ${machine()}; medians of ${options.rounds} rounds, in turn.`);
console.log('In brackets: times better than Apache Kafka 4.3.1.\n');
console.log(table(oneBrokerMetrics, samples, 'apache-kafka'));
