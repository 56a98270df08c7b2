import { join, resolve } from 'node:path';
import type { BrokerConfigInput, Listener } from '../engine/broker/broker-options.ts';
import { ClusterError } from './cluster-error.ts';
import { CONTROLLER_PORT_OFFSET, DEFAULT_PORT } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { allowRemoteSetting, planListeners } from './listeners.ts';

/** A broker to be, but for the cluster id, which the directories tell. */
export type PlannedBroker = Omit<BrokerConfigInput, 'clusterId'>;

/** Everything about a cluster that is decided before anything is touched. */
export interface ClusterPlan {
  /** What the lock guards and events name; absolute. Undefined asks for a temporary one, below which log dirs then lie. */
  readonly dataDir: string | undefined;
  /** Log directories are in a temporary `dataDir` when that is undefined, else absolute already. */
  readonly brokers: (dataDir: string) => readonly PlannedBroker[];
  /** `dataDir` holds folders of ours beside the log directories, so the lock may lie there too. */
  readonly ownsDataDir: boolean;
}

/** Set by the plan itself, or of no meaning in a cluster that is planned as a whole. */
const reservedConfigs: Readonly<Record<string, string>> = {
  'log.dir': 'the data directory says where logs lie',
  'log.dirs': 'the data directory says where logs lie',
  'metadata.log.dir': 'the metadata log lies in the data directory',
  'node.id': 'brokers are numbered from 1',
  'broker.id': 'brokers are numbered from 1',
  'process.roles': 'brokers are controllers as well',
  'controller.quorum.voters': 'the cluster knows its own quorum',
  'controller.quorum.bootstrap.servers': 'the cluster knows its own quorum',
  'controller.listener.names': 'the controller listener is CONTROLLER',
};

const maxPort = 65_535;

/** Checks what the user asked for. Throws `BAD_ARGUMENT` with one line that says what is wrong. */
export function planCluster(options: ClusterOptions): ClusterPlan {
  const brokers = options.brokers ?? 1;
  if (!Number.isInteger(brokers) || brokers < 1) throw bad(`The number of brokers must be 1 or more, not ${brokers}`);
  if (brokers > 1) throw bad(`A cluster of ${brokers} brokers is not possible yet; only one broker is`);
  const ports = planPorts(options, brokers);
  const userConfig = options.config ?? {};
  for (const name of Object.keys(userConfig)) {
    const why = reservedConfigs[name];
    if (why !== undefined) throw bad(`${name} can't be set: ${why}`);
  }
  const properties = new Map(Object.entries(userConfig));
  // The ports are those of the listeners, where these are given.
  const listeners = ports.map(({ client, controller }) =>
    planListeners(properties, client, properties.has('listeners') ? options.controllerPort : controller),
  );
  properties.delete(allowRemoteSetting);
  const config = { ...embeddedDefaults(brokers), ...Object.fromEntries(properties) };
  return {
    dataDir: options.dataDir === undefined ? undefined : resolve(options.dataDir),
    ownsDataDir: true,
    brokers: (dataDir) =>
      listeners.map((planned, index) => ({
        nodeId: index + 1,
        roles: ['broker', 'controller'],
        logDirs: [join(dataDir, `broker-${index + 1}`)],
        ...planned,
        config,
      })),
  };
}

interface PortPair {
  readonly client: number;
  readonly controller: number;
}

function planPorts(options: ClusterOptions, brokers: number): PortPair[] {
  const first = options.port ?? DEFAULT_PORT;
  checkPort('port', first, brokers);
  const firstController = options.controllerPort ?? (first === 0 ? 0 : first + CONTROLLER_PORT_OFFSET);
  if (options.controllerPort === undefined && firstController + brokers - 1 > maxPort) {
    throw bad(
      `Port ${first} leaves no room for controller ports ${CONTROLLER_PORT_OFFSET} above it; name a controller port`,
    );
  }
  checkPort('controller port', firstController, brokers);
  const pairs = Array.from({ length: brokers }, (_, index) => ({
    client: first === 0 ? 0 : first + index,
    controller: firstController === 0 ? 0 : firstController + index,
  }));
  const clientPorts = new Set(pairs.map((pair) => pair.client));
  const both = pairs.find(({ controller }) => controller !== 0 && clientPorts.has(controller));
  if (both !== undefined) throw bad(`Port ${both.controller} is asked for twice: by clients and by controllers`);
  return pairs;
}

function checkPort(what: string, first: number, brokers: number): void {
  if (!Number.isInteger(first) || first < 0 || first > maxPort) {
    throw bad(`The ${what} must be a number from 0 to ${maxPort}, not ${first}`);
  }
  if (first + brokers - 1 > maxPort) throw bad(`${brokers} brokers from ${what} ${first} on go above ${maxPort}`);
}

/** Where a cluster on one machine wants other values than Kafka's defaults, which suit three machines and more. */
function embeddedDefaults(brokers: number): Record<string, string> {
  const replication = String(Math.min(3, brokers));
  const minInSync = brokers >= 3 ? '2' : '1';
  return {
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': minInSync,
  };
}

/** `host:port` as clients want it; IPv6 in brackets. */
export function formatAddress({ host: name, port }: Pick<Listener, 'host' | 'port'>): string {
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
