import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { batchSize } from '../../../../extension/records/record-batch.ts';
import { CoordinatorFixture } from './coordinator-fixture.ts';
import { FakeCoordinatorLog } from './fake-coordinator-log.ts';
import { commitRequest, joinRequest } from './group-requests.ts';

const log = readFileSync(new URL('../../../fixtures/group-coordinator/modern-group.log', import.meta.url));

/** Batches of a log in which a KIP-848 group had a member, committed, and became empty. */
function batches(count = Infinity): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < log.length && found.length < count; at += batchSize(log, at)) {
    found.push(log.subarray(at, at + batchSize(log, at)));
  }
  return found;
}

async function loaded(content: readonly Buffer[]): Promise<CoordinatorFixture> {
  const f = new CoordinatorFixture({}, new FakeCoordinatorLog(), 1);
  for (const batch of content) f.log.put(0, batch);
  f.topics.add('t1', 'Sfyn7nm3TQ6BLyd7B3jdvQ');
  return f.start();
}

async function committed(f: CoordinatorFixture): Promise<number[]> {
  const topics = [{ name: 't1', partitionIndexes: [0, 1] }];
  const response = await f.call('OffsetFetch', 9, { groups: [{ groupId: 'modern', topics }] });
  return response.groups[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset);
}

describe('a group of KIP-848, written by Apache Kafka', () => {
  it('is listed and keeps its offsets, with one line in the log', async () => {
    const f = await loaded(batches());
    const { groups } = await f.call('ListGroups', 5, {});
    expect(groups).toMatchObject([
      { groupId: 'modern', protocolType: 'consumer', groupState: 'Empty', groupType: 'consumer' },
    ]);
    expect(await committed(f)).toEqual([0, 5]);
    expect(f.logger.lines.filter((line) => line.includes('modern'))).toHaveLength(1);
    const described = await f.call('DescribeGroups', 6, { groups: ['modern'] });
    expect(described.groups[0]).toMatchObject({
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: 'Group modern is not a classic group.',
      groupState: 'Dead',
    });
  });

  it('is not touched by expiration', async () => {
    const f = await loaded(batches());
    const before = f.log.batches(0).length;
    await f.clock.advance(30 * 24 * 60 * 60_000);
    expect(await committed(f)).toEqual([0, 5]);
    expect(f.log.batches(0)).toHaveLength(before);
  });

  it('that has members lets nobody else in', async () => {
    // Up to and with its offsets, before the member left.
    const f = await loaded(batches(6));
    expect((await f.call('ListGroups', 5, {})).groups[0]).toMatchObject({ groupState: 'Stable' });
    const join = await f.call('JoinGroup', 9, joinRequest('modern'));
    expect(join.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const commit = await f.call('OffsetCommit', 8, commitRequest('modern', { 0: 1 }));
    expect(commit.topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const { results } = await f.call('DeleteGroups', 2, { groupsNames: ['modern'] });
    expect(results[0]!.errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
    for (const api of ['Heartbeat', 'SyncGroup', 'LeaveGroup'] as const) {
      const request = { groupId: 'modern', memberId: 'm', generationId: 1, assignments: [], members: [] };
      expect((await f.call(api, 2, request)).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    }
  });

  it('that is empty takes an administrator’s offsets', async () => {
    const f = await loaded(batches());
    const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: null }];
    await f.call('OffsetCommit', 8, commitRequest('modern', {}, { topics: [{ name: 't1', partitions }] }));
    expect(await committed(await f.restart())).toEqual([3, 5]);
  });

  it('that is empty is deleted with all its records', async () => {
    const f = await loaded(batches());
    expect((await f.call('DeleteGroups', 2, { groupsNames: ['modern'] })).results[0]!.errorCode).toBe(ErrorCode.NONE);
    for (const g of [f, await f.restart()]) {
      expect((await g.call('ListGroups', 5, {})).groups).toEqual([]);
      expect(await committed(g)).toEqual([-1, -1]);
    }
  });

  it('that is empty becomes a classic group when a classic member joins', async () => {
    const f = await loaded(batches());
    expect((await f.call('JoinGroup', 3, joinRequest('modern'))).generationId).toBe(1);
    for (const g of [f, await f.restart()]) {
      expect((await g.call('ListGroups', 5, {})).groups).toMatchObject([{ groupId: 'modern', groupType: 'classic' }]);
      expect(await committed(g)).toEqual([0, 5]);
    }
  });
});
