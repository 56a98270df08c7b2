import { describe, expect, test } from 'vitest';
import { imageDifference } from '../../../../extension/engine/metadata/image-difference.ts';
import { imageRecords } from '../../../../extension/engine/metadata/image-records.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE, EMPTY_PROVENANCE } from '../../../../extension/engine/metadata/metadata-image.ts';
import type { MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import { metadataRecordTypes } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { bootstrapFeatureRecords } from '../../../../extension/engine/metadata/metadata-version.ts';
import { brokerRecord, clusterImage, directoryId, replay, uuid } from './metadata-fixture.ts';

const quota = [
  { entityType: 'user', entityName: 'alice' },
  { entityType: 'client-id', entityName: null },
];

/** Every record type of the definitions that leaves something behind. */
const everything: NewMetadataRecord[] = [
  ...bootstrapFeatureRecords(),
  brokerRecord({ id: 1 }),
  brokerRecord({ id: 2, rack: 'r2', fenced: true, inControlledShutdown: true }),
  brokerRecord({ id: 3 }),
  { type: 'FENCE_BROKER_RECORD', version: 0, data: { id: 1, epoch: 10 } },
  { type: 'UNFENCE_BROKER_RECORD', version: 0, data: { id: 1, epoch: 10 } },
  {
    type: 'BROKER_REGISTRATION_CHANGE_RECORD',
    version: 3,
    data: { brokerId: 1, brokerEpoch: 10, cordonedLogDirs: [uuid(9)] },
  },
  { type: 'UNREGISTER_BROKER_RECORD', version: 0, data: { brokerId: 3, brokerEpoch: 30 } },
  {
    type: 'REGISTER_CONTROLLER_RECORD',
    version: 0,
    data: {
      controllerId: 1,
      incarnationId: uuid(5),
      zkMigrationReady: false,
      endPoints: [{ name: 'CONTROLLER', host: 'h', port: 9093, securityProtocol: 0 }],
      features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 }],
    },
  },
  { type: 'TOPIC_RECORD', version: 0, data: { name: 'z', topicId: uuid(20) } },
  ...[0, 1].map((partitionId): NewMetadataRecord => ({
    type: 'PARTITION_RECORD',
    version: 2,
    data: {
      partitionId,
      topicId: uuid(20),
      replicas: [1, 2],
      isr: [1],
      addingReplicas: [],
      removingReplicas: [2],
      leader: 1,
      leaderEpoch: 4,
      partitionEpoch: 7,
      directories: [directoryId(1), directoryId(2)],
      eligibleLeaderReplicas: [2],
    },
  })),
  {
    type: 'PARTITION_CHANGE_RECORD',
    version: 2,
    data: { partitionId: 1, topicId: uuid(20), isr: [], leader: -1, lastKnownElr: [1] },
  },
  { type: 'TOPIC_RECORD', version: 0, data: { name: 'a', topicId: uuid(21) } },
  { type: 'TOPIC_RECORD', version: 0, data: { name: 'gone', topicId: uuid(22) } },
  {
    type: 'CONFIG_RECORD',
    version: 0,
    data: { resourceType: 2, resourceName: 'gone', name: 'retention.ms', value: '1' },
  },
  { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(22) } },
  { type: 'CLEAR_ELR_RECORD', version: 0, data: { topicName: 'a' } },
  { type: 'CONFIG_RECORD', version: 0, data: { resourceType: 2, resourceName: 'z', name: 'retention.ms', value: '1' } },
  {
    type: 'CONFIG_RECORD',
    version: 0,
    data: { resourceType: 4, resourceName: '', name: 'min.insync.replicas', value: '1' },
  },
  { type: 'CONFIG_RECORD', version: 0, data: { resourceType: 32, resourceName: 'a/b', name: 'x', value: '' } },
  { type: 'CONFIG_RECORD', version: 0, data: { resourceType: 2, resourceName: 'z', name: 'flush.ms', value: '1' } },
  { type: 'CONFIG_RECORD', version: 0, data: { resourceType: 2, resourceName: 'z', name: 'flush.ms', value: null } },
  {
    type: 'CLIENT_QUOTA_RECORD',
    version: 0,
    data: { entity: quota, key: 'producer_byte_rate', value: 1.5, remove: false },
  },
  {
    type: 'CLIENT_QUOTA_RECORD',
    version: 0,
    data: { entity: quota, key: 'consumer_byte_rate', value: 9, remove: false },
  },
  {
    type: 'CLIENT_QUOTA_RECORD',
    version: 0,
    data: { entity: quota, key: 'consumer_byte_rate', value: 0, remove: true },
  },
  { type: 'PRODUCER_IDS_RECORD', version: 0, data: { brokerId: 1, brokerEpoch: 10, nextProducerId: 2000 } },
  ...[30, 31].map((id): NewMetadataRecord => ({
    type: 'ACCESS_CONTROL_ENTRY_RECORD',
    version: 0,
    data: {
      id: uuid(id),
      resourceType: 2,
      resourceName: 't',
      patternType: 3,
      principal: 'User:a',
      host: '*',
      operation: 3,
      permissionType: 3,
    },
  })),
  { type: 'REMOVE_ACCESS_CONTROL_ENTRY_RECORD', version: 0, data: { id: uuid(31) } },
  ...[1, 2].map((mechanism): NewMetadataRecord => ({
    type: 'USER_SCRAM_CREDENTIAL_RECORD',
    version: 0,
    data: {
      name: 'alice',
      mechanism,
      salt: Buffer.from('salt'),
      storedKey: Buffer.from('stored'),
      serverKey: Buffer.from('server'),
      iterations: 4096,
    },
  })),
  { type: 'REMOVE_USER_SCRAM_CREDENTIAL_RECORD', version: 0, data: { name: 'alice', mechanism: 2 } },
  ...['t1', 't2'].map((tokenId): NewMetadataRecord => ({
    type: 'DELEGATION_TOKEN_RECORD',
    version: 0,
    data: {
      owner: 'User:a',
      requester: 'User:a',
      renewers: ['User:b'],
      issueTimestamp: 1,
      maxTimestamp: 2,
      expirationTimestamp: 3,
      tokenId,
    },
  })),
  { type: 'REMOVE_DELEGATION_TOKEN_RECORD', version: 0, data: { tokenId: 't2' } },
  { type: 'ZK_MIGRATION_STATE_RECORD', version: 0, data: { zkMigrationState: 0 } },
  { type: 'NO_OP_RECORD', version: 0, data: {} },
  { type: 'BEGIN_TRANSACTION_RECORD', version: 0, data: {} },
  { type: 'END_TRANSACTION_RECORD', version: 0, data: {} },
  { type: 'ABORT_TRANSACTION_RECORD', version: 0, data: {} },
];

