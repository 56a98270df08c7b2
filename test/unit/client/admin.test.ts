import { afterEach, describe, expect, test } from 'vitest';
import { Admin } from '../../../extension/client/admin.ts';
import { ClusterClient } from '../../../extension/client/cluster-client.ts';
import { encodeAssignment, encodeSubscription } from '../../../extension/client/consumer-protocol.ts';
import { FakeBroker, type FakeBrokerOptions } from '../../support/fake-broker.ts';
import { FakeTopics } from '../../support/fake-topics.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function setUp(options?: FakeBrokerOptions): Promise<{ broker: FakeBroker; admin: Admin }> {
  const broker = await FakeBroker.start(options);
  const client = new ClusterClient({ bootstrap: broker.address, retryTimeoutMs: 200 });
  cleanUps.push(() => broker[Symbol.asyncDispose]());
  cleanUps.push(() => client.close());
  return { broker, admin: new Admin(client) };
}

function coordinateAll(broker: FakeBroker): FakeBroker {
  return broker.on(
    'FindCoordinator',
    ({ key, coordinatorKeys }: { key: string; coordinatorKeys: string[] }, { version }) => {
      const node = { nodeId: broker.nodeId, host: '127.0.0.1', port: broker.port, errorCode: 0, errorMessage: null };
      return version >= 4
        ? { coordinators: coordinatorKeys.map((each) => ({ key: each, ...node })) }
        : { key, ...node };
    },
  );
}

describe('topics', () => {
  test('are created with counts, assignments and settings', async () => {
    const { broker, admin } = await setUp();
    new FakeTopics().serve(broker);
    const results = await admin.createTopics([
      { name: 'a', partitions: 3, replicationFactor: 1, configs: { 'retention.ms': '1' } },
      { name: 'b', assignment: [[1], [1]] },
    ]);
    expect(results.map(({ name, error }) => [name, error])).toEqual([
      ['a', null],
      ['b', null],
    ]);
    const { topics } = broker.requests('CreateTopics')[0]!.body;
    expect(topics[0]).toMatchObject({
      numPartitions: 3,
      replicationFactor: 1,
      configs: [{ name: 'retention.ms', value: '1' }],
    });
    expect(topics[1]).toMatchObject({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [
        { partitionIndex: 0, brokerIds: [1] },
        { partitionIndex: 1, brokerIds: [1] },
      ],
    });
  });

  test('carry their own errors, in the broker’s words', async () => {
    const { broker, admin } = await setUp();
    new FakeTopics().serve(broker).add('a', 1);
    const [result] = await admin.createTopics([{ name: 'a' }]);
    expect(result?.error).toMatchObject({ code: 'TOPIC_ALREADY_EXISTS', message: "Topic 'a' already exists." });
  });

  test('are deleted by name in every version', async () => {
    for (const version of [3, 6]) {
      const { broker, admin } = await setUp({ versions: { DeleteTopics: [1, version] } });
      broker.on('DeleteTopics', () => ({ throttleTimeMs: 0, responses: [{ name: 'a', errorCode: 3 }] }));
      const [result] = await admin.deleteTopics(['a']);
      expect(result).toMatchObject({ name: 'a', error: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } });
      const { topics, topicNames } = broker.requests('DeleteTopics')[0]!.body;
      expect(version >= 6 ? topics[0].name : topicNames[0]).toBe('a');
    }
  });

  test('are described page by page', async () => {
    const { broker, admin } = await setUp();
    const partition = (partitionIndex: number): object => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
      eligibleLeaderReplicas: [2],
      lastKnownElr: null,
      offlineReplicas: [],
    });
    broker.on('DescribeTopicPartitions', ({ cursor }: { cursor: { partitionIndex: number } | null }) => ({
      throttleTimeMs: 0,
      topics: [
        {
          errorCode: 0,
          name: 'b',
          topicId: 'AAAAAAAAAAAAAAAAAAAAAg',
          isInternal: false,
          partitions: [partition(cursor?.partitionIndex ?? 0)],
        },
      ],
      nextCursor: cursor === null ? { topicName: 'b', partitionIndex: 1 } : null,
    }));
    const [gone, found] = await admin.describeTopics(['gone', 'b'], { pageSize: 1 });
    expect(found?.partitions.map((item) => [item.partition, item.elr, item.lastKnownElr])).toEqual([
      [0, [2], null],
      [1, [2], null],
    ]);
    expect(gone?.error?.code).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    const asked = broker
      .requests('DescribeTopicPartitions')
      .map(({ body }) => body.topics.map((topic: { name: string }) => topic.name));
    expect(asked).toEqual([
      ['b', 'gone'],
      ['b', 'gone'],
    ]);
  });

  test('are described by metadata where a broker knows nothing better', async () => {
    const { broker, admin } = await setUp();
    new FakeTopics().serve(broker).add('t', 2);
    const [topic] = await admin.describeTopics(['t']);
    expect(topic?.partitions.map(({ partition, elr }) => [partition, elr])).toEqual([
      [0, null],
      [1, null],
    ]);
  });
});

