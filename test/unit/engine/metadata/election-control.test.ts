import { describe, expect, test } from 'vitest';
import { errorName } from '../../../../extension/protocol/errors.ts';
import {
  electLeaders,
  MAX_ELECTIONS_AT_ONCE,
  preferredElections,
  uncleanElections,
} from '../../../../extension/engine/metadata/election-control.ts';
import { Cluster, refusal } from './cluster-fixture.ts';

const none = { unknownTaggedFields: undefined };
const PREFERRED = 0;
const UNCLEAN = 1;

/** Answers `topic-partition error` for every result. */
function elect(cluster: Cluster, electionType: number, partitions: Record<string, number[]> | null): string[] {
  const topicPartitions =
    partitions === null
      ? null
      : Object.entries(partitions).map(([topic, ids]) => ({ topic, partitions: ids, ...none }));
  const response = cluster.decide(
    electLeaders(cluster.context, { electionType, topicPartitions, timeoutMs: 1, ...none }),
  );
  expect(response.errorCode).toBe(0);
  return response.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId, errorCode }) => `${topic}-${partitionId} ${errorName(errorCode)}`),
  );
}

describe('a preferred election', () => {
  test('gives the partition back to its first replica, once that is in step', () => {
    const cluster = new Cluster();
    cluster.topic('t', { replicas: [[2, 3, 1]] });
    cluster.fence(2);
    expect(cluster.state('t')).toBe('3 [3,1]');
    expect(elect(cluster, PREFERRED, { t: [0] })).toEqual(['t-0 PREFERRED_LEADER_NOT_AVAILABLE']);
    cluster.beat(2);
    expect(elect(cluster, PREFERRED, { t: [0] })).toEqual(['t-0 PREFERRED_LEADER_NOT_AVAILABLE']);
    cluster.alterIsr('t', [3, 1, 2]);
    expect(elect(cluster, PREFERRED, { t: [0] })).toEqual(['t-0 NONE']);
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [3, 1, 2], leaderEpoch: 2 });
    expect(elect(cluster, PREFERRED, { t: [0] })).toEqual(['t-0 ELECTION_NOT_NEEDED']);
  });

  test('of all partitions answers only for those that needed one', () => {
    const cluster = new Cluster();
    cluster.topic('a', {
      replicas: [
        [1, 2],
        [2, 1],
        [3, 2],
      ],
    });
    cluster.topic('b', { replicas: [[2, 3]] });
    cluster.fence(2);
    cluster.beat(2);
    cluster.alterIsr('b', [3, 2]);
    expect(elect(cluster, PREFERRED, null)).toEqual(['a-1 PREFERRED_LEADER_NOT_AVAILABLE', 'b-0 NONE']);
    expect(cluster.state('b')).toBe('2 [3,2]');
  });

  test('of what is not there', () => {
    const cluster = new Cluster();
    cluster.topic('t', { replicas: [[1, 2]] });
    expect(elect(cluster, PREFERRED, { nowhere: [0], t: [7, 0, 0] })).toEqual([
      'nowhere-0 UNKNOWN_TOPIC_OR_PARTITION',
      't-7 UNKNOWN_TOPIC_OR_PARTITION',
      't-0 ELECTION_NOT_NEEDED',
      't-0 ELECTION_NOT_NEEDED',
    ]);
    expect(refusal(() => elect(cluster, 5, null))).toBe('INVALID_REQUEST');
  });
});

describe('an unclean election by command', () => {
  test('takes the first that is alive, whatever the topic says', () => {
    const cluster = new Cluster();
    cluster.topic('t', { replicas: [[2, 3, 1]] });
    expect(elect(cluster, UNCLEAN, { t: [0] })).toEqual(['t-0 ELECTION_NOT_NEEDED']);
    cluster.alterIsr('t', [2]);
    cluster.fence(2);
    expect(cluster.state('t')).toBe('-1 [] elr [2]');
    expect(elect(cluster, UNCLEAN, { t: [0] })).toEqual(['t-0 NONE']);
    expect(cluster.partition('t')).toMatchObject({ leader: 3, isr: [3], elr: [], leaderRecoveryState: 1 });
  });

  test('finds nobody where nobody is alive', () => {
    const cluster = new Cluster();
    cluster.topic('t', { replicas: [[2]] });
    cluster.fence(2);
    expect(elect(cluster, UNCLEAN, { t: [0] })).toEqual(['t-0 ELIGIBLE_LEADERS_NOT_AVAILABLE']);
  });

  test('happens by itself where the topic allows it', () => {
    const cluster = new Cluster();
    cluster.topic('safe', { replicas: [[2, 3, 1]] });
    cluster.topic('fast', { replicas: [[2, 3, 1]], configs: { 'unclean.leader.election.enable': 'true' } });
    for (const topic of ['safe', 'fast']) cluster.alterIsr(topic, [2]);
    cluster.fence(3);
    cluster.fence(1);
    cluster.fence(2);
    expect([cluster.state('safe'), cluster.state('fast')]).toEqual(['-1 [] elr [2]', '-1 [] elr [2]']);
    cluster.decide({ records: uncleanElections(cluster.context), response: undefined });
    expect(cluster.state('fast')).toBe('-1 [] elr [2]');
    cluster.beat(1);
    expect([cluster.state('safe'), cluster.state('fast')]).toEqual(['-1 [] elr [2]', '1 [1]']);
  });

  test('happens when the cluster begins to allow it', () => {
    const cluster = new Cluster();
    cluster.topic('t', { replicas: [[2, 3, 1]] });
    cluster.alterIsr('t', [2]);
    cluster.fence(2);
    expect(uncleanElections(cluster.context)).toEqual([]);
    const data = { resourceType: 4, resourceName: '', name: 'unclean.leader.election.enable', value: 'true' };
    cluster.decide({ records: [{ type: 'CONFIG_RECORD', version: 0, data }], response: undefined });
    cluster.decide({ records: uncleanElections(cluster.context), response: undefined });
    expect(cluster.state('t')).toBe('3 [3]');
  });
});

describe('automatic preferred elections', () => {
  /** Broker 2 should lead all partitions, and is in step again, but leads the first `missing` not. */
  function imbalanced(total: number, missing: number): Cluster {
    const cluster = new Cluster([1, 2]);
    cluster.topic('t', { replicas: Array.from({ length: total }, () => [2, 1]) });
    cluster.fence(2);
    cluster.beat(2);
    const { id } = cluster.image.topics.get('t')!;
    const records = Array.from({ length: total }, (_, partitionId) => ({
      type: 'PARTITION_CHANGE_RECORD' as const,
      version: 2,
      data: { topicId: id, partitionId, isr: [1, 2], ...(partitionId < missing ? {} : { leader: 2 }) },
    }));
    cluster.decide({ records, response: undefined });
    return cluster;
  }

  test('are for every partition whose preferred leader is in step', () => {
    const cluster = imbalanced(20, 3);
    const records = preferredElections(cluster.context);
    expect(records).toHaveLength(3);
    cluster.decide({ records, response: undefined });
    expect(cluster.state('t', 2)).toBe('2 [1,2]');
    expect(preferredElections(cluster.context)).toEqual([]);
  });

  test('are not for those whose preferred leader is away', () => {
    const cluster = imbalanced(3, 3);
    cluster.fence(2);
    expect(preferredElections(cluster.context)).toEqual([]);
  });

  test('are a thousand at once, at most', () => {
    const cluster = imbalanced(1001, 1001);
    expect(preferredElections(cluster.context)).toHaveLength(MAX_ELECTIONS_AT_ONCE);
  });
});
