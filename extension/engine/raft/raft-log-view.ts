import type { OffsetAndEpoch } from './raft-ports.ts';

/** The log and its snapshots, as far as the rules depend on them. */
export interface RaftLogView {
  /** Where the log ends, and the epoch of its last record: 0 while nothing was ever written. */
  end(): OffsetAndEpoch;
  startOffset(): number;
  /** Where the largest epoch at or below `epoch` ends, and that epoch. */
  endOfEpoch(epoch: number): OffsetAndEpoch;
  earliestSnapshot(): OffsetAndEpoch | undefined;
  latestSnapshot(): OffsetAndEpoch | undefined;
}

/** Whether a log that ends at `a` has everything committed that one ending at `b` has (Raft §5.4.1). */
export function isUpToDate(a: OffsetAndEpoch, b: OffsetAndEpoch): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.offset >= b.offset);
}

/**
 * What a follower that has everything up to `offset`, where its last record has `epoch`, is to be sent: what follows,
 * where its log parts from this one, or a snapshot because what follows is gone.
 */
export function placeOf(
  log: RaftLogView,
  offset: number,
  epoch: number,
):
  | { readonly kind: 'valid' }
  | { readonly kind: 'diverging'; readonly end: OffsetAndEpoch }
  | { readonly kind: 'snapshot'; readonly id: OffsetAndEpoch } {
  const start = log.startOffset();
  if (start === 0 && offset === 0 && epoch === 0) return { kind: 'valid' };
  const earliest = log.earliestSnapshot();
  const latest = log.latestSnapshot();
  if (earliest !== undefined && latest !== undefined) {
    const isGone = offset < start || (offset === start && epoch !== earliest.epoch) || epoch < earliest.epoch;
    if (isGone) return { kind: 'snapshot', id: latest };
  }
  const end = log.endOfEpoch(epoch);
  return end.epoch !== epoch || end.offset < offset ? { kind: 'diverging', end } : { kind: 'valid' };
}
