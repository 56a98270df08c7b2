import { describe, expect, test } from 'vitest';
import { Meeting } from '../../../extension/cluster/meeting.ts';
import type { BoundNode, BrokerConfigInput } from '../../../extension/engine/broker/broker-options.ts';
import { settle } from '../../support/fake-clock.ts';

function node(nodeId: number, port = 0, isVoter = true): BrokerConfigInput {
  return {
    nodeId,
    roles: isVoter ? ['broker', 'controller'] : ['broker'],
    clusterId: 'c',
    logDirs: [`/data/broker-${nodeId}`],
    listeners: [],
    advertisedListeners: [],
    controllerListener: isVoter ? { name: 'CONTROLLER', host: '127.0.0.1', port } : undefined,
    config: {},
  };
}

function bound(nodeId: number, isNew: boolean, port = 10_000 + nodeId): BoundNode {
  const controllerListener = { name: 'CONTROLLER', host: '127.0.0.1', port };
  return { nodeId, directoryId: `disk-${nodeId}`, isNew, listeners: [], controllerListener };
}

const voter = (nodeId: number, port = 10_000 + nodeId): object => ({
  nodeId,
  directoryId: `disk-${nodeId}`,
  host: '127.0.0.1',
  port,
});

describe('Meeting', () => {
  test('the first voters wait for each other and form a new cluster', async () => {
    const meeting = new Meeting([node(1), node(2), node(3)], [1, 2, 3]);
    const answers = [meeting.arrive(bound(1, true)), meeting.arrive(bound(2, true))];
    let isAnswered = false;
    void answers[0]?.then(() => (isAnswered = true));
    await settle();
    expect(isAnswered).toBe(false);
    answers.push(meeting.arrive(bound(3, true)));
    const expected = { voters: [voter(1), voter(2), voter(3)], isNewCluster: true };
    await expect(Promise.all(answers)).resolves.toEqual([expected, expected, expected]);
  });

  test('nobody waits for those who only follow', async () => {
    const meeting = new Meeting([node(1), node(4, 0, false)], [1]);
    await expect(meeting.arrive(bound(1, true))).resolves.toEqual({ voters: [voter(1)], isNewCluster: true });
  });

  test('an old voter with a new disk has no vote', async () => {
    const meeting = new Meeting([node(1), node(2), node(3)], [1, 2, 3]);
    const answers = [1, 2, 3].map((id) => meeting.arrive(bound(id, id === 2)));
    await expect(answers[1]).resolves.toEqual({ voters: [voter(1), voter(3)], isNewCluster: false });
    expect(meeting.newDiskOf(1)).toBeUndefined();
    expect(meeting.newDiskOf(2)).toMatchObject({ voter: 2, directoryId: 'disk-2', listener: { port: 10_002 } });
    meeting.gotVote(2);
    expect(meeting.newDiskOf(2)).toBeUndefined();
  });

  test('who does not come is left out, unless it is known where it will be', async () => {
    const meeting = new Meeting([node(1, 10_001), node(2, 10_002), node(3, 0)], [1, 2, 3]);
    const answer = meeting.arrive(bound(1, false));
    meeting.miss(2);
    meeting.miss(3);
    await expect(answer).resolves.toEqual({
      voters: [voter(1), { ...voter(2, 10_002), directoryId: undefined }],
      isNewCluster: false,
    });
  });

  test('who comes later hears at once where everybody is now', async () => {
    const meeting = new Meeting([node(1), node(2)], [1, 2]);
    await Promise.all([meeting.arrive(bound(1, true)), meeting.arrive(bound(2, true))]);
    await expect(meeting.arrive(bound(2, false, 7))).resolves.toEqual({
      voters: [voter(1), voter(2, 7)],
      isNewCluster: false,
    });
    expect(meeting.voterIds).toEqual([1, 2]);
  });

  test('a disk that was emptied while the cluster ran has no vote, though the cluster was new', async () => {
    const meeting = new Meeting([node(1), node(2), node(3)], [1, 2, 3]);
    await Promise.all([1, 2, 3].map((id) => meeting.arrive(bound(id, true))));
    await expect(meeting.arrive(bound(2, true))).resolves.toEqual({
      voters: [voter(1), voter(3)],
      isNewCluster: false,
    });
    expect(meeting.newDiskOf(2)).toMatchObject({ voter: 2 });
  });

  test('forgets who votes no more', async () => {
    const meeting = new Meeting([node(1), node(2)], [1, 2]);
    await Promise.all([1, 2].map((id) => meeting.arrive(bound(id, true))));
    meeting.forget(2);
    await expect(meeting.arrive(bound(1, false))).resolves.toEqual({ voters: [voter(1)], isNewCluster: false });
    expect(meeting.voterIds).toEqual([1]);
  });

  describe('controllers that do not vote yet', () => {
    const disk = (id: number): object => ({ voter: id, directoryId: `disk-${id}`, listener: { port: 10_000 + id } });

    test('are not waited for, and form no quorum', async () => {
      const meeting = new Meeting([node(1), node(2)], [1]);
      await expect(meeting.arrive(bound(1, true))).resolves.toEqual({ voters: [voter(1)], isNewCluster: true });
      await expect(meeting.arrive(bound(2, true))).resolves.toEqual({ voters: [voter(1)], isNewCluster: false });
      expect([meeting.voterIds, meeting.controllerCount, meeting.newDiskOf(2)]).toEqual([[1], 2, undefined]);
    });

    test('may join when they are enough with the voters', async () => {
      const meeting = new Meeting([node(1), node(2)], [1]);
      await Promise.all([1, 2].map((id) => meeting.arrive(bound(id, id === 2))));
      expect(meeting.joiners(3)).toEqual([]);
      meeting.expect(node(3), false);
      expect(meeting.joiners(3)).toEqual([]);
      await expect(meeting.arrive(bound(3, true))).resolves.toEqual({ voters: [voter(1)], isNewCluster: false });
      expect(meeting.joiners(3)).toMatchObject([disk(2), disk(3)]);
      meeting.gotVote(2);
      expect(meeting.joiners(3)).toMatchObject([disk(3)]);
      meeting.gotVote(3);
      expect(meeting.joiners(3)).toEqual([]);
      expect(meeting.voterIds).toEqual([1, 2, 3]);
    });

    test('lose nothing with their disk', async () => {
      const meeting = new Meeting([node(1), node(2)], [1]);
      await Promise.all([1, 2].map((id) => meeting.arrive(bound(id, id === 2))));
      await meeting.arrive(bound(2, true));
      expect(meeting.newDiskOf(2)).toBeUndefined();
    });
  });
});
