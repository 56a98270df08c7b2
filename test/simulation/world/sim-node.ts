import { startBroker } from '../../../extension/engine/broker/broker-node.ts';
import type {
  BrokerConfigInput,
  BrokerPorts,
  BoundNode,
  Peers,
  RunningBroker,
} from '../../../extension/engine/broker/broker-options.ts';
import type { Logger } from '../../../extension/engine/common/logger.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';
import { SimClock } from './sim-clock.ts';
import type { SimConnection, SimEndpoint } from './sim-connection.ts';
import { SimDisk } from './sim-disk.ts';
import type { Machine, SimNetwork } from './sim-network.ts';
import type { SimRandom } from './sim-random.ts';
import { Actor, Violation } from './sim-world.ts';

/** One process of the product: what a start makes and a crash ends. */
class SimProcess implements SimEndpoint {
  readonly machine: Machine;
  readonly actor: Actor;
  readonly connections = new Set<SimConnection>();
  running: RunningBroker | undefined;
  isStopping = false;

  constructor(machine: Machine) {
    this.machine = machine;
    this.actor = new Actor(machine.name);
  }
}

/** How long a device takes for what is asked of it without waiting. */
const DEVICE_MIN_MS = 0.05;
const DEVICE_MAX_MS = 4;

/** Ports of a node on its own address; the address is the same for all, so the ports differ. */
export function clientPort(nodeId: number): number {
  return 9091 + nodeId;
}

export function controllerPort(nodeId: number): number {
  return 10091 + nodeId;
}

/** One machine of the cluster: its disk stays, its processes come and go. */
export class SimNode {
  readonly id: number;
  readonly machine: Machine;
  readonly disk = new SimDisk();
  readonly #network: SimNetwork;
  readonly #random: SimRandom;
  readonly #input: BrokerConfigInput;
  readonly #meet: (bound: BoundNode) => Promise<Peers>;
  readonly #onEvent: (event: ClusterEvent) => void;
  readonly #skewMs: number;
  #process: SimProcess | undefined;
  #startsAgain = false;

  constructor(options: {
    network: SimNetwork;
    random: SimRandom;
    input: BrokerConfigInput;
    meet: (bound: BoundNode) => Promise<Peers>;
    onEvent: (event: ClusterEvent) => void;
  }) {
    this.id = options.input.nodeId;
    this.machine = { id: this.id, name: `node ${this.id}`, hasPower: true };
    this.#network = options.network;
    this.#random = options.random;
    this.#input = options.input;
    this.#meet = options.meet;
    this.#onEvent = options.onEvent;
    this.#skewMs = Math.floor(options.random.between(-50, 50));
    options.network.addMachine(this.machine, [clientPort(this.id), controllerPort(this.id)]);
  }

  get isAlive(): boolean {
    return this.#process?.actor.alive === true;
  }

  /** It was asked to stop and has not yet. */
  get isStopping(): boolean {
    return this.isAlive && this.#process?.isStopping === true;
  }

  get isFrozen(): boolean {
    return this.#process?.actor.frozen === true;
  }

  get isVoter(): boolean {
    return this.#input.roles.includes('controller');
  }

  /** The node, once it has started and as long as it runs. */
  get running(): RunningBroker | undefined {
    return this.isAlive ? this.#process?.running : undefined;
  }

  get logDir(): string {
    return this.#input.logDirs[0]!;
  }

  /** Now, or once the process that is stopping has ended. */
  start(): void {
    this.#startsAgain = this.#process?.isStopping === true;
    if (this.isAlive) return;
    this.#startsAgain = false;
    const process = new SimProcess(this.machine);
    this.#process = process;
    this.machine.hasPower = true;
    const { world } = this.#network;
    world.trace(this.machine.name, 'starts');
    startBroker(this.#input, this.#ports(process)).then(
      (running) => {
        process.running = running;
        if (process.actor.alive) world.trace(this.machine.name, 'serves');
      },
      (error: unknown) => {
        if (!process.actor.alive || process.isStopping) return;
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        const cause = error instanceof Error && error.cause instanceof Error ? `\ncause: ${error.cause.stack}` : '';
        world.fail(new Violation('a node starts on what it left behind', `${this.machine.name}: ${text}${cause}`));
      },
    );
  }

