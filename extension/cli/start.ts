import { threadSpawner } from '../cluster/broker-thread.ts';
import type { ThreadSpawner } from '../cluster/broker-thread.ts';
import { messageOf } from '../cluster/cluster-error.ts';
import { planCluster } from '../cluster/cluster-plan.ts';
import type { ClusterPlan } from '../cluster/cluster-plan.ts';
import { runForeground } from './foreground.ts';
import { parseStartArguments, startUsage } from './start-arguments.ts';
import type { StartArguments } from './start-arguments.ts';

const program = 'samsa start';

/** `samsa start`: a cluster in the foreground. Resolves with the exit code. */
export async function start(args: readonly string[], spawn: ThreadSpawner = threadSpawner()): Promise<number> {
  let parsed: StartArguments;
  let plan: ClusterPlan;
  try {
    parsed = parseStartArguments(args);
    if (parsed.help) {
      process.stdout.write(startUsage);
      return 0;
    }
    plan = planCluster(parsed.options);
  } catch (error) {
    // Everything that is found out before anything is touched is an argument's fault.
    process.stderr.write(`${program}: ${messageOf(error)}\n`);
    return 2;
  }
  return runForeground({ program, plan, spawn, json: parsed.json, control: parsed.control });
}
