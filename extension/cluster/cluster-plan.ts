import { join, resolve } from 'node:path';
import type { BrokerConfigInput, Listener } from '../engine/broker/broker-options.ts';
import { ClusterError } from './cluster-error.ts';
import { CONTROLLER_PORT_OFFSET, DEFAULT_PORT } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { allowRemoteSetting, planListeners } from './listeners.ts';
import {
  controllersAmong,
  firstVoters,
  MAX_BROKERS,
  planTopology,
  QUORUM_SIZES,
  readTopology,
  readVoters,
} from './topology.ts';
import type { Topology } from './topology.ts';

/** A node to be, but for the cluster id, which the directories tell. */
export interface PlannedNode extends Omit<BrokerConfigInput, 'clusterId'> {
  /** Whether it votes in the metadata quorum from the start; other controllers wait until there are enough of them. */
  readonly votes: boolean;
}

/** Everything about a cluster that is decided before anything is touched. */
export interface ClusterPlan {
  /** What the lock guards and events name; absolute. Undefined asks for a temporary one, below which log dirs then lie. */
  readonly dataDir: string | undefined;
  /**
   * Log directories are in a temporary `dataDir` when that is undefined, else absolute already. What the directory holds
   * already belongs to the cluster. Throws `BAD_ARGUMENT`.
   */
  readonly nodes: (dataDir: string) => readonly PlannedNode[] | Promise<readonly PlannedNode[]>;
  /** One broker more. Undefined where the cluster is one server that stands alone. */
  readonly oneMore?: (dataDir: string, id: number, more: OneMore) => PlannedNode;
  /** `dataDir` holds folders of ours beside the log directories, so the lock may lie there too. */
  readonly ownsDataDir: boolean;
}

/** What must be known of a broker that comes to a running cluster. */
export interface OneMore {
  /** How many brokers there are with it. */
  readonly total: number;
  readonly isController: boolean;
  /** Goes before that of the options. */
  readonly rack: string | undefined;
}

/** Set by the plan itself, or of no meaning in a cluster that is planned as a whole. */
const reservedConfigs: Readonly<Record<string, string>> = {
  'log.dir': 'the data directory says where logs lie',
  'log.dirs': 'the data directory says where logs lie',
  'metadata.log.dir': 'the metadata log lies in the data directory',
  'node.id': 'brokers are numbered from 1',
  'broker.id': 'brokers are numbered from 1',
  'process.roles': 'the cluster gives its nodes their roles',
  'controller.quorum.voters': 'the cluster knows its own quorum',
  'controller.quorum.bootstrap.servers': 'the cluster knows its own quorum',
  'controller.listener.names': 'the controller listener is CONTROLLER',
};

/** What one broker may have and several cannot share. */
const configsOfOne: Readonly<Record<string, string>> = {
  listeners: 'name the first port with --port',
  'advertised.listeners': 'every broker is reached on its own port',
  'broker.rack': 'name the racks with --racks',
};

const maxPort = 65_535;

/** Checks what the user asked for. Throws `BAD_ARGUMENT` with one line that says what is wrong. */
export function planCluster(options: ClusterOptions): ClusterPlan {
  checkCounts(options);
  const userConfig = options.config ?? {};
  for (const name of Object.keys(userConfig)) {
    const why = reservedConfigs[name];
    if (why !== undefined) throw bad(`${name} can't be set: ${why}`);
  }
  const planner = new NodePlanner(options);
  // What a new directory would get; one that exists may hold more.
  const asked = planTopology({ brokers: [], controllers: [] }, wantedCounts(options));
  planner.plan('', asked, newQuorum(asked));
  return {
    dataDir: options.dataDir === undefined ? undefined : resolve(options.dataDir),
    ownsDataDir: true,
    async nodes(dataDir) {
      const found = readTopology(dataDir);
      const topology = planTopology(found, wantedCounts(options));
      return planner.plan(dataDir, topology, await quorumOf(dataDir, found, topology));
    },
    oneMore: (dataDir, id, more) => planner.broker(dataDir, id, { ...more, votes: false }),
  };
}

function checkCounts({ brokers, controllers }: ClusterOptions): void {
  if (brokers !== undefined && (!Number.isInteger(brokers) || brokers < 1 || brokers > MAX_BROKERS)) {
    throw bad(`The number of brokers must be from 1 to ${MAX_BROKERS}, not ${brokers}`);
  }
  if (controllers !== undefined && controllers !== 0 && !QUORUM_SIZES.includes(controllers)) {
    throw bad(`The number of controllers must be 1, 3 or 5, not ${controllers}`);
  }
}

function wantedCounts({ brokers, controllers }: ClusterOptions): Parameters<typeof planTopology>[1] {
  return { brokers, controllers };
}

/** Which brokers are controllers, and which of them vote. */
interface BrokerQuorum {
  readonly controllers: readonly number[];
  readonly voters: readonly number[];
}

function newQuorum({ brokers }: Topology): BrokerQuorum {
  const voters = firstVoters(brokers);
  return { voters, controllers: controllersAmong(brokers, voters) };
}

