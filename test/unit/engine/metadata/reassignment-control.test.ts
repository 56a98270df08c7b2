import { describe, expect, test } from 'vitest';
import { errorName } from '../../../../extension/protocol/errors.ts';
import {
  alterPartitionReassignments,
  listPartitionReassignments,
} from '../../../../extension/engine/metadata/reassignment-control.ts';
import { Cluster } from './cluster-fixture.ts';
import { directoryId } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

/** Reassigns the first partition of a topic; answers the error's name. */
function reassign(
  cluster: Cluster,
  name: string,
  replicas: number[] | null,
  shape: { allowReplicationFactorChange?: boolean; partitionIndex?: number } = {},
): string {
  const { allowReplicationFactorChange = true, partitionIndex = 0 } = shape;
  const topics = [{ name, partitions: [{ partitionIndex, replicas, ...none }], ...none }];
  const response = cluster.decide(
    alterPartitionReassignments(cluster.context, { timeoutMs: 1, allowReplicationFactorChange, topics, ...none }),
  );
  return errorName(response.responses[0]!.partitions[0]!.errorCode);
}

/** `topic-partition [replicas] +adding -removing`. */
function list(cluster: Cluster, topics: Record<string, number[]> | null = null): string[] {
  const wanted =
    topics && Object.entries(topics).map(([name, partitionIndexes]) => ({ name, partitionIndexes, ...none }));
  const { response } = listPartitionReassignments(cluster.context, { timeoutMs: 1, topics: wanted, ...none });
  return response.topics.flatMap(({ name, partitions }) =>
    partitions.map(
      ({ partitionIndex, replicas, addingReplicas, removingReplicas }) =>
        `${name}-${partitionIndex} [${replicas.join()}] +${addingReplicas.join()} -${removingReplicas.join()}`,
    ),
  );
}

function cluster(replicas: number[] = [1, 2, 3], configs: Record<string, string> = {}): Cluster {
  const made = new Cluster([1, 2, 3, 4, 5]);
  made.topic('t', { replicas: [replicas], configs });
  return made;
}

describe('a reassignment', () => {
  test('moves: the new replica is added, and the old one goes when the new one is in step', () => {
    const samsa = cluster();
    expect(reassign(samsa, 't', [4, 2, 3])).toBe('NONE');
    expect(list(samsa)).toEqual(['t-0 [4,2,3,1] +4 -1']);
    expect(samsa.partition('t')).toMatchObject({
      ...{ leader: 1, isr: [1, 2, 3], leaderEpoch: 0 },
      directories: [4, 2, 3, 1].map(directoryId),
    });
    // The leader is on its way out: whoever reports the ISR that completes it leads no more.
    expect(samsa.alterIsr('t', [1, 2, 3, 4])).toBe('NEW_LEADER_ELECTED');
    expect(samsa.partition('t')).toMatchObject({
      ...{ replicas: [4, 2, 3], isr: [2, 3, 4], leader: 4, leaderEpoch: 1 },
      ...{ addingReplicas: [], removingReplicas: [], directories: [4, 2, 3].map(directoryId) },
    });
    expect(list(samsa)).toEqual([]);
  });

  test('moves a follower: the leader stays, in a new epoch, so that the one that goes hears of it', () => {
    const samsa = cluster();
    expect(reassign(samsa, 't', [1, 2, 5])).toBe('NONE');
    expect(samsa.alterIsr('t', [1, 2, 3, 5])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ replicas: [1, 2, 5], isr: [1, 2, 5], leader: 1, leaderEpoch: 1 });
  });

  test('grows', () => {
    const samsa = cluster([1, 2]);
    expect(reassign(samsa, 't', [1, 2, 3, 4])).toBe('NONE');
    expect(list(samsa)).toEqual(['t-0 [1,2,3,4] +3,4 -']);
    samsa.alterIsr('t', [1, 2, 3]);
    expect(list(samsa)).toHaveLength(1);
    samsa.alterIsr('t', [1, 2, 3, 4]);
    expect(list(samsa)).toEqual([]);
    expect(samsa.partition('t')).toMatchObject({ replicas: [1, 2, 3, 4], leaderEpoch: 0 });
  });

  test('shrinks at once when all that stay are in step, and waits for them otherwise', () => {
    const samsa = cluster();
    expect(reassign(samsa, 't', [2, 3])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ replicas: [2, 3], isr: [2, 3], leader: 2, removingReplicas: [] });
    const waiting = cluster();
    waiting.alterIsr('t', [1, 2]);
    expect(reassign(waiting, 't', [2, 3])).toBe('NONE');
    expect(list(waiting)).toEqual(['t-0 [2,3,1] + -1']);
    expect(waiting.alterIsr('t', [1, 2, 3])).toBe('NEW_LEADER_ELECTED');
    expect(waiting.partition('t')).toMatchObject({ replicas: [2, 3], leader: 2 });
  });

  test('changes the order at once', () => {
    const samsa = cluster();
    expect(reassign(samsa, 't', [3, 2, 1])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ replicas: [3, 2, 1], leader: 1, addingReplicas: [] });
    expect(list(samsa)).toEqual([]);
  });

  test('that is asked for twice changes nothing', () => {
    const samsa = cluster();
    reassign(samsa, 't', [4, 2, 3]);
    const { offset } = samsa.image.provenance;
    expect(reassign(samsa, 't', [4, 2, 3])).toBe('NONE');
    expect(samsa.image.provenance.offset).toBe(offset);
  });

  test('takes the place of one under way', () => {
    const samsa = cluster();
    reassign(samsa, 't', [4, 2, 3]);
    expect(reassign(samsa, 't', [5, 2, 3])).toBe('NONE');
    expect(list(samsa)).toEqual(['t-0 [5,2,3,1,4] +5 -1,4']);
    expect(samsa.alterIsr('t', [1, 2, 3, 5])).toBe('NEW_LEADER_ELECTED');
    expect(samsa.partition('t')).toMatchObject({ replicas: [5, 2, 3], leader: 5 });
  });

  test('back to what it was ends it', () => {
    const samsa = cluster();
    reassign(samsa, 't', [4, 2, 3]);
    expect(reassign(samsa, 't', [1, 2, 3])).toBe('NONE');
    expect(list(samsa)).toEqual([]);
    expect(samsa.partition('t')).toMatchObject({ replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1 });
  });

  test('goes on over the death of its leader', () => {
    const samsa = cluster();
    reassign(samsa, 't', [4, 2, 3]);
    samsa.fence(1);
    expect(samsa.partition('t')).toMatchObject({ leader: 2, isr: [2, 3], addingReplicas: [4] });
    expect(samsa.alterIsr('t', [2, 3, 4])).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ replicas: [4, 2, 3], leader: 2 });
  });

  test('leaves nobody in the ELR who has no replica any more', () => {
    const samsa = cluster([1, 2, 3], { 'min.insync.replicas': '2' });
    samsa.alterIsr('t', [1]);
    expect(samsa.state('t')).toBe('1 [1] elr [2,3]');
    reassign(samsa, 't', [1, 4]);
    expect(samsa.alterIsr('t', [1, 4])).toBe('NONE');
    expect(samsa.state('t')).toBe('1 [1,4]');
  });
});

