import type { SimAdmin } from '../clients/sim-admin.ts';
import { CLUSTER_ID, type SimCluster } from './sim-cluster.ts';
import type { Machine, SimNetwork } from './sim-network.ts';
import type { SimNode } from './sim-node.ts';
import type { SimRandom } from './sim-random.ts';
import type { SimWorld } from './sim-world.ts';

/** How often each kind of fault comes, relative to the others. */
export interface FaultWeights {
  readonly kill: number;
  readonly killMany: number;
  readonly stop: number;
  readonly losePower: number;
  readonly freeze: number;
  readonly isolate: number;
  readonly oneWay: number;
  readonly slow: number;
  readonly elect: number;
  readonly reassign: number;
  readonly createOrDelete: number;
  readonly configure: number;
  readonly changeVoters: number;
}

const PLACES = ['scratch-a', 'scratch-b'];

/**
 * Breaks what can break, and lets it mend by itself after a while. What Kafka promises bounds it: it does not wait for the
 * disk, so that power may be lost only where everything is in sync, and until the cluster has taken notice of it no
 * other process ends; otherwise processes may die at will.
 */
export class FaultSchedule {
  readonly #world: SimWorld;
  readonly #network: SimNetwork;
  readonly #cluster: SimCluster;
  readonly #admin: SimAdmin;
  readonly #clients: readonly Machine[];
  readonly #random: SimRandom;
  readonly #weights: FaultWeights;
  readonly #maxPauseMs: number;
  readonly #topic: string;
  #isOver = false;
  /** Lost power, and may still count as one that has everything. */
  #unsafe: SimNode | undefined;

  constructor(options: {
    world: SimWorld;
    network: SimNetwork;
    cluster: SimCluster;
    admin: SimAdmin;
    clients: readonly Machine[];
    weights: FaultWeights;
    maxPauseMs: number;
    topic: string;
  }) {
    this.#world = options.world;
    this.#network = options.network;
    this.#cluster = options.cluster;
    this.#admin = options.admin;
    this.#clients = options.clients;
    this.#random = options.world.random.fork();
    this.#weights = options.weights;
    this.#maxPauseMs = options.maxPauseMs;
    this.#topic = options.topic;
  }

