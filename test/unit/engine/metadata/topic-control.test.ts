import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { CreatableTopic } from '../../../../extension/protocol/generated/create-topics-request.ts';
import type { CreatableTopicResultInput } from '../../../../extension/protocol/generated/create-topics-response.ts';
import type { ConfigValues } from '../../../../extension/engine/metadata/config-resolver.ts';
import { createPartitions, deleteTopics } from '../../../../extension/engine/metadata/topic-changes.ts';
import { createTopics } from '../../../../extension/engine/metadata/topic-control.ts';
import { clusterImage, Deciding, directoryId, uuid } from './metadata-fixture.ts';
import type { BrokerShape } from './metadata-fixture.ts';

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const none = { unknownTaggedFields: undefined };

type TopicShape = Partial<Omit<CreatableTopic, 'assignments' | 'configs'>> & {
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string | null>>;
};

/** `assignments` are [partition, …brokers]. */
function topic(name: string, shape: TopicShape = {}): CreatableTopic {
  return {
    name,
    numPartitions: shape.numPartitions ?? (shape.assignments === undefined ? 1 : -1),
    replicationFactor: shape.replicationFactor ?? (shape.assignments === undefined ? 1 : -1),
    assignments: (shape.assignments ?? []).map(([partitionIndex, ...brokerIds]) => ({
      partitionIndex: partitionIndex!,
      brokerIds,
      ...none,
    })),
    configs: Object.entries(shape.configs ?? {}).map(([key, value]) => ({ name: key, value, ...none })),
    ...none,
  };
}

function cluster(config: ConfigValues = {}, ...brokers: (number | BrokerShape)[]): Deciding {
  return new Deciding(clusterImage(...(brokers.length === 0 ? [1] : brokers)), config);
}

function create(on: Deciding, topics: CreatableTopic[], validateOnly = false): readonly CreatableTopicResultInput[] {
  return on.decide(createTopics(on.context, { topics, timeoutMs: 1, validateOnly, ...none })).topics;
}

/** Replicas of every partition. */
function assignment(on: Deciding, name: string): (readonly number[])[] {
  return on.image.topics.get(name)?.partitions.map(({ replicas }) => replicas) ?? [];
}

