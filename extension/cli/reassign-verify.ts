import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import type { OngoingReassignment } from '../client/admin/replicas.ts';
import { partitionName } from '../client/leader-routing.ts';
import { byTopicAndPartition, targets, type ReassignmentPlan } from './reassign-plan.ts';
import { isMoveDone, moveStatus, partitionStatus, replicaDirs, type PartitionState } from './reassign-state.ts';
import { clearThrottles } from './reassign-throttles.ts';
import { print } from './tool-io.ts';

/** Prints how far a plan is; when nothing moves any more, throttles go. */
export async function verify(
  admin: Admin,
  plan: ReassignmentPlan,
  keepsThrottles: boolean,
  out: Writable,
): Promise<void> {
  const partitions = targets(plan.partitions);
  const ongoing = await admin.listReassignments();
  print(out, partitionStatus(partitions, await statesOf(admin, plan, ongoing)));
  const dirs = await replicaDirs(admin, plan.moves);
  print(out, moveStatus(plan.moves, dirs));
  const isDone = ongoing.length === 0 && [...dirs.values()].every(isMoveDone);
  if (isDone && !keepsThrottles) await clearThrottles(admin, plan.partitions, out);
}

async function statesOf(
  admin: Admin,
  { partitions }: ReassignmentPlan,
  ongoing: readonly OngoingReassignment[],
): Promise<Map<string, PartitionState>> {
  const states = new Map<string, PartitionState>();
  const topics = await admin.describeTopics([...new Set(partitions.map(({ topic }) => topic))]);
  for (const { name: topic, partitions: found, error } of topics) {
    if (error !== null && error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    for (const { partition, replicas } of found) {
      states.set(partitionName({ topic, partition }), { replicas, isMoving: false });
    }
  }
  for (const each of ongoing) states.set(partitionName(each), { replicas: each.replicas, isMoving: true });
  return states;
}

/** Prints every reassignment under way. */
export async function list(admin: Admin, out: Writable): Promise<void> {
  const ongoing = [...(await admin.listReassignments())].sort(byTopicAndPartition).map(ongoingLine);
  print(
    out,
    ongoing.length === 0
      ? 'No partition reassignments found.'
      : ['Current partition reassignments:', ...ongoing].join('\n'),
  );
}

export function ongoingLine(each: OngoingReassignment): string {
  const { replicas, addingReplicas, removingReplicas } = each;
  const adding = addingReplicas.length === 0 ? '' : ` adding: ${addingReplicas.join(',')}.`;
  const removing = removingReplicas.length === 0 ? '' : ` removing: ${removingReplicas.join(',')}.`;
  return `${partitionName(each)}: replicas: ${replicas.join(',')}.${adding}${removing}`;
}
