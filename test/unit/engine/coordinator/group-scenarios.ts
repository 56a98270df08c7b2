import type { RequestOf } from './coordinator-fixture.ts';
import { commitRequest, joinRequest, subscription, syncRequest } from './group-requests.ts';
import { oddRequests } from './odd-scenarios.ts';
import { deletion, offsets } from './offset-scenarios.ts';
import type { Scenario, Transcript } from './transcript.ts';

/** A member with an id, alone in a stable group of generation 1. */
async function stableMember(
  t: Transcript,
  groupId: string,
  more: Partial<RequestOf<'JoinGroup'>> = {},
): Promise<string> {
  const { memberId } = await t.call('a asks for an id', 'JoinGroup', 9, joinRequest(groupId, '', more));
  await t.call('a joins', 'JoinGroup', 9, joinRequest(groupId, memberId, more));
  await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, memberId, 1, [[memberId, 'a1']]));
  return memberId;
}

const beats: Scenario = {
  name: 'one member joins, syncs, beats and leaves',
  async play(t) {
    const groupId = t.group('one');
    const memberId = await stableMember(t, groupId);
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId, generationId: 1 });
    await t.call('wrong generation', 'Heartbeat', 4, { groupId, memberId, generationId: 0 });
    await t.call('a stranger beats', 'Heartbeat', 4, { groupId, memberId: 'nobody', generationId: 1 });
    await t.call('unknown group', 'Heartbeat', 4, { groupId: t.group('none'), memberId, generationId: 1 });
    await t.call('no group id', 'Heartbeat', 4, { groupId: '', memberId, generationId: 1 });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId, t.group('none')] });
    await t.call('described', 'DescribeGroups', 5, { groups: [groupId, t.group('none')] });
    await t.call('listed', 'ListGroups', 5, {});
    await t.call('listed stable', 'ListGroups', 5, { statesFilter: ['sTaBle'], typesFilter: ['classic'] });
    await t.call('listed empty', 'ListGroups', 4, { statesFilter: ['Empty'] });
    await t.call('listed consumer', 'ListGroups', 5, { typesFilter: ['consumer'] });
    await t.call('listed', 'ListGroups', 0, {});
    await t.call('stranger leaves', 'LeaveGroup', 5, { groupId, members: [{ memberId: 'nobody' }] });
    await t.call('a leaves', 'LeaveGroup', 5, { groupId, members: [{ memberId }, { memberId }] });
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId, generationId: 1 });
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, memberId, 1));
    await t.call('a joins again', 'JoinGroup', 9, joinRequest(groupId, memberId));
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.call('listed', 'ListGroups', 5, {});
    await t.call('deleted', 'DeleteGroups', 2, { groupsNames: [groupId, t.group('none')] });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.records(groupId);
  },
};

const twoMembers: Scenario = {
  name: 'a second member joins, both rejoin, one leaves',
  async play(t) {
    const groupId = t.group('two');
    const a = await stableMember(t, groupId);
    const { memberId: b } = await t.call('b asks for an id', 'JoinGroup', 9, joinRequest(groupId));
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId: a, generationId: 1 });
    const joinB = t.start('b joins', 'JoinGroup', 9, joinRequest(groupId, b));
    await t.look(joinB);
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId: a, generationId: 1 });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, a, 1));
    await t.call(
      'a commits',
      'OffsetCommit',
      8,
      commitRequest(groupId, { 0: 5 }, { memberId: a, generationIdOrMemberEpoch: 1 }),
    );
    await t.call('a rejoins', 'JoinGroup', 9, joinRequest(groupId, a));
    await t.finish(joinB);
    const syncB = t.start('b syncs', 'SyncGroup', 5, syncRequest(groupId, b, 2));
    await t.look(syncB);
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.call(
      'a commits',
      'OffsetCommit',
      8,
      commitRequest(groupId, { 0: 6 }, { memberId: a, generationIdOrMemberEpoch: 2 }),
    );
    await t.call('a joins unchanged', 'JoinGroup', 9, joinRequest(groupId, a));
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, a, 2, [[a, 'for a']]));
    await t.finish(syncB);
    await t.call('b syncs again', 'SyncGroup', 3, syncRequest(groupId, b, 2));
    await t.call('b joins unchanged', 'JoinGroup', 9, joinRequest(groupId, b));
    await t.call('b, old generation', 'SyncGroup', 3, syncRequest(groupId, b, 1));
    await t.call('b, other protocol', 'SyncGroup', 5, syncRequest(groupId, b, 2, [], { protocolName: 'sticky' }));
    await t.call('b, other type', 'SyncGroup', 5, syncRequest(groupId, b, 2, [], { protocolType: 'connect' }));
    await t.call('b, no protocol', 'SyncGroup', 5, syncRequest(groupId, b, 2, [], { protocolType: null }));
    await t.call('a stranger syncs', 'SyncGroup', 5, syncRequest(groupId, 'nobody', 2));
    const rejoinA = t.start('a, who leads, rejoins', 'JoinGroup', 9, joinRequest(groupId, a));
    await t.look(rejoinA);
    await t.call('b leaves', 'LeaveGroup', 2, { groupId, memberId: b });
    await t.finish(rejoinA);
    await t.call('b leaves again', 'LeaveGroup', 2, { groupId, memberId: b });
    await t.call('b leaves nothing', 'LeaveGroup', 2, { groupId: t.group('none'), memberId: b });
    await t.call('b leaves nothing', 'LeaveGroup', 4, { groupId: t.group('none'), members: [{ memberId: b }] });
    await t.records(groupId);
  },
};

