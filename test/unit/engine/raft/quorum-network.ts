import { decodeMessage, encodeMessage } from '../../../../extension/protocol/message-type.ts';
import type { AnyMessageType, MessageType } from '../../../../extension/protocol/message-type.ts';
import type { Clock } from '../../../../extension/engine/common/clock.ts';
import { NodeUnreachableError } from '../../../../extension/engine/common/network.ts';
import type { NodeAddress, NodeChannel, NodeNetwork } from '../../../../extension/engine/common/network.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';

/** Node n listens on this port + n. */
export const FIRST_PORT = 10_091;

/** Answers a request that was decoded; the codec is by API key. */
export type Serve = (apiKey: number, request: unknown, version: number) => Promise<unknown>;

export interface Weather {
  /** Each way takes 1 to this many ms. */
  delayMs: number;
  /** Of 1000 requests or answers, how many get lost (the line then breaks). */
  lossPerMille: number;
}

/** The network between the nodes of a test: bytes of Kafka's protocol, late, lost or not at all. */
export class QuorumNetwork {
  readonly weather: Weather = { delayMs: 1, lossPerMille: 0 };
  /** Pairs `a>b` whose packets vanish. */
  readonly cut = new Set<string>();
  /** Requests that arrived, by name. */
  readonly seen: string[] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #servers = new Map<number, Serve>();
  readonly #frozen = new Map<number, (() => void)[]>();
  readonly #broken = new Set<() => void>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  listen(nodeId: number, serve: Serve): void {
    this.#servers.set(nodeId, serve);
  }

  /** The process is gone: whoever waits for it learns so. */
  die(nodeId: number): void {
    this.#servers.delete(nodeId);
    this.#frozen.delete(nodeId);
    for (const tell of [...this.#broken]) tell();
  }

  isolate(nodeId: number, others: readonly number[]): void {
    for (const other of others) this.cut.add(`${nodeId}>${other}`).add(`${other}>${nodeId}`);
  }

  /** A node that stands still: what is sent to it, or by it, arrives when it goes on. */
  freeze(nodeId: number): void {
    this.#frozen.set(nodeId, []);
  }

  thaw(nodeId: number): void {
    const waiting = this.#frozen.get(nodeId) ?? [];
    this.#frozen.delete(nodeId);
    for (const goOn of waiting) goOn();
  }

  heal(): void {
    this.cut.clear();
  }

  of(nodeId: number): NodeNetwork {
    return {
      open: (address) => this.#channel(nodeId, address),
      probe: async (address) => {
        await this.#pass(1);
        if (this.cut.has(`${nodeId}>${address.nodeId}`)) return 'unknown';
        return this.#servers.has(address.nodeId) ? 'listening' : 'refused';
      },
    };
  }

  #channel(from: number, address: NodeAddress): NodeChannel {
    // Whoever is asked for the first time is known by address alone.
    const to = address.nodeId < 0 ? address.port - FIRST_PORT : address.nodeId;
    return {
      address,
      onBroken: () => {},
      close: () => {},
      send: (request, response, body, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          const unreachable = (kind: 'refused' | 'broken' | 'timeout'): void => {
            settle();
            reject(new NodeUnreachableError(kind, address, `node ${to}: ${kind}`));
          };
          const timer = this.#clock.schedule(timeoutMs, () => unreachable('timeout'));
          const broken = (): void => {
            if (!this.#servers.has(to)) unreachable('broken');
          };
          const settle = (): void => {
            timer.cancel();
            this.#broken.delete(broken);
          };
          this.#exchange(from, to, request, response, body).then(
            (answer) => {
              settle();
              resolve(answer);
            },
            (error: unknown) => {
              if (error instanceof Lost) return error.kind === 'silent' ? undefined : unreachable(error.kind);
              settle();
              reject(error as Error);
            },
          );
          this.#broken.add(broken);
        }),
    };
  }

  async #exchange<T, I>(
    from: number,
    to: number,
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
  ): Promise<T> {
    const version = request.highestVersion;
    const bytes = encodeMessage(
      request,
      typeof body === 'function' ? (body as (v: number) => I)(version) : body,
      version,
    );
    await this.#travel(from, to);
    const serve = this.#servers.get(to);
    if (serve === undefined) throw new Lost('refused');
    this.seen.push(request.name);
    const answer = await serve(request.apiKey, decodeMessage(request as AnyMessageType, bytes, version), version);
    if (this.#servers.get(to) !== serve) throw new Lost('broken');
    const answerBytes = encodeMessage(response as AnyMessageType, answer, version);
    await this.#travel(to, from);
    return decodeMessage(response, answerBytes, version);
  }

  async #travel(from: number, to: number): Promise<void> {
    await this.#pass(1 + this.#random.int(this.weather.delayMs));
    for (const frozen of [this.#frozen.get(from), this.#frozen.get(to)]) {
      if (frozen !== undefined) await new Promise<void>((resolve) => frozen.push(resolve));
    }
    if (this.cut.has(`${from}>${to}`)) throw new Lost('silent');
    if (this.#random.int(1000) < this.weather.lossPerMille) throw new Lost('broken');
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.schedule(ms, resolve));
  }
}

class Lost extends Error {
  readonly kind: 'refused' | 'broken' | 'silent';

  constructor(kind: Lost['kind']) {
    super(kind);
    this.kind = kind;
  }
}
