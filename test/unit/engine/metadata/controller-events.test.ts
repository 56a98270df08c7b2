import { describe, expect, test } from 'vitest';
import type { ClusterEvent } from '../../../../extension/shared/cluster-protocol.ts';
import { fenceRecords, heartbeat, unregisterBroker } from '../../../../extension/engine/metadata/broker-control.ts';
import { controllerEvents } from '../../../../extension/engine/metadata/controller-events.ts';
import { electLeaders } from '../../../../extension/engine/metadata/election-control.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { encodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { alterPartitionReassignments } from '../../../../extension/engine/metadata/reassignment-control.ts';
import { Cluster } from './cluster-fixture.ts';

const none = { unknownTaggedFields: undefined };

/** Tells of whatever is decided. */
class Telling extends Cluster {
  events: ClusterEvent[] = [];

  override decide<R>(decision: {
    readonly records: readonly NewMetadataRecord[];
    readonly response: R;
    readonly cause?: string;
  }): R {
    const delta = new MetadataDelta(this.image);
    for (const record of decision.records) delta.replayFrame(encodeMetadataRecord(record));
    this.events.push(...controllerEvents(delta, decision.cause));
    return super.decide(decision);
  }

  /** What was told since the last call. */
  told(): ClusterEvent[] {
    return this.events.splice(0);
  }

  /** Only the reasons. */
  reasons(): string[] {
    return this.told().map((event) => ('reason' in event ? event.reason : ''));
  }

  kill(broker: number): void {
    const records = fenceRecords(this.context, this.image.cluster.brokers.get(broker)!);
    this.decide({ records, response: undefined, cause: `broker ${broker} stopped answering` });
  }

  returns(broker: number): void {
    const request = {
      ...{ brokerId: broker, brokerEpoch: broker * 10, currentMetadataOffset: 1_000_000, offlineLogDirs: [] },
      ...{ wantFence: false, wantShutDown: false, cordonedLogDirs: null, ...none },
    };
    this.decide(heartbeat(this.context, request));
  }
}

describe("the notes' example: A-2 on [2,3,1]", () => {
  function example(configs: Record<string, string> = {}): Telling {
    const cluster = new Telling();
    cluster.topic('A', {
      replicas: [
        [1, 2, 3],
        [2, 3, 1],
      ],
      configs,
    });
    cluster.told();
    return cluster;
  }

  test('broker 2 dies: 3 leads, and it reads why', () => {
    const cluster = example();
    cluster.kill(2);
    expect(cluster.told()).toEqual([
      { event: 'registration', broker: 2, state: 'fenced', epoch: 20, reason: 'broker 2 stopped answering' },
      {
        ...{ event: 'isr', topic: 'A', partition: 0, partitionEpoch: 1, isr: [1, 3], elr: [] },
        reason: 'broker 2 stopped answering; 2 is out of sync; 2 of 3 in sync: ISR [1,3]',
      },
      {
        ...{ event: 'leader', topic: 'A', partition: 1, leader: 3, epoch: 1, partitionEpoch: 1 },
        ...{ replicas: [2, 3, 1], isr: [3, 1], elr: [] },
        reason:
          'broker 2 stopped answering; 3 is the first of [2,3,1] that is alive and in sync; 2 of 3 in sync: ISR [3,1]; epoch 1',
      },
    ]);
  });

  test('all die: nobody leads; the last returns and leads', () => {
    const cluster = example();
    cluster.kill(2);
    cluster.kill(1);
    cluster.told();
    cluster.kill(3);
    expect(cluster.told().at(-1)).toMatchObject({
      ...{ event: 'leader', leader: -1, isr: [], elr: [3] },
      reason:
        'broker 3 stopped answering; no leader: only 3 may lead without loss, and it is away; 0 of 3 in sync: ISR [], ELR [3]; epoch 2',
    });
    cluster.returns(1);
    expect(cluster.told()).toEqual([expect.objectContaining({ event: 'registration', broker: 1, state: 'unfenced' })]);
    cluster.returns(3);
    const elected = cluster.told().at(-1);
    expect(elected).toMatchObject({ event: 'leader', leader: 3, isr: [3], elr: [] });
    expect(elected).not.toHaveProperty('unclean');
    expect(elected).toHaveProperty(
      'reason',
      expect.stringContaining('3 was the last in sync and has every committed record'),
    );
  });

  test('another returns first, and unclean elections are allowed', () => {
    const cluster = example({ 'unclean.leader.election.enable': 'true' });
    for (const broker of [2, 1, 3]) cluster.kill(broker);
    cluster.told();
    cluster.returns(1);
    expect(cluster.told().at(-1)).toMatchObject({
      ...{ event: 'leader', topic: 'A', partition: 1, leader: 1, isr: [1], unclean: true },
      reason: expect.stringContaining('unclean: nobody in sync is alive, 1 is the first of [2,3,1] that is') as string,
    });
  });

  test('a preferred election gives it back to 2', () => {
    const cluster = example();
    cluster.kill(2);
    cluster.returns(2);
    cluster.told();
    const { id } = cluster.image.topics.get('A')!;
    const data = { topicId: id, partitionId: 1, isr: [3, 1, 2] };
    cluster.decide({ records: [{ type: 'PARTITION_CHANGE_RECORD', version: 2, data }], response: undefined });
    expect(cluster.reasons()).toEqual(['2 caught up with leader 3; 3 of 3 in sync: ISR [3,1,2]']);
    const topicPartitions = [{ topic: 'A', partitions: [1], ...none }];
    cluster.decide(electLeaders(cluster.context, { electionType: 0, topicPartitions, timeoutMs: 1, ...none }));
    expect(cluster.reasons()).toEqual([
      'a preferred election was asked for; 2 is the preferred leader, the first of [2,3,1], and in sync; 3 of 3 in sync: ISR [3,1,2]; epoch 2',
    ]);
  });
});

