import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { ReplicaCluster } from './replica-cluster.ts';
import { records } from './replica-harness.ts';

function watch<T>(promise: Promise<T>): { value: T | undefined } {
  const state: { value: T | undefined } = { value: undefined };
  void promise.then((value) => (state.value = value));
  return state;
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
});
