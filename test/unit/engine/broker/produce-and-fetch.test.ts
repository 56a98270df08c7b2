import { beforeEach, describe, expect, it } from 'vitest';
import { UnanswerableRequestError } from '../../../../extension/engine/server/request-processor.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { systemError } from '../../../support/memory-file-system.ts';
import { BROKER_ID, records, ReplicaHarness, sizeOf, TOPIC } from './replica-harness.ts';

/** Whether a promise has settled, without waiting for it. */
function watch<T>(promise: Promise<T>): { settled: boolean } {
  const state = { settled: false };
  promise.then(
    () => (state.settled = true),
    () => (state.settled = true),
  );
  return state;
}

let broker: ReplicaHarness;
beforeEach(() => {
  broker = new ReplicaHarness();
});

describe('a produce', () => {
  it('with acks=1 is answered after the write, not before', async () => {
    broker.createTopic();
    const answer = broker.produce(records('a', 'b'));
    const state = watch(answer);
    await Promise.resolve();
    expect(state.settled).toBe(false);
    expect(broker.replicas.find(TOPIC, 0).offsets.logEndOffset).toBe(0);
    await broker.clock.advance();
    expect(await answer).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0, logStartOffset: 0 });
    expect(broker.replicas.find(TOPIC, 0).offsets).toMatchObject({ logEndOffset: 2, highWatermark: 2 });
  });

  it('shares one write with the others of its turn', async () => {
    broker.createTopic();
    const answers = [broker.produce(records('a')), broker.produce(records('b', 'c')), broker.produce(records('d'))];
    let writes = 0;
    broker.files.onCall = (operation, path) => {
      if (operation === 'write' && path.endsWith('.log')) writes++;
    };
    await broker.clock.advance();
    expect((await Promise.all(answers)).map((answer) => answer?.baseOffset)).toEqual([0, 1, 3]);
    expect(writes).toBe(1);
  });

  it('with acks=0 is not answered, and closes the connection when it fails', async () => {
    broker.createTopic();
    const answer = broker.produce(records('a'), 0);
    await broker.clock.advance();
    expect(await answer).toBeUndefined();
    const bad = records('b');
    bad[20]! ^= 0xff;
    await expect(broker.produce(bad, 0)).rejects.toThrow(UnanswerableRequestError);
  });

  it('with acks=all needs min.insync.replicas', async () => {
    broker.minInsyncReplicas = 2;
    broker.createTopic({ replicas: [1, 2], isr: [1] });
    expect(await broker.produce(records('a'), -1)).toMatchObject({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    const answer = broker.produce(records('a'), 1);
    await broker.clock.advance();
    expect(await answer).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it('with acks=all waits for the other replicas, at most as long as it says', async () => {
    broker.createTopic({ replicas: [1, 2] });
    const timers = broker.clock.timerCount;
    const answer = broker.produce(records('a'), -1, 300);
    const state = watch(answer);
    await broker.clock.advance(299);
    expect(state.settled).toBe(false);
    await broker.clock.advance(1);
    expect(await answer).toMatchObject({ errorCode: ErrorCode.REQUEST_TIMED_OUT });
    expect(broker.clock.timerCount).toBe(timers);
  });

  it('with acks=all is answered when the ISR shrinks to those who have it', async () => {
    broker.createTopic({ replicas: [1, 2] });
    const answer = broker.produce(records('a'), -1);
    await broker.clock.advance();
    broker.replay({
      type: 'PARTITION_CHANGE_RECORD',
      version: 2,
      data: { partitionId: 0, topicId: broker.replicas.find(TOPIC, 0).topicId, isr: [1] },
    });
    expect(await answer).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 });
  });

  it('with acks=all is told when another broker leads now', async () => {
    broker.createTopic({ replicas: [1, 2] });
    const answer = broker.produce(records('a'), -1);
    await broker.clock.advance();
    broker.elect(2, [1, 2]);
    expect(await answer).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  });

  it('to a partition that another broker leads says who', async () => {
    broker.createTopic({ replicas: [2, 1], leader: 2 });
    expect(await broker.produce(records('a'))).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  });

  it('on a full disk fails, and works again when there is room', async () => {
    broker.createTopic();
    broker.files.onCall = (operation, path) => {
      if (operation === 'write') throw systemError('ENOSPC', 'write', path);
    };
    const failed = broker.produce(records('a'));
    await broker.clock.advance();
    expect(await failed).toMatchObject({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, baseOffset: -1 });
    broker.files.onCall = undefined;
    const next = broker.produce(records('b'));
    await broker.clock.advance();
    expect(await next).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 });
  });
});

