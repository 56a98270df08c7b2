import { describe, expect, it } from 'vitest';
import { ReplicatedCoordinatorLog } from '../../../../extension/engine/broker/replicated-coordinator-log.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { systemError } from '../../../support/memory-file-system.ts';
import { ReplicaCluster, TOPIC, TOPIC_ID } from './replica-cluster.ts';
import { records } from './replica-harness.ts';

function watch<T>(promise: Promise<T>): { value: T | undefined } {
  const state: { value: T | undefined } = { value: undefined };
  promise.then(
    (value) => (state.value = value),
    () => {},
  );
  return state;
}

/** Three brokers, all in the ISR of one partition that broker 1 leads. */
async function threeInSync(settings = {}, configs = {}): Promise<ReplicaCluster> {
  const cluster = await ReplicaCluster.start(3, settings, configs);
  cluster.createTopic([1, 2, 3]);
  await cluster.clock.advance();
  return cluster;
}

async function appended(cluster: ReplicaCluster, broker: number, ...values: string[]): Promise<void> {
  const answer = cluster.produce(broker, records(...values));
  await cluster.clock.advance();
  expect(await answer).toMatchObject({ errorCode: ErrorCode.NONE });
}

function ends(cluster: ReplicaCluster, ...brokers: number[]): number[] {
  return brokers.map((broker) => cluster.partition(broker).offsets.logEndOffset);
}