  start(): void {
    for (const node of this.#cluster.nodes) if (!node.isAlive) this.#restart(node, 200, 4_000);
    this.#next();
  }

  /** No more faults; all that is broken is mended now. */
  end(): void {
    this.#isOver = true;
    this.#network.isStormy = false;
    this.#network.healAll();
    for (const node of this.#cluster.nodes) {
      node.thaw();
      node.start();
    }
    this.#world.trace('faults', 'are over: all links work, all nodes start');
  }

  #next(): void {
    this.#after(0, this.#maxPauseMs, () => {
      this.#strike();
      this.#next();
    });
  }

  #after(minMs: number, maxMs: number, fn: () => void): void {
    this.#world.schedule(this.#random.between(minMs, maxMs), undefined, () => {
      if (!this.#isOver) fn();
    });
  }

  #strike(): void {
    const kinds = Object.entries(this.#weights) as [keyof FaultWeights, number][];
    let dice = this.#random.float() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    const found = kinds.find(([, weight]) => (dice -= weight) < 0);
    if (found !== undefined) this.#do(found[0]);
  }

  #do(kind: keyof FaultWeights): void {
    const random = this.#random;
    const node = random.pick(this.#cluster.nodes);
    switch (kind) {
      case 'kill':
        return this.#kill(node);
      case 'killMany':
        for (const each of random.shuffled(this.#cluster.nodes).slice(random.int(2))) this.#kill(each);
        return;
      case 'stop':
        if (!this.#mayEnd()) return;
        node.shutdown();
        return this.#restart(node, 300, 5_000);
      case 'losePower':
        if (!this.#mayEnd() || !this.#isAllInSync()) return;
        this.#unsafe = node;
        node.losePower();
        return this.#restart(node, 300, 5_000);
      case 'freeze':
        node.freeze();
        return this.#after(50, 6_000, () => node.thaw());
      case 'isolate':
        return this.#isolate(node);
      case 'oneWay':
        return this.#oneWay();
      case 'slow':
        return this.#slow();
      case 'elect':
        return void this.#admin.elect(this.#topic, random.int(2));
      case 'reassign':
        return this.#reassign();
      case 'createOrDelete':
        return this.#createOrDelete();
      case 'configure':
        return void this.#admin.setConfig(this.#topic, 'retention.ms', String(10 ** 9 + random.int(1_000)));
      case 'changeVoters':
        return void this.#changeVoters();
    }
  }

  #kill(node: SimNode): void {
    if (!this.#mayEnd()) return;
    node.crash();
    this.#restart(node, 50, 6_000);
  }

  #restart(node: SimNode, minMs: number, maxMs: number): void {
    this.#after(minMs, maxMs, () => node.start());
  }

  /** Not while one without its data may be the only one that is left in an ISR. */
  #mayEnd(): boolean {
    const unsafe = this.#unsafe;
    if (unsafe === undefined) return true;
    if (this.#isAllInSync()) {
      this.#unsafe = undefined;
      return true;
    }
    const { id } = unsafe;
    const views = this.#cluster.nodes.flatMap(({ running }) => running?.partitions() ?? []);
    if (views.length === 0 || views.some(({ isr, elr }) => isr.includes(id) || elr.includes(id))) return false;
    this.#unsafe = undefined;
    return true;
  }

  #isAllInSync(): boolean {
    return this.#cluster.nodes.every((node) => {
      if (node.running === undefined || node.isFrozen) return false;
      return node.running.partitions().every(({ isr, replicas }) => isr.length === replicas.length);
    });
  }

  #isolate(node: SimNode): void {
    const random = this.#random;
    const others = this.#cluster.nodes.filter((other) => other !== node).map(({ machine }) => machine);
    const withClients = random.chance(0.5);
    const peers = withClients ? [...others, ...this.#clients] : others;
    this.#world.trace('network', `${node.machine.name} is cut off${withClients ? ', from clients too' : ''}`);
    for (const peer of peers) {
      this.#network.block(node.machine, peer);
      this.#network.block(peer, node.machine);
    }
    this.#after(200, 8_000, () => {
      this.#world.trace('network', `${node.machine.name} is back`);
      for (const peer of peers) {
        this.#network.heal(node.machine, peer);
        this.#network.heal(peer, node.machine);
      }
    });
  }

  #pair(): [Machine, Machine] {
    const [a, b] = this.#random.shuffled(this.#cluster.nodes);
    return [a!.machine, b!.machine];
  }

  #oneWay(): void {
    const [from, to] = this.#pair();
    this.#world.trace('network', `nothing goes from ${from.name} to ${to.name}`);
    this.#network.block(from, to);
    this.#after(200, 8_000, () => {
      this.#world.trace('network', `${from.name} reaches ${to.name} again`);
      this.#network.heal(from, to);
    });
  }

  #slow(): void {
    const [from, to] = this.#pair();
    const factor = Math.round(this.#random.between(5, 150));
    this.#world.trace('network', `${from.name} to ${to.name} is ${factor} times slower`);
    this.#network.slow(from, to, factor);
    this.#after(500, 8_000, () => this.#network.slow(from, to, 1));
  }

  #reassign(): void {
    const random = this.#random;
    const replicas = random.chance(0.1) ? null : random.shuffled(this.#cluster.brokerIds).slice(0, 3);
    void this.#admin.reassign(this.#topic, random.int(2), replicas);
  }

  /** Three or four vote: whoever does not is let in, or somebody is put out. */
  async #changeVoters(): Promise<void> {
    const quorum = await this.#admin.quorum();
    if (quorum === undefined || this.#isOver) return;
    if (quorum.voters.length > 3) return this.#admin.removeVoter(CLUSTER_ID, this.#random.pick(quorum.voters));
    const others = this.#cluster.nodes.filter(
      ({ id }) => this.#cluster.isController(id) && !quorum.voters.some((voter) => voter.id === id),
    );
    const [node] = this.#random.shuffled(others);
    const address = node && this.#cluster.controller(node.id);
    if (address !== undefined) await this.#admin.addVoter(CLUSTER_ID, node!.id, address);
  }

  #createOrDelete(): void {
    const name = this.#random.pick(PLACES);
    if (this.#admin.isBusy(name)) return;
    if (this.#admin.topics.has(name)) void this.#admin.deleteTopic(name);
    else void this.#admin.createTopic(name, 1 + this.#random.int(2));
  }
}
