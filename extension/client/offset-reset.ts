import { listGroupOffsets } from './admin/group-offsets.ts';
import { listOffsets, type OffsetSpec } from './admin/offsets.ts';
import type { ClusterClient } from './cluster-client.ts';
import { partitionName, type PartitionResult, type TopicPartition } from './leader-routing.ts';

/** Where a group shall go on. `timestampMs`: the first record at or after it, or the end where there is none. */
export type ResetTarget =
  | 'earliest'
  | 'latest'
  | 'current'
  | { readonly offset: number }
  | { readonly shiftBy: number }
  | { readonly timestampMs: number };

/** A reset that has been worked out but not done; `current` is null where the group has no commit. */
export interface PlannedReset extends TopicPartition {
  readonly current: number | null;
  readonly target: number;
  /** Set when the offset asked for lies outside of what the partition holds and was moved to its nearer end. */
  readonly clampedFrom: number | null;
  /** Whether no record is as late as the time asked for, so that the end was taken. */
  readonly isPastEnd: boolean;
}

/**
 * Works out where each partition's offset would go, kept within what the partition holds. A partition that cannot be
 * looked at has its error. Commit the plan with `Admin.alterGroupOffsets`.
 */
export async function planOffsetReset(
  client: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[],
  target: ResetTarget,
): Promise<PartitionResult<PlannedReset>[]> {
  const [starts, ends, committed] = await Promise.all([
    listOffsets(client, withSpec(partitions, 'earliest'), {}),
    listOffsets(client, withSpec(partitions, 'latest'), {}),
    listGroupOffsets(client, groupId, undefined, false),
  ]);
  const commits = new Map(committed.map((commit) => [partitionName(commit), commit.offset]));
  const times =
    typeof target === 'object' && 'timestampMs' in target
      ? await listOffsets(client, withSpec(partitions, { timestampMs: target.timestampMs }), {})
      : undefined;
  return partitions.map((item, index): PartitionResult<PlannedReset> => {
    const start = starts[index]!;
    const end = ends[index]!;
    const time = times?.[index];
    const error = start.error ?? end.error ?? time?.error ?? null;
    if (error !== null || start.value === null || end.value === null) {
      return { ...item, value: null, error: error ?? new Error(`${partitionName(item)}: no offsets`) };
    }
    const current = commits.get(partitionName(item)) ?? null;
    const range = { start: start.value.offset, end: end.value.offset, time: time?.value?.offset ?? -1 };
    const wanted = wantedOffset(target, current, range);
    const kept = Math.min(Math.max(wanted, range.start), range.end);
    const value = {
      ...item,
      current,
      target: kept,
      clampedFrom: kept === wanted ? null : wanted,
      isPastEnd: times !== undefined && range.time < 0,
    };
    return { ...item, value, error: null };
  });
}

function wantedOffset(
  target: ResetTarget,
  current: number | null,
  range: { readonly start: number; readonly end: number; readonly time: number },
): number {
  if (target === 'earliest') return range.start;
  if (target === 'latest') return range.end;
  if (target === 'current') return current ?? range.end;
  if ('offset' in target) return target.offset;
  if ('shiftBy' in target) return (current ?? range.end) + target.shiftBy;
  return range.time < 0 ? range.end : range.time;
}

function withSpec(
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): (TopicPartition & { readonly spec: OffsetSpec })[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, spec }));
}