describe('a follower', () => {
  it('copies what its leader appends, and acks=all waits for it', async () => {
    const cluster = await ReplicaCluster.start(3);
    cluster.createTopic([1, 2, 3]);
    await cluster.clock.advance();
    const answer = watch(cluster.produce(1, records('a', 'b')));
    // No time passes: everything is a matter of messages.
    await cluster.clock.advance();
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 });
    for (const broker of [1, 2, 3]) expect(cluster.partition(broker).offsets.logEndOffset).toBe(2);
    expect(cluster.logBytes(2)).toEqual(cluster.logBytes(1));
    expect(cluster.partition(1).offsets.highWatermark).toBe(2);
    await cluster.clock.advance(500);
    expect(cluster.partition(3).offsets.highWatermark).toBe(2);
  });

  it('gets a partition at once that is new while its fetch of others waits', async () => {
    const cluster = await threeInSync();
    await cluster.clock.advance(100);
    cluster.replay({
      type: 'PARTITION_RECORD',
      version: 2,
      data: {
        ...{ partitionId: 1, topicId: TOPIC_ID, replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, leaderEpoch: 0 },
        ...{ partitionEpoch: 0, removingReplicas: [], addingReplicas: [] },
        directories: [1, 2, 3].map(() => 'AAAAAAAAAAAAAAAAAAAAAA'),
      },
    });
    const answer = watch(cluster.produce(1, records('a'), { partition: 1 }));
    await cluster.clock.advance();
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it('fetches twice a second while there is nothing', async () => {
    const cluster = await threeInSync();
    await cluster.clock.advance(100);
    const before = cluster.network.sent.length;
    await cluster.clock.advance(10_000);
    expect(cluster.network.sent.length - before).toBe(40);
  });

  it('goes on where the new leader leads, and cuts what nobody else has', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a', 'b');
    // Nobody gets this.
    cluster.network.cut(1, 2);
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('lost', 'too'), { acks: 1 }));
    await cluster.clock.advance();
    expect(ends(cluster, 1, 2, 3)).toEqual([4, 2, 2]);
    cluster.change(0, { leader: 2, isr: [2, 3] });
    await cluster.clock.advance();
    await appended(cluster, 2, 'c');
    cluster.network.heal();
    await cluster.clock.advance(1000);
    expect(ends(cluster, 1, 2, 3)).toEqual([3, 3, 3]);
    expect(cluster.logBytes(1)).toEqual(cluster.logBytes(2));
    expect(cluster.logBytes(3)).toEqual(cluster.logBytes(2));
    expect(cluster.events(1)).toEqual([
      { event: 'truncated', broker: 1, topic: TOPIC, partition: 0, from: 4, to: 2, records: 2 },
    ]);
    expect(cluster.registration().isr).toEqual([2, 3, 1]);
  });

  it('drops an epoch in which it led and wrote nothing', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    cluster.network.cut(2, 1);
    cluster.network.cut(2, 3);
    cluster.change(0, { leader: 2 });
    await cluster.clock.advance();
    cluster.change(0, { leader: 1, isr: [1, 3] });
    cluster.network.heal();
    await cluster.clock.advance(1000);
    await appended(cluster, 1, 'b');
    expect(ends(cluster, 1, 2, 3)).toEqual([2, 2, 2]);
    expect(cluster.logBytes(2)).toEqual(cluster.logBytes(1));
    expect(cluster.events(2)).toEqual([]);
  });

  it('finds the common prefix over several epochs', async () => {
    const cluster = await ReplicaCluster.start(2);
    cluster.createTopic([1, 2]);
    await cluster.clock.advance();
    await appended(cluster, 1, 'a');
    cluster.network.cut(1, 2);
    // Both lead in turn, each for itself, and write.
    for (const [leader, other] of [
      [1, 2],
      [2, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      cluster.deaf.add(other);
      cluster.change(0, { leader, isr: [leader] });
      await cluster.clock.advance();
      await appended(cluster, leader, `${leader}-x`, `${leader}-y`);
      cluster.deaf.delete(other);
    }
    cluster.publish();
    cluster.network.heal();
    await cluster.clock.advance(5000);
    expect(cluster.logBytes(1)).toEqual(cluster.logBytes(2));
    expect(ends(cluster, 1, 2)).toEqual([5, 5]);
    expect(cluster.registration().isr).toEqual([2, 1]);
  });

  it('starts anew where its leader starts', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a', 'b');
    cluster.kill(3);
    cluster.fence(3);
    cluster.change(0, { isr: [1, 2] });
    await appended(cluster, 1, 'c', 'd', 'e');
    const answer = cluster.deleteRecords(1, 4);
    await cluster.clock.advance();
    // Broker 3 is not waited for; broker 2 heard of it without delay.
    expect(await answer).toMatchObject({ errorCode: ErrorCode.NONE, lowWatermark: 4 });
    expect(cluster.partition(2).offsets.logStartOffset).toBe(4);
    await cluster.startBroker(3);
    await cluster.clock.advance(1000);
    expect(cluster.partition(3).offsets).toMatchObject({ logStartOffset: 4, logEndOffset: 5 });
    expect(cluster.registration().isr).toEqual([1, 2, 3]);
  });

  it('asks again after its leader was away, and at once when it is back', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    cluster.kill(1);
    await cluster.clock.advance(20_000);
    await cluster.startBroker(1);
    await cluster.clock.advance();
    await appended(cluster, 1, 'b');
    expect(ends(cluster, 1, 2, 3)).toEqual([2, 2, 2]);
  });

  it('waits while nobody leads', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    cluster.change(0, { leader: -1 });
    await cluster.clock.advance(1000);
    const before = cluster.network.sent.length;
    await cluster.clock.advance(10_000);
    expect(cluster.network.sent.length).toBe(before);
    const refused = watch(cluster.produce(1, records('b')));
    await cluster.clock.advance();
    expect(refused.value).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  });

  it('that is no replica any more deletes its log', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    cluster.change(0, { replicas: [1, 2], isr: [1, 2] });
    await cluster.clock.advance(1000);
    expect(cluster.isHosted(3)).toBe(false);
    await appended(cluster, 1, 'b');
  });

  it('refuses records that were damaged on their way, and asks for them again', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    let failures = 0;
    cluster.files(2).onCall = (operation, path) => {
      if (operation !== 'write' || !path.endsWith('.log') || failures++ > 0) return;
      throw systemError('ENOSPC', 'write', path);
    };
    const answer = watch(cluster.produce(1, records('b')));
    await cluster.clock.advance();
    expect(answer.value).toBeUndefined();
    await cluster.clock.advance(20);
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE });
    expect(cluster.logBytes(2)).toEqual(cluster.logBytes(1));
  });
});

