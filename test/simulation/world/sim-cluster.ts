import type { BoundNode, Peers, QuorumVoter } from '../../../extension/engine/broker/broker-options.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';
import type { SimNetwork } from './sim-network.ts';
import { clientPort, controllerPort, SimNode } from './sim-node.ts';
import type { SimWorld } from './sim-world.ts';

const HOST = '10.0.0.1';
export const CLUSTER_ID = 'U2ltdWxhdGVkQ2x1c3Rlcg';

/** What all nodes are set to: Kafka's defaults, with shorter time-outs, so that much happens in little time. */
const CONFIG: Readonly<Record<string, string>> = {
  'broker.heartbeat.interval.ms': '400',
  'broker.session.timeout.ms': '3000',
  'replica.lag.time.max.ms': '3000',
  'replica.fetch.wait.max.ms': '300',
  'replica.socket.timeout.ms': '2000',
  'controller.quorum.election.timeout.ms': '600',
  'controller.quorum.fetch.timeout.ms': '1200',
  'controller.quorum.request.timeout.ms': '1000',
  'request.timeout.ms': '3000',
  'min.insync.replicas': '2',
  'default.replication.factor': '3',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'log.index.size.max.bytes': '4096',
};

export interface ClusterShape {
  /** Numbered from 1 on. */
  readonly brokers: number;
  /** How many vote: the first brokers, or nodes of their own, numbered from 101 on. */
  readonly voters: number;
  readonly hasOwnControllers: boolean;
  /** The last broker is not there from the beginning. */
  readonly hasLateBroker: boolean;
  /** It can be made a voter, and others may stop being one. */
  readonly isLateBrokerController: boolean;
  readonly config: Readonly<Record<string, string>>;
}

const FIRST_CONTROLLER = 101;

/** The nodes of one cluster. */
export class SimCluster {
  readonly nodes: readonly SimNode[];
  /** Of those that hold partitions. */
  readonly brokerIds: readonly number[];
  readonly #world: SimWorld;
  readonly #shape: ClusterShape;
  readonly #bound = new Map<number, BoundNode>();
  #whenMet: (() => void)[] = [];
  #hasFormed = false;

  constructor(network: SimNetwork, shape: ClusterShape) {
    this.#world = network.world;
    this.#shape = shape;
    this.brokerIds = Array.from({ length: shape.brokers }, (_, index) => index + 1);
    const controllers = shape.hasOwnControllers ? shape.voters : 0;
    const controllerIds = Array.from({ length: controllers }, (_, index) => FIRST_CONTROLLER + index);
    this.nodes = [...this.brokerIds, ...controllerIds].map((id) => {
      const isBroker = id <= shape.brokers;
      const isController = this.isController(id);
      const listeners = isBroker ? [{ name: 'PLAINTEXT', host: HOST, port: clientPort(id) }] : [];
      return new SimNode({
        network,
        random: network.world.random.fork(),
        meet: (bound) => this.#meet(bound),
        onEvent: (event) => this.#onEvent(id, event),
        input: {
          nodeId: id,
          roles: isBroker ? (isController ? ['broker', 'controller'] : ['broker']) : ['controller'],
          logDirs: ['/data'],
          clusterId: CLUSTER_ID,
          listeners,
          advertisedListeners: listeners,
          controllerListener: isController ? { name: 'CONTROLLER', host: HOST, port: controllerPort(id) } : undefined,
          config: { ...CONFIG, ...shape.config },
        },
      });
    });
  }

  #isVoter(id: number): boolean {
    return this.#shape.hasOwnControllers ? id >= FIRST_CONTROLLER : id <= this.#shape.voters;
  }

  /** Whether a node may vote, now or later. */
  isController(id: number): boolean {
    return this.#isVoter(id) || (this.#shape.isLateBrokerController && id === this.#shape.brokers);
  }

  /** A node that may vote, as it says itself; undefined before its first start. */
  controller(id: number): { directoryId: string; host: string; port: number } | undefined {
    const directoryId = this.#bound.get(id)?.directoryId;
    return directoryId === undefined ? undefined : { directoryId, host: HOST, port: controllerPort(id) };
  }

  start(): void {
    const { brokers, hasLateBroker } = this.#shape;
    for (const node of this.nodes) {
      if (!hasLateBroker || node.id !== brokers) this.#world.schedule(0, undefined, () => node.start());
    }
  }

  /** Whether all who are there from the beginning serve. */
  get hasStarted(): boolean {
    const { brokers, hasLateBroker } = this.#shape;
    return this.nodes.every(({ id, running }) => running !== undefined || (hasLateBroker && id === brokers));
  }

  async #meet(bound: BoundNode): Promise<Peers> {
    const isFirst = !this.#hasFormed;
    this.#bound.set(bound.nodeId, bound);
    // One that is new in an old cluster is no voter yet.
    const voters = (): BoundNode[] =>
      [...this.#bound.values()].filter(
        ({ nodeId, isNew }) => this.#isVoter(nodeId) || (!isNew && this.isController(nodeId)),
      );
    if (voters().length < this.#shape.voters) await new Promise<void>((resolve) => this.#whenMet.push(resolve));
    this.#hasFormed = true;
    const waiting = this.#whenMet;
    this.#whenMet = [];
    for (const go of waiting) go();
    return {
      voters: voters().map(({ nodeId, directoryId }) => ({
        nodeId,
        directoryId: directoryId!,
        host: HOST,
        port: controllerPort(nodeId),
      })) satisfies QuorumVoter[],
      isNewCluster: isFirst,
    };
  }

  #onEvent(id: number, event: ClusterEvent): void {
    this.#world.trace(`node ${id}`, describe(event));
  }
}

function describe(event: ClusterEvent): string {
  const { event: kind, ...fields } = event;
  const parts = Object.entries(fields).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${kind}: ${parts.join(', ')}`;
}
