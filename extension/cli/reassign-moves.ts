import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from '../client/admin.ts';
import type { ReplicaMove } from '../client/admin/replicas.ts';
import { exceptionText } from './exception-text.ts';
import { byReplica, replicaName } from './reassign-plan.ts';
import { plural } from './reassign-throttles.ts';
import { TerseError } from './terse-error.ts';
import { print } from './tool-io.ts';

const POLL_MS = 100;

/**
 * Has replicas moved between directories and says so. A broker that does not have a replica yet gets it in a moment, from
 * the reassignment that was just started: it is asked again.
 *
 * @throws TerseError when the time is over, Error when a broker refuses
 */
export async function startMoves(
  admin: Admin,
  moves: readonly ReplicaMove[],
  timeoutMs: number,
  out: Writable,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let pending = [...moves].sort(byReplica);
  for (;;) {
    pending = await startOnce(admin, pending, out);
    if (pending.length === 0) return;
    if (performance.now() >= deadline) {
      const names = pending.map(replicaName).join(',');
      throw new TerseError(`Timed out before log directory move${plural(pending)} could be started for: ${names}`);
    }
    await delay(POLL_MS);
  }
}

/** Resolves with the moves that could not begin yet. */
async function startOnce(admin: Admin, moves: readonly ReplicaMove[], out: Writable): Promise<ReplicaMove[]> {
  const outcomes = await admin.alterReplicaLogDirs(moves);
  const failed = outcomes.find(({ error }) => error !== null && error.code !== 'REPLICA_NOT_AVAILABLE');
  if (failed?.error) {
    const why = exceptionText(failed.error);
    throw new Error(`Failed to alter dir for ${replicaName(failed)}\n${why}`, { cause: failed.error });
  }
  const sorted = [...outcomes].sort(byReplica);
  for (const { topic, partition, brokerId, path, error } of sorted) {
    if (error !== null) continue;
    const what = `replica ${topic}-${partition} with broker ${brokerId} `;
    print(out, `Successfully started moving log directory to ${path} for ${what}`);
  }
  return sorted.filter(({ error }) => error !== null);
}