describe('a leader', () => {
  it('takes a late follower out of the ISR, and lets it in when it has caught up', async () => {
    const cluster = await threeInSync({ lagTimeMaxMs: 10_000 });
    await appended(cluster, 1, 'a');
    cluster.network.cut(1, 3);
    const answer = watch(cluster.produce(1, records('b')));
    await cluster.clock.advance(9_000);
    expect(answer.value).toBeUndefined();
    expect(cluster.registration().isr).toEqual([1, 2, 3]);
    await cluster.clock.advance(6_000);
    expect(cluster.registration().isr).toEqual([1, 2]);
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE });
    cluster.network.heal();
    await cluster.clock.advance(1000);
    expect(cluster.registration().isr).toEqual([1, 2, 3]);
  });

  it('keeps a follower in the ISR that is idle with it', async () => {
    const cluster = await threeInSync({ lagTimeMaxMs: 10_000 });
    await cluster.clock.advance(100_000);
    expect(cluster.isrRequests).toEqual([]);
    // It has its full time from its last fetch on, however long nothing happened before.
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('a')));
    await cluster.clock.advance(9_400);
    expect(cluster.registration().isr).toEqual([1, 2, 3]);
    await cluster.clock.advance(6_000);
    expect(cluster.registration().isr).toEqual([1, 2]);
  });

  it('tells too few replicas before and after the append', async () => {
    const cluster = await threeInSync({ lagTimeMaxMs: 10_000 });
    cluster.minInsyncReplicas = 3;
    cluster.partition(1).setMinInsyncReplicas(3);
    cluster.network.cut(1, 3);
    const answer = watch(cluster.produce(1, records('a'), { timeoutMs: 60_000 }));
    await cluster.clock.advance(15_000);
    expect(cluster.registration().isr).toEqual([1, 2]);
    const again = (): unknown => cluster.partition(1).appendAsLeader(records('b'), -1, 'client', () => {});
    expect(again).toThrow('min.insync.replicas wants 3');
    // Below min.insync.replicas nothing more is committed (KIP-966).
    expect(cluster.partition(1).offsets.highWatermark).toBe(0);
    cluster.partition(1).setMinInsyncReplicas(2);
    await cluster.clock.advance();
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it('counts a follower that is about to join the ISR, and one that is about to leave', async () => {
    const cluster = await ReplicaCluster.start(3, { lagTimeMaxMs: 10_000 });
    cluster.createTopic([1, 2, 3], { isr: [1, 2] });
    let grant = (): void => {};
    cluster.beforeIsrAnswer = () => new Promise((resolve) => (grant = resolve));
    await cluster.clock.advance(600);
    const leader = cluster.partition(1).leader!;
    expect([leader.isr, leader.maximalIsr]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    // The controller may have let 3 in: without it nothing is committed.
    cluster.network.cut(1, 3);
    const answer = watch(cluster.produce(1, records('a')));
    await cluster.clock.advance(1000);
    expect(ends(cluster, 1, 2, 3)).toEqual([1, 1, 0]);
    expect(cluster.partition(1).offsets.highWatermark).toBe(0);
    grant();
    await cluster.clock.advance();
    expect(leader.isr).toEqual([1, 2, 3]);
    await cluster.clock.advance(14_500);
    // It shall leave, but may be in there until the controller says so.
    expect([leader.isr, leader.maximalIsr]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(cluster.isrRequests.length).toBe(2);
    expect(answer.value).toBeUndefined();
    grant();
    await cluster.clock.advance();
    expect(leader.isr).toEqual([1, 2]);
    expect(answer.value).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it('forgets what it asked for when the metadata say something else', async () => {
    const cluster = await ReplicaCluster.start(3);
    cluster.createTopic([1, 2, 3], { isr: [1, 2] });
    let grant = (): void => {};
    cluster.beforeIsrAnswer = () => new Promise((resolve) => (grant = resolve));
    await cluster.clock.advance(600);
    const leader = cluster.partition(1).leader!;
    cluster.fence(3);
    cluster.change(0, { isr: [1] });
    // 2 is in step and shall be in it again; nothing is left of the wish for 3.
    expect([leader.isr, leader.maximalIsr]).toEqual([[1], [1, 2]]);
    // The answer to the first request (refused, its epoch is old) comes too late to matter.
    grant();
    await cluster.clock.advance();
    expect(leader.maximalIsr).toEqual([1, 2]);
    grant();
    await cluster.clock.advance();
    expect(cluster.registration().isr).toEqual([1, 2]);
  });

  it('does not let a broker into the ISR that is fenced, or that is not the process that fetched', async () => {
    const cluster = await ReplicaCluster.start(2);
    cluster.deaf.add(1);
    cluster.fence(2);
    cluster.deaf.delete(1);
    cluster.createTopic([1, 2], { isr: [1] });
    await cluster.clock.advance(2000);
    expect(cluster.isrRequests).toEqual([]);
    expect(cluster.partition(1).leader?.follower(2)?.logEndOffset).toBe(0);
    // Its next life is let in, and at once.
    cluster.kill(2);
    await cluster.startBroker(2);
    await cluster.clock.advance();
    expect(cluster.registration().isr).toEqual([1, 2]);
  });

  it('refuses a fetch of a process that another one has replaced, and of a stranger', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    const fetchAs = async (replicaId: number, replicaEpoch: number): Promise<number | undefined> => {
      const answer = watch(cluster.fetch(1, { replicaState: { replicaId, replicaEpoch }, leaderEpoch: 0 }));
      await cluster.clock.advance();
      return answer.value?.errorCode;
    };
    expect(await fetchAs(2, 2)).toBe(ErrorCode.NONE);
    expect(await fetchAs(2, 1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await fetchAs(9, 2)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
  });

  it('does not blame followers for its own standstill', async () => {
    const cluster = await threeInSync({ lagTimeMaxMs: 10_000 });
    await appended(cluster, 1, 'a');
    cluster.network.cut(1, 2);
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('b'), { acks: 1 }));
    await cluster.clock.advance();
    cluster.clock.skip(60_000);
    await cluster.clock.advance();
    expect(cluster.isrRequests).toEqual([]);
    await cluster.clock.advance(5_000);
    expect(cluster.registration().isr).toEqual([1]);
  });

  it('tells how far its followers are', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('b'), { acks: 1 }));
    await cluster.clock.advance(2000);
    const [two, three] = cluster.partition(1).followers();
    expect(two).toEqual({ brokerId: 2, logEndOffset: 2, lagMs: 0 });
    expect(three).toEqual({ brokerId: 3, logEndOffset: 1, lagMs: 2000 });
  });
});

