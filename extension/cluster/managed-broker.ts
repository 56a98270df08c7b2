import type { BoundNode, BrokerConfigInput, Listener, Peers } from '../engine/broker/broker-options.ts';
import type {
  BrokerLifecycle,
  BrokerState,
  ClusterErrorCode,
  ClusterEvent,
  Fault,
  SegmentState,
} from '../shared/cluster-protocol.ts';
import type { BrokerThread, ThreadSpawner } from './broker-thread.ts';
import { ClusterError, codeOf, messageOf } from './cluster-error.ts';
import type { ArgumentsOf } from './command-channel.ts';
import { concerns } from './fault-table.ts';
import { DIE, WAKE } from './worker-protocol.ts';
import type { WorkerCommand, WorkerEvent, WorkerResults } from './worker-protocol.ts';

/** A broker answers from memory; one that takes longer is stuck. */
const answerTimeoutMs = 5_000;

export interface ManagedBrokerOptions {
  readonly input: BrokerConfigInput;
  readonly spawn: ThreadSpawner;
  readonly onEvent: (event: ClusterEvent) => void;
  /** Takes its directories before each start; rejects when somebody else has them. */
  readonly claim: () => Promise<void>;
  /** Tells, once the node has bound its ports, who votes. */
  readonly meet: (bound: BoundNode) => Promise<Peers>;
  /** Those in force now, all of them. */
  readonly faults: () => readonly Fault[];
}

/**
 * One node's life, seen from the supervisor. Legal transitions:
 *
 *     stopped | killed | failed → starting → running → stopping → stopped
 *     running → frozen → running                  (freeze; frozen → stopping wakes it first)
 *     starting | running | frozen | stopping → killed      (kill)
 *     starting → failed                           (it could not start)
 *     starting | running | frozen | stopping → failed      (its thread died, or it could not go on)
 *
 * Each start has a thread of its own; whatever an earlier one still says is ignored.
 */
export class ManagedBroker {
  readonly id: number;
  readonly #options: ManagedBrokerOptions;
  #input: BrokerConfigInput;
  #state: BrokerLifecycle = 'stopped';
  #error: string | undefined;
  #thread: BrokerThread | undefined;
  #killing = false;
  #starts = 0;
  /** The stop or kill under way. */
  #ending: Promise<void> | undefined;
  /** Why the thread is about to end, when that was said before it did. */
  #fatal: string | undefined;
  /** Of the start or stop that failed. */
  #code: ClusterErrorCode | undefined;
  /** The word that ends the freeze under way. */
  #wake: Int32Array | undefined;

  constructor(options: ManagedBrokerOptions) {
    this.id = options.input.nodeId;
    this.#options = options;
    this.#input = options.input;
  }

  get lifecycle(): BrokerLifecycle {
    return this.#state;
  }

  /** With the ports that were bound. */
  get input(): BrokerConfigInput {
    return this.#input;
  }

  /** The client listener as clients reach it: what is advertised, with the port that was bound. */
  get address(): Listener | undefined {
    return this.#input.advertisedListeners[0] ?? this.#input.listeners[0];
  }

