import { parentPort } from 'node:worker_threads';
import { threadTransport } from '../../../../extension/cluster/transport.ts';
import { runWorker } from '../../../../extension/cluster/worker-main.ts';
import { TcpNetwork } from '../../../../extension/engine/broker/tcp-network.ts';
import { systemClock } from '../../../../extension/engine/common/clock.ts';
import { nodeFileSystem } from '../../../../extension/engine/common/node-file-system.ts';
import { systemRandom } from '../../../../extension/engine/common/random.ts';
import { SocketServer } from '../../../../extension/engine/server/socket-server.ts';
import { startFakeBroker } from './fake-broker.ts';

if (parentPort === null) throw new Error('Not a worker');
runWorker(threadTransport(parentPort), {
  startBroker: startFakeBroker,
  ports: {
    clock: systemClock,
    random: systemRandom,
    fileSystem: nodeFileSystem,
    network: new TcpNetwork(),
    makeListener: (options) => new SocketServer(options),
  },
});
