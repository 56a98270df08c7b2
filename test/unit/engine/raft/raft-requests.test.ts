import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { RaftDriver } from '../../../../extension/engine/raft/driver/raft-driver.ts';
import { directoryOf, endpointOf, Quorum } from './quorum-fixture.ts';
import { CLUSTER_ID, records } from './raft-fixture.ts';

type Vote = Parameters<RaftDriver['handleVote']>[0];
type VotePartition = Vote['topics'][number]['partitions'][number];
type Begin = Parameters<RaftDriver['handleBeginQuorumEpoch']>[0];
type End = Parameters<RaftDriver['handleEndQuorumEpoch']>[0];
type Fetch = Parameters<RaftDriver['handleFetch']>[0];
type FetchPartition = Fetch['topics'][number]['partitions'][number];
type FetchSnapshot = Parameters<RaftDriver['handleFetchSnapshot']>[0];

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const unknownTaggedFields = undefined;

function vote(
  partition: Partial<VotePartition> = {},
  fields: Partial<Vote> = {},
  topicName = '__cluster_metadata',
): Vote {
  const asked: VotePartition = {
    ...{ partitionIndex: 0, replicaEpoch: 1, replicaId: 2, replicaDirectoryId: directoryOf(2) },
    ...{ voterDirectoryId: directoryOf(1), lastOffsetEpoch: 0, lastOffset: 0, preVote: false, unknownTaggedFields },
    ...partition,
  };
  const topics = [{ topicName, partitions: [asked], unknownTaggedFields }];
  return { clusterId: CLUSTER_ID, voterId: 1, topics, unknownTaggedFields, ...fields };
}

function fetch(
  partition: Partial<FetchPartition> = {},
  fields: Partial<Fetch> = {},
  topicId = METADATA_TOPIC_ID,
): Fetch {
  const asked: FetchPartition = {
    ...{ partition: 0, currentLeaderEpoch: 1, fetchOffset: 0, lastFetchedEpoch: 0, logStartOffset: 0 },
    ...{ partitionMaxBytes: 1 << 20, replicaDirectoryId: directoryOf(9), highWatermark: 0, unknownTaggedFields },
    ...partition,
  };
  return {
    ...{ clusterId: CLUSTER_ID, replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, isolationLevel: 0 },
    replicaState: { replicaId: 9, replicaEpoch: -1, unknownTaggedFields },
    ...{ sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '', unknownTaggedFields },
    topics: [{ topic: '', topicId, partitions: [asked], unknownTaggedFields }],
    ...fields,
  };
}

function fetchSnapshot(
  partition: Partial<FetchSnapshot['topics'][number]['partitions'][number]> = {},
  fields: Partial<FetchSnapshot> = {},
): FetchSnapshot {
  const asked = {
    ...{ partition: 0, currentLeaderEpoch: 1, position: 0, replicaDirectoryId: directoryOf(9), unknownTaggedFields },
    snapshotId: { endOffset: 0, epoch: 0, unknownTaggedFields },
    ...partition,
  };
  const topics = [{ name: '__cluster_metadata', partitions: [asked], unknownTaggedFields }];
  return { clusterId: CLUSTER_ID, replicaId: 9, maxBytes: 100, topics, unknownTaggedFields, ...fields };
}

async function running(): Promise<Quorum> {
  const quorum = new Quorum(3);
  quorum.start();
  const leader = await quorum.elect();
  leader.raft.append(1, records('first'));
  await quorum.settle();
  return quorum;
}

