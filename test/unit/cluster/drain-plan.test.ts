import { describe, expect, test } from 'vitest';
import { planDrain } from '../../../extension/cluster/drain-plan.ts';
import type { Placement } from '../../../extension/cluster/drain-plan.ts';

function placed(partition: number, replicas: readonly number[], leader = replicas[0] ?? -1): Placement {
  return { topic: 'orders', partition, leader, replicas };
}

describe('planDrain', () => {
  test('each replica goes, in its place, to the broker with the fewest', () => {
    const placements = [placed(0, [1, 2]), placed(1, [2, 3]), placed(2, [3, 1]), placed(3, [3, 4])];
    const { moves, stuck } = planDrain(placements, 2, [1, 3, 4]);
    expect(moves.map(({ partition, replicas }) => [partition, replicas])).toEqual([
      [0, [1, 4]],
      [1, [1, 3]],
    ]);
    expect(stuck).toEqual([]);
  });

  test('a partition on all brokers has one replica less then', () => {
    const { moves } = planDrain([placed(0, [1, 2, 3])], 2, [1, 3]);
    expect(moves).toEqual([{ topic: 'orders', partition: 0, replicas: [1, 3], shrinks: true }]);
  });

  test('nothing to do where the broker holds nothing', () => {
    expect(planDrain([placed(0, [1])], 2, [1, 3])).toEqual({ moves: [], stuck: [] });
  });

  test('what nobody leads cannot be copied, and what has no other place is not lost', () => {
    const leaderless = placed(0, [2], -1);
    const alone = placed(1, [2]);
    expect(planDrain([leaderless], 2, [1]).stuck).toEqual([leaderless]);
    expect(planDrain([alone], 2, []).stuck).toEqual([alone]);
  });
});
