import { type Comparison, topic } from './comparison.ts';

/** What brokers tell of the quorum and of disks, and the life of consumer groups. */
export const groupsRequests: readonly Comparison[] = [
  {
    what: 'the quorum',
    api: 'DescribeQuorum',
    body: () => ({ topics: [{ topicName: 'plain', partitions: [{ partitionIndex: 0 }] }] }),
  },
  {
    what: 'sizes of logs',
    api: 'DescribeLogDirs',
    body: () => ({
      topics: [
        { topic: 'v3', partitions: [0, 1, 2] },
        { topic: 'nowhere', partitions: [0] },
      ],
    }),
  },

  {
    what: 'a coordinator',
    api: 'FindCoordinator',
    until: (answer) => !answer.includes('COORDINATOR_NOT_AVAILABLE'),
    body: (version) => (version >= 4 ? { keyType: 0, coordinatorKeys: ['g', 'h'] } : { key: 'g', keyType: 0 }),
  },
  {
    what: 'a coordinator of nonsense',
    api: 'FindCoordinator',
    versions: (version) => version >= 1,
    body: (version) => (version >= 4 ? { keyType: 9, coordinatorKeys: ['g'] } : { key: 'g', keyType: 9 }),
  },
  {
    what: 'a group that is not there',
    api: 'DescribeGroups',
    until: (answer) => !/LOAD_IN_PROGRESS|NOT_COORDINATOR/.test(answer),
    body: (version) => ({ groups: ['none'], includeAuthorizedOperations: version >= 3 }),
  },
  {
    what: 'a heartbeat of a stranger',
    api: 'Heartbeat',
    body: () => ({ groupId: 'none', generationId: 1, memberId: 'm' }),
  },
  {
    what: 'a sync of a stranger',
    api: 'SyncGroup',
    body: (version) => ({
      groupId: 'none',
      generationId: 1,
      memberId: 'm',
      assignments: [],
      ...(version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}),
    }),
  },
  {
    what: 'a leave of a stranger',
    api: 'LeaveGroup',
    body: (version) =>
      version >= 3 ? { groupId: 'none', members: [{ memberId: 'm' }] } : { groupId: 'none', memberId: 'm' },
  },
  {
    what: 'a join with a bad session time-out',
    api: 'JoinGroup',
    body: () => ({
      groupId: 'j',
      sessionTimeoutMs: 1,
      rebalanceTimeoutMs: 1000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('x') }],
    }),
  },
  {
    what: 'a join without a group',
    api: 'JoinGroup',
    body: () => ({
      groupId: '',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 1000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('x') }],
    }),
  },
  {
    what: 'a join without protocols',
    api: 'JoinGroup',
    body: () => ({
      groupId: 'j',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 1000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [],
    }),
  },
  {
    what: 'a join of an unknown member',
    api: 'JoinGroup',
    body: () => ({
      groupId: 'j',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 1000,
      memberId: 'nobody',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('x') }],
    }),
  },
  {
    what: 'commits of a consumer without a group protocol',
    api: 'OffsetCommit',
    body: (version, side) => ({
      groupId: 'simple',
      memberId: '',
      topics: [
        {
          ...topic(side, version, 10, 'plain'),
          partitions: [
            { partitionIndex: 0, committedOffset: 3 + version, committedMetadata: 'm' },
            { partitionIndex: 99, committedOffset: 1, committedMetadata: null },
          ],
        },
      ],
    }),
  },
  {
    what: 'commits with too much metadata',
    api: 'OffsetCommit',
    body: (version, side) => ({
      groupId: 'simple',
      memberId: '',
      topics: [
        {
          ...topic(side, version, 10, 'plain'),
          partitions: [{ partitionIndex: 1, committedOffset: 3, committedMetadata: 'm'.repeat(5000) }],
        },
      ],
    }),
  },
  {
    what: 'commits of an unknown member',
    api: 'OffsetCommit',
    body: (version, side) => ({
      groupId: 'simple',
      generationIdOrMemberEpoch: 4,
      memberId: 'nobody',
      topics: [
        {
          ...topic(side, version, 10, 'plain'),
          partitions: [{ partitionIndex: 1, committedOffset: 3, committedMetadata: '' }],
        },
      ],
    }),
  },
  {
    what: 'commits to an unknown topic',
    api: 'OffsetCommit',
    body: (version, side) => ({
      groupId: 'simple',
      memberId: '',
      topics: [
        {
          ...topic(side, version, 10, 'nowhere'),
          partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }],
        },
      ],
    }),
  },
  {
    what: 'committed offsets',
    api: 'OffsetFetch',
    body: (version, side) =>
      version >= 8
        ? {
            groups: [
              { groupId: 'simple', topics: [{ ...topic(side, version, 10, 'plain'), partitionIndexes: [0, 1] }] },
              { groupId: 'none', topics: [{ ...topic(side, version, 10, 'plain'), partitionIndexes: [0] }] },
            ],
          }
        : {
            groupId: 'simple',
            topics: [
              { name: 'plain', partitionIndexes: [0, 1] },
              { name: 'nowhere', partitionIndexes: [0] },
            ],
          },
  },
  {
    what: 'all committed offsets',
    api: 'OffsetFetch',
    versions: (version) => version >= 2,
    body: (version) =>
      version >= 8 ? { groups: [{ groupId: 'simple', topics: null }] } : { groupId: 'simple', topics: null },
  },
  { what: 'groups', api: 'ListGroups', body: () => ({}) },
  {
    what: 'groups by state',
    api: 'ListGroups',
    versions: (version) => version >= 4,
    body: () => ({ statesFilter: ['Empty'] }),
  },
  {
    what: 'groups by another state',
    api: 'ListGroups',
    versions: (version) => version >= 4,
    body: () => ({ statesFilter: ['Stable'] }),
  },
  {
    what: 'groups by type',
    api: 'ListGroups',
    versions: (version) => version >= 5,
    body: () => ({ typesFilter: ['Consumer'] }),
  },
  { what: 'a group with offsets only', api: 'DescribeGroups', body: () => ({ groups: ['simple'] }) },
  {
    what: 'delete an offset',
    api: 'OffsetDelete',
    body: () => ({
      groupId: 'simple',
      topics: [{ name: 'plain', partitions: [{ partitionIndex: 0 }, { partitionIndex: 8 }] }],
    }),
  },
  {
    what: 'delete an offset of no group',
    api: 'OffsetDelete',
    body: () => ({ groupId: 'none', topics: [{ name: 'plain', partitions: [{ partitionIndex: 0 }] }] }),
  },
  {
    what: 'delete groups',
    api: 'DeleteGroups',
    body: (version) => ({ groupsNames: version === 0 ? ['simple', 'none'] : ['none'] }),
  },
];