test('a new topic has leaders', () => {
  const cluster = new Telling([1, { id: 2, fenced: true }, 3]);
  cluster.topic('t', {
    replicas: [
      [1, 3],
      [2, 3],
    ],
  });
  expect(cluster.told()).toMatchObject([
    {
      ...{ event: 'leader', partition: 0, leader: 1 },
      reason:
        'the topic was created; 1 is the preferred leader, the first of [1,3]; 2 of 2 in sync: ISR [1,3]; epoch 0',
    },
    {
      ...{ event: 'leader', partition: 1, leader: 3 },
      reason: 'the topic was created; 3 is the first of [2,3] that is alive; 1 of 2 in sync: ISR [3]; epoch 0',
    },
  ]);
});

test('a reassignment is told from its beginning to its end', () => {
  const cluster = new Telling([1, 2, 3, 4]);
  cluster.topic('t', { replicas: [[1, 2]] });
  cluster.told();
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [1, 4], ...none }], ...none }];
  const request = { timeoutMs: 1, allowReplicationFactorChange: true, topics, ...none };
  cluster.decide(alterPartitionReassignments(cluster.context, request));
  expect(cluster.reasons()).toEqual([
    'a reassignment was asked for; the replicas become [1,4]: 4 will be added, 2 will go; 2 of 3 in sync: ISR [1,2]',
  ]);
  cluster.alterIsr('t', [1, 2, 4]);
  expect(cluster.reasons()).toEqual([
    'the reassignment to [1,4] is complete; 1 goes on leading in a new epoch; 2 of 2 in sync: ISR [1,4]; epoch 1',
  ]);
});

test('brokers come and go', () => {
  const cluster = new Telling([1, 2]);
  cluster.beat(2, { wantShutDown: true });
  cluster.beat(2, { wantShutDown: true });
  cluster.decide(unregisterBroker(cluster.context, 2));
  expect(cluster.told()).toEqual([
    {
      ...{ event: 'registration', broker: 2, state: 'fenced', epoch: 20 },
      reason: 'broker 2 has handed over what it led, and stops',
    },
    { event: 'registration', broker: 2, state: 'unregistered', epoch: 20, reason: 'broker 2 was unregistered' },
  ]);
});

test('what changes nothing of that is no event', () => {
  const cluster = new Telling();
  cluster.topic('t', { replicas: [[1, 2]] });
  cluster.told();
  const { id } = cluster.image.topics.get('t')!;
  const data = { topicId: id, partitionId: 0, directories: ['AAAAAAAAAAAAAAAAAAAAZZ', 'AAAAAAAAAAAAAAAAAAAAZA'] };
  cluster.decide({ records: [{ type: 'PARTITION_CHANGE_RECORD', version: 2, data }], response: undefined });
  expect(cluster.told()).toEqual([]);
});
