import type { Machine, SimNetwork } from './sim-network.ts';
import type { Actor } from './sim-world.ts';

/** One end of connections: a process on a machine. */
export interface SimEndpoint {
  readonly machine: Machine;
  readonly actor: Actor;
  /** Connections of this process, told when it dies. */
  readonly connections: Set<SimConnection>;
}

export type Side = 'client' | 'server';

/** What one side does with what arrives. */
export interface LineEnd {
  receive(chunk: Buffer): void;
  ended(): void;
}

interface Message {
  readonly chunk: Buffer | undefined;
}

/** One direction: what was sent arrives in order, if at all. */
interface Stream {
  readonly waiting: Message[];
  /** At the receiver, who may be frozen. */
  readonly arrived: Message[];
  lastArrivalMs: number;
  isHeld: boolean;
}

/**
 * A connection as TCP gives it: in each direction bytes arrive in order, late, or never. A closed side still has what it
 * sent on the way, so that a request can arrive after the client has connected anew and asked again.
 */
export class SimConnection {
  readonly client: SimEndpoint;
  readonly server: SimEndpoint;
  readonly #network: SimNetwork;
  readonly #streams: Readonly<Record<Side, Stream>> = { client: newStream(), server: newStream() };
  readonly #ends: Partial<Record<Side, LineEnd>> = {};
  readonly #isOver: Record<Side, boolean> = { client: false, server: false };
  #isSilent = false;

  constructor(network: SimNetwork, client: SimEndpoint, server: SimEndpoint) {
    this.#network = network;
    this.client = client;
    this.server = server;
    client.connections.add(this);
    server.connections.add(this);
  }

  /** The server's end, before the client hears that it is connected. */
  serve(end: LineEnd): void {
    this.#ends.server = end;
  }

  /** The client's end; it may learn here that the line broke already. */
  use(end: LineEnd): void {
    this.#ends.client = end;
    if (this.#isOver.client) end.ended();
  }

  send(from: Side, chunk: Buffer): void {
    if (this.#isOver[from]) return;
    const fate = this.#network.fate();
    if (fate === 'silence') this.#isSilent = true;
    if (fate === 'reset') {
      this.#network.world.detail(
        this.#machine(from).name,
        () => `its line to ${this.#machine(other(from)).name} breaks`,
      );
      this.#break('client');
      this.#break('server');
      return;
    }
    this.#enqueue(from, { chunk });
  }

  /** Ends one side; the other one hears of it after what is on its way. */
  close(from: Side): void {
    if (this.#isOver[from]) return;
    this.#end(from);
    this.#enqueue(from, { chunk: undefined });
  }

  /** Ends one side; the other one hears of it, and nothing that was sent before. */
  reset(from: Side): void {
    if (this.#isOver[from]) return;
    this.#end(from);
    this.#streams[from].waiting.length = 0;
    this.#enqueue(from, { chunk: undefined });
  }

  /** The process at one side has died: what it had handed over may still arrive. */
  died(side: Side): void {
    if (this.#isOver[side]) return;
    this.#isOver[side] = true;
    this.#forget(side);
    if (this.#machine(side).hasPower) this.#enqueue(side, { chunk: undefined });
  }

  sideOf(actor: Actor): Side {
    return this.client.actor === actor ? 'client' : 'server';
  }

  #machine(side: Side): Machine {
    return this[side].machine;
  }

  #enqueue(from: Side, message: Message): void {
    const { world } = this.#network;
    const stream = this.#streams[from];
    stream.waiting.push(message);
    const to = other(from);
    const delayMs = this.#network.delayMs(this.#machine(from), this.#machine(to));
    stream.lastArrivalMs = Math.max(stream.lastArrivalMs, world.nowMs + delayMs);
    // No event of the receiver's: the kernel of a dead process still answers.
    world.schedule(stream.lastArrivalMs - world.nowMs, undefined, () => this.#arrive(from));
  }

  #arrive(from: Side): void {
    const stream = this.#streams[from];
    if (stream.isHeld || stream.waiting.length === 0) return;
    const to = other(from);
    const link = this.#network.link(this.#machine(from), this.#machine(to));
    if (link.blocked) {
      stream.isHeld = true;
      link.held.push(() => {
        stream.isHeld = false;
        const count = stream.waiting.length;
        for (let i = 0; i < count; i++) this.#arrive(from);
      });
      return;
    }
    const message = stream.waiting.shift()!;
    if (this.#isSilent || !this.#machine(to).hasPower) return;
    if (this.#isOver[to]) {
      // Nobody is there any more: the sender is told with a reset, but not for a farewell.
      if (message.chunk !== undefined && !this.#isOver[from]) {
        this.#network.carry(this.#machine(to), this.#machine(from), this[from].actor, () => this.#break(from));
      }
      return;
    }
    stream.arrived.push(message);
    const { actor } = this[to];
    if (actor.frozen) this.#network.world.schedule(0, actor, () => this.#deliver(from, to));
    else this.#deliver(from, to);
  }

  #deliver(from: Side, to: Side): void {
    const message = this.#streams[from].arrived.shift();
    if (message === undefined || this.#isOver[to]) return;
    this.#network.world.mix(message.chunk?.length ?? 0);
    if (message.chunk === undefined) this.#break(to);
    else this.#ends[to]?.receive(message.chunk);
  }

  #break(side: Side): void {
    if (this.#isOver[side]) return;
    this.#end(side);
    this.#ends[side]?.ended();
  }

  #end(side: Side): void {
    this.#isOver[side] = true;
    this.#forget(side);
  }

  #forget(side: Side): void {
    this[side].connections.delete(this);
  }
}

function newStream(): Stream {
  return { waiting: [], arrived: [], lastArrivalMs: 0, isHeld: false };
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}