describe('a request', () => {
  test('of another cluster, or about another topic, is refused as a whole', async () => {
    const { nodes } = await running();
    const { raft } = nodes[0]!;
    const other = { clusterId: 'other' };
    expect(raft.handleVote(vote({}, other))).toEqual({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [] });
    expect(raft.handleVote(vote({}, {}, 'orders'))).toEqual({ errorCode: ErrorCode.INVALID_REQUEST, topics: [] });
    expect(raft.handleVote(vote({ partitionIndex: 1 })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect(raft.handleVote(vote({}, { topics: [] })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await raft.handleFetch(fetch({}, other), 18)).errorCode).toBe(ErrorCode.INCONSISTENT_CLUSTER_ID);
    expect((await raft.handleFetch(fetch({}, {}, ZERO), 18)).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await raft.handleFetch(fetch({ fetchOffset: -1 }), 18)).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await raft.handleFetchSnapshot(fetchSnapshot({}, other))).errorCode).toBe(
      ErrorCode.INCONSISTENT_CLUSTER_ID,
    );
    const begin: Begin = { ...other, voterId: 1, topics: [], leaderEndpoints: [], unknownTaggedFields };
    expect(raft.handleBeginQuorumEpoch(begin, 1).errorCode).toBe(ErrorCode.INCONSISTENT_CLUSTER_ID);
    const end: End = { clusterId: CLUSTER_ID, topics: [], leaderEndpoints: [], unknownTaggedFields };
    expect(raft.handleEndQuorumEpoch(end, 1).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('without a cluster id is answered', async () => {
    const { nodes } = await running();
    const answer = nodes[0]!.raft.handleVote(vote({ replicaEpoch: 0 }, { clusterId: null }));
    expect(answer.topics[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      leaderId: 1,
      leaderEpoch: 1,
      voteGranted: false,
    });
    expect(answer.nodeEndpoints).toMatchObject([{ nodeId: 1, ...hostOf(1) }]);
  });

  test('for another disk of this voter is not answered for it', async () => {
    const { nodes } = await running();
    const answer = nodes[0]!.raft.handleVote(vote({ voterDirectoryId: directoryOf(7) }));
    expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.INVALID_VOTER_KEY);
  });

  test('to a node that has ended is refused', async () => {
    const quorum = await running();
    quorum.kill(2);
    expect(() => quorum.node(2).raft.handleVote(vote())).toThrow('takes no part');
  });
});

function hostOf(id: number): { host: string; port: number } {
  const { host, port } = endpointOf(id);
  return { host, port };
}

describe('a fetch', () => {
  test('of another epoch, or from a follower, tells who leads', async () => {
    const { nodes } = await running();
    const answers = [
      await nodes[0]!.raft.handleFetch(fetch({ currentLeaderEpoch: 0 }), 18),
      await nodes[0]!.raft.handleFetch(fetch({ currentLeaderEpoch: 5 }), 18),
      await nodes[1]!.raft.handleFetch(fetch(), 18),
    ];
    expect(answers.map(({ responses }) => responses[0]?.partitions[0]?.errorCode)).toEqual([
      ErrorCode.FENCED_LEADER_EPOCH,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ]);
    for (const { responses, nodeEndpoints } of answers) {
      expect(responses[0]?.partitions[0]?.currentLeader).toEqual({ leaderId: 1, leaderEpoch: 1 });
      expect(nodeEndpoints).toMatchObject([{ nodeId: 1, ...hostOf(1) }]);
    }
  });

  test('of a node that has this one’s id is refused', async () => {
    const { nodes } = await running();
    const same = { replicaState: { replicaId: 1, replicaEpoch: -1, unknownTaggedFields } };
    expect((await nodes[0]!.raft.handleFetch(fetch({}, same), 18)).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('waits for records, and for news of what is committed', async () => {
    const quorum = await running();
    const { raft } = quorum.node(1);
    const at = { fetchOffset: 4, lastFetchedEpoch: 1, highWatermark: 4 };
    const early = await quorum.ask(raft.handleFetch(fetch({ ...at, highWatermark: 3 }, { maxWaitMs: 400 }), 18), 1);
    expect(early.responses[0]?.partitions[0]).toMatchObject({ highWatermark: 4, records: [] });

    const startMs = quorum.clock.monotonicMs();
    const idle = await quorum.ask(raft.handleFetch(fetch(at, { maxWaitMs: 400 }), 18));
    expect(quorum.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(400);
    expect(idle.responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, records: [] });

    const waiting = raft.handleFetch(fetch(at, { maxWaitMs: 400 }), 18);
    raft.append(1, records('b'));
    const answer = await quorum.ask(waiting, 3);
    expect(answer.responses[0]?.partitions[0]?.records).not.toEqual([]);
  });

  test('past the end of an epoch is told where that ended', async () => {
    const { nodes } = await running();
    const { responses } = await nodes[0]!.raft.handleFetch(fetch({ fetchOffset: 9, lastFetchedEpoch: 1 }), 18);
    expect(responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 1, endOffset: 4 } });
  });

  test('of a reader that is no replica counts for nothing', async () => {
    const { nodes } = await running();
    const reader = { replicaState: { replicaId: -1, replicaEpoch: -1, unknownTaggedFields } };
    const anyEpoch = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const { responses } = await nodes[0]!.raft.handleFetch(fetch(anyEpoch, reader), 18);
    expect(responses[0]?.partitions[0]?.errorCode).toBe(0);
    expect(nodes[0]!.raft.describeQuorum().observers).toEqual([]);
  });
});

describe('a fetch of a snapshot', () => {
  test('gives a piece, or says what is wrong', async () => {
    const quorum = await running();
    const { raft } = quorum.node(1);
    const answer = async (...asked: Parameters<typeof fetchSnapshot>): Promise<Record<string, unknown>> => ({
      ...(await raft.handleFetchSnapshot(fetchSnapshot(...asked))).topics[0]?.partitions[0],
    });
    const piece = await answer();
    expect(piece).toMatchObject({ errorCode: 0, position: 0, snapshotId: { endOffset: 0, epoch: 0 } });
    expect((piece['unalignedRecords'] as Buffer).length).toBe(100);
    const size = piece['size'] as number;
    expect(((await answer({ position: size - 7 }))['unalignedRecords'] as Buffer).length).toBe(7);
    expect((await answer({ position: size }))['errorCode']).toBe(ErrorCode.POSITION_OUT_OF_RANGE);
    expect((await answer({ position: -1 }))['errorCode']).toBe(ErrorCode.POSITION_OUT_OF_RANGE);
    const unknown = { endOffset: 77, epoch: 1, unknownTaggedFields };
    expect((await answer({ snapshotId: unknown }))['errorCode']).toBe(ErrorCode.SNAPSHOT_NOT_FOUND);
    expect((await answer({ currentLeaderEpoch: 0 }))['errorCode']).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect((await answer({ partition: 3 }))['errorCode']).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});
