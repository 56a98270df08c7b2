import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { GroupCoordinatorRecordSerde } from '../../../../extension/engine/coordinator/coordinator-record-serde.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import { CompressionType } from '../../../../extension/records/compression-type.ts';
import { codecId } from '../../../../extension/records/record-batch.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { CoordinatorFixture, ORDERS_ID, PAYMENTS_ID } from './coordinator-fixture.ts';
import { FakeCoordinatorLog } from './fake-coordinator-log.ts';
import { commitRequest, joinRequest, syncRequest } from './group-requests.ts';

const DAY_MS = 24 * 60 * 60_000;
const CHECK_MS = 600_000;

/** Offsets of a group by `topic-partition`, as OffsetFetch tells them. */
async function offsets(f: CoordinatorFixture, groupId = 'g', requireStable = false): Promise<Record<string, number>> {
  const { groups } = await f.call('OffsetFetch', 8, { groups: [{ groupId, topics: null }], requireStable });
  expect(groups[0]!.errorCode).toBe(ErrorCode.NONE);
  return Object.fromEntries(
    groups[0]!.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset, errorCode }) => [
        `${name}-${partitionIndex}`,
        errorCode === ErrorCode.NONE ? committedOffset : -errorCode,
      ]),
    ),
  );
}

async function groupIds(f: CoordinatorFixture): Promise<string[]> {
  return (await f.call('ListGroups', 5, {})).groups.map(({ groupId }) => groupId).sort();
}

function commit(f: CoordinatorFixture, partitions: Record<number, number>, more = {}, groupId = 'g', version = 8) {
  return f.call('OffsetCommit', version, commitRequest(groupId, partitions, more));
}

describe('what is not committed to the log', () => {
  it('is not shown, or waited for where the client asks for stable offsets', async () => {
    const f = await new CoordinatorFixture().start();
    await commit(f, { 0: 1 });
    f.log.commitsAtOnce = false;
    const partition = f.service.partitionFor('g');
    const pending = f.send('OffsetCommit', 8, commitRequest('g', { 0: 2, 1: 7 }));
    let stable: Record<string, number> | undefined;
    const fetched = offsets(f, 'g', true).then((result) => (stable = result));
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
    expect(stable).toBeUndefined();
    f.log.commit(partition);
    expect(await fetched).toEqual({ 'orders-0': 2, 'orders-1': 7 });
    expect((await pending).topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NONE);
    expect(await offsets(f)).toEqual({ 'orders-0': 2, 'orders-1': 7 });
  });

  it('becomes visible write by write', async () => {
    const f = await new CoordinatorFixture().start();
    f.log.commitsAtOnce = false;
    const commits = [1, 2, 3].map((offset) => f.send('OffsetCommit', 8, commitRequest('g', { 0: offset })));
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      await f.clock.advance();
      seen.push(await offsets(f));
      f.log.commit(f.service.partitionFor('g'), 1);
    }
    await Promise.all(commits);
    expect(seen).toEqual([{}, { 'orders-0': 1 }, { 'orders-0': 2 }]);
    expect(await offsets(f)).toEqual({ 'orders-0': 3 });
  });

  it('shows what was there before a deletion until that is committed', async () => {
    const f = await new CoordinatorFixture().start();
    await commit(f, { 0: 1, 1: 2 });
    f.log.commitsAtOnce = false;
    const deletion = f.send('OffsetDelete', 0, {
      groupId: 'g',
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }],
    });
    await f.clock.advance();
    expect(await offsets(f)).toEqual({ 'orders-0': 1, 'orders-1': 2 });
    f.log.commit(f.service.partitionFor('g'));
    await deletion;
    expect(await offsets(f)).toEqual({ 'orders-1': 2 });
  });

  it('makes a stable fetch look for the coordinator again when it takes too long', async () => {
    const f = await new CoordinatorFixture().start();
    f.log.commitsAtOnce = false;
    const committed = f.send('OffsetCommit', 8, commitRequest('g', { 0: 2 }));
    const fetched = f.send('OffsetFetch', 7, { groupId: 'g', topics: null, requireStable: true });
    await f.clock.advance(5_000);
    expect((await committed).topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect((await fetched).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    f.log.commit(f.service.partitionFor('g'));
    await f.clock.advance();
    expect(await offsets(f)).toEqual({ 'orders-0': 2 });
  });
});

describe('offsets.topic.compression.codec', () => {
  it('compresses what is written, and a restart reads it', async () => {
    const f = await new CoordinatorFixture({ offsetsTopicCompression: CompressionType.gzip }).start();
    await commit(f, { 0: 1, 1: 2 });
    const [batch] = f.log.batches(f.service.partitionFor('g'));
    expect(codecId(batch!, 0)).toBe(CompressionType.gzip);
    expect(await offsets(await f.restart())).toEqual({ 'orders-0': 1, 'orders-1': 2 });
  });
});

