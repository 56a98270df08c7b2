import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import {
  alterConfigs,
  ConfigOperation,
  incrementalAlterConfigs,
} from '../../../../extension/engine/metadata/config-control.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { clusterImage, Deciding, replay, uuid } from './metadata-fixture.ts';

const { SET, DELETE, APPEND, SUBTRACT } = ConfigOperation;
const [TOPIC, BROKER, LOGGER, METRICS, GROUP] = [2, 4, 8, 16, 32] as const;
const none = { unknownTaggedFields: undefined };

type Change = readonly [type: number, name: string, ...configs: (readonly [string, number, string | null])[]];

function cluster(): Deciding {
  const records: NewMetadataRecord[] = [
    { type: 'TOPIC_RECORD', version: 0, data: { name: 't', topicId: uuid(1) } },
    {
      type: 'CONFIG_RECORD',
      version: 0,
      data: { resourceType: BROKER, resourceName: '', name: 'min.insync.replicas', value: '1' },
    },
  ];
  return new Deciding(replay(clusterImage(1), records));
}

function resources(changes: readonly Change[]) {
  return changes.map(([resourceType, resourceName, ...configs]) => ({
    resourceType,
    resourceName,
    configs: configs.map(([name, configOperation, value]) => ({ name, configOperation, value, ...none })),
    ...none,
  }));
}

function change(on: Deciding, changes: readonly Change[], validateOnly = false) {
  return on.decide(incrementalAlterConfigs(on.context, { resources: resources(changes), validateOnly, ...none }))
    .responses;
}

function records(on: Deciding, changes: readonly Change[]): unknown[] {
  const decision = incrementalAlterConfigs(on.context, { resources: resources(changes), validateOnly: false, ...none });
  on.decide(decision);
  return decision.records.map(({ type, data }) =>
    type === 'CONFIG_RECORD' ? [data.resourceType, data.resourceName, data.name, data.value] : [type, data],
  );
}

