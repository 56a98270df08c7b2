import type { Clock } from '../../../../extension/engine/common/clock.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import {
  type NodeAddress,
  type NodeChannel,
  type NodeNetwork,
  NodeUnreachableError,
} from '../../../../extension/engine/common/network.ts';
import type { AnyApiHandler } from '../../../../extension/engine/server/api-handler.ts';
import { Connection } from '../../../../extension/engine/server/connection.ts';
import { RequestProcessor } from '../../../../extension/engine/server/request-processor.ts';
import type { MessageType } from '../../../../extension/protocol/message-type.ts';
import { Reader } from '../../../../extension/protocol/reader.ts';
import { Writer } from '../../../../extension/protocol/writer.ts';

interface Waiting {
  resolve(body: Reader): void;
  reject(error: Error): void;
}

/** Nodes in one process: real requests and responses as bytes, through the server's own connections, over links that can be cut. */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #servers = new Map<number, readonly AnyApiHandler[]>();
  readonly #cut = new Set<string>();
  readonly #channels = new Set<MemoryChannel>();
  /** Every request that was sent, as `1>2 FetchRequest`. */
  readonly sent: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  serve(nodeId: number, handlers: readonly AnyApiHandler[]): void {
    this.#servers.set(nodeId, handlers);
  }

  /** The node is gone: its lines break, and nobody listens. */
  stop(nodeId: number): void {
    this.#servers.delete(nodeId);
    for (const channel of [...this.#channels]) {
      if (channel.from === nodeId || channel.address.nodeId === nodeId) channel.break();
    }
  }

  /** Bytes between the two are lost from now on, in both directions. */
  cut(one: number, other: number): void {
    this.#cut.add(`${one}-${other}`).add(`${other}-${one}`);
  }

  heal(): void {
    this.#cut.clear();
    for (const channel of [...this.#channels]) channel.break();
  }

  /** The network as `nodeId` sees it. */
  of(nodeId: number): NodeNetwork {
    return {
      open: (address) => {
        const channel = new MemoryChannel(this, nodeId, address);
        this.#channels.add(channel);
        return channel;
      },
      probe: (address) => Promise.resolve(this.#servers.has(address.nodeId) ? 'listening' : 'refused'),
    };
  }

  /** For channels: the server's end of a new line, or undefined where nobody listens. */
  accept(address: NodeAddress, from: number, onBytes: (bytes: Buffer) => void): Connection | undefined {
    const handlers = this.#servers.get(address.nodeId);
    if (handlers === undefined) return undefined;
    const transport = {
      send: (chunks: readonly Buffer[]) => this.carry(address.nodeId, from, Buffer.concat(chunks), onBytes),
      pause() {},
      resume() {},
      unsentBytes: () => 0,
      close() {},
    };
    const peer = { clientHost: 'memory', listenerName: 'PLAINTEXT', connectionId: 1, principal: 'User:ANONYMOUS' };
    return new Connection(peer, transport, {
      processor: new RequestProcessor(handlers, silentLogger),
      logger: silentLogger,
      maxFrameBytes: 100_000_000,
      nowMs: 0,
    });
  }

  carry(from: number, to: number, bytes: Buffer, deliver: (bytes: Buffer) => void): void {
    this.#clock.defer(() => {
      if (!this.#cut.has(`${from}-${to}`)) deliver(bytes);
    });
  }

  forget(channel: MemoryChannel): void {
    this.#channels.delete(channel);
  }
}

class MemoryChannel implements NodeChannel {
  readonly address: NodeAddress;
  readonly from: number;
  readonly #network: MemoryNetwork;
  #line: Connection | undefined;
  #waiting: Waiting[] = [];
  #correlationId = 0;

  constructor(network: MemoryNetwork, from: number, address: NodeAddress) {
    this.#network = network;
    this.from = from;
    this.address = address;
  }

  async send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
  ): Promise<T> {
    const line = (this.#line ??= this.#network.accept(this.address, this.from, (bytes) => this.#receive(bytes)));
    if (line === undefined) throw new NodeUnreachableError('refused', this.address, 'nobody listens there');
    const version = request.highestVersion;
    this.#network.sent.push(`${this.from}>${this.address.nodeId} ${request.name}`);
    const writer = new Writer();
    const setSize = writer.sizePrefix();
    writer.int16(request.apiKey);
    writer.int16(version);
    writer.int32(this.#correlationId++);
    writer.nullableString('memory');
    if (version >= request.firstFlexibleVersion) writer.unsignedVarint(0);
    request.write(writer, body as I, version);
    setSize();
    const answer = new Promise<Reader>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#network.carry(this.from, this.address.nodeId, writer.toBuffer(), (bytes) => {
      if (this.#line === line) line.receive(bytes, 0);
    });
    const reader = await answer;
    reader.int32();
    if (version >= response.firstFlexibleVersion) reader.unsignedVarint();
    return response.read(reader, version);
  }

  onBroken(): void {}

  #receive(bytes: Buffer): void {
    this.#waiting.shift()?.resolve(new Reader(bytes.subarray(4)));
  }

  break(): void {
    this.#line?.closed();
    this.#line = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new NodeUnreachableError('broken', this.address, 'the line broke'));
  }

  close(): void {
    this.break();
    this.#network.forget(this);
  }
}