describe('what Apache Kafka 4.3.1 refuses', () => {
  const e = ErrorCode;
  test.each<[CreatableTopic, number, string]>([
    [topic(''), e.INVALID_TOPIC_EXCEPTION, 'Topic name is invalid: the empty string is not allowed'],
    [topic('.'), e.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '.' is not allowed"],
    [topic('..'), e.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '..' is not allowed"],
    [
      topic('a b'),
      e.INVALID_TOPIC_EXCEPTION,
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      topic('x'.repeat(250)),
      e.INVALID_TOPIC_EXCEPTION,
      `Topic name is invalid: the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`,
    ],
    [topic('there'), e.TOPIC_ALREADY_EXISTS, "Topic 'there' already exists."],
    [topic('dotted_name'), e.INVALID_TOPIC_EXCEPTION, "Topic 'dotted_name' collides with existing topic: dotted.name"],
    [topic('__cluster_metadata'), e.INVALID_REQUEST, 'Creation of internal topic __cluster_metadata is prohibited.'],
    [
      topic('n', { numPartitions: 0 }),
      e.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      topic('n', { numPartitions: -2 }),
      e.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      topic('n', { replicationFactor: 0 }),
      e.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      topic('n', { replicationFactor: 3 }),
      e.INVALID_REPLICATION_FACTOR,
      'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [topic('n', { numPartitions: 10_001 }), e.POLICY_VIOLATION, 'Excessively large number of partitions per request.'],
    [
      topic('n', { replicationFactor: 1, assignments: [[0, 1]] }),
      e.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ],
    [
      topic('n', { numPartitions: 1, assignments: [[0, 1]] }),
      e.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      topic('n', { assignments: [[0, 9]] }),
      e.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
    [
      topic('n', { assignments: [[0, 1, 1]] }),
      e.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes the broker 1 more than once.',
    ],
    [
      topic('n', { assignments: [[0]] }),
      e.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      topic('n', { assignments: [[1, 1]] }),
      e.INVALID_REPLICA_ASSIGNMENT,
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      topic('n', {
        assignments: [
          [0, 1],
          [0, 1],
        ],
      }),
      e.INVALID_REPLICA_ASSIGNMENT,
      'Found multiple manual partition assignments for partition 0',
    ],
    [topic('n', { configs: { foo: 'bar' } }), e.INVALID_CONFIG, 'Unknown topic config name: foo'],
    [
      topic('n', { configs: { 'retention.ms': null } }),
      e.INVALID_CONFIG,
      'Null value not supported for topic configs: retention.ms',
    ],
    [
      topic('n', { configs: { 'retention.ms': 'abc' } }),
      e.INVALID_CONFIG,
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      topic('n', { configs: { 'cleanup.policy': 'x' } }),
      e.INVALID_CONFIG,
      'Invalid value x for configuration cleanup.policy: String must be one of: compact, delete',
    ],
    [
      topic('n', { configs: { 'segment.bytes': '10' } }),
      e.INVALID_CONFIG,
      'Invalid value 10 for configuration segment.bytes: Value must be at least 1048576',
    ],
    [
      topic('n', { configs: { 'min.cleanable.dirty.ratio': '1.5' } }),
      e.INVALID_CONFIG,
      'Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
    ],
    [
      topic('n', { configs: { 'compression.gzip.level': '0' } }),
      e.INVALID_CONFIG,
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      topic('n', { configs: { preallocate: 'yes' } }),
      e.INVALID_CONFIG,
      'Invalid value yes for configuration preallocate: Expected value to be either true or false',
    ],
    [
      topic('n', { configs: { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' } }),
      e.INVALID_CONFIG,
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    ],
    [
      topic('n', { configs: { 'remote.storage.enable': 'true' } }),
      e.INVALID_CONFIG,
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    ],
  ])('%j', (wanted, errorCode, errorMessage) => {
    const on = cluster();
    create(on, [topic('there'), topic('dotted.name')]);
    const before = on.image;
    expect(create(on, [wanted])).toEqual([{ name: wanted.name, topicId: ZERO, errorCode, errorMessage, configs: [] }]);
    expect(on.image.topics.size).toBe(before.topics.size);
  });

  test('a name twice in one request, but not the topics beside it', () => {
    const on = cluster();
    const results = create(on, [topic('twice'), topic('once'), topic('twice')]);
    expect(results.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['twice', ErrorCode.INVALID_REQUEST],
      ['once', ErrorCode.NONE],
    ]);
    expect([...on.image.topics.byName.keys()]).toEqual(['once']);
  });

  test('hand-written replicas that are all fenced', () => {
    const on = cluster({}, 1, { id: 2, fenced: true });
    const [result] = create(on, [topic('n', { assignments: [[0, 2]] })]);
    expect(result).toMatchObject({ errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT });
    expect(create(on, [topic('n', { assignments: [[0, 2, 1]] })])[0]).toMatchObject({ errorCode: ErrorCode.NONE });
    expect(on.image.topics.partition('n', 0)).toMatchObject({ replicas: [2, 1], isr: [1], leader: 1 });
  });

  test('any topic while all brokers are fenced', () => {
    const [result] = create(cluster({}, { id: 1, fenced: true }), [topic('n')]);
    expect(result?.errorMessage).toContain('All brokers are currently fenced');
  });
});

describe('a new topic', () => {
  test('has its partitions, directories, configs, and all of them in the answer', () => {
    const on = cluster();
    const [result] = create(on, [topic('t', { numPartitions: 2, configs: { 'retention.ms': '5' } })]);
    expect(result).toMatchObject({ name: 't', errorCode: 0, numPartitions: 2, replicationFactor: 1 });
    expect(result?.configs).toHaveLength(33);
    expect(result?.configs?.filter(({ configSource }) => configSource !== 5)).toEqual([
      { name: 'retention.ms', value: '5', readOnly: false, configSource: 1, isSensitive: false },
    ]);
    expect(on.image.topics.get('t')?.id).toBe(result?.topicId);
    expect(on.image.topics.partition('t', 1)).toEqual({
      replicas: [1],
      directories: [directoryId(1)],
      isr: [1],
      removingReplicas: [],
      addingReplicas: [],
      elr: [],
      lastKnownElr: [],
      leader: 1,
      leaderRecoveryState: 0,
      leaderEpoch: 0,
      partitionEpoch: 0,
    });
    expect([...on.image.configs.get(2, 't')]).toEqual([['retention.ms', '5']]);
  });

  test('takes defaults for -1', () => {
    const on = cluster({ 'num.partitions': '4', 'default.replication.factor': '2' }, 1, 2);
    create(on, [topic('t', { numPartitions: -1, replicationFactor: -1 })]);
    expect(assignment(on, 't')).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  test('that is only validated leaves nothing behind', () => {
    const on = cluster();
    expect(create(on, [topic('t')], true)[0]).toMatchObject({ errorCode: 0, numPartitions: 1 });
    expect(on.image.topics.size).toBe(0);
  });

  test('lets the broker choose among several directories', () => {
    const on = cluster({}, { id: 1, logDirs: [uuid(1), uuid(2)] });
    create(on, [topic('t')]);
    expect(on.image.topics.partition('t', 0)?.directories).toEqual([ZERO]);
  });
});

describe('placement', () => {
  test("is the notes' round robin, across topics", () => {
    const on = cluster({}, 1, 2, 3);
    const shape = { numPartitions: 2, replicationFactor: 3 };
    create(on, [topic('A', shape)]);
    create(on, [topic('__consumer_offsets', { numPartitions: 4, replicationFactor: 1 })]);
    create(on, [topic('B', shape)]);
    expect([...assignment(on, 'A'), ...assignment(on, 'B')]).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ]);
    // Internal topics start at the first broker.
    expect(assignment(on, '__consumer_offsets')).toEqual([[1], [2], [3], [1]]);
  });

  test('goes on within one request too', () => {
    const on = cluster({}, 1, 2, 3);
    create(
      on,
      ['A', 'B', 'C', 'D'].map((name) => topic(name)),
    );
    expect(['A', 'B', 'C', 'D'].flatMap((name) => assignment(on, name))).toEqual([[1], [2], [3], [1]]);
  });

  test('does not move for a topic that is refused or only validated', () => {
    const on = cluster({}, 1, 2, 3);
    create(on, [topic('A')]);
    create(on, [topic('v')], true);
    create(on, [topic('bad name')]);
    create(on, [topic('B')]);
    expect(assignment(on, 'B')).toEqual([[2]]);
  });

  test('follows the youngest topic that is left', () => {
    const on = cluster({}, 1, 2, 3);
    create(on, [topic('A'), topic('B'), topic('C')]);
    for (const name of ['C', 'A']) {
      on.decide(
        deleteTopics(on.context, { topics: [{ name, topicId: ZERO, ...none }], topicNames: [], timeoutMs: 1, ...none }),
      );
    }
    create(on, [topic('D')]);
    expect(assignment(on, 'D')).toEqual([[3]]);
  });

  test('goes over a broker that has left', () => {
    const on = cluster({}, 1, 2, 3);
    create(on, [topic('A'), topic('B')]);
    on.decide({
      response: 0,
      records: [{ type: 'UNREGISTER_BROKER_RECORD', version: 0, data: { brokerId: 2, brokerEpoch: 20 } }],
    });
    create(on, [topic('C'), topic('D')]);
    expect([assignment(on, 'C'), assignment(on, 'D')]).toEqual([[[3]], [[1]]]);
  });

  test('prefers brokers that are alive', () => {
    const on = cluster({}, 1, { id: 2, fenced: true }, 3);
    create(on, [topic('t', { numPartitions: 3, replicationFactor: 3 })]);
    expect(assignment(on, 't')).toEqual([
      [1, 3, 2],
      [3, 1, 2],
      [3, 1, 2],
    ]);
    expect(on.image.topics.get('t')?.partitions.map(({ isr }) => isr)).toEqual([
      [1, 3],
      [3, 1],
      [3, 1],
    ]);
  });

  test('spreads over racks', () => {
    const on = cluster({}, { id: 1, rack: 'a' }, { id: 2, rack: 'a' }, { id: 3, rack: 'b' }, { id: 4, rack: 'b' });
    create(on, [topic('t', { numPartitions: 4, replicationFactor: 2 })]);
    expect(assignment(on, 't')).toEqual([
      [1, 3],
      [3, 2],
      [2, 4],
      [4, 1],
    ]);
  });

  test('leaves out brokers whose directories are all cordoned', () => {
    const on = cluster({}, 1, 2);
    on.decide({
      response: 0,
      records: [
        {
          type: 'BROKER_REGISTRATION_CHANGE_RECORD',
          version: 3,
          data: { brokerId: 1, brokerEpoch: 10, cordonedLogDirs: [directoryId(1)] },
        },
      ],
    });
    create(on, [topic('t', { numPartitions: 2 })]);
    expect(assignment(on, 't')).toEqual([[2], [2]]);
  });
});

describe('more partitions', () => {
  const add = (
    on: Deciding,
    name: string,
    count: number,
    assignments: number[][] | null = null,
    validateOnly = false,
  ) =>
    on.decide(
      createPartitions(on.context, {
        topics: [
          { name, count, assignments: assignments?.map((brokerIds) => ({ brokerIds, ...none })) ?? null, ...none },
        ],
        timeoutMs: 1,
        validateOnly,
        ...none,
      }),
    ).results;

  test.each<[string, number, number[][] | null, number, string | null]>([
    ['t', 2, null, ErrorCode.INVALID_PARTITIONS, 'Topic already has 2 partition(s).'],
    [
      't',
      1,
      null,
      ErrorCode.INVALID_PARTITIONS,
      'The topic t currently has 2 partition(s); 1 would not be an increase.',
    ],
    [
      't',
      -1,
      null,
      ErrorCode.INVALID_PARTITIONS,
      'The topic t currently has 2 partition(s); -1 would not be an increase.',
    ],
    ['none', 3, null, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null],
    [
      't',
      4,
      [[1]],
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      't',
      3,
      [[7]],
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes broker 7, but no such broker is registered.',
    ],
    [
      't',
      3,
      [[]],
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes an empty replica list.',
    ],
    ['t', 20_000, null, ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.'],
  ])('are refused: %s to %i %j', (name, count, assignments, errorCode, errorMessage) => {
    const on = cluster();
    create(on, [topic('t', { numPartitions: 2 })]);
    expect(add(on, name, count, assignments)).toEqual([{ name, errorCode, errorMessage }]);
    expect(on.image.topics.get('t')?.partitions).toHaveLength(2);
  });

  test('go on where the last one is', () => {
    const on = cluster({}, 1, 2, 3);
    create(on, [topic('t', { numPartitions: 2, replicationFactor: 2 })]);
    add(on, 't', 4, null, true);
    expect(assignment(on, 't')).toHaveLength(2);
    add(on, 't', 4);
    expect(assignment(on, 't')).toEqual([
      [1, 2],
      [2, 3],
      [3, 1],
      [1, 2],
    ]);
    add(on, 't', 5, [[3, 2]]);
    expect(assignment(on, 't')[4]).toEqual([3, 2]);
  });
});

describe('deletion', () => {
  const remove = (on: Deciding, topics: [string | null, string][], topicNames: string[] = []) =>
    on
      .decide(
        deleteTopics(on.context, {
          topics: topics.map(([name, topicId]) => ({ name, topicId, ...none })),
          topicNames,
          timeoutMs: 1,
          ...none,
        }),
      )
      .responses.map(({ name, topicId, errorCode, errorMessage }) => [name, topicId, errorCode, errorMessage]);

  function withTopic(): { on: Deciding; id: string } {
    const on = cluster();
    create(on, [topic('t', { configs: { 'flush.ms': '1' } })]);
    return { on, id: on.image.topics.get('t')!.id };
  }

  test('goes by name, by id, and by the names of older versions', () => {
    for (const how of ['name', 'id', 'names'] as const) {
      const { on, id } = withTopic();
      const result =
        how === 'name' ? remove(on, [['t', ZERO]]) : how === 'id' ? remove(on, [[null, id]]) : remove(on, [], ['t']);
      expect(result).toEqual([['t', id, 0, null]]);
      expect(on.image.topics.size).toBe(0);
      expect(on.image.configs.get(2, 't').size).toBe(0);
    }
  });

  test('refuses what Kafka refuses', () => {
    const { on, id } = withTopic();
    expect(remove(on, [['none', ZERO]])).toEqual([
      ['none', ZERO, 3, 'This server does not host this topic-partition.'],
    ]);
    expect(remove(on, [[null, uuid(9)]])).toEqual([[null, uuid(9), 100, 'This server does not host this topic ID.']]);
    expect(remove(on, [['t', id]])).toEqual([['t', id, 42, 'You may not specify both topic name and topic id.']]);
    expect(remove(on, [[null, ZERO]])).toEqual([[null, ZERO, 42, 'Neither topic name nor id were specified.']]);
    expect(
      remove(on, [
        ['t', ZERO],
        ['t', ZERO],
      ]),
    ).toEqual([['t', ZERO, 42, 'Duplicate topic name.']]);
    expect(
      remove(on, [
        [null, id],
        [null, id],
      ]),
    ).toEqual([[null, id, 42, 'Duplicate topic id.']]);
    expect(
      remove(on, [
        ['t', ZERO],
        [null, id],
      ]),
    ).toEqual([['t', id, 42, 'The provided topic name maps to an ID that was already supplied.']]);
    expect(on.image.topics.size).toBe(1);
  });

  test('can be forbidden', () => {
    const on = cluster({ 'delete.topic.enable': 'false' });
    expect(() => remove(on, [['t', ZERO]])).toThrow(
      expect.objectContaining({ code: ErrorCode.TOPIC_DELETION_DISABLED }),
    );
  });

  test('frees a name for a topic with another id', () => {
    const { on, id } = withTopic();
    remove(on, [['t', ZERO]]);
    create(on, [topic('t')]);
    expect(on.image.topics.get('t')?.id).not.toBe(id);
    expect(on.image.configs.get(2, 't').size).toBe(0);
  });

  test('frees a colliding name', () => {
    const on = cluster();
    create(on, [topic('a.b')]);
    remove(on, [['a.b', ZERO]]);
    expect(create(on, [topic('a_b')])[0]?.errorCode).toBe(0);
  });
});

test('10,000 partitions in one topic, and 10,000 topics, are no trouble', () => {
  const on = cluster();
  expect(create(on, [topic('wide', { numPartitions: 10_000 })])[0]?.errorCode).toBe(0);
  expect(on.image.topics.get('wide')?.partitions).toHaveLength(10_000);
  for (let request = 0; request < 10; request++) {
    create(
      on,
      Array.from({ length: 1000 }, (_, index) => topic(`t-${request}-${index}`)),
    );
  }
  expect(on.image.topics.size).toBe(10_001);
});