describe('a consumer', () => {
  it('is sent to the replica in its rack, which serves what is committed', async () => {
    const cluster = await threeInSync({ selectsByRack: true });
    await appended(cluster, 1, 'a');
    await cluster.clock.advance(1000);
    const near = watch(cluster.fetch(1, { rackId: 'rack-2' }));
    const sameRack = watch(cluster.fetch(1, { rackId: 'rack-1' }));
    const far = watch(cluster.fetch(1, { rackId: 'rack-9' }));
    await cluster.clock.advance();
    expect(near.value).toMatchObject({ preferredReadReplica: 2, records: Buffer.alloc(0) });
    expect(sameRack.value).toMatchObject({ preferredReadReplica: -1 });
    expect(sameRack.value?.records?.length).toBeGreaterThan(0);
    expect(far.value).toMatchObject({ preferredReadReplica: -1 });
    const followers = watch(cluster.fetch(2, { rackId: 'rack-2' }));
    await cluster.clock.advance();
    expect(followers.value).toMatchObject({ errorCode: ErrorCode.NONE, preferredReadReplica: -1, highWatermark: 1 });
    expect(followers.value?.records).toEqual(cluster.logBytes(1));
  });

  it('gets from a follower no more than the follower knows to be committed', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a');
    await cluster.clock.advance(1000);
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('b'), { acks: 1 }));
    await cluster.clock.advance(1000);
    expect(cluster.partition(2).offsets).toMatchObject({ logEndOffset: 2, highWatermark: 1 });
    const committed = watch(cluster.fetch(2, { offset: 1 }));
    const outOfRange = watch(cluster.fetch(2, { offset: 3 }));
    const fenced = watch(cluster.fetch(2, { offset: 1, leaderEpoch: 7 }));
    await cluster.clock.advance();
    expect(committed.value).toMatchObject({ errorCode: ErrorCode.NONE, records: Buffer.alloc(0) });
    expect(outOfRange.value).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
    expect(fenced.value).toMatchObject({ errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH });
  });

  it('is woken at a follower when the follower learns that more is committed', async () => {
    const cluster = await threeInSync();
    await cluster.clock.advance(100);
    const waiting = watch(cluster.fetch(2, { maxWaitMs: 5000 }));
    await cluster.clock.advance(100);
    await appended(cluster, 1, 'a');
    expect(waiting.value).toBeUndefined();
    await cluster.clock.advance(500);
    expect(waiting.value?.records).toEqual(cluster.logBytes(1));
  });

  it('is not told an end that may be less than was told before', async () => {
    const cluster = await threeInSync();
    await appended(cluster, 1, 'a', 'b');
    cluster.kill(1);
    cluster.network.cut(2, 3);
    cluster.change(0, { leader: 2, isr: [2, 3] });
    const early = watch(cluster.listOffset(2, -1));
    const earliest = watch(cluster.listOffset(2, -2));
    await cluster.clock.advance();
    expect(early.value).toMatchObject({ errorCode: ErrorCode.OFFSET_NOT_AVAILABLE });
    expect(earliest.value).toMatchObject({ errorCode: ErrorCode.NONE, offset: 0 });
    cluster.network.heal();
    await cluster.clock.advance(1000);
    const late = watch(cluster.listOffset(2, -1));
    await cluster.clock.advance();
    expect(late.value).toMatchObject({ errorCode: ErrorCode.NONE, offset: 2 });
  });
});

