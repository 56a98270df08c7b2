import type { PartitionChangeRecord } from '../../protocol/generated/partition-change-record.ts';
import type { PartitionRecord } from '../../protocol/generated/partition-record.ts';
import { UNASSIGNED_DIRECTORY } from '../common/random.ts';

export const NO_LEADER = -1;
/** In PartitionChangeRecord: the leader stays, and so does its epoch. */
export const NO_LEADER_CHANGE = -2;

/** Whether the leader was elected cleanly, or may have lost records that are yet to be reconciled (KIP-704). */
export const LeaderRecoveryState = { RECOVERED: 0, RECOVERING: 1, NO_CHANGE: -1 } as const;

/** The controller's state of one partition. Arrays of broker ids; never changed in place. */
export interface PartitionRegistration {
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly number[];
  /** For each of `replicas`, the id of the log directory that holds it (KIP-858). */
  readonly directories: readonly string[];
  readonly isr: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly addingReplicas: readonly number[];
  /** Eligible leader replicas: out of the ISR, but known to have every committed record (KIP-966). */
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderRecoveryState: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

export function fromPartitionRecord(record: PartitionRecord): PartitionRegistration {
  return {
    replicas: record.replicas,
    directories: record.directories.length > 0 ? record.directories : unassigned(record.replicas),
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  };
}

/** What the partition is after the change: the partition epoch grows, the leader epoch only when a leader is named. */
export function mergePartitionChange(
  from: PartitionRegistration,
  change: PartitionChangeRecord,
): PartitionRegistration {
  const sameLeader = change.leader === NO_LEADER_CHANGE;
  const recovery = change.leaderRecoveryState;
  return {
    replicas: change.replicas ?? from.replicas,
    directories:
      change.directories ?? (change.replicas === null ? from.directories : directoriesFor(change.replicas, from)),
    isr: change.isr ?? from.isr,
    removingReplicas: change.removingReplicas ?? from.removingReplicas,
    addingReplicas: change.addingReplicas ?? from.addingReplicas,
    elr: change.eligibleLeaderReplicas ?? from.elr,
    lastKnownElr: change.lastKnownElr ?? from.lastKnownElr,
    leader: sameLeader ? from.leader : change.leader,
    leaderRecoveryState: recovery === LeaderRecoveryState.NO_CHANGE ? from.leaderRecoveryState : recovery,
    leaderEpoch: sameLeader ? from.leaderEpoch : from.leaderEpoch + 1,
    partitionEpoch: from.partitionEpoch + 1,
  };
}

/** The directories of `replicas`: those that stay keep theirs, new ones are unassigned. */
export function directoriesFor(
  replicas: readonly number[],
  from: Pick<PartitionRegistration, 'replicas' | 'directories'>,
): string[] {
  return replicas.map((replica) => from.directories[from.replicas.indexOf(replica)] ?? UNASSIGNED_DIRECTORY);
}

/** The id of the directory of a broker's replica; undefined when it has none. */
export function directoryOf(partition: PartitionRegistration, brokerId: number): string | undefined {
  return partition.directories[partition.replicas.indexOf(brokerId)];
}

function unassigned(replicas: readonly number[]): string[] {
  return replicas.map(() => UNASSIGNED_DIRECTORY);
}
