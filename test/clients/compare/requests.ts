import { batch, type Side } from './both-brokers.ts';
import { topicsWithConfigsTogether, topicsWithEachConfig } from './topic-config-values.ts';

/** One request, sent in every version to both brokers in this order. */
export interface Comparison {
  readonly what: string;
  readonly api: string;
  readonly body: (version: number, side: Side) => unknown;
  /** Only these versions. */
  readonly versions?: (version: number) => boolean;
  /** Sent again while the answer is one of passing: a coordinator on its way, a topic being made. */
  readonly until?: (answer: string) => boolean;
}

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const NO_SUCH_ID = 'EbXCsc7G191KBZxNLpy6Qw';

/** Topic by name, or by id from the version on that has ids. */
const topic = (side: Side, version: number, byIdFrom: number, name: string): { name?: string; topicId?: string } =>
  version >= byIdFrom ? { topicId: side.ids.get(name) ?? NO_SUCH_ID } : { name };

const produce =
  (partitions: readonly { index: number; records: Buffer | null }[], more: object = {}, name = 'plain') =>
  (version: number, side: Side): unknown => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ ...topic(side, version, 13, name), partitionData: partitions }],
    ...more,
  });

const fetch =
  (partitions: readonly object[], more: object = {}, name = 'plain') =>
  (version: number, side: Side): unknown => ({
    maxWaitMs: 100,
    minBytes: 0,
    maxBytes: 1_000_000,
    topics: [
      {
        ...(version >= 13 ? { topicId: side.ids.get(name) ?? NO_SUCH_ID } : { topic: name }),
        partitions: partitions.map((partition) => ({ partitionMaxBytes: 100_000, ...partition })),
      },
    ],
    sessionEpoch: -1,
    ...more,
  });

const listOffsets =
  (partitions: readonly object[], more: object = {}) =>
  () => ({
    replicaId: -1,
    topics: [{ name: 'plain', partitions }],
    ...more,
  });

const create =
  (topics: readonly object[], validateOnly = false) =>
  () => ({
    topics: topics.map((one) => ({ numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...one })),
    timeoutMs: 5000,
    validateOnly,
  });

const describeConfigs =
  (resources: readonly object[], more: object = {}) =>
  () => ({
    resources: resources.map((one) => ({ configurationKeys: null, ...one })),
    ...more,
  });

const corrupt = (records: Buffer, at: number, value: number): Buffer => {
  records[at] = value;
  return records;
};

const TOPIC = 2;
const BROKER = 4;

