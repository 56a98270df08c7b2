import type { BoundNode, Peers, QuorumVoter } from '../../../extension/engine/broker/broker-options.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';
import type { SimNetwork } from './sim-network.ts';
import { clientPort, controllerPort, SimNode } from './sim-node.ts';
import type { SimWorld } from './sim-world.ts';

const HOST = '10.0.0.1';
const CLUSTER_ID = 'U2ltdWxhdGVkQ2x1c3Rlcg';

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
  readonly brokers: number;
  readonly voters: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** The nodes of one cluster. */
export class SimCluster {
  readonly nodes: readonly SimNode[];
  readonly #world: SimWorld;
  readonly #bound = new Map<number, BoundNode>();
  readonly #voterCount: number;
  #whenMet: (() => void)[] = [];
  #hasFormed = false;

  constructor(network: SimNetwork, shape: ClusterShape) {
    this.#world = network.world;
    this.#voterCount = shape.voters;
    this.nodes = Array.from({ length: shape.brokers }, (_, index) => {
      const id = index + 1;
      const isVoter = id <= shape.voters;
      const listeners = [{ name: 'PLAINTEXT', host: HOST, port: clientPort(id) }];
      return new SimNode({
        network,
        random: network.world.random.fork(),
        meet: (bound) => this.#meet(bound),
        onEvent: (event) => this.#onEvent(id, event),
        input: {
          nodeId: id,
          roles: isVoter ? ['broker', 'controller'] : ['broker'],
          logDirs: ['/data'],
          clusterId: CLUSTER_ID,
          listeners,
          advertisedListeners: listeners,
          controllerListener: isVoter ? { name: 'CONTROLLER', host: HOST, port: controllerPort(id) } : undefined,
          config: { ...CONFIG, ...shape.config },
        },
      });
    });
  }

  node(id: number): SimNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new RangeError(`there is no node ${id}`);
    return node;
  }

  get ids(): number[] {
    return this.nodes.map(({ id }) => id);
  }

  /** Nodes whose process is there, frozen or not. */
  get alive(): SimNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive);
  }

  start(): void {
    for (const node of this.nodes) this.#world.schedule(0, undefined, () => node.start());
  }

  async #meet(bound: BoundNode): Promise<Peers> {
    const isFirst = !this.#hasFormed;
    this.#bound.set(bound.nodeId, bound);
    const voters = (): BoundNode[] => [...this.#bound.values()].filter(({ nodeId }) => nodeId <= this.#voterCount);
    if (voters().length < this.#voterCount) await new Promise<void>((resolve) => this.#whenMet.push(resolve));
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
