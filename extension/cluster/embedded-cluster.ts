import type { BrokerConfigInput } from '../engine/broker/broker-options.ts';
import { randomUuid, systemRandom } from '../engine/common/random.ts';
import type { ClusterCommand, ClusterEvent, ClusterResults } from '../shared/cluster-protocol.ts';
import { findOwner } from './attach-protocol.ts';
import { AttachServer } from './attach-server.ts';
import type { ThreadSpawner } from './broker-thread.ts';
import { parseClusterCommand } from './cluster-commands.ts';
import { ClusterError } from './cluster-error.ts';
import type { ReadyEvent } from './cluster-host.ts';
import type { ClusterPlan, PlannedNode } from './cluster-plan.ts';
import { serveCommands } from './command-channel.ts';
import type { CommandsUnderWay, Handlers } from './command-channel.ts';
import {
  isFormatted,
  prepareDataDirectory,
  readableLogDirs,
  readClusterId,
  refuseLogDirectory,
  removeDataDirectory,
  removeLogDirectory,
  takeLogDirectory,
} from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { DirectoryLock } from './directory-lock.ts';
import { Supervisor } from './supervisor.ts';
import { freeBrokerId, MAX_BROKERS } from './topology.ts';
import type { Transport } from './transport.ts';

export interface EmbeddedClusterOptions {
  readonly plan: ClusterPlan;
  readonly spawn: ThreadSpawner;
  readonly onEvent: (event: ClusterEvent) => void;
  /** What `startupMs` counts from, on the clock of `performance.now()`; the call of `start` by default. */
  readonly startedAtMs?: number;
}

/** A supervisor together with its directory, its lock and those who attach: all that a process needs to be a cluster. */
export class EmbeddedCluster {
  /** Resolves when a cluster that was ready is gone. */
  readonly ended: Promise<void>;
  /** What `--control`, IPC and attached clients may ask. */
  readonly handlers: Handlers<ClusterCommand, ClusterResults>;
  readonly #options: EmbeddedClusterOptions;
  #markEnded: () => void = () => {};
  #directory: DataDirectory | undefined;
  readonly #locks = new Map<string, DirectoryLock>();
  #clusterId = '';
  #attached: AttachServer | undefined;
  #supervisor: Supervisor | undefined;
  #ready = false;
  #starting: Promise<ReadyEvent> | undefined;
  #stopping: Promise<void> | undefined;
  #shutdown: Promise<void> | undefined;
  #cleaned: Promise<void> | undefined;

