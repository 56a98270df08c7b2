import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { BrokerRegistrationRequest } from '../../../../extension/protocol/generated/broker-registration-request.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { LOST_DIRECTORY } from '../../../../extension/engine/common/random.ts';
import {
  allocateProducerIds,
  heartbeat,
  registerBroker,
} from '../../../../extension/engine/metadata/broker-control.ts';
import type { Decision } from '../../../../extension/engine/metadata/control-context.ts';
import { supportedFeatures } from '../../../../extension/engine/metadata/metadata-version.ts';
import { createTopics } from '../../../../extension/engine/metadata/topic-control.ts';
import { CLUSTER_ID, clusterImage, Deciding, directoryId, uuid } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

const features = [...supportedFeatures].map(([name, { minVersion, maxVersion }]) => ({
  name,
  minSupportedVersion: minVersion,
  maxSupportedVersion: maxVersion,
  ...none,
}));

let incarnations = 100;

function registration(brokerId: number, shape: Partial<BrokerRegistrationRequest> = {}): BrokerRegistrationRequest {
  return {
    brokerId,
    clusterId: CLUSTER_ID,
    incarnationId: uuid(incarnations++),
    listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, securityProtocol: 0, ...none }],
    features,
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [directoryId(brokerId)],
    previousBrokerEpoch: -1,
    ...none,
    ...shape,
  };
}

/** Records in short: type and data without ids. */
function short(decision: Decision<unknown>): unknown[] {
  return decision.records.map(({ type, data }) => {
    const { topicId: _topicId, brokerId, brokerEpoch, ...rest } = data as Record<string, unknown>;
    return [
      type,
      type === 'REGISTER_BROKER_RECORD' ? { brokerId, brokerEpoch, fenced: rest.fenced, logDirs: rest.logDirs } : rest,
    ];
  });
}

class Cluster extends Deciding {
  epochs = new Map<number, number>();
  sessions = new Set<number>();

  register(brokerId: number, shape: Partial<BrokerRegistrationRequest> = {}): unknown[] {
    const decision = registerBroker(this.context, registration(brokerId, shape), CLUSTER_ID, ({ id }) =>
      this.sessions.has(id),
    );
    const { brokerEpoch = -1 } = this.decide(decision);
    this.epochs.set(brokerId, brokerEpoch);
    return short(decision);
  }

  beat(
    brokerId: number,
    shape: { wantFence?: boolean; wantShutDown?: boolean; offset?: number; cordoned?: string[] } = {},
  ) {
    const decision = heartbeat(this.context, {
      brokerId,
      brokerEpoch: this.epochs.get(brokerId) ?? -1,
      currentMetadataOffset: shape.offset ?? this.image.provenance.offset,
      wantFence: shape.wantFence ?? false,
      wantShutDown: shape.wantShutDown ?? false,
      offlineLogDirs: [],
      cordonedLogDirs: shape.cordoned ?? null,
      ...none,
    });
    const { isFenced, shouldShutDown, isCaughtUp } = this.decide(decision);
    return { records: short(decision), isFenced, shouldShutDown, isCaughtUp };
  }

  topic(name: string, replicationFactor = 1): void {
    const topic = { name, numPartitions: 1, replicationFactor, assignments: [], configs: [], ...none };
    this.decide(createTopics(this.context, { topics: [topic], timeoutMs: 1, validateOnly: false, ...none }));
  }

  state(topic: string): unknown {
    const partition = this.image.topics.partition(topic, 0);
    if (partition === undefined) return undefined;
    const { leader, isr, elr, leaderEpoch, leaderRecoveryState } = partition;
    return { leader, isr, elr, leaderEpoch, leaderRecoveryState };
  }
}

function running(...ids: number[]): Cluster {
  const cluster = new Cluster(clusterImage());
  for (const id of ids) {
    cluster.register(id);
    cluster.beat(id);
  }
  return cluster;
}

