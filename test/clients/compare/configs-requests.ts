import { type Comparison, BROKER, TOPIC, describeConfigs } from './comparison.ts';

/** Configs of topics and brokers, and more partitions. */
export const configsRequests: readonly Comparison[] = [
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
];
