import { threadSpawner } from '../../../../extension/cluster/broker-thread.ts';
import type { ThreadSpawner } from '../../../../extension/cluster/broker-thread.ts';

export function fakeSpawner(): ThreadSpawner {
  return threadSpawner({ workerFile: new URL('./fake-worker.ts', import.meta.url), endTimeoutMs: 300 });
}