  #ports(process: SimProcess): BrokerPorts {
    const { world } = this.#network;
    const { actor } = process;
    const clock = new SimClock(world, actor, this.#skewMs);
    const diskRandom = this.#random.fork();
    return {
      clock,
      random: this.#random.fork(),
      network: this.#network.networkOf(process),
      makeListener: this.#network.listenerFactory(process),
      fileSystem: this.disk.fileSystem(
        actor,
        () => clock.nowMs(),
        (fn) => void world.schedule(diskRandom.between(DEVICE_MIN_MS, DEVICE_MAX_MS), actor, fn),
      ),
      meet: async (bound) => {
        const peers = await this.#meet(bound);
        await clock.sleep(this.#random.between(0, 3));
        return peers;
      },
      logger: this.#logger(process),
      onEvent: (event) => {
        if (actor.alive) this.#onEvent(event);
      },
      onFatal: (error) => {
        if (!actor.alive || process.isStopping) return;
        const message = `${this.machine.name} gave up: ${error.stack ?? error.message}`;
        world.fail(new Violation('a node never gives up', message, { cause: error }));
      },
    };
  }

  #logger({ actor }: SimProcess): Logger {
    const { world } = this.#network;
    const line = (level: string) => (message: string) => {
      if (actor.alive) world.detail(this.machine.name, () => `${level}: ${message}`);
    };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: (message, error) => {
        if (!actor.alive) return;
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error ?? '');
        world.detail(this.machine.name, () => `error: ${message} ${text}`);
        // What names an exception of JavaScript's own is a mistake in the program, whatever the weather.
        if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
          world.fail(new Violation('no unexpected exception', `${this.machine.name}: ${message}: ${text}`));
        }
      },
    };
  }

  /** The process dies; what it wrote stays. */
  crash(): void {
    const process = this.#process;
    if (process?.actor.alive !== true) return;
    this.#network.world.trace(this.machine.name, 'is killed');
    this.#end(process);
  }

  /** The whole machine dies: nobody hears of it, and what was not flushed may be gone. */
  losePower(): void {
    const process = this.#process;
    if (process?.actor.alive !== true) return;
    this.machine.hasPower = false;
    this.#end(process);
    const damaged = this.disk.losePower(this.#random);
    this.#network.world.trace(this.machine.name, `loses power; ${damaged} files lose what was not flushed`);
  }

  #end(process: SimProcess): void {
    process.actor.alive = false;
    process.actor.backlog.length = 0;
    for (const connection of [...process.connections]) connection.died(connection.sideOf(process.actor));
  }

  freeze(): void {
    const process = this.#process;
    if (process?.actor.alive !== true || process.actor.frozen) return;
    this.#network.world.trace(this.machine.name, 'freezes');
    this.#network.world.freeze(process.actor);
  }

  thaw(): void {
    const process = this.#process;
    if (process?.actor.frozen !== true) return;
    this.#network.world.trace(this.machine.name, 'goes on');
    this.#network.world.thaw(process.actor);
  }

  /** Controlled shutdown; the process ends with it. */
  shutdown(): void {
    const process = this.#process;
    if (process?.actor.alive !== true || process.running === undefined || process.isStopping) return;
    const { world } = this.#network;
    process.isStopping = true;
    world.trace(this.machine.name, 'is asked to stop');
    process.running.shutdown().then(
      () => {
        if (!process.actor.alive) return;
        world.trace(this.machine.name, 'has stopped');
        this.#end(process);
        if (this.#startsAgain) this.start();
      },
      (error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        world.fail(new Violation('a node stops when it is asked to', `${this.machine.name}: ${text}`));
      },
    );
  }
}