/** An image as plain data, for comparing. */
function plain(image: MetadataImage): unknown {
  const expand = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && Symbol.iterator in value && !Array.isArray(value)
      ? [...(value as Iterable<unknown>)]
      : value;
  const { provenance: _provenance, topics, ...rest } = image;
  const order = [...topics.byId.values()].sort((a, b) => a.sequence - b.sequence);
  const named = order.map(({ name, id, partitions }) => ({ name, id, partitions }));
  return JSON.parse(JSON.stringify({ ...rest, topics: named, byName: [...topics.byName.keys()] }, expand));
}

describe('every record type', () => {
  test('is in the list of this test', () => {
    expect(new Set(everything.map(({ type }) => type))).toEqual(new Set(Object.keys(metadataRecordTypes)));
  });

  test('is replayed', () => {
    const image = replay(EMPTY_IMAGE, everything);
    expect(image.features.metadataVersion).toBe(30);
    expect([...image.features.levels]).toEqual([
      ['eligible.leader.replicas.version', 1],
      ['group.version', 1],
      ['share.version', 1],
      ['streams.version', 1],
      ['transaction.version', 2],
    ]);
    expect([...image.cluster.brokers.keys()]).toEqual([1, 2]);
    expect(image.cluster.brokers.get(1)).toMatchObject({ fenced: false, cordonedDirectories: [uuid(9)] });
    expect(image.cluster.aliveBrokers().map(({ id }) => id)).toEqual([1]);
    expect(image.cluster.controllers.get(1)?.listeners[0]).toMatchObject({ port: 9093 });
    expect([...image.topics.byName.keys()]).toEqual(['a', 'z']);
    expect(image.topics.partition('z', 1)).toEqual({
      replicas: [1, 2],
      directories: [directoryId(1), directoryId(2)],
      isr: [],
      removingReplicas: [2],
      addingReplicas: [],
      elr: [2],
      lastKnownElr: [1],
      leader: -1,
      leaderRecoveryState: 0,
      leaderEpoch: 5,
      partitionEpoch: 8,
    });
    expect([...image.configs.get(2, 'z')]).toEqual([['retention.ms', '1']]);
    expect([...image.configs.get(32, 'a/b')]).toEqual([['x', '']]);
    expect(image.configs.get(2, 'gone').size).toBe(0);
    expect([...image.clientQuotas.values()].map(({ quotas }) => [...quotas])).toEqual([[['producer_byte_rate', 1.5]]]);
    expect(image.producerIds.nextProducerId).toBe(2000);
    expect([...image.acls.keys()]).toEqual([uuid(30)]);
    expect([...image.scram.values()]).toMatchObject([{ user: 'alice', mechanism: 1, iterations: 4096 }]);
    expect([...image.delegationTokens.keys()]).toEqual(['t1']);
    expect(image.features.zkMigrationState).toBe(0);
  });

  test('is written by a snapshot, which makes the same image', () => {
    const image = replay(EMPTY_IMAGE, everything);
    const again = replay(EMPTY_IMAGE, [...imageRecords(image)]);
    expect(plain(again)).toEqual(plain(image));
    expect(again.topics.lastUserTopic?.name).toBe('a');
  });
});

