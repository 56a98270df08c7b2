import type {
  OffsetsConnection,
  OffsetsRow,
  OffsetsSnapshot,
  OffsetsSummary,
  PartitionOffsets,
} from '../../extension/shared/offsets-contract.ts';
import { formatCount } from '../../extension/shared/format.ts';

/** A column whose change is worth a glance. */
export type Moved = 'leader' | 'replicas' | 'highWatermark';

/** Rows far out of sight are forgotten; the host sends them again when they come back. */
const KEPT_ROWS = 512;

/** What the view knows, without how it looks. Replaced in place by snapshots. */
export class OffsetsModel {
  connection: OffsetsConnection = { state: 'loading' };
  summary: OffsetsSummary | null = null;
  readonly #rows = new Map<number, PartitionOffsets>();
  readonly #moved = new Map<number, ReadonlySet<Moved>>();

  row(index: number): PartitionOffsets | undefined {
    return this.#rows.get(index);
  }

  moved(index: number): ReadonlySet<Moved> | undefined {
    return this.#moved.get(index);
  }

  /** Takes what the host sent and answers what is worth saying aloud, if anything is. */
  apply(snapshot: OffsetsSnapshot): string | undefined {
    const spoken = this.#describeChange(snapshot);
    this.connection = snapshot.connection;
    if (snapshot.summary !== null) this.summary = snapshot.summary;
    this.#moved.clear();
    for (const { index, value } of snapshot.rows) this.#applyRow(index, value);
    this.#forget();
    return spoken;
  }

  #applyRow(index: number, value: PartitionOffsets): void {
    const before = this.#rows.get(index);
    if (before !== undefined) {
      const moved = movedColumns(before, value);
      if (moved.size > 0) this.#moved.set(index, moved);
      this.#rows.delete(index);
    }
    this.#rows.set(index, value);
  }

  #forget(): void {
    for (const index of this.#rows.keys()) {
      if (this.#rows.size <= KEPT_ROWS) return;
      this.#rows.delete(index);
    }
  }

  #describeChange(snapshot: OffsetsSnapshot): string | undefined {
    const { connection } = snapshot;
    if (connection.state !== this.connection.state) {
      if (connection.state === 'disconnected') return `Not connected. ${connection.message}`;
      if (connection.state === 'gone') return 'The topic no longer exists.';
      const { summary } = snapshot;
      if (connection.state === 'live' && summary !== null) {
        return `${summary.topic}: ${formatCount(summary.records)} records.`;
      }
    }
    const changes = snapshot.rows.map((row) => this.#describeRow(row)).filter((text) => text !== undefined);
    return changes.length === 0 ? undefined : changes.slice(0, 3).join(' ');
  }

  #describeRow({ index, value }: OffsetsRow): string | undefined {
    const before = this.#rows.get(index);
    if (before === undefined || before.leader === value.leader) return undefined;
    return value.leader < 0
      ? `Partition ${value.partition} has no leader.`
      : `Broker ${value.leader} leads partition ${value.partition}.`;
  }
}

function movedColumns(before: PartitionOffsets, after: PartitionOffsets): ReadonlySet<Moved> {
  const moved = new Set<Moved>();
  if (before.leader !== after.leader) moved.add('leader');
  if (replicaKey(before) !== replicaKey(after)) moved.add('replicas');
  if (before.highWatermark !== after.highWatermark && before.highWatermark !== null) moved.add('highWatermark');
  return moved;
}

function replicaKey({ replicas }: PartitionOffsets): string {
  return replicas.map(({ broker, role }) => `${broker}${role}`).join();
}

/** Where marks stand on the bar, 0 to 1; null where an offset is not known. */
export interface BarMarks {
  readonly start: number | null;
  readonly lastStable: number | null;
  readonly highWatermark: number | null;
  readonly end: number | null;
}

export function barMarks(
  { logStart, lastStable, highWatermark, logEnd }: PartitionOffsets,
  { axisStart, axisEnd }: Pick<OffsetsSummary, 'axisStart' | 'axisEnd'>,
): BarMarks {
  const span = axisEnd - axisStart;
  const at = (offset: number | null): number | null => {
    if (offset === null) return null;
    return span <= 0 ? 0 : Math.min(1, Math.max(0, (offset - axisStart) / span));
  };
  return { start: at(logStart), lastStable: at(lastStable), highWatermark: at(highWatermark), end: at(logEnd) };
}

/** Offsets that consumers can read; an upper bound of the records, since compaction and control records leave gaps. */
export function recordSpan({ logStart, highWatermark }: PartitionOffsets): number | null {
  return logStart === null || highWatermark === null ? null : Math.max(0, highWatermark - logStart);
}

/** `delete, 7 d · 12.4 MiB`-like facts are joined by the view; this is the policy with its limit. */
export function describeRetention(
  { cleanupPolicy, retentionMs, retentionBytes }: OffsetsSummary,
  formatDuration: (durationMs: number) => string,
  formatBytes: (bytes: number) => string,
): string | undefined {
  if (cleanupPolicy === null) return undefined;
  const limits: string[] = [];
  if (cleanupPolicy.includes('delete')) {
    if (retentionMs !== null) limits.push(retentionMs < 0 ? 'any age' : formatDuration(retentionMs));
    if (retentionBytes !== null && retentionBytes >= 0) limits.push(`${formatBytes(retentionBytes)} per partition`);
  }
  return [cleanupPolicy.replace(',', ' + '), ...limits].join(', ');
}

/** Heights of the spark bars, 0 to 1, at the right end of `count` places. */
export function sparkHeights(rates: readonly number[], count: number): readonly number[] {
  const shown = rates.slice(-count);
  const highest = Math.max(...shown, 0);
  const heights = shown.map((rate) => (highest === 0 ? 0 : rate / highest));
  return [...new Array<number>(count - heights.length).fill(0), ...heights];
}
