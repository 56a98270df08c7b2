import { ClusterError, codeOf, messageOf } from '../cluster/cluster-error.ts';
import type { ClusterEnd, ClusterHost, ReadyEvent } from '../cluster/cluster-host.ts';
import type { ClusterErrorCode, ClusterEvent } from '../shared/cluster-protocol.ts';
import { t } from '../settings/localize.ts';
import type { ClusterSession, SessionState } from './cluster-session.ts';
import { Emitter } from './emitter.ts';
import type { RunMemory } from './run-memory.ts';
import { StartProgress } from './start-progress.ts';
import type { LogProgress } from './start-progress.ts';

/** How the session reaches processes and sockets; tests have their own. */
export interface SessionPorts<Client> {
  /** Makes a host that attaches to the cluster that runs on the data directory, or starts one. Nothing happens yet. */
  makeHost(): Promise<StartableHost>;
  /** The host of a cluster that runs already; undefined when none does. Cheap: it is asked every few seconds. */
  findHost(): Promise<StartableHost | undefined>;
  connect(bootstrap: string): Client;
  disconnect(client: Client): void;
}

/** A host with its options filled in. */
export interface StartableHost extends Omit<ClusterHost, 'start'> {
  start(): Promise<ReadyEvent>;
}

/** The cluster that this window, another one or a terminal runs on our data directory. */
export class EmbeddedSession<Client> implements ClusterSession<Client> {
  readonly id = 'embedded';
  readonly #ports: SessionPorts<Client>;
  readonly #memory: () => RunMemory;
  readonly #changed = new Emitter<SessionState>();
  readonly #events = new Emitter<ClusterEvent>();
  readonly #contents = new Emitter<void>();
  readonly #progress = new StartProgress();
  readonly onDidChange = this.#changed.event;
  readonly onDidReceiveEvent = this.#events.event;
  readonly onDidChangeContents = this.#contents.event;
  #state: SessionState = { kind: 'off' };
  #host: StartableHost | undefined;
  #client: Client | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Of the run that is up. */
  #run: RunMemory | undefined;
  /** Grows with everything that makes a start in progress pointless. */
  #attempt = 0;
  #looking = false;
  #disposed = false;

  /** `memory` is asked for upon each start, as the data directory is a setting. */
  constructor(ports: SessionPorts<Client>, memory: () => RunMemory) {
    this.#ports = ports;
    this.#memory = memory;
  }