describe('a throttled reassignment', () => {
  it('moves as many bytes a second as it may, by the quota of either side', async () => {
    for (const side of ['leaderThrottledReplicas', 'followerThrottledReplicas'] as const) {
      const cluster = await ReplicaCluster.start(2, { fetchMaxBytes: 10_000 });
      cluster.throttled = { ...cluster.throttled, [side]: '*' };
      cluster.throttledRate = 10_000;
      cluster.createTopic([1]);
      await cluster.clock.advance();
      for (let i = 0; i < 10; i++) await appended(cluster, 1, 'x'.repeat(9_900));
      const startMs = cluster.clock.monotonicMs();
      cluster.change(0, { replicas: [1, 2], isr: [1] });
      while (cluster.partition(2).offsets.logEndOffset < 10) await cluster.clock.advance(100);
      const tookMs = cluster.clock.monotonicMs() - startMs;
      expect(tookMs).toBeGreaterThan(8_000);
      expect(tookMs).toBeLessThan(16_000);
      await cluster.clock.advance(1000);
      expect(cluster.registration().isr).toEqual([1, 2]);
      // In sync it counts no more.
      await appended(cluster, 1, 'y'.repeat(9_900));
      await appended(cluster, 1, 'y'.repeat(9_900));
    }
  });
});

describe('a coordinator that loads what it leads now', () => {
  it('has it all when it is committed, and not before', async () => {
    const cluster = await threeInSync();
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('a')));
    await cluster.clock.advance();
    cluster.kill(1);
    cluster.network.cut(2, 3);
    cluster.change(0, { leader: 2, isr: [2, 3] });
    const log = new ReplicatedCoordinatorLog({ topic: TOPIC, replicas: cluster.replicas(2) });
    const chunks: Buffer[] = [];
    const load = watch(
      (async () => {
        for await (const chunk of log.read(0)) chunks.push(Buffer.from(chunk));
        return 'loaded';
      })(),
    );
    await cluster.clock.advance(100);
    expect(Buffer.concat(chunks)).toEqual(cluster.logBytes(2));
    expect(load.value).toBeUndefined();
    cluster.network.heal();
    await cluster.clock.advance(1000);
    expect(load.value).toBe('loaded');
  });

  it('does not wait for what cannot be committed', async () => {
    const cluster = await threeInSync();
    cluster.network.cut(1, 3);
    watch(cluster.produce(1, records('a')));
    await cluster.clock.advance();
    cluster.kill(1);
    cluster.partition(2).setMinInsyncReplicas(2);
    cluster.change(0, { leader: 2, isr: [2] });
    const log = new ReplicatedCoordinatorLog({ topic: TOPIC, replicas: cluster.replicas(2) });
    const load = watch(log.read(0)[Symbol.asyncIterator]().next());
    await cluster.clock.advance();
    expect(load.value).toMatchObject({ done: false });
  });
});