describe('old images', () => {
  test('stay as they were', () => {
    const before = replay(clusterImage(1), [
      { type: 'TOPIC_RECORD', version: 0, data: { name: 't', topicId: uuid(1) } },
    ]);
    const text = JSON.stringify(plain(before));
    const after = replay(before, [
      { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(1) } },
      { type: 'UNREGISTER_BROKER_RECORD', version: 0, data: { brokerId: 1, brokerEpoch: 10 } },
    ]);
    expect(JSON.stringify(plain(before))).toBe(text);
    expect(after.topics.size).toBe(0);
    expect(after.cluster.brokers.size).toBe(0);
  });
});

describe('deltas', () => {
  const partition = (topicId: string, partitionId: number): NewMetadataRecord => ({
    type: 'PARTITION_RECORD',
    version: 2,
    data: {
      ...{ topicId, partitionId, replicas: [1], isr: [1], addingReplicas: [], removingReplicas: [] },
      ...{ leader: 1, leaderEpoch: 0, partitionEpoch: 0, directories: [directoryId(1)] },
    },
  });
  const topic = (name: string, topicId: string): NewMetadataRecord => ({
    type: 'TOPIC_RECORD',
    version: 0,
    data: { name, topicId },
  });
  const base = replay(clusterImage(1), [
    topic('t', uuid(1)),
    partition(uuid(1), 0),
    topic('u', uuid(2)),
    partition(uuid(2), 0),
  ]);

  test('say which topics and partitions were created, changed and deleted', () => {
    const delta = new MetadataDelta(base);
    const records: NewMetadataRecord[] = [
      partition(uuid(1), 1),
      { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(2) } },
      topic('u', uuid(3)),
      partition(uuid(3), 0),
      topic('short-lived', uuid(4)),
      { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(4) } },
    ];
    for (const record of records) delta.replay(record as Parameters<MetadataDelta['replay']>[0]);
    expect([...delta.topics.changed.values()].map(({ name, id, changes }) => [name, id, [...changes.keys()]])).toEqual([
      ['t', uuid(1), [1]],
      ['u', uuid(3), [0]],
    ]);
    expect([...delta.topics.deleted.keys()]).toEqual([uuid(2)]);
    expect(delta.topics.changed.get(uuid(1))?.before).toBe(base.topics.get('t'));
    expect(delta.topics.changed.get(uuid(3))?.before).toBeUndefined();
    const image = delta.apply(EMPTY_PROVENANCE);
    expect([...image.topics.byName].map(([name, { id }]) => [name, id])).toEqual([
      ['t', uuid(1)],
      ['u', uuid(3)],
    ]);
  });

  test('between two images name what differs, and nothing else', () => {
    const after = replay(base, [
      partition(uuid(1), 1),
      { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(2) } },
      { type: 'CONFIG_RECORD', version: 0, data: { resourceType: 2, resourceName: 't', name: 'flush.ms', value: '1' } },
    ]);
    const copy = replay(EMPTY_IMAGE, [...imageRecords(after)]);
    const delta = imageDifference(base, copy);
    expect([...delta.topics.changed.values()].map(({ name, changes }) => [name, [...changes.keys()]])).toEqual([
      ['t', [1]],
    ]);
    expect([...delta.topics.deleted.keys()]).toEqual([uuid(2)]);
    expect([...(delta.configs.get(2, 't') ?? [])]).toEqual([['flush.ms', '1']]);
    expect(delta.changedFeatures.size).toBe(0);
    const back = imageDifference(copy, base);
    expect([...(back.configs.get(2, 't') ?? [])]).toEqual([['flush.ms', null]]);
    expect([...back.topics.changed.values()].map(({ name }) => name)).toEqual(['u']);
  });
});

describe('a record that contradicts the image is refused', () => {
  test.each<[string, NewMetadataRecord, string]>([
    [
      'a partition of no topic',
      { type: 'PARTITION_CHANGE_RECORD', version: 2, data: { partitionId: 0, topicId: uuid(7) } },
      'does not exist',
    ],
    [
      'a topic deleted twice',
      { type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: uuid(7) } },
      'does not exist',
    ],
    [
      'a broker that is not registered',
      { type: 'FENCE_BROKER_RECORD', version: 0, data: { id: 9, epoch: 1 } },
      'not registered',
    ],
    [
      'an old epoch of a broker',
      { type: 'FENCE_BROKER_RECORD', version: 0, data: { id: 1, epoch: 1 } },
      'has epoch 10',
    ],
  ])('%s', (_what, record, message) => {
    expect(() => replay(clusterImage(1), [record])).toThrow(message);
  });

  test('a gap between partitions', () => {
    expect(() =>
      replay(clusterImage(1), [
        { type: 'TOPIC_RECORD', version: 0, data: { name: 't', topicId: uuid(1) } },
        {
          type: 'PARTITION_RECORD',
          version: 2,
          data: { topicId: uuid(1), partitionId: 1, replicas: [1], isr: [1], addingReplicas: [], removingReplicas: [] },
        },
      ]),
    ).toThrow('no partition 0');
  });
});
