import { threadSpawner } from '../../../../extension/cluster/broker-thread.ts';
import type { ThreadSpawner } from '../../../../extension/cluster/broker-thread.ts';

/** Threads of `fake-worker.ts`; one that does not end is given up soon. */
export function fakeSpawner(workerFile: string | URL): ThreadSpawner {
  return threadSpawner({ workerFile, endTimeoutMs: 300 });
}