describe('a fetch', () => {
  async function append(...values: string[]): Promise<void> {
    const answer = broker.produce(records(...values));
    await broker.clock.advance();
    await answer;
  }

  it('answers at once when there is enough', async () => {
    broker.createTopic();
    await append('a', 'b');
    const [data] = await broker.fetch();
    expect(data).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 2, lastStableOffset: 2, logStartOffset: 0 });
    expect(sizeOf(data)).toBe(records('a', 'b').length);
  });

  it('waits for records, and is woken by them', async () => {
    broker.createTopic();
    const answer = broker.fetch();
    const state = watch(answer);
    await broker.clock.advance(100);
    expect(state.settled).toBe(false);
    await append('a');
    expect(sizeOf((await answer)[0])).toBeGreaterThan(0);
    expect(broker.clock.timerCount).toBe(0);
  });

  it('comes back empty when its time is over', async () => {
    broker.createTopic();
    const answer = broker.fetch({ maxWaitMs: 200 });
    await broker.clock.advance(200);
    expect(sizeOf((await answer)[0])).toBe(0);
  });

  it('waits for minBytes, and takes what there is in the end', async () => {
    broker.createTopic();
    const answer = broker.fetch({ minBytes: 10_000, maxWaitMs: 300 });
    const state = watch(answer);
    await broker.clock.advance(100);
    await append('a');
    await broker.clock.advance(100);
    expect(state.settled).toBe(false);
    await broker.clock.advance(100);
    expect(sizeOf((await answer)[0])).toBe(records('a').length);
  });

  it('returns a first batch that is larger than its limits, and only the first', async () => {
    broker.createTopic({ partitions: 2 });
    await append('x'.repeat(5000));
    const [first, second] = await broker.fetch({ maxBytes: 100, partitionMaxBytes: 100, partitions: [0, 1] });
    expect(sizeOf(first)).toBeGreaterThan(5000);
    expect(sizeOf(second)).toBe(0);
  });

  it('is answered with an error when the topic is deleted under it', async () => {
    broker.createTopic();
    const answer = broker.fetch();
    await broker.clock.advance();
    broker.deleteTopic();
    expect((await answer)[0]).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });

  it('does not see what is not committed; a follower does', async () => {
    broker.createTopic({ replicas: [1, 2] });
    await append('a');
    const consumer = broker.fetch({ maxWaitMs: 0 });
    expect(sizeOf((await consumer)[0])).toBe(0);
    const [follower] = await broker.fetch({ replicaId: 2 });
    expect(sizeOf(follower)).toBeGreaterThan(0);
  });

  it('past the end, of an old and of an unknown epoch gets Kafka’s codes', async () => {
    broker.createTopic();
    await append('a');
    const code = async (more: object): Promise<number> => (await broker.fetch(more))[0]!.errorCode;
    expect(await code({ offset: 2 })).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    broker.elect(BROKER_ID, [BROKER_ID]);
    const topics = (currentLeaderEpoch: number): object => ({
      topics: [
        { topic: TOPIC, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10, currentLeaderEpoch }] },
      ],
    });
    expect(await code(topics(0))).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(await code(topics(9))).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(await code(topics(1))).toBe(ErrorCode.NONE);
  });
});