describe('OffsetFetch of a coordinator elsewhere', () => {
  it.each([1, 2, 7, 8])('v%i says NOT_COORDINATOR where the version can', async (version) => {
    const f = await new CoordinatorFixture().start();
    f.service.onResignation(f.service.partitionFor('g'));
    const topics = [{ name: 'orders', partitionIndexes: [0] }];
    const response = await f.call(
      'OffsetFetch',
      version,
      version < 8 ? { groupId: 'g', topics } : { groups: [{ groupId: 'g', topics }] },
    );
    const code = [response.topics[0]?.partitions[0]?.errorCode, response.errorCode, response.groups[0]?.errorCode].find(
      (errorCode) => errorCode !== undefined && errorCode !== ErrorCode.NONE,
    );
    expect(code).toBe(ErrorCode.NOT_COORDINATOR);
  });
});

describe('offsets expire', () => {
  it('of a simple group, each after its own time; then the group goes', async () => {
    const f = await new CoordinatorFixture({ offsetsRetentionMs: 7 * DAY_MS }).start();
    await commit(f, { 0: 1 });
    await f.clock.advance(DAY_MS);
    await commit(f, { 1: 2 });
    await f.clock.advance(6 * DAY_MS - CHECK_MS);
    expect(await offsets(f)).toEqual({ 'orders-0': 1, 'orders-1': 2 });
    await f.clock.advance(CHECK_MS);
    expect(await offsets(f)).toEqual({ 'orders-1': 2 });
    expect(await groupIds(f)).toEqual(['g']);
    await f.clock.advance(DAY_MS);
    expect(await offsets(f)).toEqual({});
    expect(await groupIds(f)).toEqual([]);
    expect(await groupIds(await f.restart())).toEqual([]);
  });

  it('of a group that had members, from when it became empty', async () => {
    const f = await new CoordinatorFixture({ offsetsRetentionMs: DAY_MS }).start();
    const { memberId } = await f.call('JoinGroup', 3, joinRequest('g', '', { sessionTimeoutMs: 1_800_000 }));
    await f.call('SyncGroup', 5, syncRequest('g', memberId, 1, [[memberId, 'A']]));
    await commit(f, { 0: 1 }, { memberId, generationIdOrMemberEpoch: 1 });
    await commit(
      f,
      {},
      {
        memberId,
        generationIdOrMemberEpoch: 1,
        topics: [{ name: 'payments', partitions: [{ partitionIndex: 0, committedOffset: 4, committedMetadata: '' }] }],
      },
    );
    for (let i = 0; i < 60; i++) {
      await f.clock.advance(1_740_000);
      await f.call('Heartbeat', 4, { groupId: 'g', memberId, generationId: 1 });
    }
    // A day has gone by: what it is subscribed to stays, the rest does not.
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
    await f.call('LeaveGroup', 5, { groupId: 'g', members: [{ memberId }] });
    await f.clock.advance(DAY_MS - CHECK_MS);
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
    await f.clock.advance(2 * CHECK_MS);
    expect(await offsets(f)).toEqual({});
    expect(await groupIds(f)).toEqual([]);
  });

  it('at the time that an old client named', async () => {
    const f = await new CoordinatorFixture({ offsetsRetentionMs: DAY_MS }).start();
    await commit(f, { 0: 1 }, { retentionTimeMs: 3 * DAY_MS }, 'g', 3);
    await commit(f, { 1: 1 }, { retentionTimeMs: 1 }, 'g', 4);
    const g = await f.restart({ offsetsRetentionMs: DAY_MS });
    await g.clock.advance(CHECK_MS);
    expect(await offsets(g)).toEqual({ 'orders-0': 1 });
    await g.clock.advance(2 * DAY_MS);
    expect(await offsets(g)).toEqual({ 'orders-0': 1 });
    await g.clock.advance(DAY_MS);
    expect(await offsets(g)).toEqual({});
  });

  it('never while a group whose subscriptions can not be read has members', async () => {
    const f = await new CoordinatorFixture({ offsetsRetentionMs: 1 }).start();
    const protocols = [{ name: 'range', metadata: Buffer.from('no subscription') }];
    const { memberId } = await f.call('JoinGroup', 3, joinRequest('g', '', { protocols, sessionTimeoutMs: 1_800_000 }));
    await f.call('SyncGroup', 5, syncRequest('g', memberId, 1, [[memberId, 'A']]));
    await commit(f, { 0: 1 }, { memberId, generationIdOrMemberEpoch: 1 });
    await f.clock.advance(2 * CHECK_MS);
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
  });
});

