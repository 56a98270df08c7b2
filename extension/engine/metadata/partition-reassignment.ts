import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { PartitionRegistration } from './partition-registration.ts';

/** Replicas on their way: all of them, those that leave and those that come. */
export interface Reassignment {
  readonly replicas: readonly number[];
  readonly removing: readonly number[];
  readonly adding: readonly number[];
}

export function isReassigning(partition: PartitionRegistration): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0;
}

/**
 * From what is to `target`: the wanted replicas in their order, then those that leave once the others are in step. Where nobody
 * new comes, replicas that a reassignment under way is adding, and that are still wanted, go on being added.
 */
export function reassignment(
  partition: Pick<PartitionRegistration, 'replicas' | 'addingReplicas'>,
  target: readonly number[],
): Reassignment {
  const removing = difference(partition.replicas, target);
  const added = difference(target, partition.replicas);
  const adding = added.length > 0 ? added : partition.addingReplicas.filter((replica) => target.includes(replica));
  return { replicas: [...target, ...removing], removing, adding };
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set(a)].filter((replica) => !b.includes(replica)).sort((x, y) => x - y);
}

/**
 * What the partition is once its reassignment is through, or undefined while it isn't: all new replicas have to be in step,
 * somebody who stays too, and where fewer come than go, all who stay, so that the data is never kept by fewer than wanted.
 */
export function completedReassignment(
  ongoing: Reassignment,
  isr: readonly number[],
): { readonly replicas: readonly number[]; readonly isr: readonly number[] } | undefined {
  const { removing, adding } = ongoing;
  if (removing.length === 0 && adding.length === 0) return undefined;
  const stays = (replica: number): boolean => !removing.includes(replica);
  const remaining = { replicas: ongoing.replicas.filter(stays), isr: isr.filter(stays) };
  if (removing.length > 0 && (remaining.isr.length === 0 || remaining.replicas.length === 0)) return undefined;
  if (!adding.every((replica) => remaining.isr.includes(replica))) return undefined;
  const isShrink = adding.length < removing.length;
  if (isShrink && !remaining.replicas.every((replica) => remaining.isr.includes(replica))) return undefined;
  return remaining;
}

/**
 * What a cancelled reassignment goes back to: without the new replicas. When only they are in step, the first of the old ones
 * has to lead, which loses what it does not have.
 *
 * @throws ApiError INVALID_REPLICA_ASSIGNMENT when there are no old ones
 */
export function revertedReassignment(partition: PartitionRegistration): {
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly isUnclean: boolean;
} {
  const isOld = (replica: number): boolean => !partition.addingReplicas.includes(replica);
  const replicas = partition.replicas.filter(isOld);
  const isr = partition.isr.filter(isOld);
  if (isr.length > 0) return { replicas, isr, isUnclean: false };
  const [first] = replicas;
  if (first === undefined) {
    throw new ApiError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'Invalid replica assignment: addingReplicas contains all replicas.',
    );
  }
  return { replicas, isr: [first], isUnclean: true };
}