const oldClients: Scenario = {
  name: 'clients of old versions get their id at once',
  async play(t) {
    const groupId = t.group('old');
    const a = await t.call('a joins', 'JoinGroup', 0, { ...joinRequest(groupId), rebalanceTimeoutMs: -1 });
    const joinB = t.start('b joins', 'JoinGroup', 3, joinRequest(groupId));
    await t.look(joinB);
    await t.call('a rejoins', 'JoinGroup', 1, joinRequest(groupId, a.memberId));
    const b = await t.finish(joinB);
    const syncB = t.start('b syncs', 'SyncGroup', 0, {
      groupId,
      memberId: b.memberId,
      generationId: 2,
      assignments: [],
    });
    const assignment = [
      { memberId: a.memberId, assignment: Buffer.from('A') },
      { memberId: b.memberId, assignment: Buffer.from('B') },
    ];
    await t.call('a syncs', 'SyncGroup', 2, {
      groupId,
      memberId: a.memberId,
      generationId: 2,
      assignments: assignment,
    });
    await t.finish(syncB);
    await t.call('described', 'DescribeGroups', 0, { groups: [groupId] });
    await t.call('wrong group', 'JoinGroup', 2, joinRequest(''));
    await t.call('stranger', 'JoinGroup', 5, joinRequest(groupId, 'nobody'));
    await t.call('stranger in no group', 'JoinGroup', 9, joinRequest(t.group('none'), 'nobody'));
    await t.call('session too short', 'JoinGroup', 9, joinRequest(groupId, '', { sessionTimeoutMs: 5_999 }));
    await t.call('session too long', 'JoinGroup', 6, joinRequest(groupId, '', { sessionTimeoutMs: 1_800_001 }));
    await t.call('another type', 'JoinGroup', 9, joinRequest(groupId, '', { protocolType: 'connect' }));
    await t.call('no type', 'JoinGroup', 9, joinRequest(t.group('none'), '', { protocolType: '' }));
    await t.call('no protocols', 'JoinGroup', 9, joinRequest(t.group('none'), '', { protocols: [] }));
    const alien = [{ name: 'alien', metadata: Buffer.from('x') }];
    await t.call('nothing in common', 'JoinGroup', 9, joinRequest(groupId, '', { protocols: alien }));
    await t.records(groupId);
    await t.records(t.group('none'));
  },
};

const votes: Scenario = {
  name: 'the protocol that most prefer is chosen',
  async play(t) {
    const groupId = t.group('votes');
    const named = (...names: string[]) => ({
      protocols: names.map((name) => ({ name, metadata: subscription('orders') })),
    });
    const a = await t.call('a joins', 'JoinGroup', 3, joinRequest(groupId, '', named('range', 'sticky', 'own')));
    const joinB = t.start('b joins', 'JoinGroup', 3, joinRequest(groupId, '', named('sticky', 'range')), 'b');
    await t.look(joinB);
    const joinC = t.start('c joins', 'JoinGroup', 3, joinRequest(groupId, '', named('sticky', 'other', 'range')), 'c');
    await t.look(joinC);
    await t.call('d has only its own', 'JoinGroup', 3, joinRequest(groupId, '', named('own')));
    await t.call('a rejoins', 'JoinGroup', 7, joinRequest(groupId, a.memberId, named('range', 'sticky', 'own')));
    await t.finish(joinB);
    await t.finish(joinC);
  },
};

