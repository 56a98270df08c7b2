import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { RaftDriver } from '../../../../extension/engine/raft/driver/raft-driver.ts';
import { directoryOf, endpointOf, Quorum } from './quorum-fixture.ts';
import { CLUSTER_ID, records } from './raft-fixture.ts';

type Add = Parameters<RaftDriver['handleAddRaftVoter']>[0];
type Update = Parameters<RaftDriver['handleUpdateRaftVoter']>[0];

function add(id: number, fields: Partial<Add> = {}): Add {
  return {
    clusterId: CLUSTER_ID,
    timeoutMs: 1000,
    voterId: id,
    voterDirectoryId: directoryOf(id),
    listeners: [{ ...endpointOf(id), unknownTaggedFields: undefined }],
    ackWhenCommitted: true,
    unknownTaggedFields: undefined,
    ...fields,
  };
}

function remove(id: number, directoryId = directoryOf(id)): Parameters<RaftDriver['handleRemoveRaftVoter']>[0] {
  return { clusterId: CLUSTER_ID, voterId: id, voterDirectoryId: directoryId, unknownTaggedFields: undefined };
}

function update(id: number, epoch: number, fields: Partial<Update> = {}): Update {
  return {
    clusterId: CLUSTER_ID,
    currentLeaderEpoch: epoch,
    voterId: id,
    voterDirectoryId: directoryOf(id),
    listeners: [{ ...endpointOf(id), unknownTaggedFields: undefined }],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1, unknownTaggedFields: undefined },
    unknownTaggedFields: undefined,
    ...fields,
  };
}

function voterIds(raft: RaftDriver): number[] {
  return raft.describeQuorum().voters.map(({ replicaId }) => replicaId);
}

