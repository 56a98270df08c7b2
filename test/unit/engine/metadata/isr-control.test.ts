import { describe, expect, test } from 'vitest';
import { alterPartition } from '../../../../extension/engine/metadata/isr-control.ts';
import { Cluster, refusal } from './cluster-fixture.ts';
import type { IsrShape } from './cluster-fixture.ts';
import { uuid } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

/** Topic t: replicas 2, 3, 1, all in step. */
function cluster(configs: Record<string, string> = {}): Cluster {
  const made = new Cluster();
  made.topic('t', { replicas: [[2, 3, 1]], configs });
  return made;
}

describe('a leader changes its ISR', () => {
  test('smaller and larger again: the partition epoch grows, the leader epoch does not', () => {
    const samsa = cluster();
    expect(samsa.alterIsr('t', [2, 3])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 0, partitionEpoch: 1 });
    expect(samsa.alterIsr('t', [2, 3, 1])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ isr: [2, 3, 1], leaderEpoch: 0, partitionEpoch: 2 });
  });

  test('is told the state that it leads to', () => {
    const samsa = cluster();
    const { id } = samsa.image.topics.get('t')!;
    const partition = {
      ...{ partitionIndex: 0, leaderEpoch: 0, partitionEpoch: 0, leaderRecoveryState: 0, ...none },
      ...{ newIsr: [3, 2], newIsrWithEpochs: [] },
    };
    const request = {
      brokerId: 2,
      brokerEpoch: 20,
      topics: [{ topicId: id, partitions: [partition], ...none }],
      ...none,
    };
    // Version 2: no epochs.
    expect(alterPartition(samsa.context, request).response.topics[0]?.partitions).toEqual([
      {
        partitionIndex: 0,
        errorCode: 0,
        leaderId: 2,
        leaderEpoch: 0,
        isr: [3, 2],
        leaderRecoveryState: 0,
        partitionEpoch: 1,
      },
    ]);
    const twice = { ...request, topics: [{ topicId: id, partitions: [partition, partition], ...none }] };
    const decision = alterPartition(samsa.context, twice);
    expect(decision.records).toHaveLength(1);
    expect(decision.response.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 42]);
  });

  test('that is as it was: nothing is written', () => {
    const samsa = cluster();
    const { offset } = samsa.image.provenance;
    expect(samsa.alterIsr('t', [2, 3, 1])).toBe('NONE');
    expect(samsa.image.provenance.offset).toBe(offset);
  });

  test('below the minimum: who leaves stays eligible', () => {
    const samsa = cluster({ 'min.insync.replicas': '2' });
    expect(samsa.alterIsr('t', [2])).toBe('NONE');
    expect(samsa.state('t')).toBe('2 [2] elr [3,1]');
    expect(samsa.alterIsr('t', [2, 1])).toBe('NONE');
    expect(samsa.state('t')).toBe('2 [2,1]');
  });

  test('after an unclean election: first it says that it has recovered', () => {
    const samsa = cluster({ 'unclean.leader.election.enable': 'true' });
    expect(samsa.alterIsr('t', [2])).toBe('NONE');
    samsa.fence(2);
    expect(samsa.partition('t')).toMatchObject({ leader: 3, isr: [3], leaderRecoveryState: 1 });
    expect(samsa.alterIsr('t', [3, 1], { leaderRecoveryState: 1 })).toBe('INVALID_REQUEST');
    expect(samsa.alterIsr('t', [3], { leaderRecoveryState: 0 })).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ leaderRecoveryState: 0 });
    expect(samsa.alterIsr('t', [3], { leaderRecoveryState: 1 })).toBe('INVALID_REQUEST');
    expect(samsa.alterIsr('t', [3, 1])).toBe('NONE');
  });
});

test.each<[string, readonly number[], IsrShape, string]>([
  ['an unknown topic', [2], { topicId: uuid(77) }, 'UNKNOWN_TOPIC_ID'],
  ['an unknown partition', [2], { partitionIndex: 4 }, 'UNKNOWN_TOPIC_OR_PARTITION'],
  ['a leader epoch that we do not know yet', [2], { leaderEpoch: 1 }, 'NOT_CONTROLLER'],
  ['a partition epoch that we do not know yet', [2], { partitionEpoch: 1 }, 'NOT_CONTROLLER'],
  ['an old leader epoch', [2], { leaderEpoch: -1 }, 'FENCED_LEADER_EPOCH'],
  ['an old partition epoch', [2], { partitionEpoch: -1 }, 'INVALID_UPDATE_VERSION'],
  ['a broker that does not lead', [3], { brokerId: 3 }, 'INVALID_REQUEST'],
  ['an ISR without the leader', [3, 1], {}, 'INVALID_REQUEST'],
  ['an empty ISR', [], {}, 'INVALID_REQUEST'],
  ['a stranger in the ISR', [2, 4], {}, 'INVALID_REQUEST'],
  ['a replica twice', [2, 3, 3], {}, 'INVALID_REQUEST'],
  ['a recovery state that is none', [2], { leaderRecoveryState: 7 }, 'INVALID_REQUEST'],
  [
    'a replica of another life',
    [],
    {
      isr: [
        { brokerId: 2, brokerEpoch: 20 },
        { brokerId: 3, brokerEpoch: 29 },
      ],
    },
    'INELIGIBLE_REPLICA',
  ],
  ['a replica whose epoch nobody knows', [], { isr: [{ brokerId: 2, brokerEpoch: 20 }, { brokerId: 3 }] }, 'NONE'],
])('%s', (_what, isr, shape, error) => {
  expect(cluster().alterIsr('t', isr, shape)).toBe(error);
});

test('a replica that is fenced or on its way out does not come into the ISR', () => {
  const samsa = cluster();
  samsa.topic('led-by-1', { replicas: [[1]] });
  samsa.fence(3);
  expect(samsa.alterIsr('t', [2, 3, 1])).toBe('INELIGIBLE_REPLICA');
  samsa.beat(1, { wantShutDown: true });
  expect(samsa.image.cluster.brokers.get(1)?.inControlledShutdown).toBe(true);
  expect(samsa.alterIsr('t', [2, 1])).toBe('INELIGIBLE_REPLICA');
  expect(samsa.alterIsr('t', [2])).toBe('NONE');
});

test('a broker of another life is refused as a whole', () => {
  expect(refusal(() => cluster().alterIsr('t', [2], { brokerEpoch: 19 }))).toBe('STALE_BROKER_EPOCH');
  expect(refusal(() => cluster().alterIsr('t', [2], { brokerId: 9 }))).toBe('STALE_BROKER_EPOCH');
});
