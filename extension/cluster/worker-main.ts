import type {
  BoundNode,
  BrokerConfigInput,
  BrokerPorts,
  QuorumVoter,
  RunningBroker,
} from '../engine/broker/broker-options.ts';
import type { Logger } from '../engine/common/logger.ts';
import type { ClusterEvent } from '../shared/cluster-protocol.ts';
import { ClusterError, messageOf } from './cluster-error.ts';
import { serveCommands } from './command-channel.ts';
import type { Transport } from './transport.ts';
import type { WorkerCommand, WorkerEvent, WorkerResults } from './worker-protocol.ts';

export type BrokerStarter = (input: BrokerConfigInput, ports: BrokerPorts) => Promise<RunningBroker>;

/** What of a broker's outside world the thread brings along; the rest goes through its channel. */
export type ThreadPorts = Pick<BrokerPorts, 'clock' | 'random' | 'fileSystem' | 'network' | 'makeListener'>;

export interface WorkerMainOptions {
  readonly startBroker: BrokerStarter;
  readonly ports: ThreadPorts;
  /** Sends debug lines too. */
  readonly debug?: boolean;
}

/**
 * A broker's thread: one broker, started, described and ended by commands. The thread ends by running out of work: its
 * channel is closed, and a broker that was shut down or killed keeps no socket, file or timer. It is not terminated from
 * outside, which can abort Electron (electron#47986).
 */
export function runWorker(transport: Transport, options: WorkerMainOptions): void {
  let startedOnce = false;
  let killed = false;
  let broker: RunningBroker | undefined;

  const emit = (event: WorkerEvent): void => transport.send(event);
  /** After the reply has left: replies are sent in microtasks, before this. */
  const endThread = (): void => void setImmediate(() => transport.close());
  const kill = (): void => {
    killed = true;
    broker?.kill();
    broker = undefined;
    endThread();
  };
  const running = (): RunningBroker => {
    if (broker === undefined) throw new ClusterError('WRONG_STATE', 'The broker is not running');
    return broker;
  };
  const portsFor = (nodeId: number): BrokerPorts => ({
    ...options.ports,
    meet: (bound) => Promise.resolve({ voters: ownVoter(bound), isNewCluster: bound.isNew }),
    logger: channelLogger(nodeId, options.debug ?? false, emit),
    onEvent: emit,
    onFatal: (error) => {
      emit({ event: 'fatal', error: messageOf(error) });
      kill();
    },
  });

  serveCommands<WorkerCommand, WorkerResults>(transport, (message) => message as WorkerCommand, {
    async start({ input }) {
      if (startedOnce) throw new ClusterError('WRONG_STATE', 'This thread has had its broker');
      startedOnce = true;
      const started = await options.startBroker(input, portsFor(input.nodeId));
      if (killed) {
        started.kill();
        throw new ClusterError('WRONG_STATE', 'Killed while it started');
      }
      broker = started;
      return {
        clusterId: started.clusterId,
        listeners: started.listeners,
        controllerListener: started.controllerListener,
      };
    },
    describe({ topic }) {
      const current = running();
      const controller = current.controller();
      return {
        controllerId: controller.id,
        controllerEpoch: controller.epoch,
        partitions: current.partitions(topic),
      };
    },
    segments: ({ topic, partition }) => ({ segments: running().segments(topic, partition) }),
    async shutdown() {
      await running().shutdown();
      broker = undefined;
      endThread();
      return {};
    },
    kill() {
      kill();
      return {};
    },
  });
}

/** A node that is alone is its own quorum. */
function ownVoter({ nodeId, directoryId, controllerListener }: BoundNode): QuorumVoter[] {
  if (controllerListener === undefined) return [];
  const { host, port } = controllerListener;
  return [{ nodeId, directoryId, host, port }];
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
