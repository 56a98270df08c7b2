import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import type { PartitionOutcome } from '../client/admin/group-offsets.ts';
import { partitionName } from '../client/leader-routing.ts';
import { exceptionMessage } from './exception-text.ts';
import { inHashMapOrder } from './java-hash-order.ts';
import { directoriesOf } from './reassign-generate.ts';
import { startMoves } from './reassign-moves.ts';
import {
  byTopicAndPartition,
  checkPlan,
  planJson,
  replicaName,
  targets,
  type ReassignmentPlan,
} from './reassign-plan.ts';
import { currentReplicasOf, replicaDirs } from './reassign-state.ts';
import { clearThrottles, movesOf, plural, throttleDirectories, throttleMoves } from './reassign-throttles.ts';
import { TerseError } from './terse-error.ts';
import { print } from './tool-io.ts';

const BUSY =
  'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new ' +
  'partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by ' +
  'resubmitting the current reassignment.';

const THROTTLED =
  'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.';

export interface ExecuteOptions {
  readonly isAdditional: boolean;
  readonly keepsReplicationFactor: boolean;
  /** Bytes per second; undefined for no limit. */
  readonly throttle: number | undefined;
  readonly directoryThrottle: number | undefined;
  readonly timeoutMs: number;
}

/** Starts a plan and says what to keep for the way back. */
export async function execute(
  admin: Admin,
  plan: ReassignmentPlan,
  options: ExecuteOptions,
  out: Writable,
): Promise<void> {
  const { partitions, moves } = plan;
  checkPlan(plan);
  const ongoing = await admin.listReassignments();
  if (ongoing.length > 0 && !options.isAdditional) throw new TerseError(BUSY);
  await checkBrokers(admin, plan);
  const current = await currentReplicasOf(admin, partitions);
  const before = planJson(current, await directoriesOf(admin, current));
  print(out, `Current partition replica assignment\n\n${before}\n`);
  print(out, 'Save this to use as the --reassignment-json-file option during rollback');
  const { throttle, directoryThrottle } = options;
  if (throttle !== undefined || directoryThrottle !== undefined) print(out, THROTTLED);
  if (throttle !== undefined) await throttleMoves(admin, movesOf(ongoing, partitions, current), throttle, out);
  if (directoryThrottle !== undefined) await throttleDirectories(admin, moves, directoryThrottle, out);
  const { keepsReplicationFactor } = options;
  const outcomes = await admin.alterReassignments(partitions, { keepsReplicationFactor });
  throwFailures(outcomes, () => 'Error reassigning partition(s):');
  const names = [...partitions].sort(byTopicAndPartition).map(partitionName);
  print(out, `Successfully started partition reassignment${plural(names)} for ${names.join(',')}`);
  if (moves.length > 0) await startMoves(admin, moves, options.timeoutMs, out);
}

async function checkBrokers(admin: Admin, { partitions }: ReassignmentPlan): Promise<void> {
  const known = new Set((await admin.describeCluster()).brokers.map(({ id }) => id));
  const wanted = [...new Set(partitions.flatMap(({ replicas }) => replicas))];
  const unknown = inHashMapOrder(wanted, (id) => id).find((id) => !known.has(id));
  if (unknown !== undefined) throw new Error(`Unknown broker id ${unknown}`);
}

export interface CancelOptions {
  readonly keepsThrottles: boolean;
  readonly timeoutMs: number;
}

/** Takes back what a plan has started and not finished. */
export async function cancel(
  admin: Admin,
  plan: ReassignmentPlan,
  options: CancelOptions,
  out: Writable,
): Promise<void> {
  const partitions = targets(plan.partitions);
  const ongoing = (await admin.listReassignments(partitions))
    .filter(({ addingReplicas, removingReplicas }) => addingReplicas.length + removingReplicas.length > 0)
    .map(({ topic, partition }) => ({ topic, partition, replicas: null }));
  if (ongoing.length > 0) {
    const outcomes = await admin.alterReassignments(ongoing);
    throwFailures(outcomes, (failed) => `Error cancelling partition reassignment${plural(failed)} for:`);
    const names = ongoing.sort(byTopicAndPartition).map(partitionName);
    print(out, `Successfully cancelled partition reassignment${plural(names)} for: ${names.join(',')}`);
  } else {
    print(out, 'None of the specified partition reassignments are active.');
  }
  const dirs = await replicaDirs(admin, plan.moves);
  const back = plan.moves.flatMap((move) => {
    const { current, future } = dirs.get(replicaName(move)) ?? {};
    return current === undefined || future === undefined ? [] : [{ ...move, path: current }];
  });
  // Kafka ends this line nowhere.
  if (back.length === 0) out.write('None of the specified partition moves are active.');
  else await startMoves(admin, back, options.timeoutMs, out);
  if (!options.keepsThrottles) await clearThrottles(admin, plan.partitions, out);
}

/** @throws TerseError with a line for every partition that was refused */
function throwFailures(
  outcomes: readonly PartitionOutcome[],
  title: (failed: readonly PartitionOutcome[]) => string,
): void {
  const failed = outcomes.filter(({ error }) => error !== null).sort(byTopicAndPartition);
  if (failed.length === 0) return;
  const lines = failed.map((outcome) => `${partitionName(outcome)}: ${exceptionMessage(outcome.error!)}`);
  throw new TerseError([title(failed), ...lines].join('\n'));
}
