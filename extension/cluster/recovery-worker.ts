import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../engine/common/clock.ts';
import { nodeFileSystem } from '../engine/common/node-file-system.ts';
import { systemRandom } from '../engine/common/random.ts';
import { recoverLogs } from './recovery-main.ts';
import type { RecoveryWork } from './recovery-protocol.ts';

// The entry of a recovery thread, bundled as dist/recovery-worker.cjs. It ends by running out of work.

const port = parentPort;
if (port === null) throw new Error('This runs in a worker thread');
recoverLogs(
  workerData as RecoveryWork,
  { fileSystem: nodeFileSystem, clock: systemClock, random: systemRandom },
  (message) => port.postMessage(message),
);
