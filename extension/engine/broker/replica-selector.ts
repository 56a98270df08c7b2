import type { ClusterImage } from '../metadata/metadata-image.ts';
import type { Partition } from './partition.ts';

/** Whom a consumer asks, and from where: `rack` is `client.rack`, `listenerName` the listener that it came by. */
export interface ReaderLocation {
  readonly rack: string;
  readonly listenerName: string;
}

/**
 * The replica in the consumer's rack that it had better fetch `fetchOffset` from (KIP-392, RackAwareReplicaSelector): alive, on the
 * consumer's listener, and with that offset in its log. The leader where it is in the same rack, else the one that has most;
 * undefined for the leader, and where nobody else will do.
 */
export function preferredReadReplica(
  partition: Partition,
  fetchOffset: number,
  location: ReaderLocation,
  leaderId: number,
  cluster: ClusterImage,
): number | undefined {
  const { leader } = partition;
  if (leader === undefined || location.rack === '') return undefined;
  const isNear = (id: number): boolean => {
    const broker = cluster.aliveBroker(id);
    return broker?.rack === location.rack && broker.listeners.some(({ name }) => name === location.listenerName);
  };
  if (isNear(leaderId)) return undefined;
  let best: { readonly brokerId: number; readonly logEndOffset: number } | undefined;
  for (const follower of leader.followers) {
    const { brokerId, logStartOffset, logEndOffset } = follower;
    if (logStartOffset < 0 || logStartOffset > fetchOffset || logEndOffset < fetchOffset || !isNear(brokerId)) continue;
    if (best === undefined || logEndOffset > best.logEndOffset) best = follower;
  }
  return best?.brokerId;
}
