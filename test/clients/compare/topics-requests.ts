import { type Comparison, NO_SUCH_ID, create } from './comparison.ts';
import { topicsWithConfigsTogether, topicsWithEachConfig } from './topic-config-values.ts';

/** The cluster, and topics: made, refused, looked up. */
export const topicsRequests: readonly Comparison[] = [
  { what: 'a cluster', api: 'DescribeCluster', body: () => ({ includeClusterAuthorizedOperations: true }) },
  {
    what: 'a cluster, controllers wanted',
    api: 'DescribeCluster',
    versions: (version) => version >= 1,
    body: () => ({ includeClusterAuthorizedOperations: false, endpointType: 2 }),
  },
  {
    what: 'a cluster, nonsense wanted',
    api: 'DescribeCluster',
    versions: (version) => version >= 1,
    body: () => ({ includeClusterAuthorizedOperations: false, endpointType: 9 }),
  },
  {
    what: 'a topic in each version',
    api: 'CreateTopics',
    body: (version) => create([{ name: `v${version}`, numPartitions: 2 }])(),
  },
  { what: 'a topic again', api: 'CreateTopics', body: create([{ name: 'v2' }]) },
  {
    what: 'illegal names',
    api: 'CreateTopics',
    body: create(['', '.', '..', 'a b', 'ä', 'x'.repeat(250)].map((name) => ({ name }))),
  },
  { what: 'a colliding name', api: 'CreateTopics', body: create([{ name: 'a.b' }, { name: 'a_b' }], true) },
  { what: 'the same name twice', api: 'CreateTopics', body: create([{ name: 'twice' }, { name: 'twice' }]) },
  {
    what: 'bad counts',
    api: 'CreateTopics',
    body: create([
      { name: 'p0', numPartitions: 0 },
      { name: 'pm2', numPartitions: -2 },
      { name: 'r0', replicationFactor: 0 },
      { name: 'r9', replicationFactor: 9 },
    ]),
  },
  {
    what: 'assignments',
    api: 'CreateTopics',
    body: create(
      [
        { name: 'as1', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
        { name: 'as2', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [7] }] },
        { name: 'as3', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
        { name: 'as4', numPartitions: 1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
        {
          name: 'as5',
          numPartitions: -1,
          replicationFactor: -1,
          assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }],
        },
        { name: 'as6', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [] }] },
      ],
      true,
    ),
  },
  {
    what: 'configs, good and bad',
    api: 'CreateTopics',
    body: create(
      [
        { name: 'c1', configs: [{ name: 'retention.ms', value: '1000' }] },
        { name: 'c2', configs: [{ name: 'no.such.config', value: '1' }] },
        { name: 'c3', configs: [{ name: 'cleanup.policy', value: 'burn' }] },
        { name: 'c4', configs: [{ name: 'segment.bytes', value: '10' }] },
        { name: 'c5', configs: [{ name: 'retention.ms', value: null }] },
        { name: 'c6', configs: [{ name: 'segment.ms', value: 'soon' }] },
        { name: 'c7', configs: [{ name: 'min.insync.replicas', value: '0' }] },
      ],
      true,
    ),
  },
  {
    what: 'every topic config, with values good and bad',
    api: 'CreateTopics',
    versions: (version) => version === 7,
    body: create([...topicsWithEachConfig(), ...topicsWithConfigsTogether()], true),
  },
  {
    what: 'the topics that the rest works on',
    api: 'CreateTopics',
    versions: (version) => version === 7,
    body: create([
      { name: 'plain', numPartitions: 3 },
      { name: 'compacted', configs: [{ name: 'cleanup.policy', value: 'compact' }] },
      { name: 'broker-time', configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }] },
      {
        name: 'strict',
        configs: [
          { name: 'message.timestamp.before.max.ms', value: '1000' },
          { name: 'max.message.bytes', value: '200' },
        ],
      },
    ]),
  },
  {
    what: 'metadata of some topics',
    // Kafka's broker may hear of the change a moment after it was answered.
    until: (answer) => !/UNKNOWN_TOPIC|LEADER_NOT_AVAILABLE/.test(answer),
    api: 'Metadata',
    body: () => ({ topics: [{ name: 'plain' }, { name: 'v3' }, { name: 'compacted' }] }),
  },
  {
    what: 'metadata of unknown topics, not to be made',
    api: 'Metadata',
    versions: (version) => version >= 4,
    body: () => ({ topics: [{ name: 'nowhere' }, { name: 'il legal' }], allowAutoTopicCreation: false }),
  },
  { what: 'metadata of no topics', api: 'Metadata', versions: (version) => version >= 1, body: () => ({ topics: [] }) },
  {
    what: 'metadata of an unknown id',
    api: 'Metadata',
    versions: (version) => version >= 12,
    body: () => ({ topics: [{ name: null, topicId: NO_SUCH_ID }] }),
  },
  {
    what: 'metadata by id',
    api: 'Metadata',
    versions: (version) => version >= 12,
    body: (_, side) => ({ topics: [{ name: null, topicId: side.ids.get('plain') }] }),
  },
  {
    what: 'metadata with authorized operations',
    api: 'Metadata',
    versions: (version) => version >= 8 && version <= 10,
    body: () => ({
      topics: [{ name: 'plain' }],
      includeTopicAuthorizedOperations: true,
      includeClusterAuthorizedOperations: true,
    }),
  },
  {
    what: 'partitions of topics',
    api: 'DescribeTopicPartitions',
    body: () => ({ topics: [{ name: 'plain' }, { name: 'nowhere' }] }),
  },
  {
    what: 'a page of partitions',
    api: 'DescribeTopicPartitions',
    body: () => ({ topics: [{ name: 'plain' }, { name: 'v2' }], responsePartitionLimit: 2 }),
  },
  {
    what: 'the next page',
    api: 'DescribeTopicPartitions',
    body: () => ({
      topics: [{ name: 'plain' }, { name: 'v2' }],
      responsePartitionLimit: 2,
      cursor: { topicName: 'plain', partitionIndex: 2 },
    }),
  },
];
