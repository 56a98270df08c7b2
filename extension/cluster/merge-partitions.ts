import type { PartitionState } from '../shared/cluster-protocol.ts';

/**
 * One view of each partition: leader and ISR as the broker with the newest metadata has them, every broker's own replica
 * state in assignment order.
 */
export function mergePartitions(views: readonly (readonly PartitionState[])[]): PartitionState[] {
  const merged = new Map<string, PartitionState>();
  for (const partition of views.flat()) {
    const key = `${partition.topicId}-${partition.partition}`;
    const other = merged.get(key);
    merged.set(key, other === undefined ? partition : mergeTwo(other, partition));
  }
  return [...merged.values()];
}

function mergeTwo(a: PartitionState, b: PartitionState): PartitionState {
  const newest = b.partitionEpoch > a.partitionEpoch ? b : a;
  const states = [...a.replicaStates, ...b.replicaStates];
  const position = (broker: number): number => {
    const index = newest.replicas.indexOf(broker);
    return index < 0 ? newest.replicas.length : index;
  };
  return { ...newest, replicaStates: states.sort((x, y) => position(x.broker) - position(y.broker)) };
}