describe('a deleted topic', () => {
  it('takes its offsets along, but not those of a topic that has its name now', async () => {
    const f = await new CoordinatorFixture().start();
    for (const groupId of ['g', 'h', 'i']) await commit(f, { 0: 1, 1: 2 }, {}, groupId);
    const newId = 'newordersnewordersne0A';
    f.topics.add('orders', newId);
    await commit(f, { 1: 3 }, {}, 'h');
    expect(
      (await f.call('OffsetFetch', 7, { groupId: 'h', topics: [{ name: 'orders', partitionIndexes: [0] }] })).topics[0]!
        .partitions[0]!.committedOffset,
    ).toBe(-1);
    await f.service.onTopicsDeleted([{ id: ORDERS_ID, name: 'orders' }]);
    expect([await offsets(f, 'g'), await offsets(f, 'h'), await offsets(f, 'i')]).toEqual([{}, { 'orders-1': 3 }, {}]);
    const g = await f.restart();
    expect(await offsets(g, 'h')).toEqual({ 'orders-1': 3 });
  });

  it('does no harm where the log refuses', async () => {
    const f = await new CoordinatorFixture().start();
    await commit(f, { 0: 1 });
    f.log.maxBatchBytes = 10;
    await f.service.onTopicsDeleted([
      { id: ORDERS_ID, name: 'orders' },
      { id: PAYMENTS_ID, name: 'payments' },
    ]);
    expect(f.logger.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
  });
});

describe('offsets of transactions, as another broker wrote them', () => {
  const serde = new GroupCoordinatorRecordSerde(silentLogger);

  function record(partition: number, offset: number) {
    return serde.encode({
      kind: 'offsetCommit',
      groupId: 'g',
      topic: 'orders',
      partition,
      value: {
        offset,
        leaderEpoch: -1,
        metadata: '',
        commitTimestampMs: 1,
        expireTimestampMs: undefined,
        topicId: ORDERS_ID,
      },
    });
  }

  function batch(producerId: number, ...records: [number, number][]): Buffer {
    const builder = new RecordBatchBuilder(
      producerId === -1 ? {} : { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true },
    );
    for (const [partition, offset] of records) builder.append(record(partition, offset));
    return builder.build();
  }

  const end = (producerId: number, commit: boolean): Buffer =>
    buildEndTransactionBatch({ producerId, producerEpoch: 0, coordinatorEpoch: 0, commit }, 5);

  async function loaded(...batches: Buffer[]): Promise<CoordinatorFixture> {
    const f = new CoordinatorFixture({}, new FakeCoordinatorLog(), 1);
    for (const one of batches) f.log.put(0, one);
    return f.start();
  }

  it('count once the transaction is committed, and not when it is aborted', async () => {
    const f = await loaded(batch(-1, [0, 1], [1, 1]), batch(7, [0, 5]), batch(8, [1, 9]), end(7, true), end(8, false));
    expect(await offsets(f)).toEqual({ 'orders-0': 5, 'orders-1': 1 });
  });

  it('are unstable while the transaction is open', async () => {
    const f = await loaded(batch(-1, [0, 1]), batch(7, [0, 5], [2, 6]));
    expect(await offsets(f)).toEqual({ 'orders-0': 1 });
    expect(await offsets(f, 'g', true)).toEqual({ 'orders-0': -ErrorCode.UNSTABLE_OFFSET_COMMIT });
    const topics = [{ name: 'orders', partitionIndexes: [1, 2] }];
    const { groups } = await f.call('OffsetFetch', 8, { groups: [{ groupId: 'g', topics }], requireStable: true });
    expect(groups[0]!.topics[0]!.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.UNSTABLE_OFFSET_COMMIT,
    ]);
  });

  it('do not overwrite what was committed outside of the transaction later', async () => {
    const f = await loaded(batch(7, [0, 5]), batch(-1, [0, 8]), end(7, true));
    expect(await offsets(f)).toEqual({ 'orders-0': 8 });
  });

  it('keep a group alive, and go with it', async () => {
    const f = await loaded(batch(7, [0, 5]));
    await f.clock.advance(8 * DAY_MS);
    expect(await groupIds(f)).toEqual(['g']);
    await f.call('DeleteGroups', 2, { groupsNames: ['g'] });
    expect(await groupIds(f)).toEqual([]);
    f.log.put(0, end(7, true));
    expect(await offsets(await f.restart())).toEqual({});
  });
});
