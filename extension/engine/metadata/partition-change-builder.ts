import type { PartitionChangeRecordInput } from '../../protocol/generated/partition-change-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import type { MetadataVersion } from './metadata-version.ts';
import { LeaderRecoveryState, NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';

/** What decides over one partition. */
export interface PartitionChangeOptions {
  readonly topicId: string;
  readonly partitionId: number;
  readonly partition: PartitionRegistration;
  /** The ISR that is wanted; never larger than what the caller knows to be in step. */
  readonly targetIsr: readonly number[];
  /** Whether a replica could lead now. */
  readonly isAcceptableLeader: (replica: number) => boolean;
  readonly version: MetadataVersion;
  readonly isElrEnabled: boolean;
  /** `min.insync.replicas`, at most the number of replicas. */
  readonly minIsr: number;
  /** `unclean.leader.election.enable`: a replica that is not in step may lead when no other can. */
  readonly allowUnclean: boolean;
  /** These came back without what they had in memory: no longer eligible. */
  readonly uncleanShutdownReplicas?: readonly number[];
}

/** Whom an election found; `unclean` when records may be lost. */
interface Elected {
  readonly leader: number;
  readonly unclean: boolean;
}

/**
 * Works out what becomes of a partition when its ISR or the brokers change, and answers the record that says so, if
 * anything changes.
 *
 * Who leads: the leader, when it still may; else the first in assignment order that is in the ISR (or in the ELR, where
 * it is kept) and alive; else the last known leader, when ISR and ELR are empty (KIP-966: unclean, but nobody knows more);
 * else, where unclean elections are allowed, the first that is alive; else nobody. An unclean leader is alone in the ISR.
 */
export function buildPartitionChange(options: PartitionChangeOptions): NewMetadataRecord | undefined {
  const { partition, isElrEnabled, version } = options;
  let targetIsr = options.targetIsr;
  let targetElr = eligible(options, targetIsr);
  const change: { -readonly [K in keyof PartitionChangeRecordInput]: PartitionChangeRecordInput[K] } = {
    topicId: options.topicId,
    partitionId: options.partitionId,
  };

  const elected = elect(options, targetIsr, targetElr);
  if (elected.leader !== partition.leader) {
    change.leader = elected.leader;
    if (elected.unclean) {
      change.isr = [elected.leader];
      targetElr = [];
      if (partition.leaderRecoveryState !== LeaderRecoveryState.RECOVERING) {
        change.leaderRecoveryState = LeaderRecoveryState.RECOVERING;
      }
    } else if (elected.leader !== NO_LEADER && !targetIsr.includes(elected.leader)) {
      targetIsr = [elected.leader];
      targetElr = targetElr.filter((replica) => replica !== elected.leader);
    }
  } else if (
    version.leaderEpochBumpOnShrink === true &&
    !includesAll(targetIsr, partition.isr) &&
    targetIsr.length > 0
  ) {
    // Before 3.6 followers noticed a smaller ISR by the epoch alone.
    change.leader = partition.leader;
  }

  if (isElrEnabled && !sameList(targetElr, partition.elr)) change.eligibleLeaderReplicas = targetElr;
  if (change.isr === undefined && (targetIsr.length > 0 || isElrEnabled) && !sameList(targetIsr, partition.isr)) {
    change.isr = targetIsr;
  }
  if (isElrEnabled) rememberLastLeader(partition, change);
  const { topicId: _topicId, partitionId: _partitionId, ...changes } = change;
  if (Object.keys(changes).length === 0) return undefined;
  return { type: 'PARTITION_CHANGE_RECORD', version: version.partitionChange, data: change };
}

/** Replicas that were in the ISR when it fell below its minimum and have not come back. */
function eligible(options: PartitionChangeOptions, targetIsr: readonly number[]): readonly number[] {
  const { partition, isElrEnabled, minIsr, uncleanShutdownReplicas = [] } = options;
  if (!isElrEnabled || targetIsr.length >= Math.min(minIsr, partition.replicas.length)) return [];
  const candidates = new Set([...partition.elr, ...partition.isr]);
  return [...candidates].filter(
    (replica) => !targetIsr.includes(replica) && !uncleanShutdownReplicas.includes(replica),
  );
}

function elect(options: PartitionChangeOptions, isr: readonly number[], elr: readonly number[]): Elected {
  const { partition, isAcceptableLeader } = options;
  const isValid = (replica: number): boolean =>
    (isr.includes(replica) || elr.includes(replica)) && isAcceptableLeader(replica);
  if (isValid(partition.leader)) return { leader: partition.leader, unclean: false };
  const clean = partition.replicas.find(isValid);
  if (clean !== undefined) return { leader: clean, unclean: false };
  const [lastKnown, ...others] = partition.lastKnownElr;
  const nobodyKnowsMore = options.isElrEnabled && isr.length === 0 && elr.length === 0 && others.length === 0;
  if (nobodyKnowsMore && lastKnown !== undefined && isAcceptableLeader(lastKnown)) {
    return { leader: lastKnown, unclean: true };
  }
  const unclean = options.allowUnclean ? partition.replicas.find(isAcceptableLeader) : undefined;
  if (unclean !== undefined) return { leader: unclean, unclean: true };
  return { leader: NO_LEADER, unclean: false };
}

/** Who led last is written down when the ISR becomes empty, and forgotten once somebody leads again. */
function rememberLastLeader(
  partition: PartitionRegistration,
  change: {
    readonly isr?: readonly number[] | null | undefined;
    readonly leader?: number | undefined;
    lastKnownElr?: readonly number[] | null | undefined;
  },
): void {
  const { lastKnownElr, leader } = partition;
  if (change.isr?.length === 0 && leader !== NO_LEADER && !(lastKnownElr.length === 1 && lastKnownElr[0] === leader)) {
    change.lastKnownElr = [leader];
    return;
  }
  const leads = change.leader === undefined ? leader !== NO_LEADER : change.leader !== NO_LEADER;
  if (leads && lastKnownElr.length > 0) change.lastKnownElr = [];
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function includesAll(list: readonly number[], wanted: readonly number[]): boolean {
  return wanted.every((value) => list.includes(value));
}