const staticMember: Scenario = {
  name: 'a static member comes back without a rebalance',
  async play(t) {
    const groupId = t.group('static');
    const instance = { groupInstanceId: 'i1' };
    const a = await t.call('a joins', 'JoinGroup', 9, joinRequest(groupId, '', instance));
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, a.memberId, 1, [[a.memberId, 'a1']], instance));
    const a2 = await t.call('a comes back', 'JoinGroup', 9, joinRequest(groupId, '', instance));
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, a2.memberId, 1, [], instance));
    await t.call('the old a beats', 'Heartbeat', 4, { groupId, memberId: a.memberId, generationId: 1, ...instance });
    await t.call('the old a, unnamed', 'Heartbeat', 2, { groupId, memberId: a.memberId, generationId: 1 });
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId: a2.memberId, generationId: 1, ...instance });
    await t.call('an unknown instance', 'Heartbeat', 4, {
      groupId,
      memberId: a2.memberId,
      generationId: 1,
      groupInstanceId: 'i9',
    });
    await t.call(
      'the old a commits',
      'OffsetCommit',
      8,
      commitRequest(groupId, { 0: 1 }, { memberId: a.memberId, generationIdOrMemberEpoch: 1, ...instance }),
    );
    const a3 = await t.call('a comes back with v8', 'JoinGroup', 8, joinRequest(groupId, '', instance));
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    const b = t.start('b joins', 'JoinGroup', 9, joinRequest(groupId, '', { groupInstanceId: 'i2' }));
    await t.look(b);
    const a4 = t.start('a comes back during the rebalance', 'JoinGroup', 9, joinRequest(groupId, '', instance));
    const { memberId: aId } = await t.finish(a4);
    const { memberId: bId } = await t.finish(b);
    const sync = t.start('b syncs', 'SyncGroup', 5, syncRequest(groupId, bId, 2, [], { groupInstanceId: 'i2' }));
    await t.look(sync);
    const a5 = t.start('a comes back while it is assigned', 'JoinGroup', 9, joinRequest(groupId, '', instance));
    await t.finish(sync);
    await t.look(a5);
    await t.call('b rejoins', 'JoinGroup', 9, joinRequest(groupId, bId, { groupInstanceId: 'i2' }));
    const { memberId: aLast } = await t.finish(a5);
    await t.call('a, fenced, syncs', 'SyncGroup', 5, syncRequest(groupId, aId, 3, [], instance));
    await t.call(
      'a syncs',
      'SyncGroup',
      5,
      syncRequest(
        groupId,
        aLast,
        3,
        [
          [bId, 'B'],
          [aLast, 'A'],
        ],
        instance,
      ),
    );
    await t.call(
      'a changes its protocol',
      'JoinGroup',
      9,
      joinRequest(groupId, aLast, { ...instance, groupInstanceId: 'i2' }),
    );
    await t.call('nobody leaves', 'LeaveGroup', 5, { groupId, members: [{ memberId: '', groupInstanceId: 'i9' }] });
    await t.call('fenced leaves', 'LeaveGroup', 5, { groupId, members: [{ memberId: a3.memberId, ...instance }] });
    await t.call('an administrator removes both', 'LeaveGroup', 3, {
      groupId,
      members: [
        { memberId: '', groupInstanceId: 'i1' },
        { memberId: '', groupInstanceId: 'i2' },
      ],
    });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.records(groupId);
  },
};

const sessions: Scenario = {
  name: 'sessions and ids that are not used expire',
  async play(t) {
    const groupId = t.group('expiry');
    const short = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000 };
    const { memberId } = await t.call('a asks for an id', 'JoinGroup', 9, joinRequest(groupId, '', short));
    const b = await t.call('b joins', 'JoinGroup', 3, joinRequest(groupId, '', short));
    await t.call('b syncs', 'SyncGroup', 5, syncRequest(groupId, b.memberId, 1, [[b.memberId, 'b']]));
    await t.wait(3_500);
    await t.call('b beats', 'Heartbeat', 4, { groupId, memberId: b.memberId, generationId: 1 });
    await t.wait(3_500);
    await t.call('a comes too late', 'JoinGroup', 9, joinRequest(groupId, memberId, short));
    await t.call('b beats', 'Heartbeat', 4, { groupId, memberId: b.memberId, generationId: 1 });
    await t.call(
      'b commits',
      'OffsetCommit',
      8,
      commitRequest(groupId, { 0: 5 }, { memberId: b.memberId, generationIdOrMemberEpoch: 1 }),
    );
    await t.wait(6_800);
    await t.call('b beats too late', 'Heartbeat', 4, { groupId, memberId: b.memberId, generationId: 1 });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.records(groupId);
  },
};

const rebalanceTimeout: Scenario = {
  name: 'who does not rejoin or sync in time is left behind',
  async play(t) {
    const groupId = t.group('slow');
    const slow = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 2_000 };
    const a = await t.call('a joins', 'JoinGroup', 3, joinRequest(groupId, '', slow));
    await t.call('a syncs', 'SyncGroup', 5, syncRequest(groupId, a.memberId, 1, [[a.memberId, 'a']]));
    const joinB = t.start('b joins', 'JoinGroup', 3, joinRequest(groupId, '', slow));
    await t.look(joinB);
    await t.wait(2_600);
    const b = await t.finish(joinB);
    await t.call('a beats', 'Heartbeat', 4, { groupId, memberId: a.memberId, generationId: 1 });
    await t.wait(2_600);
    await t.call('b did not sync', 'Heartbeat', 4, { groupId, memberId: b.memberId, generationId: 2 });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.records(groupId);
  },
};

export const scenarios: readonly Scenario[] = [
  beats,
  twoMembers,
  oldClients,
  votes,
  staticMember,
  offsets,
  deletion,
  sessions,
  rebalanceTimeout,
  oddRequests,
];