  get state(): SessionState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#state.kind === 'running' || this.#state.kind === 'attached';
  }

  get bootstrap(): string | undefined {
    return this.#state.kind === 'running' || this.#state.kind === 'attached' ? this.#state.bootstrap : undefined;
  }

  progressOf(broker: number): LogProgress | undefined {
    return this.#progress.of(broker);
  }

  client(): Client {
    const { bootstrap } = this;
    if (bootstrap === undefined) throw notUp();
    this.#client ??= this.#ports.connect(bootstrap);
    return this.#client;
  }

  readonly send: ClusterHost['send'] = (op, args) => {
    if (this.#host === undefined || !this.isUp) return Promise.reject(notUp());
    return this.#host.send(op, args);
  };

  contentsChanged(): void {
    this.#contents.fire();
  }

  start(): Promise<void> {
    return this.#startOrJoin(0);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  /** Whether a window of ours ran the cluster until a moment ago, so that it is wanted after a reload. */
  get ranRecently(): boolean {
    return this.#memory().isRecent;
  }

  /** Starts as `start` does, but waits for a window that has just closed to let go. A failure shows as the state only. */
  async resume(): Promise<void> {
    await this.#startOrJoin(handOverMs).catch(() => undefined);
  }

  /** Attaches to a cluster that somebody else started meanwhile. Never starts one, never fails. */
  async look(): Promise<void> {
    if (this.#looking || !this.#isIdle) return;
    this.#looking = true;
    let host: StartableHost | undefined;
    try {
      host = await this.#ports.findHost();
      host?.onEvent((event) => this.#onEvent(event));
      const ready = this.#isIdle ? await host?.start() : undefined;
      if (host !== undefined && ready !== undefined && this.#isIdle) this.#up(host, ready, this.#memory());
      else host?.dispose();
    } catch {
      // It has just gone; the next look may tell more.
      host?.dispose();
    } finally {
      this.#looking = false;
    }
  }

  /** Ends our own cluster and lets go of another's. Waits for a clean end as long as the editor waits for us. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#run?.pause();
    const host = this.#host;
    this.#leave();
    this.#state = { kind: 'off' };
    if (host?.kind === 'attached') host.dispose();
    else if (host !== undefined)
      await Promise.race([host.stop(), delay(closeDeadlineMs)]).finally(() => host.dispose());
    for (const emitter of [this.#changed, this.#events, this.#contents]) emitter.dispose();
  }

  get #isIdle(): boolean {
    const { kind } = this.#state;
    return (kind === 'off' || kind === 'failed') && this.#starting === undefined && !this.#disposed;
  }

  #startOrJoin(patienceMs: number): Promise<void> {
    if (this.isUp) return Promise.resolve();
    if (this.#starting !== undefined) return this.#starting;
    const starting = this.#start(patienceMs).finally(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    this.#starting = starting;
    return starting;
  }

  /** Tries again for `patienceMs` where the one who holds port or directory is about to let go. */
  async #start(patienceMs: number): Promise<void> {
    await this.#stopping;
    const attempt = ++this.#attempt;
    this.#throwIfCancelled(attempt);
    const run = this.#memory();
    this.#set({ kind: 'starting' });
    for (let waitedMs = 0; ; waitedMs += retryMs) {
      try {
        return await this.#startOnce(attempt, run);
      } catch (error) {
        if (this.#attempt !== attempt || this.#disposed) throw error;
        const passes = passingCodes.includes(codeOf(error));
        if (!passes || waitedMs >= patienceMs) {
          this.#failed(error, run);
          throw error;
        }
        await delay(retryMs);
      }
    }
  }

  async #startOnce(attempt: number, run: RunMemory): Promise<void> {
    this.#throwIfCancelled(attempt);
    const host = await this.#ports.makeHost();
    try {
      this.#throwIfCancelled(attempt);
      this.#host = host;
      host.onEvent((event) => this.#onEvent(event));
      const ready = await host.start();
      this.#throwIfCancelled(attempt);
      this.#up(host, ready, run);
    } catch (error) {
      if (this.#host === host) this.#host = undefined;
      host.dispose();
      throw error;
    }
  }

  #throwIfCancelled(attempt: number): void {
    if (this.#attempt !== attempt || this.#disposed)
      throw new ClusterError('WRONG_STATE', t('The start was cancelled.'));
  }

  #up(host: StartableHost, ready: ReadyEvent, run: RunMemory): void {
    const { bootstrap, clusterId, dataDir, startupMs, pid } = ready;
    const kind = host.kind === 'attached' ? 'attached' : 'running';
    if (kind === 'running') run.remember(pid);
    this.#attempt++;
    this.#host = host;
    this.#run = run;
    this.#set({ kind, bootstrap, clusterId, dataDir, startupMs, pid });
    host.onEnd((end) => this.#ended(host, end, run));
  }

  #onEvent(event: ClusterEvent): void {
    const state = this.#state;
    // Brokers came or went: whoever shows or copies the address has the one that counts.
    if (event.event === 'bootstrap' && (state.kind === 'running' || state.kind === 'attached')) {
      this.#set({ ...state, bootstrap: event.bootstrap });
    }
    if (this.#progress.take(event) && state.kind === 'starting') {
      const { sum } = this.#progress;
      this.#set(sum === undefined ? { kind: 'starting' } : { kind: 'starting', progress: sum });
    }
    this.#events.fire(event);
  }

  #failed(error: unknown, run: RunMemory): void {
    this.#leave();
    run.forget();
    this.#set({ kind: 'failed', code: codeOf(error), message: messageOf(error) });
  }

  /** The cluster went away, whoever wanted that. */
  #ended(host: StartableHost, end: ClusterEnd, run: RunMemory): void {
    if (this.#host !== host) return;
    const ownerPid = this.#state.kind === 'attached' ? this.#state.pid : undefined;
    this.#leave();
    // Where another window owned it and was closed, the cluster is still wanted: one of the others takes over.
    if (ownerPid !== undefined && run.pid === ownerPid) {
      this.#set({ kind: 'off' });
      this.#startOrJoin(handOverMs).catch(() => undefined);
    } else if (end.reason === 'failed') {
      this.#failed(new ClusterError(end.code ?? 'INTERNAL', end.error ?? t('The cluster ended unexpectedly.')), run);
    } else {
      run.forget();
      this.#set({ kind: 'off' });
    }
  }

  async #stop(): Promise<void> {
    if (this.#state.kind === 'off') return;
    const host = this.#host;
    this.#run?.forget();
    this.#leave();
    this.#set({ kind: 'stopping' });
    await host?.stop();
    host?.dispose();
    this.#set({ kind: 'off' });
  }

  /** From here on, nothing that the host still says counts. */
  #leave(): void {
    const client = this.#client;
    this.#attempt++;
    this.#host = undefined;
    this.#client = undefined;
    this.#starting = undefined;
    this.#progress.clear();
    if (client !== undefined) this.#ports.disconnect(client);
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}

/** VS Code gives an extension 5 s to end, and people less. */
const closeDeadlineMs = 3500;

/** How long a window that closes or reloads may take to let go of port and directory. */
const handOverMs = 6000;
const retryMs = 300;
const passingCodes: readonly ClusterErrorCode[] = ['PORT_IN_USE', 'DIRECTORY_LOCKED'];

function notUp(): ClusterError {
  return new ClusterError('WRONG_STATE', t('The cluster is not running. Start it first.'));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
