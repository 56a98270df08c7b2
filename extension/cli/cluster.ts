import type { DescribedBroker } from '../client/admin/cluster.ts';
import { KafkaError } from '../client/kafka-error.ts';
import {
  commandTool,
  CONFIG_OPTION,
  CONTROLLER_OPTION,
  propertiesFrom,
  SERVER_OPTION,
  withAdmin,
} from './command-tool.ts';
import type { CommandLine, OptionEntry } from './sub-commands.ts';
import { print, type ToolIo } from './tool-io.ts';

const OLD_CONFIG = '--config';
const FENCED = '--include-fenced-brokers';

/** In the order in which Kafka's usage has them. */
function optionsWith(...more: readonly OptionEntry[]): readonly OptionEntry[] {
  return [
    { flags: [OLD_CONFIG], argument: 'FILE', about: 'The former name of --command-config.' },
    { ...CONFIG_OPTION, flags: ['--command-config', '-c'] },
    ...more,
    {
      oneOf: [
        { ...SERVER_OPTION, flags: ['--bootstrap-server', '-b'] },
        { ...CONTROLLER_OPTION, flags: ['--bootstrap-controller', '-C'] },
      ],
    },
  ];
}

/** `kafka-cluster`: the id of a cluster, its endpoints, and brokers that it shall forget. */
export const run = commandTool({
  program: 'kafka-cluster',
  about: 'Tells the id and the endpoints of a cluster, and makes it forget brokers.',
  options: [],
  commands: [
    { name: 'cluster-id', about: 'Print the id of the cluster.', options: optionsWith() },
    {
      name: 'unregister',
      about: 'Forget a broker that will not come back. A broker that lives registers again.',
      options: optionsWith({
        flags: ['--id', '-i'],
        argument: 'ID',
        about: 'The broker.',
        isRequired: true,
        isInteger: true,
      }),
    },
    {
      name: 'list-endpoints',
      about: 'List where brokers, or controllers, are to be reached.',
      options: optionsWith({ flags: [FENCED], about: 'Brokers too that are registered but do not serve.' }),
    },
  ],
  execute: async (line, io) => {
    if (line.has(OLD_CONFIG) && line.has('--command-config')) {
      throw new Error('--config and --command-config cannot be specified together.');
    }
    if (line.has(OLD_CONFIG)) {
      const future = 'has been deprecated and will be removed in a future version';
      print(io.stdout, `Option --config ${future}. Use --command-config instead.`);
    }
    if (line.has(FENCED) && line.has('--bootstrap-controller')) {
      throw new Error(`The option ${FENCED} is only supported with --bootstrap-server option`);
    }
    await runCommand(line, io);
    return 0;
  },
});

function runCommand(line: CommandLine, io: ToolIo): Promise<void> {
  const properties = propertiesFrom(line.value('--command-config') ?? line.value(OLD_CONFIG));
  return withAdmin(line, properties, io, async (admin, { endpoints }) => {
    switch (line.command) {
      case 'cluster-id': {
        const { clusterId } = await admin.describeCluster();
        const isKnown = clusterId !== null && clusterId !== '';
        const none = 'No cluster ID found. The Kafka version is probably too old.';
        print(io.stdout, isKnown ? `Cluster ID: ${clusterId}` : none);
        return;
      }
      case 'unregister':
        await admin.unregisterBroker(line.integer('--id')!).catch(refusal);
        print(io.stdout, `Broker ${line.integer('--id')} is no longer registered.`);
        return;
      default: {
        const { brokers } = await admin.describeCluster({ includeFenced: line.has(FENCED) });
        print(io.stdout, endpointTable(brokers, endpoints === 'brokers'));
      }
    }
  });
}

function refusal(error: unknown): never {
  if (!(error instanceof KafkaError) || error.code !== 'UNSUPPORTED_VERSION') throw error;
  throw new Error('The target cluster does not support the broker unregistration API.', { cause: error });
}

const ID_WIDTH = 10;
const TYPE_WIDTH = 15;
const NO_RACKS_WIDTH = 10;
const NO_HOSTS_WIDTH = 100;

/** What `list-endpoints` prints: of controllers nothing tells whether they are fenced. */
export function endpointTable(nodes: readonly DescribedBroker[], areBrokers: boolean): string {
  const racks = nodes.flatMap(({ rack }) => (rack === null ? [] : [rack.length]));
  const hostWidth = nodes.length === 0 ? NO_HOSTS_WIDTH : Math.max(...nodes.map(({ host }) => host.length));
  const rackWidth = racks.length === 0 ? NO_RACKS_WIDTH : Math.max(...racks);
  const row = (id: string, host: string, port: string, rack: string, state: string, type: string): string =>
    [
      ...[id.padEnd(ID_WIDTH), host.padEnd(hostWidth), port.padEnd(ID_WIDTH), rack.padEnd(rackWidth)],
      ...(areBrokers ? [state.padEnd(ID_WIDTH)] : []),
      type.padEnd(TYPE_WIDTH),
    ].join(' ');
  const type = areBrokers ? 'broker' : 'controller';
  return [
    row('ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE'),
    ...nodes.map(({ id, host, port, rack, isFenced }) =>
      row(String(id), host, String(port), String(rack), isFenced ? 'fenced' : 'unfenced', type),
    ),
  ].join('\n');
}
