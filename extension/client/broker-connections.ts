import { Connection, type ConnectionOptions } from '../net/connection.ts';
import { addressOf } from '../net/network-error.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Open connections by address and lane. A lane is a line of requests that must not wait behind another: a long poll
 * holds up what comes after it on the same connection.
 */
export class BrokerConnections {
  readonly #options: Omit<ConnectionOptions, 'host' | 'port'>;
  readonly #open = new Map<string, Connection>();
  readonly #opening = new Map<string, Promise<Connection>>();
  #isClosed = false;

  constructor(options: Omit<ConnectionOptions, 'host' | 'port'>) {
    this.#options = options;
  }

  /** An open connection, new if need be. Rejects with a NetworkError. */
  async get(address: BrokerAddress, lane: string): Promise<Connection> {
    const key = keyOf(address, lane);
    const known = this.#open.get(key);
    if (known !== undefined && known.isOpen) {
      if (Date.now() < known.expiresAtMs) return known;
      this.#retire(key, known);
    }
    let opening = this.#opening.get(key);
    if (opening === undefined) {
      opening = this.#connect(key, address).finally(() => this.#opening.delete(key));
      this.#opening.set(key, opening);
    }
    return opening;
  }

  async #connect(key: string, address: BrokerAddress): Promise<Connection> {
    const connection = await Connection.open({ ...this.#options, host: address.host, port: address.port });
    if (this.#isClosed) {
      connection.close();
      return connection;
    }
    this.#open.set(key, connection);
    connection.onClose(() => {
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
    return connection;
  }

  /** Lets a connection whose login runs out finish what it has. */
  #retire(key: string, connection: Connection): void {
    this.#open.delete(key);
    if (connection.pendingRequests === 0) {
      connection.close();
      return;
    }
    const timer = setInterval(() => {
      if (connection.isOpen && connection.pendingRequests > 0) return;
      clearInterval(timer);
      connection.close();
    }, 1_000);
    timer.unref();
  }

  /** An open connection of the lane, if there is one. */
  peek(lane: string): Connection | undefined {
    for (const [key, connection] of this.#open) {
      if (key.startsWith(`${lane}|`) && connection.isOpen && Date.now() < connection.expiresAtMs) return connection;
    }
    return undefined;
  }

  closeLane(lane: string): void {
    for (const [key, connection] of [...this.#open]) {
      if (key.startsWith(`${lane}|`)) connection.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#open.values()]) connection.close();
  }
}

function keyOf(address: BrokerAddress, lane: string): string {
  return `${lane}|${addressOf(address.host, address.port)}`;
}