describe('an observer', () => {
  test('finds the leader, follows, and never stands', async () => {
    const quorum = new Quorum(4, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    leader.raft.append(1, records('a'));
    await quorum.settle();
    expect(quorum.node(4).listener.seen).toEqual(['3:a']);
    expect(leader.raft.describeQuorum().observers).toMatchObject([
      { replicaId: 4, directoryId: directoryOf(4), logEndOffset: 4 },
    ]);
    for (const id of [1, 2, 3]) quorum.kill(id);
    await quorum.clock.advance(10_000);
    expect(quorum.node(4).raft.leaderAndEpoch().leaderId).toBe(-1);
    expect(quorum.node(4).statuses.every(({ leaderId }) => leaderId !== 4)).toBe(true);
    quorum.start([2, 3]);
    const next = await quorum.elect();
    next.raft.append(next.raft.leaderAndEpoch().epoch, records('b'));
    await quorum.settle();
    expect(quorum.node(4).listener.seen.at(-1)).toMatch(/b$/);
  });

  test('becomes a voter, counts at once, and may lead', async () => {
    const quorum = new Quorum(4, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    const answer = await quorum.ask(leader.raft.handleAddRaftVoter(add(4)));
    expect(answer).toEqual({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null });
    await quorum.settle();
    for (const { raft } of quorum.nodes) expect(voterIds(raft)).toEqual([1, 2, 3, 4]);
    quorum.kill(2);
    leader.raft.append(1, records('a'));
    await quorum.settle();
    quorum.kill(1);
    await quorum.clock.advance(5000);
    // Two of four are no majority.
    expect(quorum.leaders()).toEqual([]);
    quorum.start([2]);
    await quorum.elect();
  });

  test('is no voter before it has the log', async () => {
    const quorum = new Quorum(4, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    quorum.network.isolate(4, [1, 2, 3]);
    await quorum.clock.advance(100);
    const unreachable = await quorum.ask(leader.raft.handleAddRaftVoter(add(4)));
    expect(unreachable.errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(voterIds(leader.raft)).toEqual([1, 2, 3]);
    quorum.network.heal();
    const copy = await quorum.ask(leader.raft.handleAddRaftVoter(add(4, { voterDirectoryId: directoryOf(9) })));
    expect(copy.errorMessage).toContain('does not have the metadata log yet');
  });
});

describe('a change of the voters', () => {
  test('is refused where it makes no sense', async () => {
    const quorum = new Quorum(4, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    const codes = async (...answers: Promise<{ errorCode: number }>[]): Promise<number[]> => {
      const codes: number[] = [];
      for (const answer of answers) codes.push((await quorum.ask(answer)).errorCode);
      return codes;
    };
    const { raft } = leader;
    const follower = quorum.node(2).raft;
    expect(
      await codes(raft.handleAddRaftVoter(add(4, { clusterId: 'other' })), raft.handleRemoveRaftVoter(remove(9))),
    ).toEqual([ErrorCode.INCONSISTENT_CLUSTER_ID, ErrorCode.VOTER_NOT_FOUND]);
    expect(await codes(raft.handleAddRaftVoter(add(3)))).toEqual([ErrorCode.DUPLICATE_VOTER]);
    expect(await codes(raft.handleAddRaftVoter(add(4, { listeners: [] })))).toEqual([ErrorCode.INVALID_REQUEST]);
    expect(await codes(raft.handleRemoveRaftVoter(remove(3, directoryOf(9))))).toEqual([ErrorCode.VOTER_NOT_FOUND]);
    expect(await codes(follower.handleAddRaftVoter(add(4)))).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER]);
    expect(await codes(follower.handleRemoveRaftVoter(remove(3)))).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER]);
    expect(follower.handleUpdateRaftVoter(update(2, 1))).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 1, leaderEpoch: 1, host: '127.0.0.1', port: endpointOf(1).port },
    });
    expect(raft.handleUpdateRaftVoter(update(2, 0)).errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(raft.handleUpdateRaftVoter(update(2, 9)).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(raft.handleUpdateRaftVoter(update(9, 1)).errorCode).toBe(ErrorCode.VOTER_NOT_FOUND);
  });

  test('waits for the one before', async () => {
    const quorum = new Quorum(5, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    const first = leader.raft.handleAddRaftVoter(add(4));
    const second = await quorum.ask(leader.raft.handleAddRaftVoter(add(5)));
    expect(second.errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect((await quorum.ask(first)).errorCode).toBe(ErrorCode.NONE);
    quorum.kill(2);
    quorum.kill(3);
    expect((await quorum.ask(leader.raft.handleAddRaftVoter(add(5, { ackWhenCommitted: false })))).errorCode).toBe(0);
    expect((await quorum.ask(leader.raft.handleRemoveRaftVoter(remove(2)))).errorCode).toBe(
      ErrorCode.REQUEST_TIMED_OUT,
    );
  });

  test('that removes the leader is committed by the others, who then lead', async () => {
    const quorum = new Quorum(3);
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    expect((await quorum.ask(leader.raft.handleRemoveRaftVoter(remove(leader.id)))).errorCode).toBe(ErrorCode.NONE);
    const startMs = quorum.clock.monotonicMs();
    const next = await quorum.elect();
    expect(quorum.clock.monotonicMs() - startMs).toBeLessThan(200);
    expect(next.id).not.toBe(leader.id);
    await quorum.settle();
    expect(voterIds(next.raft)).toEqual([2, 3]);
    expect(next.raft.describeQuorum().observers).toMatchObject([{ replicaId: 1 }]);
    await quorum.clock.advance(10_000);
    expect(next.raft.leaderAndEpoch().leaderId).toBe(next.id);
  });

  test('that was not committed is undone with the log that held it', async () => {
    const quorum = new Quorum(4, { voterCount: 3 });
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    quorum.network.isolate(leader.id, [2, 3]);
    const answer = leader.raft.handleAddRaftVoter(add(4));
    await quorum.until(() => voterIds(leader.raft).length === 4);
    await quorum.until(() => quorum.leaders().some(({ id }) => id !== leader.id), 10_000);
    expect((await quorum.ask(answer, 20_000)).errorCode).not.toBe(ErrorCode.NONE);
    quorum.network.heal();
    await quorum.elect();
    await quorum.settle();
    for (const { raft } of quorum.nodes) expect(voterIds(raft)).toEqual([1, 2, 3]);
    expect(quorum.nodes.flatMap(({ fatal }) => fatal)).toEqual([]);
  });
});

test('a voter that has moved tells the leader, and the record has its new address', async () => {
  const quorum = new Quorum(3);
  quorum.start();
  const leader = await quorum.elect();
  await quorum.settle();
  quorum.kill(2);
  const moved = [{ name: 'CONTROLLER', host: '127.0.0.2', port: 20_000 }];
  quorum.start([2], { controllerEndpoints: moved });
  await quorum.until(() => leader.raft.describeQuorum().nodes[1]?.listeners[0]?.port === 20_000);
  await quorum.settle();
  expect(quorum.node(3).raft.describeQuorum().nodes[1]?.listeners).toEqual(moved);
});
