import type { VoterEndpoint } from '../raft-ports.ts';
import type { QuorumAtOffset } from '../voter-history.ts';
import { sameVoter } from '../voter-set.ts';
import { kraftVersion, leaderChange, voters } from './control-records.ts';
import type { EncodedControlRecord } from './control-records.ts';
import { KRAFT_VERSIONS } from './format-directory.ts';

/** Who opens an epoch. */
export interface EpochLeader {
  readonly leaderId: number;
  /** Who voted for it. */
  readonly granting: readonly number[];
  readonly endpoints: readonly VoterEndpoint[];
}

/**
 * The first batch of an epoch. It repeats the voters where the log does not have them yet (they are in the snapshot that
 * formatting wrote) and where the leader's own addresses have changed.
 */
export function epochRecords(leader: EpochLeader, quorum: QuorumAtOffset): EncodedControlRecord[] {
  const { leaderId, granting, endpoints } = leader;
  const records = [leaderChange(leaderId, quorum.voters.ids(), granting)];
  const voter = quorum.voters.get(leaderId);
  if (quorum.kraftVersion === 0 || voter === undefined) return records;
  const { min, max } = KRAFT_VERSIONS;
  const current = { ...voter, endpoints, minKRaftVersion: min, maxKRaftVersion: max };
  if (quorum.offset >= 0 && sameVoter(voter, current)) return records;
  return [...records, kraftVersion(quorum.kraftVersion), voters(quorum.voters.withUpdated(current))];
}