describe('settings', () => {
  test('of brokers are asked of each broker, others of any', async () => {
    const { broker, admin } = await setUp();
    broker.on('DescribeConfigs', ({ resources }: { resources: { resourceType: number; resourceName: string }[] }) => ({
      throttleTimeMs: 0,
      results: resources.map(({ resourceType, resourceName }) => ({
        errorCode: resourceName === 'gone' ? 3 : 0,
        errorMessage: null,
        resourceType,
        resourceName,
        configs: [
          {
            name: 'x',
            value: '1',
            readOnly: false,
            configSource: 5,
            isSensitive: false,
            configType: 5,
            synonyms: [{ name: 'log.x', value: '1', source: 5 }],
          },
        ],
      })),
    }));
    const results = await admin.describeConfigs([
      { type: 'topic', name: 't' },
      { type: 'broker', name: '1' },
      { type: 'topic', name: 'gone' },
    ]);
    expect(results.map(({ resource, error }) => [resource.name, error?.code])).toEqual([
      ['t', undefined],
      ['1', undefined],
      ['gone', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ]);
    expect(results[0]?.entries[0]).toMatchObject({
      name: 'x',
      source: 'DEFAULT_CONFIG',
      type: 'LONG',
      synonyms: [{ name: 'log.x', source: 'DEFAULT_CONFIG' }],
    });
    expect(broker.requests('DescribeConfigs')).toHaveLength(2);
  });

  test('are set, extended and removed', async () => {
    const { broker, admin } = await setUp();
    broker.on('IncrementalAlterConfigs', () => ({
      throttleTimeMs: 0,
      responses: [{ errorCode: 40, errorMessage: 'bad value', resourceType: 2, resourceName: 't' }],
    }));
    const [result] = await admin.incrementalAlterConfigs([
      {
        resource: { type: 'topic', name: 't' },
        changes: [
          { name: 'a', value: '1' },
          { name: 'b', value: null },
          { name: 'c', value: 'x', operation: 'append' },
        ],
      },
    ]);
    expect(result?.error).toMatchObject({ code: 'INVALID_CONFIG', message: "topic 't': bad value" });
    const { configs } = broker.requests('IncrementalAlterConfigs')[0]!.body.resources[0];
    expect(configs.map((entry: { configOperation: number }) => entry.configOperation)).toEqual([0, 1, 2]);
  });
});

describe('groups', () => {
  test('are listed of all brokers; one that fails does not hide the others', async () => {
    const { broker, admin } = await setUp();
    const other = await FakeBroker.start({ nodeId: 2 });
    cleanUps.push(() => other[Symbol.asyncDispose]());
    broker.on('Metadata', () => broker.metadata([], [other]));
    broker.on('ListGroups', () => ({
      errorCode: 0,
      groups: [{ groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'Consumer' }],
    }));
    other.on('ListGroups', () => ({ errorCode: 15, groups: [] }));
    const { groups, failures } = await admin.listGroups();
    expect(groups).toEqual([{ groupId: 'g', protocolType: 'consumer', state: 'Stable', type: 'consumer' }]);
    expect(failures).toMatchObject([{ brokerId: 2, error: { code: 'COORDINATOR_NOT_AVAILABLE' } }]);
  });

  test('of the classic protocol are found behind the new one', async () => {
    const { broker, admin } = await setUp();
    coordinateAll(broker);
    broker.on('ConsumerGroupDescribe', () => ({
      throttleTimeMs: 0,
      groups: [
        {
          errorCode: 69,
          errorMessage: 'not that kind',
          groupId: 'g',
          groupState: '',
          groupEpoch: 0,
          assignmentEpoch: 0,
          assignorName: '',
          members: [],
          authorizedOperations: 0,
        },
      ],
    }));
    broker.on('DescribeGroups', () => ({
      groups: [
        {
          errorCode: 0,
          groupId: 'g',
          groupState: 'Stable',
          protocolType: 'consumer',
          protocolData: 'range',
          members: [
            {
              memberId: 'm',
              clientId: 'c',
              clientHost: '/127.0.0.1',
              memberMetadata: encodeSubscription(['t']),
              memberAssignment: encodeAssignment([{ topic: 't', partition: 2 }]),
            },
          ],
        },
      ],
    }));
    const group = await admin.describeGroup('g');
    expect(group).toMatchObject({ type: 'classic', state: 'Stable', assignor: 'range', coordinator: { id: 1 } });
    expect(group.members).toMatchObject([{ memberId: 'm', topics: ['t'], assignment: [{ topic: 't', partition: 2 }] }]);
  });

  test('that do not exist are refused', async () => {
    const { broker, admin } = await setUp();
    coordinateAll(broker);
    broker.on('DescribeGroups', () => ({
      groups: [
        {
          errorCode: 69,
          errorMessage: 'Group x not found.',
          groupId: 'x',
          groupState: 'Dead',
          protocolType: '',
          protocolData: '',
          members: [],
        },
      ],
    }));
    await expect(admin.describeGroup('x')).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' });
  });

  test.each([5, 9, 10])('have their offsets read with OffsetFetch up to %i', async (version) => {
    const { broker, admin } = await setUp({ versions: { OffsetFetch: [1, version] } });
    coordinateAll(broker);
    const partitions = [
      { partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: 1, metadata: 'm', errorCode: 0 },
      { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: null, errorCode: 0 },
    ];
    broker.on('OffsetFetch', (_, context) =>
      context.version >= 8
        ? { groups: [{ groupId: 'g', topics: [{ name: 't', partitions }] }] }
        : { topics: [{ name: 't', partitions }] },
    );
    expect(await admin.listGroupOffsets('g')).toEqual([
      { topic: 't', partition: 0, offset: 7, leaderEpoch: version >= 5 ? 1 : -1, metadata: 'm', error: null },
    ]);
    expect(broker.requests('OffsetFetch')[0]!.version).toBe(Math.min(version, 9));
  });

  test('have resets planned within what partitions hold', async () => {
    const { broker, admin } = await setUp();
    coordinateAll(broker);
    const topics = new FakeTopics().serve(broker);
    const [first, second] = topics.add('t', 2);
    topics.append(first!, [{ value: null }, { value: null }, { value: null }]);
    topics.append(second!, [{ value: null, timestamp: 9_000 }]);
    broker.on('OffsetFetch', () => ({
      groups: [
        {
          groupId: 'g',
          topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 2, metadata: '', errorCode: 0 }] }],
        },
      ],
    }));
    const both = [0, 1].map((partition) => ({ topic: 't', partition }));
    const plan = async (target: Parameters<Admin['planOffsetReset']>[2]) =>
      (await admin.planOffsetReset('g', both, target)).map(({ value }) => [value?.target, value?.clampedFrom]);
    expect(await plan('earliest')).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(await plan('latest')).toEqual([
      [3, null],
      [1, null],
    ]);
    expect(await plan('current')).toEqual([
      [2, null],
      [1, null],
    ]);
    expect(await plan({ offset: 2 })).toEqual([
      [2, null],
      [1, 2],
    ]);
    expect(await plan({ shiftBy: -5 })).toEqual([
      [0, -3],
      [0, -4],
    ]);
    expect(await plan({ timestampMs: 5_000 })).toEqual([
      [3, null],
      [0, null],
    ]);
    const [late] = await admin.planOffsetReset('g', both, { timestampMs: 5_000 });
    expect(late?.value).toMatchObject({ current: 2, isPastEnd: true });
  });

  test('have offsets committed from outside', async () => {
    const { broker, admin } = await setUp();
    coordinateAll(broker);
    broker.on('OffsetCommit', () => ({ topics: [{ name: 't', partitions: [{ partitionIndex: 4, errorCode: 22 }] }] }));
    const [outcome] = await admin.alterGroupOffsets('g', [{ topic: 't', partition: 4, offset: 9 }]);
    expect(outcome).toMatchObject({ topic: 't', partition: 4, error: { code: 'ILLEGAL_GENERATION' } });
    expect(broker.requests('OffsetCommit')[0]!.body).toMatchObject({ memberId: '', generationIdOrMemberEpoch: -1 });
  });
});

