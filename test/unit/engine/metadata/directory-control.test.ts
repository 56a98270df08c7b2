import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { BrokerHeartbeatRequest } from '../../../../extension/protocol/generated/broker-heartbeat-request.ts';
import {
  LOST_DIRECTORY,
  MIGRATING_DIRECTORY,
  UNASSIGNED_DIRECTORY,
} from '../../../../extension/engine/common/random.ts';
import { heartbeat } from '../../../../extension/engine/metadata/broker-control.ts';
import { assignReplicasToDirs } from '../../../../extension/engine/metadata/directory-control.ts';
import { isOnlineDirectory, isReservedDirectory } from '../../../../extension/engine/metadata/directory-ids.ts';
import { createTopics } from '../../../../extension/engine/metadata/topic-control.ts';
import { codeOf } from '../log/log-fixture.ts';
import { clusterImage, Deciding, directoryId, uuid } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };
const A = directoryId(101);
const B = directoryId(102);
const EPOCH = 10;

/** Broker 1 has two directories, brokers 2 and 3 one each. */
class Cluster extends Deciding {
  constructor() {
    super(clusterImage({ id: 1, logDirs: [A, B] }, 2, 3));
  }

  /** With broker 1 as the first replica of every partition. */
  topic(name: string, replicas: number[][]): string {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds, ...none }));
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [], ...none };
    this.decide(createTopics(this.context, { topics: [topic], timeoutMs: 1, validateOnly: false, ...none }));
    return this.image.topics.get(name)!.id;
  }

  /** Answers the error codes, in order. */
  assign(directory: string, topicId: string, partitions: number[], brokerEpoch = EPOCH): number[] {
    const topics = [
      { topicId, partitions: partitions.map((partitionIndex) => ({ partitionIndex, ...none })), ...none },
    ];
    const request = { brokerId: 1, brokerEpoch, directories: [{ id: directory, topics, ...none }], ...none };
    const { directories } = this.decide(assignReplicasToDirs(this.context, request));
    return directories.flatMap((each) =>
      each.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)),
    );
  }

  beat(shape: Partial<BrokerHeartbeatRequest>) {
    return this.decide(
      heartbeat(this.context, {
        brokerId: 1,
        brokerEpoch: EPOCH,
        currentMetadataOffset: this.image.provenance.offset,
        wantFence: false,
        wantShutDown: false,
        offlineLogDirs: [],
        cordonedLogDirs: null,
        ...none,
        ...shape,
      }),
    );
  }

  state(name: string, index = 0) {
    const { leader, isr, directories, leaderEpoch } = this.image.topics.partition(name, index)!;
    return { leader, isr, directories, leaderEpoch };
  }
}

describe('replicas in directories', () => {
  it('are unassigned among several directories until the broker tells', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1, 2], [1, 2]]); // prettier-ignore
    expect(cluster.state('orders').directories).toEqual([UNASSIGNED_DIRECTORY, directoryId(2)]);
    expect(cluster.assign(A, id, [0])).toEqual([ErrorCode.NONE]);
    expect(cluster.assign(B, id, [1])).toEqual([ErrorCode.NONE]);
    expect(cluster.state('orders')).toEqual({
      leader: 1,
      isr: [1, 2],
      directories: [A, directoryId(2)],
      leaderEpoch: 0,
    });
    expect(cluster.state('orders', 1).directories).toEqual([B, directoryId(2)]);
  });

  it('make no record when they are where they were', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1]]);
    cluster.assign(A, id, [0]);
    const before = cluster.image.topics.partition('orders', 0)!;
    expect(cluster.assign(A, id, [0])).toEqual([ErrorCode.NONE]);
    expect(cluster.image.topics.partition('orders', 0)).toBe(before);
  });

  it('are refused one by one where there is no such replica', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1], [2]]);
    expect(cluster.assign(A, id, [0, 1, 2])).toEqual([
      ErrorCode.NONE,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect(cluster.assign(A, uuid(77), [0])).toEqual([ErrorCode.UNKNOWN_TOPIC_ID]);
    expect(codeOf(() => cluster.assign(A, id, [0], EPOCH - 1))).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });

  it('leave the ISR when the broker puts them where nothing is online', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1, 2]]);
    expect(cluster.assign(LOST_DIRECTORY, id, [0])).toEqual([ErrorCode.NONE]);
    expect(cluster.state('orders')).toEqual({
      leader: 2,
      isr: [2],
      directories: [LOST_DIRECTORY, directoryId(2)],
      leaderEpoch: 1,
    });
  });
});

describe('a directory that a heartbeat calls offline', () => {
  it('takes its replicas out of the ISR and its leaderships away; the others stay', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1, 2], [1, 2]]); // prettier-ignore
    const alone = cluster.topic('alone', [[1]]);
    cluster.assign(A, id, [0]);
    cluster.assign(A, alone, [0]);
    cluster.assign(B, id, [1]);
    const answer = cluster.beat({ offlineLogDirs: [A] });
    expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, isFenced: false, shouldShutDown: false });
    expect(cluster.state('orders', 0)).toMatchObject({ leader: 2, isr: [2] });
    expect(cluster.state('orders', 1)).toMatchObject({ leader: 1, isr: [1, 2] });
    expect(cluster.state('alone')).toMatchObject({ leader: -1 });
    expect(cluster.image.cluster.brokers.get(1)!.directories).toEqual([B]);
  });

  it('changes nothing the second time', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1, 2]]);
    cluster.assign(A, id, [0]);
    cluster.beat({ offlineLogDirs: [A] });
    const before = cluster.image.topics;
    cluster.beat({ offlineLogDirs: [A] });
    expect(cluster.image.topics).toBe(before);
  });

  it('is dealt with before the broker is fenced', () => {
    const cluster = new Cluster();
    const id = cluster.topic('orders', [[1, 2], [1, 2]]); // prettier-ignore
    cluster.assign(A, id, [0]);
    cluster.assign(B, id, [1]);
    expect(cluster.beat({ offlineLogDirs: [A], wantFence: true })).toMatchObject({ isFenced: false });
    expect(cluster.state('orders', 0)).toMatchObject({ leader: 2, leaderEpoch: 1 });
    expect(cluster.beat({ offlineLogDirs: [A], wantFence: true })).toMatchObject({ isFenced: true });
    expect(cluster.state('orders', 0)).toMatchObject({ leader: 2, leaderEpoch: 1 });
    expect(cluster.state('orders', 1)).toMatchObject({ leader: 2, leaderEpoch: 1 });
  });
});

it('knows the ids that are no directories', () => {
  const hundred = Buffer.alloc(16);
  hundred[15] = 100;
  expect([UNASSIGNED_DIRECTORY, LOST_DIRECTORY, MIGRATING_DIRECTORY].map(isReservedDirectory)).toEqual([
    true,
    true,
    true,
  ]);
  expect([hundred.toString('base64url'), A].map(isReservedDirectory)).toEqual([false, false]);
  expect(
    [A, B, UNASSIGNED_DIRECTORY, LOST_DIRECTORY, MIGRATING_DIRECTORY].map((id) => isOnlineDirectory([A], id)),
  ).toEqual([true, false, true, false, true]);
  expect(isOnlineDirectory([], B)).toBe(true);
});