describe('a cancelled reassignment', () => {
  test('goes back to the old replicas', () => {
    const samsa = cluster();
    reassign(samsa, 't', [4, 5, 3]);
    samsa.alterIsr('t', [1, 2, 3, 4]);
    expect(reassign(samsa, 't', null)).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({
      ...{ replicas: [3, 1, 2], isr: [1, 2, 3], leader: 1, addingReplicas: [], removingReplicas: [] },
    });
    expect(reassign(samsa, 't', null)).toBe('NO_REASSIGNMENT_IN_PROGRESS');
  });

  test('does not lose records, unless that is allowed', () => {
    const stuck = (configs: Record<string, string>): Cluster => {
      const samsa = cluster([1], configs);
      reassign(samsa, 't', [4, 5]);
      samsa.alterIsr('t', [1, 4]);
      samsa.fence(1);
      expect(samsa.partition('t')).toMatchObject({ leader: 4, isr: [4], addingReplicas: [4, 5] });
      return samsa;
    };
    expect(reassign(stuck({}), 't', null)).toBe('INVALID_REPLICA_ASSIGNMENT');
    const samsa = stuck({ 'unclean.leader.election.enable': 'true' });
    expect(reassign(samsa, 't', null)).toBe('NONE');
    expect(samsa.partition('t')).toMatchObject({ replicas: [1], addingReplicas: [], leader: -1 });
  });
});

describe('refused', () => {
  test.each<[string, number[] | null, object, string]>([
    ['an unknown broker', [1, 2, 9], {}, 'INVALID_REPLICA_ASSIGNMENT'],
    ['a broker twice', [1, 2, 2], {}, 'INVALID_REPLICA_ASSIGNMENT'],
    ['no replicas', [], {}, 'INVALID_REPLICA_ASSIGNMENT'],
    ['a negative broker', [1, -2], {}, 'INVALID_REPLICA_ASSIGNMENT'],
    ['an end to nothing', null, {}, 'NO_REASSIGNMENT_IN_PROGRESS'],
    ['an unknown partition', [1], { partitionIndex: 3 }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['another replication factor', [1, 2], { allowReplicationFactorChange: false }, 'INVALID_REPLICATION_FACTOR'],
    ['the same replication factor is not', [4, 5, 1], { allowReplicationFactorChange: false }, 'NONE'],
  ])('%s', (_what, replicas, shape, error) => {
    expect(reassign(cluster(), 't', replicas, shape)).toBe(error);
  });

  test('what concerns nothing', () => {
    expect(reassign(cluster(), 'nowhere', [1])).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('a change of the replication factor that is under way counts as done', () => {
    const samsa = cluster([1, 2]);
    reassign(samsa, 't', [3, 4, 1]);
    const shape = { allowReplicationFactorChange: false };
    expect(reassign(samsa, 't', [3, 4], shape)).toBe('INVALID_REPLICATION_FACTOR');
    expect(reassign(samsa, 't', [3, 5, 1], shape)).toBe('NONE');
  });

  test('a partition that is named twice', () => {
    const samsa = cluster();
    const partition = { partitionIndex: 0, replicas: [4], ...none };
    const topics = [{ name: 't', partitions: [partition, partition], ...none }];
    const decision = alterPartitionReassignments(samsa.context, {
      ...{ timeoutMs: 1, allowReplicationFactorChange: true, topics, ...none },
    });
    expect(decision.records).toHaveLength(1);
    expect(decision.response.responses[0]?.partitions.map(({ errorCode }) => errorName(errorCode))).toEqual([
      'NONE',
      'INVALID_REQUEST',
    ]);
  });
});

test('lists what is asked for', () => {
  const samsa = new Cluster([1, 2, 3, 4]);
  samsa.topic('a', { replicas: [[1], [2]] });
  samsa.topic('b', { replicas: [[1]] });
  reassign(samsa, 'a', [3], { partitionIndex: 1 });
  reassign(samsa, 'b', [4]);
  expect(list(samsa, null).sort()).toEqual(['a-1 [3,2] +3 -2', 'b-0 [4,1] +4 -1']);
  expect(list(samsa, { a: [0, 1, 7], nowhere: [0] })).toEqual(['a-1 [3,2] +3 -2']);
  expect(list(samsa, { a: [0] })).toEqual([]);
});