describe('a broker alone', () => {
  test('is registered fenced, unfenced once it has caught up, and then has leaders', () => {
    const cluster = new Cluster(clusterImage());
    const offset = cluster.image.provenance.offset + 1;
    expect(cluster.register(1)).toEqual([
      ['REGISTER_BROKER_RECORD', { brokerId: 1, brokerEpoch: offset, fenced: true, logDirs: [directoryId(1)] }],
    ]);
    expect(cluster.beat(1, { offset: offset - 1 })).toMatchObject({ records: [], isFenced: true, isCaughtUp: false });
    expect(cluster.beat(1, { wantFence: true })).toMatchObject({ records: [], isFenced: true, isCaughtUp: true });
    expect(cluster.beat(1)).toEqual({
      records: [['BROKER_REGISTRATION_CHANGE_RECORD', { fenced: -1 }]],
      isFenced: false,
      shouldShutDown: false,
      isCaughtUp: true,
    });
    expect(cluster.beat(1).records).toEqual([]);
  });

  test('leaves and comes back cleanly, as Apache Kafka writes it', () => {
    const cluster = running(1);
    cluster.topic('t');
    const epoch = cluster.epochs.get(1)!;
    expect(cluster.beat(1, { wantShutDown: true })).toMatchObject({
      records: [
        ['BROKER_REGISTRATION_CHANGE_RECORD', { inControlledShutdown: 1 }],
        [
          'PARTITION_CHANGE_RECORD',
          { partitionId: 0, isr: [], leader: -1, eligibleLeaderReplicas: [1], lastKnownElr: [1] },
        ],
      ],
      shouldShutDown: false,
    });
    expect(cluster.beat(1, { wantShutDown: true })).toMatchObject({
      records: [['BROKER_REGISTRATION_CHANGE_RECORD', { fenced: 1 }]],
      shouldShutDown: true,
    });
    expect(cluster.register(1, { previousBrokerEpoch: epoch })).toHaveLength(1);
    expect(cluster.beat(1).records).toEqual([
      ['BROKER_REGISTRATION_CHANGE_RECORD', { fenced: -1 }],
      [
        'PARTITION_CHANGE_RECORD',
        { partitionId: 0, isr: [1], leader: 1, eligibleLeaderReplicas: [], lastKnownElr: [] },
      ],
    ]);
    expect(cluster.state('t')).toEqual({ leader: 1, isr: [1], elr: [], leaderEpoch: 2, leaderRecoveryState: 0 });
  });

  test('is killed and comes back at once: it leads again, as the last one known', () => {
    const cluster = running(1);
    cluster.topic('t');
    cluster.sessions.add(1);
    expect(cluster.register(1)).toEqual([
      ['PARTITION_CHANGE_RECORD', { partitionId: 0, isr: [], leader: -1, lastKnownElr: [1] }],
      ['REGISTER_BROKER_RECORD', expect.objectContaining({ fenced: true })],
    ]);
    expect(cluster.beat(1).records).toEqual([
      ['BROKER_REGISTRATION_CHANGE_RECORD', { fenced: -1 }],
      ['PARTITION_CHANGE_RECORD', { partitionId: 0, isr: [1], leader: 1, leaderRecoveryState: 1, lastKnownElr: [] }],
    ]);
    expect(cluster.state('t')).toEqual({ leader: 1, isr: [1], elr: [], leaderEpoch: 2, leaderRecoveryState: 1 });
  });

  test('registers again with the same incarnation and keeps its epoch', () => {
    const cluster = new Cluster(clusterImage());
    const incarnationId = uuid(7);
    cluster.register(1, { incarnationId });
    const epoch = cluster.epochs.get(1);
    cluster.register(1, { incarnationId });
    expect(cluster.epochs.get(1)).toBe(epoch);
  });

  test('tells which directories are cordoned, once', () => {
    const cluster = running(1);
    expect(cluster.beat(1, { cordoned: [directoryId(1)] }).records).toEqual([
      ['BROKER_REGISTRATION_CHANGE_RECORD', { cordonedLogDirs: [directoryId(1)] }],
    ]);
    expect(cluster.beat(1, { cordoned: [directoryId(1)] }).records).toEqual([]);
    expect(cluster.beat(1, { cordoned: [] }).records).toHaveLength(1);
  });
});

