// npm run bench [-- broker | cluster | log] [-- --quick --rounds 3 --records 1000000 --minutes 7 --only samsa,kfake]: Samsa
// beside Apache Kafka (and kfake), measured in turn with Kafka's own performance tools; its log beside the file system.

import { missingTools, prepareTools } from '../test/support/tools.ts';
import { benchArguments } from './bench/arguments.ts';
import { benchCluster } from './bench/run-cluster.ts';
import { benchLog } from './bench/run-log.ts';
import { benchOneBroker } from './bench/run-one-broker.ts';
import { build } from './build.ts';

const args = benchArguments();
// Another build can be named, as in the tests.
if (process.env['SAMSA_CLI'] === undefined) await build();
if (args.what !== 'log') {
  await prepareTools();
  const [unmeasurable] = missingTools(['apache-kafka']);
  if (unmeasurable !== undefined) throw new Error(`${unmeasurable.reason}; its performance tools do the measuring.`);
}

switch (args.what) {
  case 'broker':
    await benchOneBroker(args);
    break;
  case 'cluster':
    await benchCluster(args);
    break;
  case 'log':
    await benchLog(args);
    break;
  default:
    throw new Error(`bench knows broker, cluster and log, not ${args.what}`);
}
