import type { QuorumDescription, QuorumReplica } from '../client/admin/cluster.ts';
import { ZERO_TOPIC_ID } from '../client/cluster-metadata.ts';

const LABEL_WIDTH = 24;

/** What `describe --status` prints. */
export function statusText(clusterId: string, quorum: QuorumDescription): string {
  const { lag, lagTimeMs } = maxFollowerLag(quorum);
  const rows: [string, string | number][] = [
    ['ClusterId', clusterId],
    ['LeaderId', quorum.leaderId],
    ['LeaderEpoch', quorum.leaderEpoch],
    ['HighWatermark', quorum.highWatermark],
    ['MaxFollowerLag', lag],
    ['MaxFollowerLagTimeMs', lagTimeMs],
    ['CurrentVoters', members(quorum.voters, quorum)],
    ['CurrentObservers', members(quorum.observers, quorum)],
  ];
  return rows.map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH)}${value}`).join('\n');
}

function maxFollowerLag({ leaderId, voters }: QuorumDescription): { lag: number; lagTimeMs: number } {
  const leader = voters.find(({ replicaId }) => replicaId === leaderId);
  if (leader === undefined) return { lag: -1, lagTimeMs: -1 };
  const last = voters.reduce((least, voter) => (voter.logEndOffset < least.logEndOffset ? voter : least), leader);
  const isTold = leader.lastCaughtUpTimestamp >= 0 && last.lastCaughtUpTimestamp >= 0;
  const lagTimeMs = last === leader ? 0 : isTold ? leader.lastCaughtUpTimestamp - last.lastCaughtUpTimestamp : -1;
  return { lag: leader.logEndOffset - last.logEndOffset, lagTimeMs };
}

function members(replicas: readonly QuorumReplica[], { nodes }: QuorumDescription): string {
  const items = replicas.map(({ replicaId, directoryId }) => {
    const listeners = nodes.find(({ id }) => id === replicaId)?.listeners ?? [];
    const endpoints = listeners.map(({ name, host, port }) => `"${name}://${host}:${port}"`).join(', ');
    const fields = [
      `"id": ${replicaId}`,
      ...(directoryId === ZERO_TOPIC_ID ? [] : [`"directoryId": "${directoryId}"`]),
      ...(endpoints === '' ? [] : [`"endpoints": [${endpoints}]`]),
    ];
    return `{${fields.join(', ')}}`;
  });
  return `[${items.join(', ')}]`;
}

const COLUMNS = [
  'NodeId',
  'DirectoryId',
  'LogEndOffset',
  'Lag',
  'LastFetchTimestamp',
  'LastCaughtUpTimestamp',
  'Status',
];

/** What `describe --replication` prints; with `nowMs`, times as durations. */
export function replicationTable(quorum: QuorumDescription, nowMs: number | undefined): string {
  const leader = quorum.voters.find(({ replicaId }) => replicaId === quorum.leaderId);
  const followers = quorum.voters.filter((voter) => voter !== leader);
  const time = (timestamp: number): string =>
    nowMs === undefined || timestamp < 0 ? String(timestamp) : `${nowMs - timestamp} ms ago`;
  const row = (replica: QuorumReplica, status: string): string[] => [
    String(replica.replicaId),
    replica.directoryId,
    String(replica.logEndOffset),
    String((leader?.logEndOffset ?? replica.logEndOffset) - replica.logEndOffset),
    time(replica.lastFetchTimestamp),
    time(replica.lastCaughtUpTimestamp),
    status,
  ];
  const rows = [
    COLUMNS,
    ...(leader === undefined ? [] : [row(leader, 'Leader')]),
    ...followers.map((replica) => row(replica, 'Follower')),
    ...quorum.observers.map((replica) => row(replica, 'Observer')),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) => cells.map((cell, column) => `${cell.padEnd(widths[column]!)}\t`).join('')).join('\n');
}
