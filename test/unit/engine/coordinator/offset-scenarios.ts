import { commitRequest, joinRequest } from './group-requests.ts';
import type { Scenario } from './transcript.ts';

export const offsets: Scenario = {
  name: 'offsets of a simple consumer',
  async play(t) {
    const groupId = t.group('simple');
    const topic = (partitionIndexes: number[]) => [{ name: 'orders', partitionIndexes }];
    await t.call('fetched before', 'OffsetFetch', 7, { groupId, topics: topic([0, 1]) });
    await t.call('all fetched before', 'OffsetFetch', 7, { groupId, topics: null });
    await t.call('committed', 'OffsetCommit', 9, commitRequest(groupId, { 0: 10, 1: 20, 7: 30 }));
    const unknown = [
      { name: 'unknown', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] },
    ];
    await t.call('of no topic', 'OffsetCommit', 2, commitRequest(groupId, {}, { topics: unknown }));
    await t.call(
      'with an epoch',
      'OffsetCommit',
      6,
      commitRequest(
        groupId,
        {},
        {
          topics: [
            {
              name: 'payments',
              partitions: [{ partitionIndex: 2, committedOffset: 7, committedLeaderEpoch: 3, committedMetadata: null }],
            },
          ],
        },
      ),
    );
    await t.call(
      'metadata too long',
      'OffsetCommit',
      8,
      commitRequest(
        groupId,
        {},
        {
          topics: [
            {
              name: 'payments',
              partitions: [
                { partitionIndex: 0, committedOffset: 7, committedMetadata: 'x'.repeat(4097) },
                { partitionIndex: 1, committedOffset: 8, committedMetadata: 'x'.repeat(4) },
              ],
            },
          ],
        },
      ),
    );
    await t.call(
      'with a generation',
      'OffsetCommit',
      8,
      commitRequest(groupId, { 0: 1 }, { generationIdOrMemberEpoch: 1 }),
    );
    await t.call('with a member', 'OffsetCommit', 8, commitRequest(groupId, { 0: 11 }, { memberId: 'x' }));
    await t.call('with a retention', 'OffsetCommit', 4, commitRequest(groupId, { 2: 5 }, { retentionTimeMs: 100_000 }));
    const none = t.group('none');
    await t.call('no group', 'OffsetCommit', 8, commitRequest(none, { 0: 1 }, { generationIdOrMemberEpoch: 1 }));
    await t.call(
      'no group',
      'OffsetCommit',
      9,
      commitRequest(none, { 0: 1 }, { generationIdOrMemberEpoch: 1, memberId: 'x' }),
    );
    for (const version of [1, 2, 5, 7]) {
      await t.call('fetched', 'OffsetFetch', version, { groupId, topics: topic([0, 1, 2]) });
    }
    await t.call('all fetched', 'OffsetFetch', 7, { groupId, topics: null, requireStable: true });
    await t.call('groups fetched', 'OffsetFetch', 8, {
      groups: [
        { groupId, topics: null },
        { groupId, topics: topic([0, 9]) },
        { groupId: none, topics: null },
        { groupId: none, topics: topic([0]) },
      ],
    });
    await t.call('groups fetched', 'OffsetFetch', 9, {
      groups: [{ groupId, topics: topic([0]), memberId: 'x', memberEpoch: 3 }],
      requireStable: true,
    });
    await t.call('by id', 'OffsetFetch', 10, {
      groups: [
        { groupId, topics: null },
        {
          groupId,
          topics: [
            { topicId: t.topicId('orders'), partitionIndexes: [0, 1] },
            { topicId: 'nonononononononononon0', partitionIndexes: [0] },
          ],
        },
      ],
    });
    await t.call(
      'committed by id',
      'OffsetCommit',
      10,
      commitRequest(
        groupId,
        {},
        {
          topics: [
            {
              topicId: t.topicId('orders'),
              partitions: [{ partitionIndex: 0, committedOffset: 99, committedMetadata: null }],
            },
            {
              topicId: 'nonononononononononon0',
              partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
            },
          ],
        },
      ),
    );
    await t.call('no group id', 'OffsetCommit', 8, commitRequest('', { 0: 4 }));
    await t.call('no group id', 'OffsetFetch', 7, { groupId: '', topics: topic([0]) });
    await t.call('described', 'DescribeGroups', 6, { groups: [groupId] });
    await t.call('listed', 'ListGroups', 5, {});
    const deleted = {
      name: 'orders',
      partitions: [{ partitionIndex: 0 }, { partitionIndex: 2 }, { partitionIndex: 8 }],
    };
    await t.call('deleted', 'OffsetDelete', 0, { groupId, topics: [deleted] });
    await t.call('deleted of no topic', 'OffsetDelete', 0, { groupId, topics: [{ ...deleted, name: 'unknown' }] });
    await t.call('deleted of no group', 'OffsetDelete', 0, { groupId: none, topics: [deleted] });
    await t.call('all fetched', 'OffsetFetch', 7, { groupId, topics: null });
    await t.call('a member joins', 'JoinGroup', 3, joinRequest(groupId));
    await t.call('no longer simple', 'OffsetCommit', 8, commitRequest(groupId, { 0: 1 }));
    await t.call('deleted with a member', 'OffsetDelete', 0, {
      groupId,
      topics: [deleted, { name: 'payments', partitions: [{ partitionIndex: 2 }] }],
    });
    await t.call('deleted while not empty', 'DeleteGroups', 2, { groupsNames: [groupId] });
    await t.records(groupId);
  },
};

export const deletion: Scenario = {
  name: 'a group is deleted with its offsets',
  async play(t) {
    const groupId = t.group('doomed');
    await t.call('committed', 'OffsetCommit', 8, commitRequest(groupId, { 0: 1, 1: 2 }));
    await t.call('deleted', 'DeleteGroups', 0, { groupsNames: [groupId] });
    await t.call('deleted again', 'DeleteGroups', 1, { groupsNames: [groupId] });
    await t.call('fetched', 'OffsetFetch', 7, { groupId, topics: null });
    await t.records(groupId);
  },
};
