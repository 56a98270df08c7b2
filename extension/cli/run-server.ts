import { threadSpawner } from '../cluster/broker-thread.ts';
import type { ThreadSpawner } from '../cluster/broker-thread.ts';
import { messageOf } from '../cluster/cluster-error.ts';
import type { ClusterPlan } from '../cluster/cluster-plan.ts';
import { planServer } from '../cluster/server-plan.ts';
import { runForeground } from './foreground.ts';

/**
 * Runs one broker as a `server.properties` describes it, in the foreground until a signal comes. `program` stands before
 * error messages. Resolves with the exit code: 0 after a clean end, 2 when the properties are at fault, 1 otherwise (a port
 * or directory in use, say), each said in one line.
 */
export async function runServer(
  program: string,
  properties: ReadonlyMap<string, string>,
  spawn: ThreadSpawner = threadSpawner(),
): Promise<number> {
  let plan: ClusterPlan;
  try {
    plan = planServer(properties);
  } catch (error) {
    process.stderr.write(`${program}: ${messageOf(error)}\n`);
    return 2;
  }
  return runForeground({ program, plan, spawn, json: false, control: false });
}
