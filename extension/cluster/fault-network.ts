import type { Clock, Timer } from '../engine/common/clock.ts';
import { NodeUnreachableError } from '../engine/common/network.ts';
import type { NodeAddress, NodeChannel, NodeNetwork } from '../engine/common/network.ts';
import type { FaultTable } from './fault-table.ts';

type Send = NodeChannel['send'];

/**
 * A network with faults put in: a request or response that is lost is silence until its time-out, one that is slow comes
 * later, in order. Both directions are kept by the side that asks, so that a fault holds from the moment it is known here.
 */
export class FaultNetwork implements NodeNetwork {
  readonly #inner: NodeNetwork;
  readonly #self: number;
  readonly #faults: FaultTable;
  readonly #clock: Clock;

  constructor(inner: NodeNetwork, self: number, faults: FaultTable, clock: Clock) {
    this.#inner = inner;
    this.#self = self;
    this.#faults = faults;
    this.#clock = clock;
  }

  open(address: NodeAddress, purpose: string): NodeChannel {
    return new FaultChannel(this.#inner.open(address, purpose), this.#self, this.#faults, this.#clock);
  }

  async probe(address: NodeAddress, timeoutMs: number): ReturnType<NodeNetwork['probe']> {
    const isCut = (): boolean =>
      this.#faults.link(this.#self, address.nodeId).lost || this.#faults.link(address.nodeId, this.#self).lost;
    const answer = isCut() ? 'unknown' : await this.#inner.probe(address, timeoutMs);
    if (!isCut()) return answer;
    await new Promise<void>((resolve) => this.#clock.schedule(timeoutMs, resolve));
    return 'unknown';
  }
}

class FaultChannel implements NodeChannel {
  readonly address: NodeAddress;
  readonly #inner: NodeChannel;
  readonly #self: number;
  readonly #faults: FaultTable;
  readonly #clock: Clock;
  readonly #requests: DelayLine;
  readonly #responses: DelayLine;
  readonly #silences = new Set<(error: NodeUnreachableError) => void>();
  readonly #onBroken: (() => void)[] = [];
  readonly #unsubscribe: () => void;
  /** The line broke while nothing could tell us. */
  #brokeUnseen = false;

  constructor(inner: NodeChannel, self: number, faults: FaultTable, clock: Clock) {
    this.address = inner.address;
    this.#inner = inner;
    this.#self = self;
    this.#faults = faults;
    this.#clock = clock;
    this.#requests = new DelayLine(clock);
    this.#responses = new DelayLine(clock);
    this.#unsubscribe = faults.onChange(() => this.#faultsChanged());
    inner.onBroken(() => {
      if (this.#incoming.lost) this.#brokeUnseen = true;
      else this.#tellBroken();
    });
  }

  send: Send = async (request, response, body, options) => {
    const deadlineMs = this.#clock.monotonicMs() + options.timeoutMs;
    await this.#pass(this.#requests, () => this.#outgoing, deadlineMs);
    const timeoutMs = Math.max(1, deadlineMs - this.#clock.monotonicMs());
    const answered = this.#inner.send(request, response, body, { ...options, timeoutMs });
    // Its failure travels the same way as a response: a reset that is lost is silence too.
    await answered.catch(() => {});
    await this.#pass(this.#responses, () => this.#incoming, deadlineMs);
    return answered;
  };

  onBroken(fn: () => void): void {
    this.#onBroken.push(fn);
  }

  close(): void {
    this.#unsubscribe();
    this.#inner.close();
    this.#endSilences('broken', 'the line is closed');
  }

  get #outgoing(): ReturnType<FaultTable['link']> {
    return this.#faults.link(this.#self, this.address.nodeId);
  }

  get #incoming(): ReturnType<FaultTable['link']> {
    return this.#faults.link(this.address.nodeId, this.#self);
  }

  /** Resolves when a message has come through the link; rejects at the deadline when it does not. */
  async #pass(line: DelayLine, link: () => ReturnType<FaultTable['link']>, deadlineMs: number): Promise<void> {
    const { lost, delayMs } = link();
    if (!lost && delayMs === 0 && line.isEmpty) return;
    if (!lost) await line.pass(Math.min(delayMs, deadlineMs - this.#clock.monotonicMs()));
    if (link().lost || this.#clock.monotonicMs() >= deadlineMs) await this.#silence(deadlineMs);
  }

  /** Never resolves. */
  #silence(deadlineMs: number): Promise<never> {
    return new Promise((_, reject) => {
      const end = (error: NodeUnreachableError): void => {
        timer.cancel();
        this.#silences.delete(end);
        reject(error);
      };
      const timer = this.#clock.schedule(Math.max(0, deadlineMs - this.#clock.monotonicMs()), () =>
        end(this.#unreachable('timeout', 'it does not answer')),
      );
      this.#silences.add(end);
    });
  }

  #faultsChanged(): void {
    if (this.#incoming.lost) return;
    if (this.#brokeUnseen) this.#tellBroken();
    // What was lost does not come back, but whoever waits for it may ask again at once.
    if (!this.#outgoing.lost) this.#endSilences('timeout', 'what was sent to it got lost');
  }

  #tellBroken(): void {
    this.#brokeUnseen = false;
    for (const fn of this.#onBroken) fn();
  }

  #endSilences(kind: 'timeout' | 'broken', why: string): void {
    for (const end of [...this.#silences]) end(this.#unreachable(kind, why));
  }

  #unreachable(kind: 'timeout' | 'broken', why: string): NodeUnreachableError {
    const { nodeId, host, port } = this.address;
    return new NodeUnreachableError(kind, this.address, `node ${nodeId} (${host}:${port}) cannot be asked: ${why}`);
  }
}

/** Holds messages back; none overtakes another, also when the delay becomes shorter. */
class DelayLine {
  readonly #clock: Clock;
  readonly #waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  pass(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const atMs = this.#clock.monotonicMs() + Math.max(0, delayMs);
      this.#waiting.push({ atMs: Math.max(atMs, this.#waiting.at(-1)?.atMs ?? 0), resolve });
      if (this.#timer === undefined) this.#wait();
    });
  }

  #wait(): void {
    const first = this.#waiting[0];
    this.#timer =
      first && this.#clock.schedule(Math.max(0, first.atMs - this.#clock.monotonicMs()), () => this.#release());
  }

  #release(): void {
    const nowMs = this.#clock.monotonicMs();
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs <= nowMs) this.#waiting.shift()!.resolve();
    this.#wait();
  }
}
