import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { CoordinatorFixture } from './coordinator-fixture.ts';
import { commitRequest, joinRequest, syncRequest } from './group-requests.ts';
import { join, pair, stateOf } from './group-steps.ts';
import type { JoinResponse } from './group-steps.ts';

describe('the first rebalance of a group', () => {
  it('waits for more members, the longer the more come, up to the rebalance timeout', async () => {
    const f = await new CoordinatorFixture({ groupInitialRebalanceDelayMs: 3_000 }).start();
    const answered: JoinResponse[] = [];
    const joinOne = (): void =>
      void join(f, 'g', '', { rebalanceTimeoutMs: 10_000 }).then((response) => answered.push(response));
    joinOne();
    await f.clock.advance(2_900);
    joinOne();
    await f.clock.advance(3_000);
    joinOne();
    await f.clock.advance(3_000);
    joinOne();
    expect(answered).toHaveLength(0);
    await f.clock.advance(1_099);
    expect(answered).toHaveLength(0);
    await f.clock.advance(1);
    expect(answered.map(({ generationId }) => generationId)).toEqual([1, 1, 1, 1]);
    expect(answered.filter(({ members }) => members.length === 4)).toHaveLength(1);
  });

  it('ends when the delay is over and nobody else came', async () => {
    const f = await new CoordinatorFixture({ groupInitialRebalanceDelayMs: 3_000 }).start();
    let isAnswered = false;
    const joined = join(f, 'g').finally(() => (isAnswered = true));
    await f.clock.advance(2_999);
    expect(isAnswered).toBe(false);
    await f.clock.advance(1);
    expect((await joined).generationId).toBe(1);
  });

  it('is stable without delay too: members that come together end in one group', async () => {
    const f = await new CoordinatorFixture().start();
    const ids = await Promise.all([1, 2, 3].map(async () => (await f.send('JoinGroup', 9, joinRequest('g'))).memberId));
    let joins = ids.map((id) => f.send('JoinGroup', 9, joinRequest('g', id)));
    await f.clock.advance();
    const generations = (await Promise.all(joins)).map(({ generationId }) => generationId);
    const last = Math.max(...generations);
    joins = ids.map((id) => f.send('JoinGroup', 9, joinRequest('g', id)));
    await f.clock.advance();
    const leaders = new Set((await Promise.all(joins)).map(({ leader }) => leader));
    expect(leaders.size).toBe(1);
    expect(last).toBeLessThan(4);
    expect(await stateOf(f, 'g')).toBe('CompletingRebalance 3');
  });
});

describe('group.max.size', () => {
  it('turns away who is too many, and nobody who is in', async () => {
    const f = await new CoordinatorFixture({ groupMaxSize: 2 }).start();
    const [a] = await pair(f);
    const tooMany = await f.call('JoinGroup', 9, joinRequest('g'));
    expect(tooMany).toMatchObject({ errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, memberId: '' });
    const again = join(f, 'g', a);
    await f.clock.advance();
    // While the group gathers, the places of those who have not come back are free.
    const third = join(f, 'g');
    await f.clock.advance();
    expect((await f.call('JoinGroup', 3, joinRequest('g'))).errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    await f.clock.advance(20_000);
    expect([(await again).generationId, (await third).generationId]).toEqual([3, 3]);
  });

  it('rebalances a group that is found too large at load', async () => {
    const f = await new CoordinatorFixture().start();
    await pair(f);
    const g = await f.restart({ groupMaxSize: 1 });
    expect(await stateOf(g, 'g')).toBe('PreparingRebalance 2');
  });
});

describe('members that go silent', () => {
  it('lose their place when the session ends, and the others rebalance', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    await f.clock.advance(9_000);
    await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 2 });
    await f.clock.advance(1_000);
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 1');
    const beat = await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 2 });
    expect(beat.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoined = await f.call('JoinGroup', 9, joinRequest('g', a));
    expect(rejoined.members.map(({ memberId }) => memberId)).toEqual([a]);
    const gone = await f.call('Heartbeat', 4, { groupId: 'g', memberId: b, generationId: 2 });
    expect(gone.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('are not expired while they wait for the others', async () => {
    const f = await new CoordinatorFixture().start();
    const more = { rebalanceTimeoutMs: 60_000 };
    const [a, b] = await pair(f, more);
    const waiting = join(f, 'g', a, more);
    for (let i = 0; i < 5; i++) {
      await f.clock.advance(9_000);
      await f.call('Heartbeat', 4, { groupId: 'g', memberId: b, generationId: 2 });
    }
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 2');
    await f.clock.advance(20_000);
    expect((await waiting).members).toHaveLength(1);
  });

  it('are kept by committing offsets alone', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    for (let i = 0; i < 3; i++) {
      await f.clock.advance(9_000);
      for (const memberId of [a, b]) {
        const commit = commitRequest('g', { 0: i }, { memberId, generationIdOrMemberEpoch: 2 });
        expect((await f.call('OffsetCommit', 8, commit)).topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NONE);
      }
    }
    expect(await stateOf(f, 'g')).toBe('Stable 2');
  });

  it('after they got their assignment late have a session to go, not more', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    const joins = [join(f, 'g', a), join(f, 'g', b)];
    await f.clock.advance();
    expect((await joins[1]!).generationId).toBe(3);
    const syncB = f.send('SyncGroup', 5, syncRequest('g', b, 3));
    for (let i = 0; i < 3; i++) {
      await f.clock.advance(6_000);
      await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 3 });
    }
    await f.call('SyncGroup', 5, syncRequest('g', a, 3, [[b, 'B']]));
    expect((await syncB).assignment.toString()).toBe('B');
    await f.clock.advance(9_000);
    await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 3 });
    expect(await stateOf(f, 'g')).toBe('Stable 2');
    await f.clock.advance(1_000);
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 1');
  });

  it('before their first join is answered are dropped after five minutes', async () => {
    const f = await new CoordinatorFixture().start();
    const more = { rebalanceTimeoutMs: 1_000_000, sessionTimeoutMs: 1_800_000 };
    const [a] = await pair(f, more);
    const newcomer = join(f, 'g', '', more);
    await f.clock.advance(300_000);
    expect(await newcomer).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId: '' });
    expect(a).not.toBe('');
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 2');
  });

  it('leave an empty group behind when all are gone, which is written', async () => {
    const f = await new CoordinatorFixture().start();
    await pair(f);
    // The sessions, and then the rebalance that the first of them began.
    await f.clock.advance(40_000);
    expect(await stateOf(f, 'g')).toBe('Empty 0');
    const g = await f.restart();
    expect(await stateOf(g, 'g')).toBe('Empty 0');
    expect(g.clock.timerCount).toBe(1);
  });
});