describe('several brokers', () => {
  test('hand over what one that leaves has led', () => {
    const cluster = running(1, 2, 3);
    cluster.topic('t', 3);
    expect(cluster.state('t')).toMatchObject({ leader: 1, isr: [1, 2, 3] });
    expect(cluster.beat(1, { wantShutDown: true }).shouldShutDown).toBe(false);
    expect(cluster.state('t')).toMatchObject({ leader: 2, isr: [2, 3], elr: [] });
    expect(cluster.beat(1, { wantShutDown: true }).shouldShutDown).toBe(true);
    expect(cluster.image.cluster.aliveBrokers().map(({ id }) => id)).toEqual([2, 3]);
  });

  test('do the same for one that wants to be fenced', () => {
    const cluster = running(1, 2);
    cluster.topic('t', 2);
    expect(cluster.beat(1, { wantFence: true }).isFenced).toBe(true);
    expect(cluster.state('t')).toMatchObject({ leader: 2, isr: [2] });
    expect(cluster.beat(1).isFenced).toBe(false);
    // Being alive again does not put it into the ISR: that is for the leader to say.
    expect(cluster.state('t')).toMatchObject({ leader: 2, isr: [2] });
  });
});

describe('refused', () => {
  const codeOf = (act: () => unknown): number | undefined => {
    try {
      act();
      return undefined;
    } catch (error) {
      return error instanceof ApiError ? error.code : -2;
    }
  };

  test.each<[string, Partial<BrokerRegistrationRequest>, number]>([
    ['another cluster', { clusterId: 'x' }, ErrorCode.INCONSISTENT_CLUSTER_ID],
    ['no features', { features: [] }, ErrorCode.INVALID_REGISTRATION],
    ['no directories', { logDirs: [] }, ErrorCode.INVALID_REGISTRATION],
    [
      'an older release',
      {
        features: features.map((each) =>
          each.name === 'metadata.version' ? { ...each, maxSupportedVersion: 29 } : each,
        ),
      },
      ErrorCode.UNSUPPORTED_VERSION,
    ],
    ['one directory twice', { logDirs: [directoryId(1), directoryId(1)] }, ErrorCode.INVALID_REGISTRATION],
    ['a directory id that is reserved', { logDirs: [LOST_DIRECTORY] }, ErrorCode.INVALID_REGISTRATION],
  ])('a registration with %s', (_what, shape, code) => {
    expect(codeOf(() => new Cluster(clusterImage()).register(1, shape))).toBe(code);
  });

  test('a directory of another broker', () => {
    const cluster = running(1);
    expect(codeOf(() => cluster.register(2, { logDirs: [directoryId(1)] }))).toBe(ErrorCode.INVALID_REGISTRATION);
  });

  test('a second broker with the id of one that is alive, unless it has its directory', () => {
    const cluster = running(1);
    cluster.sessions.add(1);
    const elsewhere = { logDirs: [directoryId(9)] };
    expect(codeOf(() => cluster.register(1, elsewhere))).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
    cluster.sessions.delete(1);
    expect(codeOf(() => cluster.register(1, elsewhere))).toBeUndefined();
  });

  test('heartbeats and producer ids for a broker that is not registered, or was in another life', () => {
    const cluster = running(1);
    expect(codeOf(() => cluster.beat(5))).toBe(ErrorCode.STALE_BROKER_EPOCH);
    cluster.epochs.set(1, 1);
    expect(codeOf(() => cluster.beat(1))).toBe(ErrorCode.STALE_BROKER_EPOCH);
    expect(codeOf(() => allocateProducerIds(cluster.context, 1, 1))).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });
});

test('producer ids come in blocks of 1,000 that do not overlap', () => {
  const cluster = running(1);
  const take = () => cluster.decide(allocateProducerIds(cluster.context, 1, cluster.epochs.get(1)!));
  expect(take()).toMatchObject({ producerIdStart: 0, producerIdLen: 1000 });
  expect(take()).toMatchObject({ producerIdStart: 1000, producerIdLen: 1000 });
  expect(cluster.image.producerIds.nextProducerId).toBe(2000);
});