describe('the cluster', () => {
  test('is described by metadata where a broker knows nothing better', async () => {
    const { admin } = await setUp();
    expect(await admin.describeCluster()).toMatchObject({
      clusterId: 'fake-cluster',
      controllerId: 1,
      brokers: [{ id: 1, isFenced: false }],
    });
  });

  test('tells log directories broker by broker', async () => {
    const { broker, admin } = await setUp();
    broker.on('DescribeLogDirs', () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      results: [
        {
          errorCode: 0,
          logDir: '/data',
          totalBytes: 100,
          usableBytes: 40,
          topics: [
            { name: 't', partitions: [{ partitionIndex: 0, partitionSize: 12, offsetLag: 0, isFutureKey: false }] },
          ],
        },
      ],
    }));
    const dirs = await admin.describeLogDirs({ brokerIds: [1, 8] });
    expect(dirs[0]).toMatchObject({
      brokerId: 1,
      error: null,
      dirs: [{ path: '/data', totalBytes: 100, replicas: [{ topic: 't', partition: 0, sizeBytes: 12 }] }],
    });
    expect(dirs[1]).toMatchObject({ brokerId: 8, dirs: [], error: { code: 'BROKER_NOT_AVAILABLE' } });
  });

  test('tells features with the levels in force', async () => {
    const { broker, admin } = await setUp();
    broker.on('ApiVersions', () => ({
      errorCode: 0,
      apiKeys: [
        { apiKey: 18, minVersion: 0, maxVersion: 4 },
        { apiKey: 3, minVersion: 0, maxVersion: 13 },
      ],
      supportedFeatures: [
        { name: 'metadata.version', minVersion: 7, maxVersion: 30 },
        { name: 'kraft.version', minVersion: 0, maxVersion: 1 },
      ],
      finalizedFeatures: [{ name: 'metadata.version', maxVersionLevel: 30, minVersionLevel: 30 }],
    }));
    const { apis, features } = await admin.brokerVersions(1);
    expect(apis.get(3)).toEqual({ min: 0, max: 13 });
    expect(features).toEqual([
      { name: 'metadata.version', minVersion: 7, maxVersion: 30, finalizedLevel: 30 },
      { name: 'kraft.version', minVersion: 0, maxVersion: 1, finalizedLevel: null },
    ]);
  });
});
