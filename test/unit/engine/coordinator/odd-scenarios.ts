import { commitRequest, joinRequest, syncRequest } from './group-requests.ts';
import type { Scenario } from './transcript.ts';

export const oddRequests: Scenario = {
  name: 'odd requests',
  async play(t) {
    const groupId = t.group('odd');
    const none = t.group('none');
    const topics = [{ name: 'unknown', partitions: [{ partitionIndex: 0 }] }];
    await t.call('nothing deleted of nobody', 'OffsetDelete', 0, { groupId: none, topics });
    await t.call('nobody leaves', 'LeaveGroup', 5, { groupId: none, members: [] });
    await t.call('no group is left', 'LeaveGroup', 1, { groupId: '', memberId: 'm' });
    await t.call('no group is left', 'LeaveGroup', 4, { groupId: '', members: [{ memberId: 'm' }] });
    await t.call('no group is synced', 'SyncGroup', 5, syncRequest('', 'm', 1));
    await t.call('no group syncs', 'SyncGroup', 3, syncRequest(none, 'm', 1));
    const { memberId: pending } = await t.call('an id', 'JoinGroup', 9, joinRequest(groupId));
    await t.call('an id, with an instance', 'JoinGroup', 9, joinRequest(groupId, pending, { groupInstanceId: 'i' }));
    await t.call('an id beats', 'Heartbeat', 4, { groupId, memberId: pending, generationId: 0 });
    await t.call('an id syncs', 'SyncGroup', 5, syncRequest(groupId, pending, 0));
    await t.call(
      'an id commits',
      'OffsetCommit',
      9,
      commitRequest(groupId, { 0: 1 }, { memberId: pending, generationIdOrMemberEpoch: 0 }),
    );
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.call('an id leaves', 'LeaveGroup', 5, { groupId, members: [{ memberId: pending }] });
    await t.call('an id that left joins', 'JoinGroup', 9, joinRequest(groupId, pending));
    const a = await t.call('a static member', 'JoinGroup', 9, joinRequest(groupId, '', { groupInstanceId: 'i' }));
    await t.call(
      'an assignment for strangers',
      'SyncGroup',
      5,
      syncRequest(groupId, a.memberId, 1, [['nobody', 'x']], { groupInstanceId: 'i' }),
    );
    await t.call('nobody leaves', 'LeaveGroup', 5, { groupId, members: [] });
    const commit = { memberId: a.memberId, generationIdOrMemberEpoch: -1 };
    await t.call('a member without generation commits', 'OffsetCommit', 8, commitRequest(groupId, { 0: 1 }, commit));
    await t.call(
      'of another generation',
      'OffsetCommit',
      9,
      commitRequest(groupId, { 0: 1 }, { ...commit, generationIdOrMemberEpoch: 2 }),
    );
    await t.call(
      'of another instance',
      'OffsetCommit',
      9,
      commitRequest(groupId, { 0: 1 }, { ...commit, generationIdOrMemberEpoch: 1, groupInstanceId: 'other' }),
    );
    await t.call(
      'as itself',
      'OffsetCommit',
      9,
      commitRequest(groupId, { 0: 1 }, { ...commit, generationIdOrMemberEpoch: 1, groupInstanceId: 'i' }),
    );
    await t.call('no topics', 'OffsetCommit', 9, commitRequest(none, {}, { topics: [] }));
    await t.call('no topics', 'OffsetFetch', 1, { groupId, topics: [] });
    await t.call('all topics', 'OffsetFetch', 2, { groupId, topics: null });
    await t.call(
      'another type',
      'JoinGroup',
      9,
      joinRequest(groupId, a.memberId, { protocolType: 'x', groupInstanceId: 'i' }),
    );
    await t.call('fenced', 'JoinGroup', 9, joinRequest(groupId, 'other', { groupInstanceId: 'i' }));
    await t.call('unknown instance', 'JoinGroup', 9, joinRequest(groupId, a.memberId, { groupInstanceId: 'j' }));
    const changed = joinRequest(groupId, '', {
      groupInstanceId: 'i',
      protocols: [{ name: 'other', metadata: Buffer.from('o') }],
    });
    await t.call('the only member changes its protocol', 'JoinGroup', 9, changed);
    const both = [
      { name: 'other', metadata: Buffer.from('o') },
      { name: 'range', metadata: Buffer.from('r') },
    ];
    const b = await t.call('the only member prefers another', 'JoinGroup', 9, { ...changed, protocols: both });
    await t.call('rejoins without instance', 'JoinGroup', 9, joinRequest(groupId, b.memberId, { protocols: both }));
    await t.call('strange filters', 'ListGroups', 5, { typesFilter: ['strange'] });
    await t.call('strange filters', 'ListGroups', 5, { statesFilter: ['strange'], typesFilter: ['Classic'] });
    await t.call('one filter is strange', 'ListGroups', 5, {
      statesFilter: ['strange', 'completingrebalance'],
      typesFilter: ['CLASSIC', 'strange'],
    });
    await t.call('deleted', 'DeleteGroups', 2, { groupsNames: [groupId, none, none] });
    await t.records(groupId);
  },
};
