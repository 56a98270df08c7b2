/** One partition and where its replicas are, the preferred leader first. */
export interface Placement {
  readonly topic: string;
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly replicas: readonly number[];
}

export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  /** The partition has one replica less afterwards: there are too few brokers. */
  readonly shrinks: boolean;
}

export interface DrainPlan {
  readonly moves: readonly Move[];
  /** Partitions that nobody could copy, since no replica leads. */
  readonly stuck: readonly Placement[];
}

/**
 * Where the replicas of the broker that leaves go: each takes the place it had in its partition on the broker that then has the
 * fewest replicas.
 */
export function planDrain(placements: readonly Placement[], leaving: number, staying: readonly number[]): DrainPlan {
  const load = new Map(staying.map((id) => [id, 0]));
  const add = (id: number): void => void load.set(id, (load.get(id) ?? 0) + 1);
  for (const { replicas } of placements) for (const id of replicas) if (load.has(id)) add(id);
  const moves: Move[] = [];
  const stuck: Placement[] = [];
  for (const placement of placements) {
    const { topic, partition, replicas } = placement;
    if (!replicas.includes(leaving)) continue;
    const candidates = staying.filter((id) => !replicas.includes(id));
    const taker = candidates.reduce<number | undefined>(
      (best, id) => (best === undefined || load.get(id)! < load.get(best)! ? id : best),
      undefined,
    );
    if (taker !== undefined) add(taker);
    const next = replicas.flatMap((id) => (id === leaving ? (taker ?? []) : id));
    if (placement.leader < 0 || next.length === 0) stuck.push(placement);
    else moves.push({ topic, partition, replicas: next, shrinks: next.length < replicas.length });
  }
  return { moves, stuck };
}