async function quorumOf(dataDir: string, found: Topology, topology: Topology): Promise<BrokerQuorum> {
  const { brokers } = topology;
  if (found.brokers.length === 0) return newQuorum(topology);
  // A broker that was alone has nobody to ask.
  if (brokers.length === 1) return { voters: brokers, controllers: brokers };
  const stored = await readVoters(dataDir, found.brokers);
  if (stored !== undefined) return { voters: stored, controllers: controllersAmong(brokers, stored) };
  // A quorum that was configured takes no more voters.
  const voters = firstVoters(found.brokers);
  return { voters, controllers: voters };
}

/** Gives nodes their ports, directories and configs. */
class NodePlanner {
  readonly #options: ClusterOptions;
  readonly #properties: ReadonlyMap<string, string>;
  readonly #firstPort: number;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#properties = new Map(Object.entries(options.config ?? {}));
    this.#firstPort = options.port ?? DEFAULT_PORT;
  }

  plan(dataDir: string, { brokers, controllers }: Topology, quorum: BrokerQuorum): PlannedNode[] {
    const total = brokers.length;
    if (total > 1 || controllers.length > 0) this.#checkShared();
    this.#checkPorts(brokers, controllers.length);
    const isApart = controllers.length > 0;
    const ofBrokers = brokers.map((id) =>
      this.broker(dataDir, id, {
        isController: !isApart && quorum.controllers.includes(id),
        votes: !isApart && quorum.voters.includes(id),
        total,
        rack: undefined,
      }),
    );
    return [...controllers.map((id, index) => this.#controller(dataDir, id, index, total)), ...ofBrokers];
  }

  broker(
    dataDir: string,
    id: number,
    { isController, votes, total, rack }: OneMore & Pick<PlannedNode, 'votes'>,
  ): PlannedNode {
    const properties = this.#properties;
    const client = numbered('port', this.#firstPort, id - 1);
    // The ports are those of the listeners, where these are given.
    const controller = properties.has('listeners')
      ? this.#options.controllerPort
      : isController
        ? numbered('controller port', this.#firstControllerPort, id - 1)
        : 0;
    const planned = planListeners(properties, client, controller);
    return {
      nodeId: id,
      roles: isController ? ['broker', 'controller'] : ['broker'],
      votes,
      logDirs: [join(dataDir, `broker-${id}`)],
      listeners: planned.listeners,
      advertisedListeners: planned.advertisedListeners,
      controllerListener: isController ? planned.controllerListener : undefined,
      config: this.#config(total, rack ?? this.#rackOf(id)),
    };
  }

  #controller(dataDir: string, id: number, index: number, total: number): PlannedNode {
    return {
      nodeId: id,
      roles: ['controller'],
      votes: true,
      logDirs: [join(dataDir, `controller-${id}`)],
      listeners: [],
      advertisedListeners: [],
      controllerListener: {
        name: 'CONTROLLER',
        host: '127.0.0.1',
        port: numbered('controller port', this.#firstControllerPort, index),
      },
      config: this.#config(total, undefined),
    };
  }

  get #firstControllerPort(): number {
    return this.#options.controllerPort ?? (this.#firstPort === 0 ? 0 : this.#firstPort + CONTROLLER_PORT_OFFSET);
  }

  #rackOf(id: number): string | undefined {
    const { racks } = this.#options;
    return racks?.[(id - 1) % racks.length];
  }

  #config(total: number, rack: string | undefined): Record<string, string> {
    const own = [...this.#properties].filter(([name]) => name !== allowRemoteSetting);
    return {
      ...embeddedDefaults(total),
      ...Object.fromEntries(own),
      ...(rack === undefined ? {} : { 'broker.rack': rack }),
    };
  }

  #checkShared(): void {
    for (const [name, instead] of Object.entries(configsOfOne)) {
      if (this.#properties.has(name)) throw bad(`${name} can't be set for several nodes at once: ${instead}`);
    }
  }

  #checkPorts(brokers: readonly number[], controllers: number): void {
    const first = this.#firstPort;
    const firstController = this.#firstControllerPort;
    const lastBroker = Math.max(...brokers);
    checkPort('port', first);
    if (first + lastBroker - 1 > maxPort) throw bad(`${lastBroker} brokers from port ${first} on go above ${maxPort}`);
    const ofControllers = controllers > 0 ? controllers : lastBroker;
    if (this.#options.controllerPort === undefined && firstController + ofControllers - 1 > maxPort) {
      throw bad(
        `Port ${first} leaves no room for controller ports ${CONTROLLER_PORT_OFFSET} above it; name a controller port`,
      );
    }
    checkPort('controller port', firstController);
    if (firstController + ofControllers - 1 > maxPort) {
      throw bad(`${ofControllers} controllers from controller port ${firstController} on go above ${maxPort}`);
    }
    if (first === 0 || firstController === 0) return;
    const overlap = Math.max(first, firstController);
    if (overlap < first + lastBroker && overlap < firstController + ofControllers) {
      throw bad(`Port ${overlap} is asked for twice: by clients and by controllers`);
    }
  }
}

function numbered(what: string, first: number, index: number): number {
  if (first === 0) return 0;
  if (first + index <= maxPort) return first + index;
  throw bad(`The ${what} would be ${first + index}, above ${maxPort}`);
}

function checkPort(what: string, first: number): void {
  if (!Number.isInteger(first) || first < 0 || first > maxPort) {
    throw bad(`The ${what} must be a number from 0 to ${maxPort}, not ${first}`);
  }
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
