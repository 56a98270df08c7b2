import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerStartError } from '../../../../extension/engine/broker/broker-options.ts';
import type {
  BrokerConfigInput,
  BrokerPorts,
  Listener,
  RunningBroker,
} from '../../../../extension/engine/broker/broker-options.ts';
import type { ClusterErrorCode, PartitionState } from '../../../../extension/shared/cluster-protocol.ts';

/**
 * A broker that binds its ports and writes `meta.properties`, and misbehaves on demand. By config: `fake.fail=CODE` does not
 * start, `fake.hang=start|meet|shutdown` never finishes that, `fake.slow.shutdown.ms` takes its time. By the topic that `segments` is asked for: `crash` throws outside
 * of any request, `fatal` gives up, `spin` blocks the thread, `refuse` fails the request only.
 */
export async function startFakeBroker(input: BrokerConfigInput, ports: BrokerPorts): Promise<RunningBroker> {
  ports.logger.info(`config ${JSON.stringify(input.config)}`);
  const fail = input.config['fake.fail'];
  if (fail !== undefined) throw new BrokerStartError(fail as ClusterErrorCode, `Told to fail with ${fail}`);
  if (input.config['fake.hang'] === 'start') await forever();
  for (const logDir of input.logDirs) {
    mkdirSync(logDir, { recursive: true });
    writeFileSync(
      join(logDir, 'meta.properties'),
      `version=1\ncluster.id=${input.clusterId}\nnode.id=${input.nodeId}\n`,
    );
  }
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const bind = async (listener: Listener): Promise<Listener> => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    servers.push(server);
    return { ...listener, port: await listen(server, listener) };
  };
  const listeners = await Promise.all(input.listeners.map(bind));
  const controllerListener = input.controllerListener && (await bind(input.controllerListener));
  const isNew = !input.logDirs.some((logDir) => existsSync(join(logDir, 'met')));
  const directoryId = `directory-of-node-${input.nodeId}`;
  const peers = await ports.meet({ nodeId: input.nodeId, directoryId, isNew, listeners, controllerListener });
  if (input.config['fake.hang'] === 'meet') await forever();
  for (const logDir of input.logDirs) writeFileSync(join(logDir, 'met'), '');
  ports.logger.info(`peers ${JSON.stringify(peers)}`);
  ports.onEvent({ event: 'controller', controller: 1, epoch: 1 });
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    nodeId: input.nodeId,
    clusterId: input.clusterId,
    listeners,
    controllerListener,
    controller: () => ({ id: 1, epoch: 1 }),
    quorum: () => ({
      leaderId: 1,
      leaderEpoch: 1,
      highWatermark: 42,
      voters: peers.voters.map(({ nodeId }) => ({
        replicaId: nodeId,
        directoryId,
        logEndOffset: 42,
        lastFetchTimestampMs: -1,
        lastCaughtUpTimestampMs: -1,
      })),
      observers: [],
      nodes: [],
    }),
    isFenced: () => false,
    relinquish: () => Promise.resolve(),
    partitions: (topic) => [partitionOf(input.nodeId, topic ?? 'fake')],
    segments(topic, partition) {
      if (topic === 'crash') setImmediate(() => throwError('Told to crash'));
      if (topic === 'fatal') ports.onFatal(new Error('Told to give up'));
      if (topic === 'refuse') throw new Error(`Told to refuse partition ${partition}`);
      while (topic === 'spin');
      return [];
    },
    async shutdown() {
      if (input.config['fake.hang'] === 'shutdown') await forever();
      await new Promise((resolve) => setTimeout(resolve, Number(input.config['fake.slow.shutdown.ms'] ?? 0)));
      close();
    },
    kill: close,
  };
}

function partitionOf(broker: number, topic: string): PartitionState {
  return {
    topic,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    partition: 0,
    leader: broker,
    leaderEpoch: 0,
    partitionEpoch: 0,
    replicas: [broker],
    isr: [broker],
    elr: [],
    replicaStates: [{ broker, logStartOffset: 0, logEndOffset: 7, highWatermark: 7, sizeBytes: 700, segmentCount: 1 }],
  };
}

function listen(server: Server, { host, port }: Listener): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', () => reject(new BrokerStartError('PORT_IN_USE', `Port ${port} on ${host} is in use`)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Keeps the thread, as a broker with open files does. */
function forever(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 1_000_000));
}

function throwError(message: string): never {
  throw new Error(message);
}
