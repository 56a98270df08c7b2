import type { Clock } from '../../common/clock.ts';
import { ZERO_UUID } from '../../common/random.ts';
import type { ReplicaProgress } from '../leader-state.ts';
import type { RaftCore } from '../raft-core.ts';
import type { QuorumDescription, QuorumReplica } from '../raft-ports.ts';
import type { QuorumLog } from './quorum-log.ts';

/** What this node knows of the quorum: a leader all, others no more than who votes and how far they are themselves. */
export function describeQuorum(core: RaftCore, log: QuorumLog, clock: Clock): QuorumDescription {
  const { leaderId, epoch } = core.leaderAndEpoch;
  const { leaderState } = core;
  const nowMs = clock.nowMs();
  const monotonicMs = clock.monotonicMs();
  const wallTime = (atMs: number): number => (atMs < 0 ? -1 : Math.round(nowMs - (monotonicMs - atMs)));
  const replica = ({ key, endOffset, lastFetchMs, lastCaughtUpMs }: ReplicaProgress): QuorumReplica => {
    const isSelf = key.id === core.self.id;
    return {
      replicaId: key.id,
      directoryId: key.directoryId ?? ZERO_UUID,
      logEndOffset: isSelf ? log.writtenEnd : endOffset,
      lastFetchTimestampMs: isSelf ? nowMs : wallTime(lastFetchMs),
      lastCaughtUpTimestampMs: isSelf ? nowMs : wallTime(lastCaughtUpMs),
    };
  };
  const nodes = core.voters.nodes();
  return {
    leaderId,
    leaderEpoch: epoch,
    highWatermark: leaderState?.highWatermark ?? core.highWatermark,
    voters:
      leaderState?.voters().map(replica) ??
      nodes.map((key) =>
        replica({ key, endOffset: -1, lastFetchMs: -1, lastCaughtUpMs: -1, leaderEndAtLastFetch: -1 }),
      ),
    observers: leaderState?.observers(monotonicMs).map(replica) ?? [],
    nodes: nodes.map(({ id, endpoints }) => ({ nodeId: id, listeners: endpoints })),
  };
}
