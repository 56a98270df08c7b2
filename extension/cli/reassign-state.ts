import type { Admin } from '../client/admin.ts';
import type { ReplicaMove } from '../client/admin/replicas.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { partitionName } from '../client/leader-routing.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { inHashMapOrder, javaHashCode, partitionHashCode } from './java-hash-order.ts';
import { byReplica, byTopicAndPartition, replicaName, type PartitionReplicas, type Replica } from './reassign-plan.ts';

/** Where partitions are now. */
export async function currentReplicas(
  admin: Admin,
  wanted: readonly { readonly topic: string; readonly partition?: number }[],
): Promise<PartitionReplicas[]> {
  const names = inHashMapOrder([...new Set(wanted.map(({ topic }) => topic))], javaHashCode);
  const topics = await admin.describeTopics(names);
  for (const { name, error } of topics) {
    if (error?.code === 'UNKNOWN_TOPIC_OR_PARTITION') throw notFound(`Topic ${name} not found.`);
    if (error !== null) throw error;
  }
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ partition }) => wanted.some((each) => each.topic === topic && isSame(each.partition, partition)))
      .map(({ partition, replicas }) => ({ topic, partition, replicas })),
  );
}

function isSame(wanted: number | undefined, partition: number): boolean {
  return wanted === undefined || wanted === partition;
}

/** Where the given partitions are now. Throws KafkaError when there is no such partition. */
export async function currentReplicasOf(
  admin: Admin,
  wanted: readonly PartitionReplicas[],
): Promise<PartitionReplicas[]> {
  const found = await currentReplicas(admin, wanted);
  const names = new Set(found.map(partitionName));
  const missing = wanted.filter((each) => !names.has(partitionName(each)));
  if (missing.length === 0) return found;
  const listed = inHashMapOrder(missing, partitionHashCode).map(partitionName).join(', ');
  throw notFound(`Unable to find partition: ${listed}`);
}

function notFound(message: string): KafkaError {
  return new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'reassignment', message);
}

export interface ReplicaDirs {
  readonly current?: string;
  /** Where a copy is being made. */
  readonly future?: string;
}

/** Directories of replicas by name, asked of their brokers; those on failed directories have none. */
export async function replicaDirs(admin: Admin, replicas: readonly Replica[]): Promise<Map<string, ReplicaDirs>> {
  const found = new Map<string, ReplicaDirs>(replicas.map((replica) => [replicaName(replica), {}]));
  const brokerIds = [...new Set(replicas.map(({ brokerId }) => brokerId))];
  const answers = await Promise.all(
    brokerIds.map((brokerId) =>
      admin.describeLogDirs({
        brokerIds: [brokerId],
        partitions: replicas.filter((replica) => replica.brokerId === brokerId),
      }),
    ),
  );
  for (const { brokerId, dirs, error } of answers.flat()) {
    if (error !== null) throw error;
    for (const dir of dirs.filter((each) => each.error === null)) {
      for (const { topic, partition, isFuture } of dir.replicas) {
        const name = replicaName({ topic, partition, brokerId });
        found.set(name, { ...found.get(name), [isFuture ? 'future' : 'current']: dir.path });
      }
    }
  }
  return found;
}

export interface PartitionState {
  readonly replicas: readonly number[];
  readonly isMoving: boolean;
}

/** What became of the partitions of a plan, in words. */
export function partitionStatus(
  partitions: readonly PartitionReplicas[],
  states: ReadonlyMap<string, PartitionState>,
): string {
  const lines = [...partitions].sort(byTopicAndPartition).map((target) => {
    const name = partitionName(target);
    const { replicas, isMoving } = states.get(name) ?? { replicas: [], isMoving: false };
    if (isMoving) return `Reassignment of partition ${name} is still in progress.`;
    if (replicas.join() === target.replicas.join()) return `Reassignment of partition ${name} is completed.`;
    const difference = `replica set is ${replicas.join(',')} rather than ${target.replicas.join(',')}`;
    return `There is no active reassignment of partition ${name}, but ${difference}.`;
  });
  return ['Status of partition reassignment:', ...lines].join('\n');
}

/** Whether nothing more is to be waited for: moved, or not moving at all. */
export function isMoveDone({ current, future }: ReplicaDirs): boolean {
  return current !== undefined && future === undefined;
}

/** What became of moves between directories, in words. */
export function moveStatus(moves: readonly ReplicaMove[], dirs: ReadonlyMap<string, ReplicaDirs>): string {
  return [...moves]
    .sort(byReplica)
    .map((move) => oneMoveStatus(move, dirs.get(replicaName(move)) ?? {}))
    .join('\n');
}

function oneMoveStatus(move: ReplicaMove, { current, future }: ReplicaDirs): string {
  const place = `Partition ${partitionName(move)} on broker ${move.brokerId}`;
  if (current === undefined) {
    return (
      `Partition ${partitionName(move)} is not found in any live log dir on broker ${move.brokerId}. ` +
      'There is likely an offline log directory on the broker.'
    );
  }
  if (future === move.path) return `Reassignment of replica ${replicaName(move)} is still in progress.`;
  if (future !== undefined) return `${place} is being moved to log dir ${future} instead of ${move.path}.`;
  if (current === move.path) return `Reassignment of replica ${replicaName(move)} completed successfully.`;
  return `${place} is not being moved from log dir ${current} to ${move.path}.`;
}
