import { describe, expect, test } from 'vitest';
import { buildPartitionChange } from '../../../../extension/engine/metadata/partition-change-builder.ts';
import type { PartitionChangeOptions } from '../../../../extension/engine/metadata/partition-change-builder.ts';
import { metadataVersion } from '../../../../extension/engine/metadata/metadata-version.ts';
import type { PartitionRegistration } from '../../../../extension/engine/metadata/partition-registration.ts';

function partition(shape: Partial<PartitionRegistration> = {}): PartitionRegistration {
  return {
    ...{ replicas: [2, 3, 1], directories: [], isr: [2, 3, 1], removingReplicas: [], addingReplicas: [] },
    ...{ elr: [], lastKnownElr: [], leader: 2, leaderRecoveryState: 0, leaderEpoch: 3, partitionEpoch: 5 },
    ...shape,
  };
}

/** What changes, without the ids. `alive` are the brokers that could lead. */
function change(
  before: Partial<PartitionRegistration>,
  targetIsr: readonly number[],
  alive: readonly number[],
  options: Partial<PartitionChangeOptions> = {},
): unknown {
  const record = buildPartitionChange({
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    partitionId: 0,
    partition: partition(before),
    targetIsr,
    isAcceptableLeader: (replica) => alive.includes(replica),
    version: metadataVersion(30),
    isElrEnabled: true,
    minIsr: 1,
    election: 'online',
    ...options,
  });
  if (record === undefined) return undefined;
  const { topicId: _topicId, partitionId: _partitionId, ...changes } = record.data as Record<string, unknown>;
  return changes;
}

describe('who leads', () => {
  test("the notes' example: broker 2 dies, and 3 is the first alive in the ISR", () => {
    expect(change({}, [3, 1], [1, 3])).toEqual({ isr: [3, 1], leader: 3 });
  });

  test('the leader stays when a follower leaves', () => {
    expect(change({}, [2, 3], [2, 3])).toEqual({ isr: [2, 3] });
  });

  test('nobody is elected from outside the ISR', () => {
    expect(change({ isr: [2] }, [], [1, 3], { isElrEnabled: false })).toEqual({ leader: -1 });
  });

  test('where it is allowed, the first alive is, alone in the ISR, and has to recover', () => {
    expect(change({ isr: [2] }, [], [1, 3], { isElrEnabled: false, election: 'unclean' })).toEqual({
      leader: 3,
      isr: [3],
      leaderRecoveryState: 1,
    });
  });

  test('nothing changes, nothing is written', () => {
    expect(change({}, [2, 3, 1], [1, 2, 3])).toBeUndefined();
    expect(change({ isr: [], leader: -1, elr: [2], lastKnownElr: [2] }, [], [1, 3])).toBeUndefined();
  });
});

describe('eligible leader replicas', () => {
  test('the last of the ISR goes there, and is remembered as leader', () => {
    expect(change({ replicas: [1], isr: [1], leader: 1 }, [], [])).toEqual({
      leader: -1,
      isr: [],
      eligibleLeaderReplicas: [1],
      lastKnownElr: [1],
    });
  });

  test('it leads again when it comes back, cleanly', () => {
    expect(change({ replicas: [1], isr: [], leader: -1, elr: [1], lastKnownElr: [1] }, [], [1])).toEqual({
      leader: 1,
      isr: [1],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
  });

  test('whoever falls out below the minimum ISR stays eligible until the ISR is large enough', () => {
    expect(change({}, [3], [3], { minIsr: 2 })).toEqual({ leader: 3, isr: [3], eligibleLeaderReplicas: [2, 1] });
    const shrunk = { isr: [3], leader: 3, elr: [2, 1] };
    expect(change(shrunk, [3, 1], [1, 3], { minIsr: 2 })).toEqual({ isr: [3, 1], eligibleLeaderReplicas: [] });
  });

  test('one of several eligible ones leads, and the others stay eligible', () => {
    const offline = { isr: [], leader: -1, elr: [2, 1], lastKnownElr: [3] };
    expect(change(offline, [], [1], { minIsr: 2 })).toEqual({
      leader: 1,
      isr: [1],
      eligibleLeaderReplicas: [2],
      lastKnownElr: [],
    });
  });

  test('another one that comes back first has to wait', () => {
    const offline = { isr: [], leader: -1, elr: [2], lastKnownElr: [2] };
    expect(change(offline, [], [1, 3])).toBeUndefined();
    expect(change(offline, [], [1, 3], { election: 'unclean' })).toEqual({
      leader: 3,
      isr: [3],
      leaderRecoveryState: 1,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
  });

  test('are lost by an unclean stop; the last known leader still leads when nobody knows more', () => {
    const alone = { replicas: [1], isr: [1], leader: 1 };
    expect(change(alone, [], [], { uncleanShutdownReplicas: [1] })).toEqual({ leader: -1, isr: [], lastKnownElr: [1] });
    const offline = { replicas: [1], isr: [], leader: -1, elr: [1], lastKnownElr: [1] };
    expect(change(offline, [], [], { uncleanShutdownReplicas: [1] })).toEqual({ eligibleLeaderReplicas: [] });
    expect(change({ ...offline, elr: [] }, [], [1])).toEqual({
      leader: 1,
      isr: [1],
      leaderRecoveryState: 1,
      lastKnownElr: [],
    });
  });

  test('are not kept where the feature is off', () => {
    const off = { isElrEnabled: false };
    expect(change({ replicas: [1], isr: [1], leader: 1 }, [], [], off)).toEqual({ leader: -1 });
    expect(change({ replicas: [1], isr: [1], leader: -1 }, [1], [1], off)).toEqual({ leader: 1 });
  });
});

test('before metadata.version 12 a smaller ISR takes a new leader epoch', () => {
  const old = { version: metadataVersion(11), isElrEnabled: false };
  expect(change({}, [2, 3], [2, 3], old)).toEqual({ isr: [2, 3], leader: 2 });
  expect(change({ isr: [2] }, [2, 3], [2, 3], old)).toEqual({ isr: [2, 3] });
});