  /** `fenced`: what the controller thinks, where that is known. */
  snapshot(fenced?: boolean): BrokerState {
    const { roles, config, controllerListener, logDirs } = this.#input;
    const { address } = this;
    const rack = config['broker.rack'];
    return {
      id: this.id,
      state: this.#state,
      roles,
      ...(fenced === undefined ? {} : { fenced }),
      ...(rack === undefined ? {} : { rack }),
      faults: this.#options.faults().filter((fault) => concerns(fault, this.id)),
      host: address?.host ?? controllerListener?.host ?? '',
      port: address?.port ?? 0,
      controllerPort: controllerListener?.port ?? 0,
      logDirs,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Rejects with the broker's own code when it can't start; it is `failed` then. */
  async start(): Promise<void> {
    this.#require('start', ['stopped', 'killed', 'failed']);
    this.#fatal = undefined;
    this.#code = undefined;
    const attempt = ++this.#starts;
    this.#set('starting');
    try {
      await this.#options.claim();
    } catch (error) {
      if (this.#starts === attempt && this.#state === 'starting') this.#set('failed', messageOf(error), codeOf(error));
      throw error;
    }
    if (this.#starts !== attempt)
      throw new ClusterError('WRONG_STATE', `Broker ${this.id} was started again meanwhile`);
    this.#requireStill(undefined, 'starting');
    const thread = this.#options.spawn(this.id, (event) => this.#onWorkerEvent(thread, event));
    this.#thread = thread;
    void thread.ended.then((cause) => this.#onThreadEnd(thread, cause));
    try {
      await thread.request('start', { input: this.#input, faults: this.#options.faults() });
      this.#requireStill(thread, 'starting');
      this.#set('running');
    } catch (error) {
      await this.#giveUp(thread, error);
      throw error;
    }
  }

  /** Controlled shutdown. Rejects when it is killed or fails meanwhile. */
  async stop(): Promise<void> {
    const thread = this.#require('stop', ['running', 'frozen']);
    this.thaw();
    await this.#track(this.#stop(thread));
  }

  /** Resolves when the thread is gone: nothing of the broker writes or listens any more. */
  async kill(): Promise<void> {
    await this.#track(this.#kill(this.#require('kill', ['starting', 'running', 'frozen', 'stopping'])));
  }

  /** Resolves when the thread is about to stop for `ms`. */
  async freeze(ms: number): Promise<void> {
    const thread = this.#require('freeze', ['running']);
    if (thread === undefined) return;
    const wake = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#wake = new Int32Array(wake);
    this.#set('frozen');
    await thread.request('freeze', { ms, wake });
  }

  /** Ends a freeze; nothing where there is none. */
  thaw(): void {
    this.#endFreeze(WAKE);
  }

  /** Tells the thread the faults that are in force now. */
  pushFaults(): void {
    if (this.#thread === undefined) return;
    // One that ends meanwhile gets them with its next start.
    this.#thread.request('faults', { faults: this.#options.faults() }).catch(() => {});
  }

  /** The end by whatever way: a stop where that is possible, a kill when it takes longer than `timeoutMs`. Never rejects. */
  async end(timeoutMs: number): Promise<void> {
    if (this.#state === 'starting') this.kill().catch(() => {});
    else if ((this.#state === 'running' || this.#state === 'frozen') && !this.#killing) this.stop().catch(() => {});
    const timer = setTimeout(() => void this.kill().catch(() => {}), timeoutMs);
    // A kill takes the place of the stop that it interrupts.
    while (this.#ending !== undefined) await this.#ending.catch(() => {});
    clearTimeout(timer);
  }

  #track(ending: Promise<void>): Promise<void> {
    const tracked = ending.finally(() => {
      if (this.#ending === tracked) this.#ending = undefined;
    });
    this.#ending = tracked;
    return tracked;
  }

  async #stop(thread: BrokerThread | undefined): Promise<void> {
    if (thread === undefined) return;
    this.#set('stopping');
    try {
      await thread.request('shutdown', {});
      await thread.ended;
      this.#requireStill(thread, 'stopping');
    } catch (error) {
      await this.#giveUp(thread, error);
      throw error;
    }
    this.#thread = undefined;
    this.#set('stopped');
  }

  async #kill(thread: BrokerThread | undefined): Promise<void> {
    this.#killing = true;
    this.#endFreeze(DIE);
    try {
      await thread?.end();
    } finally {
      this.#killing = false;
      this.#thread = undefined;
      this.#set('killed');
    }
  }

  describe(topic?: string): Promise<WorkerResults['describe']> {
    return this.#running().request('describe', topic === undefined ? {} : { topic }, answerTimeoutMs);
  }

  async segments(topic: string, partition: number): Promise<readonly SegmentState[]> {
    const { segments } = await this.#running().request('segments', { topic, partition }, answerTimeoutMs);
    return segments;
  }

  /** Asks the thread of a broker that runs. */
  ask<O extends WorkerCommand['op']>(
    op: O,
    args: ArgumentsOf<WorkerCommand, O>,
    timeoutMs?: number,
  ): Promise<WorkerResults[O]> {
    return this.#running().request(op, args, timeoutMs);
  }

  #endFreeze(how: typeof WAKE | typeof DIE): void {
    if (this.#wake === undefined) return;
    Atomics.store(this.#wake, 0, how);
    Atomics.notify(this.#wake, 0);
    this.#wake = undefined;
  }

  #running(): BrokerThread {
    if (this.#state !== 'running' || this.#thread === undefined || this.#killing) {
      throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState}`);
    }
    return this.#thread;
  }

  /** The thread, where there is one already. */
  #require(verb: string, states: readonly BrokerLifecycle[]): BrokerThread | undefined {
    if (states.includes(this.#state) && !this.#killing) return this.#thread;
    throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState}, so it can't ${verb}`);
  }

  get #shownState(): string {
    return this.#killing ? 'being killed' : this.#state;
  }

  #requireStill(thread: BrokerThread | undefined, state: BrokerLifecycle): void {
    if (this.#thread === thread && this.#state === state && !this.#killing) return;
    throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState} meanwhile`);
  }

  /** After a start or stop that failed, unless a kill has the last word. */
  async #giveUp(thread: BrokerThread, error: unknown): Promise<void> {
    if (this.#thread !== thread || this.#killing) return;
    this.#fatal ??= messageOf(error);
    this.#code ??= codeOf(error);
    try {
      await thread.end();
    } finally {
      this.#fail(thread, this.#fatal);
    }
  }

  #onWorkerEvent(thread: BrokerThread, event: WorkerEvent): void {
    if (event.event === 'fatal') this.#fatal = event.error;
    else if (event.event === 'bound') this.#onBound(thread, event);
    else if (event.event === 'thawed') this.#onThawed(thread);
    // The log of a thread that is being ended still tells something; what it decides no longer counts.
    else if (this.#thread === thread || event.event === 'log') this.#options.onEvent(event);
  }

  #onBound(thread: BrokerThread, bound: BoundNode): void {
    if (this.#thread !== thread) return;
    this.#input = withBoundPorts(this.#input, bound);
    const tell = async (): Promise<void> => {
      await thread.request('meet', { peers: await this.#options.meet(bound) });
    };
    // A thread that ends instead has said why.
    tell().catch(() => {});
  }

  #onThawed(thread: BrokerThread): void {
    if (this.#thread !== thread || this.#state !== 'frozen' || this.#killing) return;
    this.#wake = undefined;
    this.#set('running');
  }

  #onThreadEnd(thread: BrokerThread, cause: Error | undefined): void {
    // A stop ends the thread too, and says so itself.
    if (this.#state === 'stopping' && cause === undefined && this.#fatal === undefined) return;
    this.#fail(thread, this.#fatal ?? (cause === undefined ? 'Its thread ended by itself' : messageOf(cause)));
  }

  #fail(thread: BrokerThread, error: string): void {
    if (this.#thread !== thread || this.#killing) return;
    this.#thread = undefined;
    this.#set('failed', error, this.#code);
  }

  #set(state: BrokerLifecycle, error?: string, code: ClusterErrorCode = 'INTERNAL'): void {
    this.#state = state;
    this.#error = error;
    this.#options.onEvent({
      ...{ event: 'broker-state', broker: this.id, state },
      ...(error === undefined ? {} : { error }),
      ...(code === 'INTERNAL' ? {} : { code }),
    });
  }
}

/** A restart binds the ports of the first start, so that clients and peers find the node where it was. */
function withBoundPorts(input: BrokerConfigInput, bound: BoundNode): BrokerConfigInput {
  const ports = new Map(bound.listeners.map((listener) => [listener.name, listener.port]));
  return {
    ...input,
    listeners: bound.listeners,
    advertisedListeners: input.advertisedListeners.map((listener) =>
      listener.port === 0 ? { ...listener, port: ports.get(listener.name) ?? 0 } : listener,
    ),
    controllerListener: bound.controllerListener,
  };
}
