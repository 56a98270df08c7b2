import { type Comparison, NO_SUCH_ID, ZERO } from './comparison.ts';

/** Elections, reassignments, features; at last topics are deleted. */
export const controllerRequests: readonly Comparison[] = [
  {
    what: 'preferred leaders of some',
    api: 'ElectLeaders',
    body: (version) => ({
      ...(version >= 1 ? { electionType: 0 } : {}),
      topicPartitions: [
        { topic: 'plain', partitions: [0, 77] },
        { topic: 'nowhere', partitions: [0] },
      ],
      timeoutMs: 5000,
    }),
  },
  {
    what: 'preferred leaders of all',
    api: 'ElectLeaders',
    body: (version) => ({ ...(version >= 1 ? { electionType: 0 } : {}), topicPartitions: null, timeoutMs: 5000 }),
  },
  {
    what: 'any leaders',
    api: 'ElectLeaders',
    versions: (version) => version >= 1,
    body: () => ({ electionType: 1, topicPartitions: [{ topic: 'plain', partitions: [0, 77] }], timeoutMs: 5000 }),
  },
  {
    what: 'leaders of a kind that is not there',
    api: 'ElectLeaders',
    versions: (version) => version >= 1,
    body: () => ({ electionType: 7, topicPartitions: [{ topic: 'plain', partitions: [0] }], timeoutMs: 5000 }),
  },
  {
    what: 'reassignments that can not be',
    api: 'AlterPartitionReassignments',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        {
          name: 'plain',
          partitions: [
            { partitionIndex: 0, replicas: [1, 9] },
            { partitionIndex: 1, replicas: null },
            { partitionIndex: 2, replicas: [] },
            { partitionIndex: 77, replicas: [1] },
          ],
        },
        { name: 'v3', partitions: [{ partitionIndex: 0, replicas: [1, 1] }] },
        { name: 'nowhere', partitions: [{ partitionIndex: 0, replicas: [1] }] },
      ],
    }),
  },
  {
    what: 'a reassignment to where it is',
    api: 'AlterPartitionReassignments',
    body: (version) => ({
      timeoutMs: 5000,
      ...(version >= 1 ? { allowReplicationFactorChange: false } : {}),
      topics: [{ name: 'plain', partitions: [{ partitionIndex: 0, replicas: [1] }] }],
    }),
  },
  { what: 'reassignments', api: 'ListPartitionReassignments', body: () => ({ timeoutMs: 5000, topics: null }) },
  {
    what: 'reassignments of some',
    api: 'ListPartitionReassignments',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        { name: 'plain', partitionIndexes: [0, 77] },
        { name: 'nowhere', partitionIndexes: [0] },
      ],
    }),
  },
  { what: 'a broker that is not there', api: 'UnregisterBroker', body: () => ({ brokerId: 77 }) },
  ...[
    { what: 'a level that there is', update: { feature: 'group.version', maxVersionLevel: 1 } },
    { what: 'a level that is too high', update: { feature: 'group.version', maxVersionLevel: 9 } },
    { what: 'a level below zero', update: { feature: 'group.version', maxVersionLevel: -2 } },
    { what: 'a feature that is not there', update: { feature: 'nonsense.version', maxVersionLevel: 1 } },
    { what: 'a lower level', update: { feature: 'group.version', maxVersionLevel: 0 } },
    { what: 'metadata.version as it is', update: { feature: 'metadata.version', maxVersionLevel: 30 } },
    { what: 'metadata.version of the past', update: { feature: 'metadata.version', maxVersionLevel: 5 } },
    { what: 'kraft.version as it is', update: { feature: 'kraft.version', maxVersionLevel: 1 } },
    { what: 'kraft.version too high', update: { feature: 'kraft.version', maxVersionLevel: 5 } },
  ].flatMap(({ what, update }): Comparison[] => [
    {
      what,
      api: 'UpdateFeatures',
      body: (version) => ({
        timeoutMs: 5000,
        featureUpdates: [update],
        ...(version >= 1 ? { validateOnly: true } : {}),
      }),
    },
    {
      what: `${what}, going down`,
      api: 'UpdateFeatures',
      versions: (version) => version >= 1,
      body: () => ({ timeoutMs: 5000, featureUpdates: [{ ...update, upgradeType: 2 }], validateOnly: true }),
    },
    {
      what: `${what}, going down for sure`,
      api: 'UpdateFeatures',
      versions: (version) => version >= 1,
      body: () => ({ timeoutMs: 5000, featureUpdates: [{ ...update, upgradeType: 3 }], validateOnly: true }),
    },
  ]),
  {
    what: 'metadata.version down',
    api: 'UpdateFeatures',
    versions: (version) => version >= 1,
    body: (version) => ({
      timeoutMs: 5000,
      featureUpdates: [{ feature: 'metadata.version', maxVersionLevel: 29, upgradeType: version + 1 }],
      validateOnly: true,
    }),
  },
  {
    what: 'a good and a bad one',
    api: 'UpdateFeatures',
    versions: (version) => version >= 1,
    body: () => ({
      timeoutMs: 5000,
      featureUpdates: [
        { feature: 'share.version', maxVersionLevel: 0, upgradeType: 2 },
        { feature: 'nonsense.version', maxVersionLevel: 1, upgradeType: 1 },
      ],
      validateOnly: false,
    }),
  },
  {
    what: 'in a way that is not known',
    api: 'UpdateFeatures',
    versions: (version) => version >= 1,
    body: () => ({
      timeoutMs: 5000,
      featureUpdates: [{ feature: 'group.version', maxVersionLevel: 1, upgradeType: 9 }],
      validateOnly: true,
    }),
  },

  {
    what: 'delete topics by name',
    api: 'DeleteTopics',
    versions: (version) => version < 6,
    body: (version) => ({ topicNames: [`v${version + 1}`, 'nowhere'], timeoutMs: 5000 }),
  },
  {
    what: 'delete topics by name and id',
    api: 'DeleteTopics',
    versions: (version) => version >= 6,
    body: (_, side) => ({
      topics: [
        { name: 'v7', topicId: ZERO },
        { name: null, topicId: side.ids.get('plain') },
        { name: null, topicId: NO_SUCH_ID },
        { name: 'nowhere', topicId: ZERO },
      ],
      timeoutMs: 5000,
    }),
  },
  {
    what: 'what is left',
    api: 'Metadata',
    // A deletion is answered before the broker itself has heard of it.
    until: (answer) => !/"plain"|"v[1-7]"/.test(answer),
    body: (version) => ({ topics: version === 0 ? [] : null }),
  },
];
