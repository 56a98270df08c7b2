import type { NodeNetwork } from '../../../extension/engine/common/network.ts';
import { Connection } from '../../../extension/engine/server/connection.ts';
import type { ListenerFactory, ServerListener } from '../../../extension/engine/server/server-listener.ts';
import type { SocketServerOptions } from '../../../extension/engine/server/socket-server.ts';
import { systemError } from '../../support/memory-file-system.ts';
import { SimChannel } from './sim-channel.ts';
import { SimConnection, type SimEndpoint } from './sim-connection.ts';
import type { SimRandom } from './sim-random.ts';
import type { Actor, SimEvent, SimWorld } from './sim-world.ts';

/** How the network of one run behaves when nothing is done to it. */
export interface NetworkWeather {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Of a message taking up to `longDelayMs`. */
  readonly longDelayChance: number;
  readonly longDelayMs: number;
  /** Per message: the connection is reset. */
  readonly resetChance: number;
  /** Per message: nothing arrives over the connection any more, and nobody is told. */
  readonly silenceChance: number;
}

/** A computer in the network: a node's or a client's. Processes come and go on it. */
export interface Machine {
  readonly id: number;
  readonly name: string;
  /** Without power nobody refuses connections: there is only silence. */
  hasPower: boolean;
}

interface Link {
  blocked: boolean;
  slowness: number;
  /** Messages that wait for the link to be healed, in order. */
  readonly held: (() => void)[];
}

/** All machines and the links between them, one per direction. */
export class SimNetwork {
  readonly world: SimWorld;
  readonly weather: NetworkWeather;
  readonly #random: SimRandom;
  readonly #links = new Map<number, Link>();
  readonly #machines = new Map<number, Machine>();
  readonly #listeners = new Map<number, SimListener>();
  #nextConnectionId = 1;
  /** Off while the cluster shall come to rest. */
  isStormy = true;

  constructor(world: SimWorld, weather: NetworkWeather) {
    this.world = world;
    this.weather = weather;
    this.#random = world.random.fork();
  }

  /** Ports are a machine's own, whether anybody listens or not. */
  addMachine(machine: Machine, ports: readonly number[]): void {
    for (const port of ports) this.#machines.set(port, machine);
  }

  nextConnectionId(): number {
    return this.#nextConnectionId++;
  }

  link(from: Machine, to: Machine): Link {
    const key = from.id * 65536 + to.id;
    let link = this.#links.get(key);
    if (link === undefined) this.#links.set(key, (link = { blocked: false, slowness: 1, held: [] }));
    return link;
  }

  block(from: Machine, to: Machine): void {
    this.link(from, to).blocked = true;
  }

  slow(from: Machine, to: Machine, factor: number): void {
    this.link(from, to).slowness = factor;
  }

