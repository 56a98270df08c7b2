import type { NodeAddress, NodeChannel, NodeNetwork } from '../common/network.ts';

/** The lines that one node has opened to others: all of them end with it, whoever opened them. */
export class NodeLines implements NodeNetwork {
  readonly #network: NodeNetwork;
  readonly #open = new Set<NodeChannel>();
  #closed = false;

  constructor(network: NodeNetwork) {
    this.#network = network;
  }

  open(address: NodeAddress, purpose: string): NodeChannel {
    const inner = this.#network.open(address, purpose);
    if (this.#closed) {
      inner.close();
      return inner;
    }
    this.#open.add(inner);
    return {
      address,
      send: (request, response, body, options) => inner.send(request, response, body, options),
      onBroken: (fn) => inner.onBroken(fn),
      close: () => {
        this.#open.delete(inner);
        inner.close();
      },
    };
  }

  probe(address: NodeAddress, timeoutMs: number): Promise<'listening' | 'refused' | 'unknown'> {
    return this.#closed ? Promise.resolve('unknown') : this.#network.probe(address, timeoutMs);
  }

  close(): void {
    this.#closed = true;
    for (const line of [...this.#open]) line.close();
    this.#open.clear();
  }
}
