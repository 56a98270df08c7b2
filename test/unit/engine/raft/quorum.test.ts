import { describe, expect, test } from 'vitest';
import { Quorum } from './quorum-fixture.ts';
import { records } from './raft-fixture.ts';

describe('three voters', () => {
  test('that start together elect the one with the lowest id, soon', async () => {
    const quorum = new Quorum(3);
    quorum.start();
    const leader = await quorum.elect(100);
    expect(leader.id).toBe(1);
    expect(leader.raft.leaderAndEpoch()).toEqual({ leaderId: 1, epoch: 1 });
    expect(quorum.nodes.flatMap(({ fatal }) => fatal)).toEqual([]);
  });

  test('commit what the leader appends, everywhere, within a few round trips', async () => {
    const quorum = new Quorum(3);
    quorum.start();
    const leader = await quorum.elect();
    await quorum.settle();
    leader.raft.append(1, records('a', 'b'));
    const took = await quorum.until(() => leader.listener.seen.length === 2);
    expect(took).toBeLessThanOrEqual(6);
    await quorum.until(() => quorum.nodes.every(({ listener }) => listener.seen.length === 2), 20);
    for (const { listener } of quorum.nodes) expect(listener.seen).toEqual(['3:a', '4:b']);
  });

  test('elect another at once when the process of the leader ends', async () => {
    const quorum = new Quorum(3);
    quorum.start();
    const leader = await quorum.elect();
    leader.raft.append(1, records('a'));
    await quorum.settle();
    quorum.kill(leader.id);
    const startMs = quorum.clock.monotonicMs();
    const next = await quorum.elect(500);
    expect(quorum.clock.monotonicMs() - startMs).toBeLessThan(200);
    expect(next.id).not.toBe(leader.id);
    next.raft.append(next.raft.leaderAndEpoch().epoch, records('b'));
    await quorum.settle();
    expect(next.listener.seen.map((seen) => seen.split(':')[1])).toEqual(['a', 'b']);
  });
});