  /** All links work; what was held arrives. */
  healAll(): void {
    for (const link of this.#links.values()) {
      link.blocked = false;
      link.slowness = 1;
      for (const deliver of link.held.splice(0)) this.world.schedule(this.#random.between(0, 5), undefined, deliver);
    }
  }

  heal(from: Machine, to: Machine): void {
    const link = this.link(from, to);
    link.blocked = false;
    link.slowness = 1;
    for (const deliver of link.held.splice(0)) this.world.schedule(this.#random.between(0, 5), undefined, deliver);
  }

  /** What happens to one message apart from arriving. */
  fate(): 'arrives' | 'reset' | 'silence' {
    if (!this.isStormy) return 'arrives';
    const dice = this.#random.float();
    if (dice < this.weather.resetChance) return 'reset';
    return dice < this.weather.resetChance + this.weather.silenceChance ? 'silence' : 'arrives';
  }

  delayMs(from: Machine, to: Machine): number {
    const { minDelayMs, maxDelayMs, longDelayChance, longDelayMs } = this.weather;
    const isLong = this.isStormy && this.#random.chance(longDelayChance);
    return this.#random.between(minDelayMs, isLong ? longDelayMs : maxDelayMs) * this.link(from, to).slowness;
  }

  /** A message without order, such as a handshake's: `fn` runs at the other end, when the link lets it through. */
  carry(from: Machine, to: Machine, actor: Actor | undefined, fn: () => void): SimEvent {
    return this.world.schedule(this.delayMs(from, to), actor, () => {
      const link = this.link(from, to);
      if (link.blocked) link.held.push(fn);
      else fn();
    });
  }

  /** How one process reaches others. */
  networkOf(endpoint: SimEndpoint): NodeNetwork {
    return {
      open: (address, purpose) => new SimChannel(this, endpoint, address, purpose),
      probe: ({ port }, timeoutMs) =>
        new Promise((resolve) => {
          const timer = this.world.schedule(timeoutMs, endpoint.actor, () => resolve('unknown'));
          this.connect(endpoint, port, (outcome) => {
            timer.fn = undefined;
            resolve(outcome instanceof SimConnection ? 'listening' : 'refused');
            if (outcome instanceof SimConnection) outcome.close('client');
          });
        }),
    };
  }

  /** Dials a port. `done` hears of it once the answer is back; never, where there is none. */
  connect(client: SimEndpoint, port: number, done: (outcome: SimConnection | 'refused') => void): void {
    const machine = this.#machines.get(port);
    if (machine === undefined) throw new Error(`no machine has port ${port}`);
    this.carry(client.machine, machine, undefined, () => {
      if (!machine.hasPower || !client.actor.alive) return;
      const listener = this.#listeners.get(port);
      const accepted = listener?.isAccepting === true ? new SimConnection(this, client, listener.endpoint) : undefined;
      if (accepted !== undefined) listener!.accept(accepted);
      this.carry(machine, client.machine, client.actor, () => done(accepted ?? 'refused'));
    });
  }

  listenerFactory(endpoint: SimEndpoint): ListenerFactory {
    return (options) => new SimListener(this, endpoint, options);
  }

  bind(port: number, listener: SimListener): void {
    const current = this.#listeners.get(port);
    if (current?.isAccepting === true) throw systemError('EADDRINUSE', 'listen', String(port));
    this.#listeners.set(port, listener);
  }
}

/** The listening side: feeds a real {@link Connection} with what arrives. */
export class SimListener implements ServerListener {
  readonly endpoint: SimEndpoint;
  readonly #network: SimNetwork;
  readonly #options: SocketServerOptions;
  readonly #connections = new Set<SimConnection>();
  readonly #notOpened: (() => void)[] = [];
  #bound = false;
  #open = false;
  #closing = false;

  constructor(network: SimNetwork, endpoint: SimEndpoint, options: SocketServerOptions) {
    this.#network = network;
    this.endpoint = endpoint;
    this.#options = options;
  }

  get isAccepting(): boolean {
    return this.#bound && !this.#closing && this.endpoint.actor.alive;
  }

  async listen(): Promise<number> {
    this.#network.bind(this.#options.port, this);
    this.#bound = true;
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    return this.#options.port;
  }

  open(): void {
    this.#open = true;
    for (const begin of this.#notOpened.splice(0)) begin();
  }

  stopAccepting(): void {
    this.#closing = true;
  }

  close(): void {
    this.stopAccepting();
    for (const connection of this.#connections) connection.close('server');
  }

  reset(): void {
    this.stopAccepting();
    for (const connection of this.#connections) connection.reset('server');
  }

  accept(line: SimConnection): void {
    const { clock, listenerName, processor, logger, maxFrameBytes, onSent } = this.#options;
    this.#connections.add(line);
    let isPaused = !this.#open;
    let waiting: Buffer[] = [];
    const flush = (): void => {
      isPaused = false;
      const chunks = waiting;
      waiting = [];
      for (const chunk of chunks) receive(chunk);
    };
    const server = new Connection(
      {
        clientHost: line.client.machine.name,
        listenerName,
        connectionId: this.#network.nextConnectionId(),
        principal: 'User:ANONYMOUS',
      },
      {
        // The bytes are the log's own: they are copied as the kernel would.
        send: (chunks) => {
          line.send('server', Buffer.concat(chunks));
          if (onSent !== undefined) for (const chunk of chunks) onSent(chunk);
        },
        pause: () => void (isPaused = true),
        resume: flush,
        unsentBytes: () => 0,
        close: () => line.close('server'),
      },
      { processor, logger, maxFrameBytes, nowMs: clock.monotonicMs() },
    );
    const receive = (chunk: Buffer): void => {
      if (isPaused) {
        waiting.push(chunk);
        return;
      }
      // What is received next lies in the same memory.
      server.receive(chunk, clock.monotonicMs(), true);
      chunk.fill(0xee);
    };
    if (!this.#open) this.#notOpened.push(flush);
    line.serve({
      receive,
      ended: () => {
        server.closed();
        this.#connections.delete(line);
      },
    });
  }
}
