import type { MessageType } from '../../../protocol/message-type.ts';
import type { NodeAddress, NodeChannel, NodeNetwork } from '../../common/network.ts';
import { NodeUnreachableError } from '../../common/network.ts';
import type { VoterAddress, VoterSet } from '../voter-set.ts';

/** A line for each kind of request, so that a fetch that waits holds nothing up. */
export type RaftLine = 'raft' | 'raft-fetch' | 'forward';

/** How long a probe may take: on one machine a refusal comes at once. */
const PROBE_TIMEOUT_MS = 200;

interface Host {
  readonly host: string;
  readonly port: number;
}

/**
 * The lines to the other nodes of the quorum, and where those are. What a node says of itself counts most, then what was
 * given at start, then what the voters record has.
 */
export class RaftPeers {
  readonly #network: NodeNetwork | undefined;
  readonly #selfId: number;
  readonly #given: ReadonlyMap<number, Host>;
  readonly #told = new Map<number, Host>();
  readonly #heard = new Map<number, Host>();
  readonly #channels = new Map<string, NodeChannel>();
  #recorded = new Map<number, Host>();
  #isClosed = false;

  constructor(selfId: number, network: NodeNetwork | undefined, given: readonly VoterAddress[]) {
    this.#selfId = selfId;
    this.#network = network;
    this.#given = new Map(given.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  }

  /**
   * The voters changed. `isNews`: by a record of an epoch that began after this node started, so that an address in it that is new is newer
   * than what was given.
   */
  setVoters(voters: VoterSet, isNews: boolean): void {
    const before = this.#recorded;
    this.#recorded = new Map();
    for (const { id, endpoints } of voters.nodes()) {
      const [endpoint] = endpoints;
      if (endpoint === undefined) continue;
      const { host, port } = endpoint;
      this.#recorded.set(id, { host, port });
      const old = before.get(id);
      if (isNews && (old?.host !== host || old.port !== port)) this.#told.set(id, { host, port });
    }
  }

  /** A node said where it is itself. */
  announced(nodeId: number, host: string, port: number): void {
    if (port > 0) this.#told.set(nodeId, { host, port });
  }

  /** Another node said where it is. */
  heardOf(nodeId: number, host: string, port: number): void {
    if (port > 0) this.#heard.set(nodeId, { host, port });
  }

  addressOf(nodeId: number): NodeAddress | undefined {
    const found =
      this.#told.get(nodeId) ?? this.#given.get(nodeId) ?? this.#recorded.get(nodeId) ?? this.#heard.get(nodeId);
    return found === undefined ? undefined : { nodeId, ...found };
  }

  /** All that can be asked who leads. */
  ids(): number[] {
    const ids = new Set([...this.#recorded.keys(), ...this.#given.keys()]);
    ids.delete(this.#selfId);
    return [...ids].sort((a, b) => a - b);
  }

  /** @throws NodeUnreachableError; ProtocolError where the other side has no version that can say this */
  async send<T, I>(
    nodeId: number,
    line: RaftLine,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
    timeoutMs: number,
  ): Promise<T> {
    const channel = this.#channel(nodeId, line);
    return channel.send(request, response, body, { timeoutMs });
  }

  /** Asks a node that is not known yet. Throws as {@link send}. */
  async askOnce<T, I>(
    host: string,
    port: number,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: (version: number) => I,
    timeoutMs: number,
  ): Promise<T> {
    const address = { nodeId: -1, host, port };
    if (this.#network === undefined) throw new NodeUnreachableError('refused', address, 'there is no network');
    const channel = this.#network.open(address, 'raft');
    try {
      return await channel.send(request, response, body, { timeoutMs });
    } finally {
      channel.close();
    }
  }

  /** Whether it is certain that no process listens where the node was. */
  async isGone(nodeId: number): Promise<boolean> {
    const address = this.addressOf(nodeId);
    if (address === undefined || this.#network === undefined || this.#isClosed) return false;
    return (await this.#network.probe(address, PROBE_TIMEOUT_MS)) === 'refused';
  }

  close(): void {
    this.#isClosed = true;
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #channel(nodeId: number, line: RaftLine): NodeChannel {
    const address = this.addressOf(nodeId);
    if (address === undefined || this.#network === undefined || this.#isClosed) {
      const unknown = { nodeId, host: '', port: 0 };
      throw new NodeUnreachableError('refused', address ?? unknown, `there is no way to node ${nodeId}`);
    }
    const key = `${nodeId}/${line}`;
    const open = this.#channels.get(key);
    if (open !== undefined && open.address.host === address.host && open.address.port === address.port) return open;
    open?.close();
    const channel = this.#network.open(address, line);
    this.#channels.set(key, channel);
    return channel;
  }
}
