import { Admin } from '../client/admin.ts';
import type { BrokerLogDirs, LogDirDescription } from '../client/admin/cluster.ts';
import { partitionName } from '../client/leader-routing.ts';
import { BOOTSTRAP_OPTION, clusterTool, COMMAND_CONFIG_OPTION, withClient } from './cluster-tool.ts';
import { inHashMapOrder, partitionHashCode } from './java-hash-order.ts';
import { exceptionName } from './log-line.ts';
import { UsageError } from './option-parser.ts';
import { print } from './tool-io.ts';

/** `kafka-log-dirs`: sizes of replicas in the brokers' log directories, as JSON. */
export const run = clusterTool({
  about: 'Shows what lies in the log directories of brokers.',
  options: [
    BOOTSTRAP_OPTION,
    COMMAND_CONFIG_OPTION,
    { name: 'describe', about: 'Describe the log directories.' },
    { name: 'topic-list', argument: 'topics', about: 'Topics, separated by commas; all if not given.' },
    { name: 'broker-list', argument: 'ids', about: 'Brokers, separated by commas; all if not given.' },
  ],
  execute: async (options, io) => {
    for (const name of ['bootstrap-server', 'describe']) {
      if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`);
    }
    const topics = list(options.value('topic-list'));
    const ids = list(options.value('broker-list')).map(brokerId);
    return withClient(options, io, async (client) => {
      const admin = new Admin(client);
      const existing = (await admin.describeCluster()).brokers.map(({ id }) => id);
      const missing = ids.filter((id) => !existing.includes(id));
      if (missing.length > 0) {
        const known = existing.join(',');
        const text = `The given brokers do not exist from --broker-list: ${missing.join(',')}. Current existent brokers: ${known}`;
        throw new Error(`ERROR: ${text}`);
      }
      const wanted = ids.length > 0 ? ids : existing;
      print(io.stdout, 'Querying brokers for log directories information');
      const brokers = await admin.describeLogDirs({ brokerIds: wanted });
      const failed = brokers.find(({ error }) => error !== null);
      if (failed?.error) throw failed.error;
      print(io.stdout, `Received log directory information from brokers ${wanted.join(',')}`);
      print(io.stdout, JSON.stringify({ brokers: brokers.map((broker) => describe(broker, topics)), version: 1 }));
      return 0;
    });
  },
});

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}

function brokerId(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`'${text}' is not a broker id`);
  return Number(text);
}

function describe({ brokerId: broker, dirs }: BrokerLogDirs, topics: readonly string[]): unknown {
  return { broker, logDirs: dirs.map((dir) => describeDir(dir, topics)) };
}

function describeDir(dir: LogDirDescription, topics: readonly string[]): unknown {
  const replicas = inHashMapOrder(dir.replicas, partitionHashCode).filter(
    ({ topic }) => topics.length === 0 || topics.includes(topic),
  );
  return {
    partitions: replicas.map((replica) => ({
      partition: partitionName(replica),
      size: replica.sizeBytes,
      offsetLag: replica.offsetLag,
      isFuture: replica.isFuture,
    })),
    error: dir.error === null ? null : exceptionName(dir.error.code),
    logDir: dir.path,
  };
}
