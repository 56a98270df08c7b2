import { randomInt } from 'node:crypto';

export interface PlaceableBroker {
  readonly id: number;
  /** Null where racks are not looked at. */
  readonly rack: string | null;
}

/** An integer in [0, bound). */
export type RandomInt = (bound: number) => number;

/**
 * Spreads partitions over brokers, beginning at random: leaders go round all brokers, the replicas of a partition lie on
 * different racks as far as there are any.
 *
 * @throws Error when there are fewer brokers than replicas
 */
export function placeAtRandom(
  brokers: readonly PlaceableBroker[],
  partitions: number,
  replicationFactor: number,
  random: RandomInt = (bound) => randomInt(bound),
): number[][] {
  if (replicationFactor > brokers.length) {
    throw new Error(
      `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} ` +
        'broker(s) are registered or some brokers have all their log directories cordoned.',
    );
  }
  const order = racksInTurn(brokers, random);
  return Array.from({ length: partitions }, (_, partition) => {
    const leader = partition % order.length;
    const turn = [...order.slice(leader), ...order.slice(0, leader)];
    // Every round over the brokers pairs leaders with other followers.
    const shift = Math.floor(partition / order.length) % Math.max(1, order.length - 1);
    const followers = turn.slice(1);
    return spread([turn[0]!, ...followers.slice(shift), ...followers.slice(0, shift)], replicationFactor);
  });
}

/** Racks and the brokers of each one shuffled, racks taking turns. */
function racksInTurn(brokers: readonly PlaceableBroker[], random: RandomInt): PlaceableBroker[] {
  const racks = [...new Set(brokers.map(({ rack }) => rack))];
  const queues = shuffled(racks, random).map((rack) =>
    shuffled(
      brokers.filter((broker) => broker.rack === rack),
      random,
    ),
  );
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    queues.map((queue) => queue[turn]).filter((broker) => broker !== undefined),
  ).flat();
}

function shuffled<T>(items: readonly T[], random: RandomInt): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

/** The first `count` of `order`, but no rack once more than another that is left. */
function spread(order: readonly PlaceableBroker[], count: number): number[] {
  const chosen: number[] = [];
  let rest = [...order];
  while (chosen.length < count) {
    const racks = new Set<string>();
    const skipped: PlaceableBroker[] = [];
    for (const broker of rest) {
      if (chosen.length === count || (broker.rack !== null && racks.has(broker.rack))) {
        skipped.push(broker);
        continue;
      }
      chosen.push(broker.id);
      if (broker.rack !== null) racks.add(broker.rack);
    }
    rest = skipped;
  }
  return chosen;
}
