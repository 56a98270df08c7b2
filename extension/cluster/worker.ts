import { parentPort } from 'node:worker_threads';
import { startBroker } from '../engine/broker/broker-node.ts';
import { TcpNetwork } from '../engine/broker/tcp-network.ts';
import { systemClock } from '../engine/common/clock.ts';
import { nodeFileSystem } from '../engine/common/node-file-system.ts';
import { systemRandom } from '../engine/common/random.ts';
import { SocketServer } from '../engine/server/socket-server.ts';
import { RecoveryThreads } from './recovery-threads.ts';
import { threadTransport } from './transport.ts';
import { runWorker } from './worker-main.ts';

// The entry of a broker's thread, bundled as dist/broker-worker.cjs.

if (parentPort === null) throw new Error('This runs in a worker thread');
runWorker(threadTransport(parentPort), {
  startBroker,
  ports: {
    clock: systemClock,
    random: systemRandom,
    fileSystem: nodeFileSystem,
    network: new TcpNetwork(),
    recoverer: new RecoveryThreads(),
    makeListener: (options) => new SocketServer(options),
  },
  debug: process.env['SAMSA_DEBUG'] === '1',
});