describe('what Apache Kafka 4.3.1 refuses', () => {
  const e = ErrorCode;
  test.each<[Change, number, string]>([
    [[TOPIC, 'nope', ['retention.ms', SET, '1']], e.UNKNOWN_TOPIC_OR_PARTITION, "The topic 'nope' does not exist."],
    [[TOPIC, '', ['retention.ms', SET, '1']], e.INVALID_REQUEST, 'Default topic resources are not allowed.'],
    [
      [TOPIC, 'a b', ['retention.ms', SET, '1']],
      e.INVALID_TOPIC_EXCEPTION,
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      [TOPIC, 't', ['retention.ms', SET, 'x']],
      e.INVALID_CONFIG,
      'Invalid value x for configuration retention.ms: Not a number of type LONG',
    ],
    [[TOPIC, 't', ['foo', SET, 'x']], e.INVALID_CONFIG, 'Unknown topic config name: foo'],
    [[TOPIC, 't', ['retention.ms', SET, null]], e.INVALID_REQUEST, 'Null value not supported for : retention.ms'],
    [
      [TOPIC, 't', ['retention.ms', APPEND, '5']],
      e.INVALID_CONFIG,
      "Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    [
      [TOPIC, 't', ['retention.ms', SET, '1'], ['retention.ms', SET, '2']],
      e.INVALID_REQUEST,
      'Error due to duplicate config keys',
    ],
    [[1, 't', ['retention.ms', SET, '1']], e.INVALID_REQUEST, 'Unknown resource type 1'],
    [[LOGGER, '1', ['root', SET, 'DEBUG']], e.INVALID_REQUEST, 'Unknown resource type 8'],
    [
      [BROKER, '1', ['num.partitions', SET, '3']],
      e.INVALID_REQUEST,
      'Cannot update these configs dynamically: [num.partitions]',
    ],
    [
      [BROKER, '', ['broker.rack', SET, 'x']],
      e.INVALID_REQUEST,
      'Cannot update these configs dynamically: [broker.rack]',
    ],
    [
      [BROKER, '1', ['log.retention.hours', SET, '1']],
      e.INVALID_REQUEST,
      'Cannot update these configs dynamically: [log.retention.hours]',
    ],
    [
      [BROKER, '', ['listeners', SET, 'PLAINTEXT://:9092']],
      e.INVALID_REQUEST,
      'Cannot update these configs at default cluster level, broker id must be specified: [listeners]',
    ],
    [
      [BROKER, '', ['log.retention.ms', SET, 'abc']],
      e.INVALID_REQUEST,
      'Invalid value abc for configuration log.retention.ms: Not a number of type LONG',
    ],
    [[BROKER, 'x', ['log.cleaner.threads', SET, '2']], e.INVALID_REQUEST, 'Node id must be an integer, but it is: x'],
    [[BROKER, '2', ['log.cleaner.threads', SET, '2']], e.BROKER_ID_NOT_REGISTERED, 'No node with id 2 found.'],
    [
      [BROKER, '1', ['min.insync.replicas', SET, '1']],
      e.INVALID_CONFIG,
      'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    ],
    [
      [BROKER, '', ['min.insync.replicas', DELETE, null]],
      e.INVALID_CONFIG,
      'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    ],
    [
      [GROUP, 'g', ['consumer.session.timeout.ms', SET, '10']],
      e.INVALID_CONFIG,
      'consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [[GROUP, 'g', ['foo', SET, '10']], e.INVALID_CONFIG, 'Unknown group config name: foo'],
    [
      [GROUP, '', ['consumer.session.timeout.ms', SET, '46000']],
      e.INVALID_REQUEST,
      'Default group resources are not allowed.',
    ],
    [
      [METRICS, 'm', ['interval.ms', SET, '1']],
      e.INVALID_REQUEST,
      'Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    [[METRICS, 'm', ['foo', SET, '1']], e.INVALID_REQUEST, 'Unknown client metrics configuration: foo'],
    [[METRICS, 'm', ['match', SET, 'nope=1']], e.INVALID_CONFIG, 'Illegal client matching pattern: nope=1'],
    [[METRICS, '', ['interval.ms', SET, '5000']], e.INVALID_REQUEST, "Subscription name can't be empty"],
  ])('%j', (wanted, errorCode, errorMessage) => {
    const on = cluster();
    const before = on.image.configs;
    const [resourceType, resourceName] = wanted;
    expect(change(on, [wanted])).toEqual([{ errorCode, errorMessage, resourceType, resourceName }]);
    expect([...on.image.configs.resources.keys()]).toEqual([...before.resources.keys()]);
  });

  test('a resource twice, but not the one beside it', () => {
    const on = cluster();
    const twice: Change = [TOPIC, 't', ['retention.ms', SET, '1']];
    const results = change(on, [twice, [GROUP, 'g', ['share.isolation.level', SET, 'read_committed']], twice]);
    expect(results.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([
      [ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.'],
      [0, null],
      [ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.'],
    ]);
    expect(on.image.configs.get(TOPIC, 't').size).toBe(0);
    expect(on.image.configs.get(GROUP, 'g').size).toBe(1);
  });

  test('an operation that does not exist', () => {
    expect(change(cluster(), [[TOPIC, 't', ['retention.ms', 9, '1']]])[0]?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('changes', () => {
  test('set and delete', () => {
    const on = cluster();
    expect(records(on, [[TOPIC, 't', ['retention.ms', SET, '5'], ['flush.ms', SET, '6']]])).toEqual([
      [TOPIC, 't', 'retention.ms', '5'],
      [TOPIC, 't', 'flush.ms', '6'],
    ]);
    expect(records(on, [[TOPIC, 't', ['retention.ms', DELETE, null]]])).toEqual([[TOPIC, 't', 'retention.ms', null]]);
    expect([...on.image.configs.get(TOPIC, 't')]).toEqual([['flush.ms', '6']]);
  });

  test('append to a list and subtract from it, starting with the default', () => {
    const on = cluster();
    const policy = (operation: number, value: string): unknown =>
      records(on, [[TOPIC, 't', ['cleanup.policy', operation, value]]]);
    expect(policy(APPEND, 'compact')).toEqual([[TOPIC, 't', 'cleanup.policy', 'delete,compact']]);
    expect(policy(APPEND, 'compact')).toEqual([]);
    expect(policy(SUBTRACT, 'delete')).toEqual([[TOPIC, 't', 'cleanup.policy', 'compact']]);
    expect(policy(SUBTRACT, 'compact')).toEqual([[TOPIC, 't', 'cleanup.policy', '']]);
  });

  test('that change nothing write nothing', () => {
    const on = cluster();
    records(on, [[TOPIC, 't', ['retention.ms', SET, '5']]]);
    expect(records(on, [[TOPIC, 't', ['retention.ms', SET, '5'], ['flush.ms', DELETE, null]]])).toEqual([]);
  });

  test('may delete a name that nobody knows', () => {
    expect(change(cluster(), [[TOPIC, 't', ['foo', DELETE, null]]])[0]?.errorCode).toBe(0);
  });

  test('are checked together: one topic fails, the other does not', () => {
    const on = cluster();
    const results = change(on, [
      [TOPIC, 't', ['retention.ms', SET, '8']],
      [TOPIC, 'nope', ['retention.ms', SET, '8']],
    ]);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 3]);
    expect(on.image.configs.get(TOPIC, 't').get('retention.ms')).toBe('8');
  });

  test('that are only validated are not made', () => {
    const on = cluster();
    expect(change(on, [[TOPIC, 't', ['retention.ms', SET, '8']]], true)[0]?.errorCode).toBe(0);
    expect(on.image.configs.get(TOPIC, 't').size).toBe(0);
  });

  test('of the minimum ISR clear what was eligible by the old one', () => {
    const on = cluster();
    expect(records(on, [[TOPIC, 't', ['min.insync.replicas', SET, '2']]])).toEqual([
      [TOPIC, 't', 'min.insync.replicas', '2'],
      ['CLEAR_ELR_RECORD', { topicName: 't' }],
    ]);
    expect(records(on, [[BROKER, '', ['min.insync.replicas', SET, '2']]])).toEqual([
      [BROKER, '', 'min.insync.replicas', '2'],
      ['CLEAR_ELR_RECORD', { topicName: '' }],
    ]);
  });

  test('reach brokers, the cluster, groups and client metrics', () => {
    const on = cluster();
    const results = change(on, [
      [BROKER, '1', ['log.cleaner.threads', SET, '2'], ['leader.replication.throttled.rate', SET, '100']],
      [BROKER, '', ['log.retention.ms', SET, '1000'], ['foo.bar', SET, 'for a plug-in']],
      [
        GROUP,
        'g',
        ['consumer.heartbeat.interval.ms', SET, '15000'],
        ['share.auto.offset.reset', SET, 'by_duration:PT1H'],
      ],
      [METRICS, 'm', ['interval.ms', SET, '5000'], ['match', SET, 'client_id=a.*']],
    ]);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 0]);
    expect(on.resolver.topic(on.image.configs, 't')['retention.ms']).toBe('1000');
  });
});

describe('the older API', () => {
  const replace = (on: Deciding, configs: Record<string, string | null>, type: number = TOPIC, name = 't') => {
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value, ...none }));
    const request = {
      resources: [{ resourceType: type, resourceName: name, configs: entries, ...none }],
      validateOnly: false,
      ...none,
    };
    return on.decide(alterConfigs(on.context, request)).responses[0];
  };

  test('replaces what was there', () => {
    const on = cluster();
    replace(on, { 'retention.ms': '1', 'flush.ms': '2' });
    replace(on, { 'flush.ms': '3' });
    expect([...on.image.configs.get(TOPIC, 't')]).toEqual([['flush.ms', '3']]);
    replace(on, {});
    expect(on.image.configs.get(TOPIC, 't').size).toBe(0);
  });

  test('refuses null, and to take the cluster its minimum ISR', () => {
    const on = cluster();
    expect(replace(on, { 'retention.ms': null })).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: 'Null value not supported for : retention.ms',
    });
    expect(replace(on, { 'log.cleaner.threads': '2' }, BROKER, '')).toMatchObject({
      errorCode: ErrorCode.INVALID_CONFIG,
    });
    expect(replace(on, { 'min.insync.replicas': '2', 'log.cleaner.threads': '2' }, BROKER, '')).toMatchObject({
      errorCode: 0,
    });
  });
});
