import type { BrokerConfigInput, BrokerPorts, Peers, RunningBroker } from '../engine/broker/broker-options.ts';
import type { Logger } from '../engine/common/logger.ts';
import type { ClusterEvent } from '../shared/cluster-protocol.ts';
import { ClusterError, messageOf } from './cluster-error.ts';
import { serveCommands } from './command-channel.ts';
import { faultListeners } from './fault-listener.ts';
import type { HoldableListener } from './fault-listener.ts';
import { FaultNetwork } from './fault-network.ts';
import { FaultTable } from './fault-table.ts';
import type { Transport } from './transport.ts';
import { DIE, FROZEN } from './worker-protocol.ts';
import type { WorkerCommand, WorkerEvent, WorkerResults } from './worker-protocol.ts';

export type BrokerStarter = (input: BrokerConfigInput, ports: BrokerPorts) => Promise<RunningBroker>;

/** What of a node's outside world the thread brings along; the rest goes through its channel. */
export interface ThreadPorts extends Pick<BrokerPorts, 'clock' | 'random' | 'fileSystem' | 'network' | 'recoverer'> {
  readonly makeListener: (...args: Parameters<BrokerPorts['makeListener']>) => HoldableListener;
}

export interface WorkerMainOptions {
  readonly startBroker: BrokerStarter;
  readonly ports: ThreadPorts;
  /** Sends debug lines too. */
  readonly debug?: boolean;
}

/**
 * A node's thread: one node, started, described and ended by commands. The thread ends by running out of work: its
 * channel is closed, and a node that was shut down or killed keeps no socket, file or timer. It is not terminated from
 * outside, which can abort Electron (electron#47986).
 */
export function runWorker(transport: Transport, options: WorkerMainOptions): void {
  const faults = new FaultTable();
  let startedOnce = false;
  let killed = false;
  let killStarting: (() => void) | undefined;
  let answerMeeting: ((peers: Peers) => void) | undefined;
  let node: RunningBroker | undefined;
  let network: BrokerPorts['network'] = options.ports.network;

  const emit = (event: WorkerEvent): void => transport.send(event);
  /** After the reply has left: replies are sent in microtasks, before this. */
  const endThread = (): void => void setImmediate(() => transport.close());
  const kill = (): void => {
    killed = true;
    killStarting?.();
    killStarting = undefined;
    node?.kill();
    node = undefined;
    endThread();
  };
  const running = (): RunningBroker => {
    if (node === undefined) throw new ClusterError('WRONG_STATE', 'The broker is not running');
    return node;
  };
  const portsFor = (nodeId: number): BrokerPorts => {
    const { clock, makeListener } = options.ports;
    network = new FaultNetwork(options.ports.network, nodeId, faults, clock);
    return {
      ...options.ports,
      network,
      makeListener: faultListeners(makeListener, nodeId, faults),
      meet: (bound) => {
        emit({ event: 'bound', ...bound });
        return new Promise((resolve) => (answerMeeting = resolve));
      },
      logger: channelLogger(nodeId, options.debug ?? false, emit),
      onEvent: emit,
      onStarting: (killNode) => (killStarting = killNode),
      onFatal: (error) => {
        emit({ event: 'fatal', error: messageOf(error) });
        kill();
      },
    };
  };
  const freeze = (ms: number, wake: SharedArrayBuffer): void => {
    const word = new Int32Array(wake);
    Atomics.wait(word, 0, FROZEN, ms);
    // One that is killed in its sleep does not act any more.
    if (Atomics.load(word, 0) === DIE) kill();
    else emit({ event: 'thawed' });
  };

  serveCommands<WorkerCommand, WorkerResults>(transport, (message) => message as WorkerCommand, {
    async start({ input, faults: inForce }) {
      if (startedOnce) throw new ClusterError('WRONG_STATE', 'This thread has had its broker');
      startedOnce = true;
      faults.set(inForce);
      const started = await options.startBroker(input, portsFor(input.nodeId));
      killStarting = undefined;
      if (killed) {
        started.kill();
        throw new ClusterError('WRONG_STATE', 'Killed while it started');
      }
      node = started;
      return {};
    },
    meet({ peers }) {
      answerMeeting?.(peers);
      return {};
    },
    describe({ topic }) {
      const current = running();
      const controller = current.controller();
      const { voters, highWatermark } = current.quorum();
      return {
        controllerId: controller.id,
        controllerEpoch: controller.epoch,
        voters: voters.map(({ replicaId }) => replicaId),
        quorumHighWatermark: highWatermark,
        isFenced: current.isFenced(),
        partitions: current.partitions(topic),
      };
    },
    segments: ({ topic, partition }) => ({ segments: running().segments(topic, partition) }),
    faults({ faults: inForce }) {
      faults.set(inForce);
      return {};
    },
    freeze({ ms, wake }) {
      running();
      // Once the reply has left.
      setImmediate(freeze, ms, wake);
      return {};
    },
    async drain({ broker }) {
      const { drainBroker } = await import('./broker-removal.ts');
      return drainBroker(ownLine(), broker, options.ports.clock, (done, total, message) =>
        emit({ event: 'progress', broker, done, total, message }),
      );
    },
    async 'leave-quorum'({ broker }) {
      const { leaveQuorum } = await import('./broker-removal.ts');
      await leaveQuorum(ownLine(), broker, options.ports.clock);
      return {};
    },
    async 'replace-voter'({ disk }) {
      const { replaceVoter } = await import('./broker-removal.ts');
      return { isReplaced: await replaceVoter(ownLine(), disk, options.ports.clock) };
    },
    async 'join-quorum'({ disk }) {
      const { joinQuorum } = await import('./broker-removal.ts');
      await joinQuorum(ownLine(), disk, options.ports.clock);
      return {};
    },
    async unregister({ broker }) {
      const { unregisterBroker } = await import('./broker-removal.ts');
      await unregisterBroker(ownLine(), broker, options.ports.clock);
      return {};
    },
    async relinquish() {
      await running().relinquish();
      return {};
    },
    async shutdown() {
      await running().shutdown();
      node = undefined;
      endThread();
      return {};
    },
    kill() {
      kill();
      return {};
    },
  });

  /** To this node's own client listener: what is asked there is forwarded to whoever is the controller. */
  function ownLine(): ReturnType<BrokerPorts['network']['open']> {
    const { nodeId, listeners } = running();
    const [listener] = listeners;
    if (listener === undefined) throw new ClusterError('WRONG_STATE', `Node ${nodeId} serves no clients`);
    const host = listener.host === '0.0.0.0' ? '127.0.0.1' : listener.host;
    return network.open({ nodeId, host, port: listener.port }, 'removal');
  }
}

type LogEvent = Extract<ClusterEvent, { event: 'log' }>;

function channelLogger(broker: number, debug: boolean, emit: (event: LogEvent) => void): Logger {
  const log = (level: LogEvent['level'], message: string): void => emit({ event: 'log', level, broker, message });
  return {
    debug: (message) => (debug ? log('debug', message) : undefined),
    info: (message) => log('info', message),
    warn: (message) => log('warn', message),
    error: (message, error) => log('error', error === undefined ? message : `${message}: ${trace(error)}`),
  };
}

/** An unexpected error is worth its stack in the log; one with a code says all in its message. */
function trace(error: unknown): string {
  if (error instanceof Error && !('code' in error) && error.stack !== undefined) return error.stack;
  return messageOf(error);
}
