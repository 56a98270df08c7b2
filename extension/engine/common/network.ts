import type { MessageType } from '../../protocol/message-type.ts';

/**
 * How nodes of one cluster reach each other: requests of Kafka's protocol, one line per purpose. Production passes TCP;
 * simulations pass a network that loses, delays and parts.
 */
export interface NodeNetwork {
  /**
   * A line to one node. It connects when it is first used, and anew after it broke. Nothing else's requests share it, so `purpose`
   * (`raft`, `heartbeat`, `replica-fetcher-0`, …) is one of those that may wait for each other.
   */
  open(address: NodeAddress, purpose: string): NodeChannel;
  /**
   * Whether anybody listens there: `refused` proves that no process does, `listening` says nothing of its health, and
   * `unknown` is all else. Never rejects.
   */
  probe(address: NodeAddress, timeoutMs: number): Promise<'listening' | 'refused' | 'unknown'>;
}

export interface NodeAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** One line to one node. Requests may be under way together; responses come in the order of the requests. */
export interface NodeChannel {
  readonly address: NodeAddress;
  /**
   * Asks in the highest version that both sides know, or at most in `maxVersion`. A time-out breaks the line.
   *
   * @throws NodeUnreachableError when no response comes; the request may have had its effect all the same
   */
  send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
    options: { readonly timeoutMs: number; readonly maxVersion?: number },
  ): Promise<T>;
  /** Calls `fn` each time an established line breaks, but not when this side closes it. */
  onBroken(fn: () => void): void;
  /** Ends the line for good; whoever waits is told. */
  close(): void;
}

/** A node did not answer. `refused`: nobody listens there; `broken`: the line ended; `timeout`: silence. */
export class NodeUnreachableError extends Error {
  readonly kind: 'refused' | 'broken' | 'timeout' | 'unsupported';
  readonly address: NodeAddress;

  constructor(kind: NodeUnreachableError['kind'], address: NodeAddress, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NodeUnreachableError';
    this.kind = kind;
    this.address = address;
  }
}