/** The order matters: later requests build on what earlier ones left behind. */
export const comparisons: readonly Comparison[] = [
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

  { what: 'one batch', api: 'Produce', body: produce([{ index: 0, records: batch(['a', 'b']) }]) },
  { what: 'acks 1', api: 'Produce', body: produce([{ index: 0, records: batch(['c']) }], { acks: 1 }) },
  { what: 'acks 2', api: 'Produce', body: produce([{ index: 0, records: batch(['c']) }], { acks: 2 }) },
  { what: 'a partition that is not there', api: 'Produce', body: produce([{ index: 9, records: batch(['c']) }]) },
  {
    what: 'a topic that is not there',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'nowhere'),
  },
  {
    what: 'an internal topic',
    api: 'Produce',
    versions: (version) => version < 13,
    body: produce([{ index: 0, records: batch(['c']) }], {}, '__consumer_offsets'),
  },
  {
    what: 'two batches',
    api: 'Produce',
    body: produce([{ index: 1, records: Buffer.concat([batch(['c']), batch(['d'])]) }]),
  },
  { what: 'empty records', api: 'Produce', body: produce([{ index: 1, records: Buffer.alloc(0) }]) },
  { what: 'a broken CRC', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 19, 0x55) }]) },
  { what: 'magic 1', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 16, 1) }]) },
  { what: 'magic 7', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 16, 7) }]) },
  {
    what: 'a batch that says it is shorter',
    api: 'Produce',
    body: produce([{ index: 1, records: corrupt(batch(['cccccc']), 11, 60) }]),
  },
  {
    what: 'a base offset of its own',
    api: 'Produce',
    body: produce([{ index: 1, records: batch(['c'], { baseOffset: 7 }) }]),
  },
  {
    what: 'a control batch',
    api: 'Produce',
    body: produce([{ index: 1, records: batch(['c'], { isControl: true }) }]),
  },
  {
    what: 'a transactional batch without a transaction',
    api: 'Produce',
    versions: (version) => version >= 12,
    body: produce([
      { index: 1, records: batch(['c'], { isTransactional: true, producerId: 5, producerEpoch: 0, baseSequence: 0 }) },
    ]),
  },
  {
    what: 'no key on a compacted topic',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'compacted'),
  },
  {
    what: 'a key on a compacted topic',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'], { key: 'k' }) }], {}, 'compacted'),
  },
  {
    what: 'the broker’s time',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'broker-time'),
  },
  {
    what: 'a time too long ago',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c', 'd']) }], {}, 'strict'),
  },
  {
    what: 'a time too far ahead',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'], { timestamp: 4_000_000_000_000 }) }]),
  },
  {
    what: 'a batch that is too large',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'.repeat(500)]) }], {}, 'strict'),
  },
  ...['first', 'first again', 'a gap', 'next', 'an old epoch', 'a new epoch, not from 0', 'a new epoch'].map(
    (what, step): Comparison => {
      const sequence = [0, 0, 7, 2, 0, 5, 0][step]!;
      const epoch = [1, 1, 1, 1, 0, 2, 2][step]!;
      return {
        what: `an idempotent producer: ${what}`,
        api: 'Produce',
        versions: (version) => version === 9,
        body: produce([
          { index: 2, records: batch(['x', 'y'], { producerId: 4000, producerEpoch: epoch, baseSequence: sequence }) },
        ]),
      };
    },
  ),

  { what: 'from the start', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }]) },
  {
    what: 'from the middle of a batch',
    api: 'Fetch',
    body: fetch([{ partition: 0, fetchOffset: 1, partitionMaxBytes: 10 }]),
  },
  {
    what: 'committed records',
    api: 'Fetch',
    body: fetch([{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }], { isolationLevel: 1 }),
  },
  { what: 'past the end', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 99_999 }]) },
  { what: 'a negative offset', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: -5 }]) },
  { what: 'an unknown partition', api: 'Fetch', body: fetch([{ partition: 77, fetchOffset: 0 }]) },
  { what: 'an unknown topic', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }], {}, 'nowhere') },
  { what: 'nothing', api: 'Fetch', body: fetch([]) },
  {
    what: 'an older and a newer leader epoch',
    api: 'Fetch',
    versions: (version) => version >= 9,
    body: fetch([{ partition: 0, fetchOffset: 0, currentLeaderEpoch: 5, partitionMaxBytes: 10 }]),
  },
  {
    what: 'a diverging epoch',
    api: 'Fetch',
    versions: (version) => version >= 12,
    body: fetch([
      { partition: 2, fetchOffset: 1, lastFetchedEpoch: 3 },
      { partition: 1, fetchOffset: 1, lastFetchedEpoch: 0 },
    ]),
  },
  {
    what: 'a session that is not there',
    api: 'Fetch',
    versions: (version) => version >= 7,
    body: fetch([{ partition: 0, fetchOffset: 0 }], { sessionId: 77, sessionEpoch: 3 }),
  },

  {
    what: 'offsets: latest and earliest',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1 },
      { partitionIndex: 1, timestamp: -2 },
    ]),
  },
  {
    what: 'offsets: special times',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -3 },
      { partitionIndex: 1, timestamp: -4 },
      { partitionIndex: 2, timestamp: -5 },
    ]),
  },
  {
    what: 'offsets: more special times',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -6 },
      { partitionIndex: 1, timestamp: -7 },
      { partitionIndex: 2, timestamp: -3 },
    ]),
  },
  {
    what: 'offsets: by time',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: 1_700_000_000_000 },
      { partitionIndex: 1, timestamp: 1_800_000_000_000 },
      { partitionIndex: 2, timestamp: 0 },
    ]),
  },
  {
    what: 'offsets: bad partitions',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1 },
      { partitionIndex: 0, timestamp: -2 },
      { partitionIndex: 44, timestamp: -1 },
    ]),
  },
  {
    what: 'offsets: leader epochs',
    api: 'ListOffsets',
    versions: (version) => version >= 4,
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1, currentLeaderEpoch: 9 },
      { partitionIndex: 1, timestamp: -1, currentLeaderEpoch: 0 },
    ]),
  },
  {
    what: 'ends of epochs',
    api: 'OffsetForLeaderEpoch',
    body: () => ({
      topics: [
        {
          topic: 'plain',
          partitions: [
            { partition: 0, leaderEpoch: 0 },
            { partition: 1, leaderEpoch: 5 },
            { partition: 2, leaderEpoch: 0, currentLeaderEpoch: 8 },
            { partition: 9, leaderEpoch: 0 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records',
    api: 'DeleteRecords',
    body: (version) => ({
      timeoutMs: 5000,
      topics: [
        {
          name: 'plain',
          partitions: [
            { partitionIndex: 0, offset: 2 + version },
            { partitionIndex: 1, offset: 999_999 },
            { partitionIndex: 9, offset: 0 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records, below and all',
    api: 'DeleteRecords',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        {
          name: 'plain',
          partitions: [
            { partitionIndex: 0, offset: 1 },
            { partitionIndex: 2, offset: -1 },
            { partitionIndex: 1, offset: -3 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records of a compacted and an internal topic',
    api: 'DeleteRecords',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        { name: 'compacted', partitions: [{ partitionIndex: 0, offset: 0 }] },
        { name: '__consumer_offsets', partitions: [{ partitionIndex: 0, offset: 0 }] },
      ],
    }),
  },
  { what: 'fetch below the start', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }]) },
  {
    what: 'offsets after deletion',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -2 },
      { partitionIndex: 2, timestamp: -2 },
    ]),
  },

  {
    what: 'all configs of a topic',
    api: 'DescribeConfigs',
    body: describeConfigs([{ resourceType: TOPIC, resourceName: 'compacted' }], { includeSynonyms: true }),
  },
  {
    what: 'all configs of the cluster’s brokers',
    api: 'DescribeConfigs',
    body: describeConfigs([{ resourceType: BROKER, resourceName: '' }], { includeSynonyms: true }),
  },
  {
    what: 'configs of what is not there',
    api: 'DescribeConfigs',
    body: describeConfigs([
      { resourceType: TOPIC, resourceName: 'nowhere' },
      { resourceType: TOPIC, resourceName: 'il legal' },
      { resourceType: BROKER, resourceName: '9' },
      { resourceType: BROKER, resourceName: 'nine' },
      { resourceType: 3, resourceName: 'x' },
      { resourceType: 32, resourceName: '' },
      { resourceType: 16, resourceName: '' },
    ]),
  },
  {
    what: 'configs of a group and of client metrics',
    api: 'DescribeConfigs',
    body: describeConfigs(
      [
        { resourceType: 32, resourceName: 'g' },
        { resourceType: 16, resourceName: 'm' },
      ],
      { includeSynonyms: true },
    ),
  },
  {
    what: 'set a config',
    api: 'IncrementalAlterConfigs',
    body: (version) => ({
      validateOnly: false,
      resources: [
        {
          resourceType: TOPIC,
          resourceName: 'plain',
          configs: [
            { name: 'retention.ms', configOperation: 0, value: String(100_000 + version) },
            { name: 'cleanup.policy', configOperation: 2, value: 'compact' },
          ],
        },
      ],
    }),
  },
  {
    what: 'configs after setting',
    // Kafka's broker may hear of the change a moment after it was answered.
    until: (answer) => answer.includes('100001'),
    api: 'DescribeConfigs',
    body: describeConfigs(
      [
        {
          resourceType: TOPIC,
          resourceName: 'plain',
          configurationKeys: ['retention.ms', 'cleanup.policy', 'no.such'],
        },
      ],
      { includeSynonyms: true },
    ),
  },
  {
    what: 'bad changes of configs',
    api: 'IncrementalAlterConfigs',
    body: () => ({
      validateOnly: false,
      resources: [
        { resourceType: TOPIC, resourceName: 'plain', configs: [{ name: 'no.such', configOperation: 0, value: '1' }] },
        {
          resourceType: TOPIC,
          resourceName: 'nowhere',
          configs: [{ name: 'retention.ms', configOperation: 0, value: '1' }],
        },
        {
          resourceType: TOPIC,
          resourceName: 'compacted',
          configs: [{ name: 'retention.ms', configOperation: 2, value: '1' }],
        },
        {
          resourceType: TOPIC,
          resourceName: 'strict',
          configs: [{ name: 'retention.ms', configOperation: 0, value: null }],
        },
        {
          resourceType: TOPIC,
          resourceName: 'v2',
          configs: [
            { name: 'retention.ms', configOperation: 0, value: '1' },
            { name: 'retention.ms', configOperation: 1, value: null },
          ],
        },
        { resourceType: BROKER, resourceName: '1', configs: [{ name: 'log.dirs', configOperation: 0, value: '/x' }] },
        {
          resourceType: BROKER,
          resourceName: '9',
          configs: [{ name: 'log.cleaner.threads', configOperation: 0, value: '2' }],
        },
        { resourceType: 7, resourceName: 'x', configs: [] },
      ],
    }),
  },
  {
    what: 'replace all configs',
    api: 'AlterConfigs',
    body: () => ({
      validateOnly: false,
      resources: [
        { resourceType: TOPIC, resourceName: 'plain', configs: [{ name: 'flush.messages', value: '5000' }] },
        { resourceType: TOPIC, resourceName: 'nowhere', configs: [] },
      ],
    }),
  },
  {
    what: 'configs after replacing',
    // Kafka's broker may hear of the change a moment after it was answered.
    until: (answer) => answer.includes('"5000"'),
    api: 'DescribeConfigs',
    body: describeConfigs([
      { resourceType: TOPIC, resourceName: 'plain', configurationKeys: ['retention.ms', 'flush.messages'] },
    ]),
  },
  {
    what: 'more partitions',
    api: 'CreatePartitions',
    body: (version) => ({
      timeoutMs: 5000,
      validateOnly: false,
      topics: [
        { name: 'v2', count: 3 + version, assignments: null },
        { name: 'v3', count: 1, assignments: null },
        { name: 'v4', count: 2, assignments: null },
        { name: 'nowhere', count: 3, assignments: null },
        { name: 'v5', count: 3, assignments: [{ brokerIds: [9] }] },
        { name: 'v6', count: 4, assignments: [{ brokerIds: [1] }] },
      ],
    }),
  },
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