describe('an assignment that is committed late', () => {
  it('is dropped when the group has moved on', async () => {
    const f = await new CoordinatorFixture().start();
    const { memberId: a } = await f.call('JoinGroup', 3, joinRequest('g'));
    f.log.commitsAtOnce = false;
    const sync = f.send('SyncGroup', 5, syncRequest('g', a, 1, [[a, 'A']]));
    const joinB = join(f, 'g');
    await f.clock.advance();
    expect((await sync).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    f.log.commitsAtOnce = true;
    f.log.commit(f.service.partitionFor('g'));
    await f.clock.advance();
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 2');
    expect((await f.call('JoinGroup', 9, joinRequest('g', a))).generationId).toBe(2);
    expect((await joinB).generationId).toBe(2);
    expect(f.logger.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('is not taken for that of the next generation', async () => {
    const f = await new CoordinatorFixture().start();
    const { memberId: a } = await f.call('JoinGroup', 3, joinRequest('g'));
    f.log.commitsAtOnce = false;
    void f.send('SyncGroup', 5, syncRequest('g', a, 1, [[a, 'old']]));
    const joinB = join(f, 'g');
    await f.clock.advance();
    const rejoined = f.send('JoinGroup', 9, joinRequest('g', a));
    const b = (await joinB).memberId;
    expect((await rejoined).generationId).toBe(2);
    let isAnswered = false;
    const syncB = f.send('SyncGroup', 5, syncRequest('g', b, 2)).finally(() => (isAnswered = true));
    f.log.commit(f.service.partitionFor('g'));
    await f.clock.advance();
    expect(isAnswered).toBe(false);
    f.log.commitsAtOnce = true;
    await f.call('SyncGroup', 5, syncRequest('g', a, 2, [[b, 'B']]));
    expect((await syncB).assignment.toString()).toBe('B');
  });
});

describe('when the log refuses', () => {
  it('a new group is not there, and its member is told to try again', async () => {
    const f = await new CoordinatorFixture().start();
    f.log.nextError = new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const refused = await f.call('JoinGroup', 3, joinRequest('g'));
    expect(refused).toMatchObject({ errorCode: ErrorCode.NOT_COORDINATOR, memberId: '' });
    expect(await stateOf(f, 'g')).toBe('Dead 0');
    expect((await f.call('JoinGroup', 3, joinRequest('g'))).errorCode).toBe(ErrorCode.NONE);
  });

  it('an assignment, everybody is told, and the group rebalances', async () => {
    const f = await new CoordinatorFixture().start();
    const { memberId } = await f.call('JoinGroup', 3, joinRequest('g'));
    f.log.nextError = new ApiError(ErrorCode.RECORD_LIST_TOO_LARGE);
    const sync = await f.call('SyncGroup', 5, syncRequest('g', memberId, 1, [[memberId, 'A']]));
    expect(sync.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    expect(await stateOf(f, 'g')).toBe('PreparingRebalance 1');
  });

  it('an offset commit, no offset is there', async () => {
    const f = await new CoordinatorFixture().start();
    f.log.nextError = new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS);
    const { topics } = await f.call('OffsetCommit', 8, commitRequest('g', { 0: 1 }));
    expect(topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect((await f.call('ListGroups', 5, {})).groups).toEqual([]);
  });
});

describe('the life of a coordinator', () => {
  it('begins with startup', async () => {
    const f = new CoordinatorFixture();
    const { errorCode } = await f.call('JoinGroup', 9, joinRequest('g'));
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect((await f.call('ListGroups', 4, {})).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    f.service.startup(3);
    expect((await f.call('JoinGroup', 9, joinRequest('g'))).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect((await f.call('ListGroups', 4, {})).errorCode).toBe(ErrorCode.NONE);
  });

  it('answers heartbeats blindly while it loads', async () => {
    const f = new CoordinatorFixture();
    f.service.startup(3);
    f.log.readGate = new Promise(() => undefined);
    for (const partition of [0, 1, 2]) void f.service.onElection(partition, 1);
    const beat = await f.call('Heartbeat', 4, { groupId: 'g', memberId: 'm', generationId: 1 });
    expect(beat.errorCode).toBe(ErrorCode.NONE);
    const sync = await f.call('SyncGroup', 5, syncRequest('g', 'm', 1));
    expect(sync.errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    expect((await f.call('ListGroups', 4, {})).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  });

  it('ends with NOT_COORDINATOR for all that waits, and without timers', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    const waitingJoin = join(f, 'g', a);
    const { memberId } = await f.call('JoinGroup', 3, joinRequest('other'));
    const waitingSync = f.send('SyncGroup', 5, syncRequest('other', memberId, 1));
    f.log.commitsAtOnce = false;
    const waitingCommit = f.send(
      'OffsetCommit',
      8,
      commitRequest('g', { 0: 1 }, { memberId: b, generationIdOrMemberEpoch: 2 }),
    );
    f.service.shutdown();
    await f.clock.advance();
    expect((await waitingJoin).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect((await waitingSync).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect((await waitingCommit).topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect(f.clock.timerCount).toBe(0);
  });

  it('goes on with the same members after a restart', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    const g = await f.restart();
    for (const memberId of [a, b]) {
      expect((await g.call('Heartbeat', 4, { groupId: 'g', memberId, generationId: 2 })).errorCode).toBe(0);
    }
    const { assignment } = await g.call('SyncGroup', 5, syncRequest('g', b, 2));
    expect(assignment.toString()).toBe('B');
    const follower = await g.call('JoinGroup', 9, joinRequest('g', b));
    expect(follower).toMatchObject({ generationId: 2, leader: a, protocolName: 'range' });
    await g.clock.advance(10_000);
    expect(await stateOf(g, 'g')).toBe('Empty 0');
  });
});

describe('a client that asks twice', () => {
  it('gets the first request answered when the second comes', async () => {
    const f = await new CoordinatorFixture().start();
    const [a, b] = await pair(f);
    const first = join(f, 'g', b, { protocols: [{ name: 'range', metadata: Buffer.from('changed') }] });
    await f.clock.advance();
    const second = join(f, 'g', b);
    await f.clock.advance();
    expect((await first).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect((await f.call('JoinGroup', 9, joinRequest('g', a))).generationId).toBe(3);
    expect((await second).generationId).toBe(3);
    const syncs = [f.send('SyncGroup', 5, syncRequest('g', b, 3)), f.send('SyncGroup', 5, syncRequest('g', b, 3))];
    await f.clock.advance();
    expect((await syncs[0]!).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    await f.call('SyncGroup', 5, syncRequest('g', a, 3, [[b, 'B']]));
    expect((await syncs[1]!).assignment.toString()).toBe('B');
  });
});

describe('a protocol that a member names twice', () => {
  it('counts once', async () => {
    const f = await new CoordinatorFixture().start();
    const protocols = [1, 2].map((version) => ({ name: 'range', metadata: Buffer.from(`version ${version}`) }));
    const { memberId } = await f.call('JoinGroup', 3, joinRequest('g', '', { protocols }));
    const joinB = join(f, 'g');
    await f.clock.advance();
    const { members } = await f.call('JoinGroup', 9, joinRequest('g', memberId, { protocols }));
    expect(members[0]!.metadata.toString()).toBe('version 1');
    expect((await joinB).protocolName).toBe('range');
  });
});
