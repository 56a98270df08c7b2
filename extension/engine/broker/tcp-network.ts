import { NodeUnreachableError, type NodeAddress, type NodeChannel, type NodeNetwork } from '../common/network.ts';
import type { MessageType } from '../../protocol/message-type.ts';
import { Connection } from '../../net/connection.ts';
import { type Dial, dialWithSharedReads } from '../../net/dial.ts';
import { addressOf, NetworkError } from '../../net/network-error.ts';

/** Nodes of one cluster over TCP; each line is a connection of its own. */
export class TcpNetwork implements NodeNetwork {
  readonly #dial: Dial;

  constructor(dial: Dial = dialWithSharedReads()) {
    this.#dial = dial;
  }

  open(address: NodeAddress, purpose: string): NodeChannel {
    return new TcpChannel(address, purpose, this.#dial);
  }

  async probe({ host, port }: NodeAddress, timeoutMs: number): Promise<'listening' | 'refused' | 'unknown'> {
    try {
      const socket = await this.#dial({ host, port, timeoutMs });
      socket.on('error', () => {});
      socket.destroy();
      return 'listening';
    } catch (error) {
      return error instanceof NetworkError && error.code === 'CONNECTION_REFUSED' ? 'refused' : 'unknown';
    }
  }
}

class TcpChannel implements NodeChannel {
  readonly address: NodeAddress;
  readonly #purpose: string;
  readonly #dial: Dial;
  readonly #listeners: (() => void)[] = [];
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #closed = false;

  constructor(address: NodeAddress, purpose: string, dial: Dial) {
    this.address = address;
    this.#purpose = purpose;
    this.#dial = dial;
  }

  async send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
    options: { readonly timeoutMs: number; readonly maxVersion?: number },
  ): Promise<T> {
    try {
      const connection = this.#connection ?? (await this.#connect(options.timeoutMs));
      return await connection.send(request, response, body as (version: number) => I, options);
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  onBroken(fn: () => void): void {
    this.#listeners.push(fn);
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #connect(timeoutMs: number): Promise<Connection> {
    if (this.#closed) {
      const { nodeId } = this.address;
      throw new NodeUnreachableError('broken', this.address, `the ${this.#purpose} line to node ${nodeId} is closed`);
    }
    this.#opening ??= this.#open(timeoutMs).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(connectTimeoutMs: number): Promise<Connection> {
    const { host, port } = this.address;
    const clientId = `samsa-${this.#purpose}`;
    const connection = await Connection.open({ host, port, clientId, connectTimeoutMs, dial: this.#dial });
    if (this.#closed) {
      connection.close();
      return connection;
    }
    this.#connection = connection;
    connection.onClose(() => {
      if (this.#connection === connection) this.#connection = undefined;
      if (!this.#closed) for (const listener of this.#listeners) listener();
    });
    return connection;
  }

  #unreachable(error: unknown): unknown {
    if (!(error instanceof NetworkError)) return error;
    const { nodeId, host, port } = this.address;
    const message = `node ${nodeId} (${addressOf(host, port)}) cannot be asked: ${error.message}`;
    return new NodeUnreachableError(kindOf(error), this.address, message, { cause: error });
  }
}

function kindOf(error: NetworkError): NodeUnreachableError['kind'] {
  if (error.code === 'CONNECTION_REFUSED') return 'refused';
  if (error.code === 'TIMED_OUT') return 'timeout';
  return error.code === 'UNSUPPORTED_VERSION' ? 'unsupported' : 'broken';
}
