import type { PartitionChangeRecordInput } from '../../protocol/generated/partition-change-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import type { MetadataVersion } from './metadata-version.ts';
import { directoryOf, LeaderRecoveryState, NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { completedReassignment } from './partition-reassignment.ts';

/**
 * How a leader is looked for. `online`: the leader stays while it may. `preferred`: the first replica takes over where it can.
 * `unclean`: as online, but a replica that is not in step leads when no other can.
 */
export type Election = 'online' | 'preferred' | 'unclean';

/** What decides over one partition. */
export interface PartitionChangeOptions {
  readonly topicId: string;
  readonly partitionId: number;
  readonly partition: PartitionRegistration;
  /** The ISR that is wanted, never larger than what the caller knows to be in step; without it, the ISR stays. */
  readonly targetIsr?: readonly number[];
  /** The replicas that are wanted, those that a reassignment will remove included; without it, they stay. */
  readonly targetReplicas?: readonly number[];
  readonly targetRemoving?: readonly number[];
  readonly targetAdding?: readonly number[];
  readonly targetLeaderRecoveryState?: number;
  /** Whether a replica could lead now. */
  readonly isAcceptableLeader: (replica: number) => boolean;
  readonly version: MetadataVersion;
  readonly isElrEnabled: boolean;
  /** `min.insync.replicas`, at most the number of replicas. */
  readonly minIsr: number;
  readonly election: Election;
  /** These came back without what they had in memory: no longer eligible. */
  readonly uncleanShutdownReplicas?: readonly number[];
  /** The directory of a replica that is new. */
  readonly newDirectory?: (replica: number) => string;
}

/** What the partition is to become, before the election. */
interface Target {
  readonly replicas: readonly number[];
  readonly removing: readonly number[];
  readonly adding: readonly number[];
  isr: readonly number[];
  elr: readonly number[];
}

/** Whom an election found; `unclean` when records may be lost. */
interface Elected {
  readonly leader: number;
  readonly unclean: boolean;
}

type Change = { -readonly [K in keyof PartitionChangeRecordInput]: PartitionChangeRecordInput[K] };

/**
 * Works out what becomes of a partition when its ISR, its assignment or the brokers change, and answers the record that says
 * so, if anything changes. A reassignment ends here once its new replicas are in step.
 *
 * Who leads: the leader, when it still may; else the first in assignment order that is in the ISR (or in the ELR, where
 * it is kept) and alive; else the last known leader, when ISR and ELR are empty (KIP-966: unclean, but nobody knows more);
 * else, where unclean elections are allowed, the first that is alive; else nobody. An unclean leader is alone in the ISR.
 */
export function buildPartitionChange(options: PartitionChangeOptions): NewMetadataRecord | undefined {
  const { partition, isElrEnabled, version, targetLeaderRecoveryState } = options;
  const target = targetOf(options);
  const change: Change = { topicId: options.topicId, partitionId: options.partitionId };

  const elected = elect(options, target);
  if (elected.leader !== partition.leader) setLeader(change, target, elected, partition);
  // Whoever loses its replica must hear of it, and it hears of new leader epochs only.
  if (change.leader === undefined && !includesAll(target.replicas, partition.replicas))
    change.leader = partition.leader;

  if (!sameList(target.elr, partition.elr)) change.eligibleLeaderReplicas = target.elr;
  if (change.isr === undefined && (target.isr.length > 0 || isElrEnabled) && !sameList(target.isr, partition.isr)) {
    change.isr = target.isr;
  }
  // Before 3.6 followers noticed a smaller ISR by the epoch alone.
  const bumpsOnShrink = version.leaderEpochBumpOnShrink === true && change.leader === undefined;
  if (bumpsOnShrink && change.isr && !includesAll(change.isr, partition.isr)) change.leader = partition.leader;
  if (isElrEnabled) rememberLastLeader(partition, change);
  setAssignment(change, target, options);
  if (targetLeaderRecoveryState !== undefined && targetLeaderRecoveryState !== partition.leaderRecoveryState) {
    change.leaderRecoveryState = targetLeaderRecoveryState;
  }
  const { topicId: _topicId, partitionId: _partitionId, ...changes } = change;
  if (Object.keys(changes).length === 0) return undefined;
  return { type: 'PARTITION_CHANGE_RECORD', version: version.partitionChange, data: change };
}

function targetOf(options: PartitionChangeOptions): Target {
  const { partition } = options;
  const wanted = {
    replicas: options.targetReplicas ?? partition.replicas,
    removing: options.targetRemoving ?? partition.removingReplicas,
    adding: options.targetAdding ?? partition.addingReplicas,
    isr: options.targetIsr ?? partition.isr,
  };
  const completed = completedReassignment(wanted, wanted.isr);
  const target = completed === undefined ? wanted : { ...completed, removing: [], adding: [] };
  return { ...target, elr: eligible(options, target) };
}

/** Replicas that were in the ISR when it fell below its minimum and have not come back. */
function eligible(
  options: PartitionChangeOptions,
  target: { readonly replicas: readonly number[]; readonly isr: readonly number[] },
): readonly number[] {
  const { partition, isElrEnabled, minIsr, uncleanShutdownReplicas = [] } = options;
  if (!isElrEnabled || target.isr.length >= Math.min(minIsr, target.replicas.length)) return [];
  const candidates = new Set([...partition.elr, ...partition.isr]);
  return [...candidates].filter(
    (replica) =>
      target.replicas.includes(replica) && !target.isr.includes(replica) && !uncleanShutdownReplicas.includes(replica),
  );
}

function elect(options: PartitionChangeOptions, target: Target): Elected {
  const { partition, isAcceptableLeader, election } = options;
  const { isr, elr, replicas } = target;
  const isValid = (replica: number): boolean =>
    (isr.includes(replica) || elr.includes(replica)) && isAcceptableLeader(replica);
  const [preferred] = replicas;
  if (election === 'preferred' && preferred !== undefined && isValid(preferred)) {
    return { leader: preferred, unclean: false };
  }
  if (isValid(partition.leader)) return { leader: partition.leader, unclean: false };
  const clean = replicas.find(isValid);
  if (clean !== undefined) return { leader: clean, unclean: false };
  const [lastKnown, ...others] = partition.lastKnownElr;
  const nobodyKnowsMore = options.isElrEnabled && isr.length === 0 && elr.length === 0 && others.length === 0;
  if (nobodyKnowsMore && lastKnown !== undefined && isAcceptableLeader(lastKnown)) {
    return { leader: lastKnown, unclean: true };
  }
  const unclean = election === 'unclean' ? replicas.find(isAcceptableLeader) : undefined;
  if (unclean !== undefined) return { leader: unclean, unclean: true };
  return { leader: NO_LEADER, unclean: false };
}

function setLeader(change: Change, target: Target, elected: Elected, partition: PartitionRegistration): void {
  const { leader, unclean } = elected;
  change.leader = leader;
  if (unclean) {
    change.isr = [leader];
    target.elr = [];
    if (partition.leaderRecoveryState !== LeaderRecoveryState.RECOVERING) {
      change.leaderRecoveryState = LeaderRecoveryState.RECOVERING;
    }
  } else if (leader !== NO_LEADER && !target.isr.includes(leader)) {
    target.isr = [leader];
    target.elr = target.elr.filter((replica) => replica !== leader);
  }
}

/** Who led last is written down when nobody does any more, and forgotten once somebody leads again. */
function rememberLastLeader({ lastKnownElr, leader }: PartitionRegistration, change: Change): void {
  if (change.leader === NO_LEADER && lastKnownElr.length === 0) change.lastKnownElr = [leader];
  else if (change.leader !== undefined && change.leader !== NO_LEADER && lastKnownElr.length > 0)
    change.lastKnownElr = [];
}

function setAssignment(change: Change, target: Target, options: PartitionChangeOptions): void {
  const { partition, version, newDirectory } = options;
  const { replicas, removing, adding } = target;
  if (!sameList(replicas, partition.replicas)) {
    change.replicas = replicas;
    if (version.directories === true && newDirectory !== undefined) {
      change.directories = replicas.map((replica) => directoryOf(partition, replica) ?? newDirectory(replica));
    }
  }
  if (!sameList(removing, partition.removingReplicas)) change.removingReplicas = removing;
  if (!sameList(adding, partition.addingReplicas)) change.addingReplicas = adding;
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function includesAll(list: readonly number[], wanted: readonly number[]): boolean {
  return wanted.every((value) => list.includes(value));
}