  constructor(options: EmbeddedClusterOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
    this.handlers = {
      state: async ({ topic }) => (await this.#running()).state(topic),
      segments: async ({ broker, topic, partition }) => ({
        segments: await (await this.#running()).segments(broker, topic, partition),
      }),
      start: async ({ broker }) => (await this.#running()).startBroker(broker),
      stop: async ({ broker }) => (await this.#running()).stopBroker(broker),
      kill: async ({ broker }) => (await this.#running()).killBroker(broker),
      freeze: async ({ broker, ms }) => (await this.#running()).freeze(broker, ms),
      isolate: async ({ broker, clients = false }) =>
        (await this.#running()).inject(
          { kind: 'isolate', broker, clients },
          `Node ${broker} is cut off from the others${clients ? ' and from clients' : ''}`,
        ),
      heal: async ({ broker }) => (await this.#running()).heal(broker),
      slow: async ({ from, to, delayMs }) =>
        (await this.#running()).inject(
          { kind: 'slow', ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), delayMs },
          `What ${nameOf(from)} sends to ${nameOf(to)} takes ${delayMs} ms`,
        ),
      drop: async ({ from, to }) =>
        (await this.#running()).inject(
          { kind: 'drop', from, to },
          `What ${nameOf(from)} sends to ${nameOf(to)} is lost`,
        ),
      'add-broker': async ({ rack }) => this.#addBroker(await this.#running(), rack),
      'remove-broker': async ({ broker }) => this.#removeBroker(await this.#running(), broker),
      events: async ({ since }) => (await this.#running()).history.since(since),
      shutdown: async () => {
        await this.#stopBrokers();
        // The reply leaves before the channel that carries it is closed.
        setImmediate(() => void this.shutdown());
        return {};
      },
    };
  }

  /** Once. Rejects with a `ClusterError`, leaving nothing behind. */
  async start(): Promise<ReadyEvent> {
    try {
      this.#starting = this.#start(this.#options.startedAtMs ?? performance.now());
      const ready = await this.#starting;
      this.#emit(ready);
      return ready;
    } catch (error) {
      await this.#stopBrokers();
      await this.#cleanUp();
      throw error;
    }
  }

  /** Answers the commands that come over `transport`, each with one reply. */
  serve(transport: Transport, onClose?: () => void): CommandsUnderWay {
    return serveCommands(transport, parseClusterCommand, this.handlers, onClose);
  }

  /** Stops the brokers cleanly and gives everything back, also while it starts. Never rejects. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#end();
    return this.#shutdown;
  }

  async #start(startMs: number): Promise<ReadyEvent> {
    const { plan, spawn } = this.#options;
    this.#directory = prepareDataDirectory(plan.dataDir);
    const dataDir = this.#directory.path;
    const attached = this.#openToAttach(dataDir);
    if (plan.ownsDataDir) {
      refuseLogDirectory(dataDir);
      await this.#acquireLock(dataDir, true, attached);
    }
    const nodes = await plan.nodes(dataDir);
    const logDirs = nodes.flatMap((node) => readableLogDirs(node.logDirs));
    const isNew = !logDirs.some(isFormatted);
    const clusterId = readClusterId(logDirs) ?? randomUuid(systemRandom);
    this.#clusterId = clusterId;
    const supervisor = new Supervisor({
      dataDir,
      clusterId,
      nodes: nodes.map((node) => inputOf(node, clusterId)),
      voters: nodes.filter(({ votes }) => votes).map(({ nodeId }) => nodeId),
      isNew,
      spawn,
      claim: (input) => this.#claim(input.logDirs, attached),
      onEvent: (event) => this.#emit(event),
    });
    this.#requireNotStopping();
    this.#supervisor = supervisor;
    await supervisor.start();
    this.#requireNotStopping();
    this.#ready = true;
    return {
      event: 'ready',
      bootstrap: supervisor.bootstrap,
      startupMs: Math.round(performance.now() - startMs),
      dataDir,
      clusterId,
      pid: process.pid,
    };
  }

  /** Takes directories that are not ours yet. */
  async #claim(logDirs: readonly string[], attached: AttachServer): Promise<void> {
    for (const [index, logDir] of logDirs.entries()) {
      try {
        takeLogDirectory(logDir);
      } catch (error) {
        // The broker goes on without it, and says so; but not without the first one, which holds the metadata.
        if (index === 0 || (error as ClusterError).code !== 'DIRECTORY_UNWRITABLE') throw error;
        continue;
      }
      // Others may know it by itself, without the directory that it lies in.
      const isKnown = this.#locks.has(logDir) || this.#directory?.temporary === true;
      if (!isKnown) await this.#acquireLock(logDir, false, attached);
    }
  }

  async #addBroker(supervisor: Supervisor, rack: string | undefined): Promise<ClusterResults['add-broker']> {
    const { oneMore } = this.#options.plan;
    const dataDir = this.#directory?.path;
    if (oneMore === undefined || dataDir === undefined) {
      throw new ClusterError('WRONG_STATE', 'This broker was started by itself; a cluster is started by samsa start');
    }
    const taken = supervisor.brokerIds;
    if (taken.length >= MAX_BROKERS) throw new ClusterError('WRONG_STATE', `${MAX_BROKERS} brokers are the most`);
    const more = { total: taken.length + 1, isController: supervisor.lacksControllers, rack };
    return supervisor.addBroker(inputOf(oneMore(dataDir, freeBrokerId(taken), more), this.#clusterId));
  }

  /** Its data are with the others then, and its directory goes. */
  async #removeBroker(supervisor: Supervisor, broker: number): Promise<ClusterResults['remove-broker']> {
    const { logDirs } = supervisor.node(broker).input;
    const removed = await supervisor.removeBroker(broker);
    for (const logDir of logDirs) {
      removeLogDirectory(logDir);
      await this.#locks.get(logDir)?.release();
      this.#locks.delete(logDir);
    }
    return removed;
  }

  #openToAttach(dataDir: string): AttachServer {
    this.#attached = new AttachServer({
      owner: { event: 'owner', pid: process.pid, startedAtMs: Date.now(), dataDir, bootstrap: '', state: 'starting' },
      serve: (transport, onClose) => void this.serve(transport, onClose),
    });
    return this.#attached;
  }

  async #acquireLock(directory: string, inside: boolean, attached: AttachServer): Promise<void> {
    const lock = await DirectoryLock.acquire(directory, inside, (socket) =>
      inside ? attached.accept(socket) : attached.identify(socket),
    );
    if (lock !== undefined) {
      this.#locks.set(directory, lock);
      return;
    }
    const owner = await findOwner(directory, inside);
    const bootstrap = owner === undefined || owner.bootstrap === '' ? '' : `, ${owner.bootstrap}`;
    const who = owner === undefined ? 'another Samsa cluster' : `the Samsa cluster of process ${owner.pid}${bootstrap}`;
    throw new ClusterError('DIRECTORY_LOCKED', `${directory} is in use by ${who}`);
  }

  /** Commands that come while the cluster starts wait for it. */
  async #running(): Promise<Supervisor> {
    await this.#starting?.catch(() => {});
    if (this.#supervisor !== undefined && this.#ready && this.#stopping === undefined) return this.#supervisor;
    throw new ClusterError(
      'WRONG_STATE',
      this.#stopping === undefined ? 'The cluster did not start' : 'The cluster is stopping',
    );
  }

  #requireNotStopping(): void {
    if (this.#stopping !== undefined) throw new ClusterError('WRONG_STATE', 'The cluster was stopped while it started');
  }

  #emit(event: ClusterEvent): void {
    this.#attached?.publish(event);
    this.#options.onEvent(event);
  }

  #stopBrokers(): Promise<void> {
    if (this.#stopping === undefined) {
      this.#attached?.announceStop();
      this.#stopping = this.#supervisor?.shutdown() ?? Promise.resolve();
    }
    return this.#stopping;
  }

  async #end(): Promise<void> {
    await this.#stopBrokers();
    await this.#starting?.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await this.#cleanUp();
    this.#markEnded();
  }

  #cleanUp(): Promise<void> {
    this.#cleaned ??= this.#giveBack();
    return this.#cleaned;
  }

  async #giveBack(): Promise<void> {
    this.#attached?.close();
    if (this.#directory !== undefined) removeDataDirectory(this.#directory);
    await Promise.all([...this.#locks.values()].map((lock) => lock.release()));
  }
}

function nameOf(node: number | undefined): string {
  return node === undefined ? 'every node' : `node ${node}`;
}

function inputOf({ votes: _, ...node }: PlannedNode, clusterId: string): BrokerConfigInput {
  return { ...node, clusterId };
}
