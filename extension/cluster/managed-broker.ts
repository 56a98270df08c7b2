import type { BrokerConfigInput, Listener } from '../engine/broker/broker-options.ts';
import type { BrokerLifecycle, BrokerState, ClusterEvent, SegmentState } from '../shared/cluster-protocol.ts';
import type { BrokerThread, ThreadSpawner } from './broker-thread.ts';
import { ClusterError, messageOf } from './cluster-error.ts';
import type { WorkerEvent, WorkerResults } from './worker-protocol.ts';

/** A broker answers from memory; one that takes longer is stuck. */
const answerTimeoutMs = 5_000;

/**
 * One broker's life, seen from the supervisor. Legal transitions:
 *
 *     stopped | killed | failed → starting → running → stopping → stopped
 *     starting | running | stopping → killed      (kill)
 *     starting → failed                           (it could not start)
 *     starting | running | stopping → failed      (its thread died, or it could not go on)
 *
 * Each start has a thread of its own; whatever an earlier one still says is ignored.
 */
export class ManagedBroker {
  readonly id: number;
  #input: BrokerConfigInput;
  readonly #spawn: ThreadSpawner;
  readonly #onEvent: (event: ClusterEvent) => void;
  #state: BrokerLifecycle = 'stopped';
  #error: string | undefined;
  #thread: BrokerThread | undefined;
  #killing = false;
  /** The stop or kill under way. */
  #ending: Promise<void> | undefined;
  /** Why the thread is about to end, when that was said before it did. */
  #fatal: string | undefined;

  constructor(input: BrokerConfigInput, spawn: ThreadSpawner, onEvent: (event: ClusterEvent) => void) {
    this.id = input.nodeId;
    this.#input = input;
    this.#spawn = spawn;
    this.#onEvent = onEvent;
  }

  get lifecycle(): BrokerLifecycle {
    return this.#state;
  }

  /** The client listener as clients reach it: what is advertised, with the port that was bound. */
  get address(): Listener | undefined {
    return this.#input.advertisedListeners[0] ?? this.#input.listeners[0];
  }

  snapshot(): BrokerState {
    const address = this.address;
    return {
      id: this.id,
      state: this.#state,
      host: address?.host ?? '',
      port: address?.port ?? 0,
      controllerPort: this.#input.controllerListener?.port ?? 0,
      logDirs: this.#input.logDirs,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Rejects with the broker's own code when it can't start; it is `failed` then. */
  async start(): Promise<void> {
    this.#require('start', ['stopped', 'killed', 'failed']);
    this.#fatal = undefined;
    const thread = this.#spawn(this.id, (event) => this.#onWorkerEvent(thread, event));
    this.#thread = thread;
    this.#set('starting');
    void thread.ended.then((cause) => this.#onThreadEnd(thread, cause));
    try {
      const started = await thread.request('start', { input: this.#input });
      this.#requireStill(thread, 'starting');
      this.#input = withBoundPorts(this.#input, started);
      this.#set('running');
    } catch (error) {
      await this.#giveUp(thread, error);
      throw error;
    }
  }

  /** Controlled shutdown. Rejects when it is killed or fails meanwhile. */
  async stop(): Promise<void> {
    await this.#track(this.#stop(this.#require('stop', ['running'])));
  }

  /** Resolves when the thread is gone: nothing of the broker writes or listens any more. */
  async kill(): Promise<void> {
    await this.#track(this.#kill(this.#require('kill', ['starting', 'running', 'stopping'])));
  }

  /** The end by whatever way: a stop where that is possible, a kill when it takes longer than `timeoutMs`. Never rejects. */
  async end(timeoutMs: number): Promise<void> {
    if (this.#state === 'starting') this.kill().catch(() => {});
    else if (this.#state === 'running' && !this.#killing) this.stop().catch(() => {});
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

  async #stop(thread: BrokerThread): Promise<void> {
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

  async #kill(thread: BrokerThread): Promise<void> {
    this.#killing = true;
    try {
      await thread.end();
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

  #running(): BrokerThread {
    if (this.#state !== 'running' || this.#thread === undefined || this.#killing) {
      throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState}`);
    }
    return this.#thread;
  }

  /** The thread, where the state has one. */
  #require(verb: 'stop' | 'kill', states: readonly BrokerLifecycle[]): BrokerThread;
  #require(verb: 'start', states: readonly BrokerLifecycle[]): undefined;
  #require(verb: string, states: readonly BrokerLifecycle[]): BrokerThread | undefined {
    if (states.includes(this.#state) && !this.#killing) return this.#thread;
    throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState}, so it can't ${verb}`);
  }

  get #shownState(): string {
    return this.#killing ? 'being killed' : this.#state;
  }

  #requireStill(thread: BrokerThread, state: BrokerLifecycle): void {
    if (this.#thread === thread && this.#state === state && !this.#killing) return;
    throw new ClusterError('WRONG_STATE', `Broker ${this.id} is ${this.#shownState} meanwhile`);
  }

  /** After a start or stop that failed, unless a kill has the last word. */
  async #giveUp(thread: BrokerThread, error: unknown): Promise<void> {
    if (this.#thread !== thread || this.#killing) return;
    this.#fatal ??= messageOf(error);
    try {
      await thread.end();
    } finally {
      this.#fail(thread, this.#fatal);
    }
  }

  #onWorkerEvent(thread: BrokerThread, event: WorkerEvent): void {
    if (event.event === 'fatal') this.#fatal = event.error;
    // The log of a thread that is being ended still tells something; what it decides no longer counts.
    else if (this.#thread === thread || event.event === 'log') this.#onEvent(event);
  }

  #onThreadEnd(thread: BrokerThread, cause: Error | undefined): void {
    // A stop ends the thread too, and says so itself.
    if (this.#state === 'stopping' && cause === undefined && this.#fatal === undefined) return;
    this.#fail(thread, this.#fatal ?? (cause === undefined ? 'Its thread ended by itself' : messageOf(cause)));
  }

  #fail(thread: BrokerThread, error: string): void {
    if (this.#thread !== thread || this.#killing) return;
    this.#thread = undefined;
    this.#set('failed', error);
  }

  #set(state: BrokerLifecycle, error?: string): void {
    this.#state = state;
    this.#error = error;
    this.#onEvent({ event: 'broker-state', broker: this.id, state, ...(error === undefined ? {} : { error }) });
  }
}

/** A restart binds the ports of the first start, so that clients find the broker where it was. */
function withBoundPorts(input: BrokerConfigInput, started: WorkerResults['start']): BrokerConfigInput {
  const bound = new Map(started.listeners.map((listener) => [listener.name, listener.port]));
  return {
    ...input,
    clusterId: started.clusterId,
    listeners: started.listeners,
    advertisedListeners: input.advertisedListeners.map((listener) =>
      listener.port === 0 ? { ...listener, port: bound.get(listener.name) ?? 0 } : listener,
    ),
    controllerListener: started.controllerListener,
  };
}
