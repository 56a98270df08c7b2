import type { OffsetsSummary, PartitionOffsets, ReplicaRole } from '../../shared/offsets-contract.ts';
import type { RateMeter } from './rate-meter.ts';
import type { PartitionSample, TopicSample } from './topic-sample.ts';

export function replicaRole(sample: PartitionSample, broker: number): ReplicaRole {
  if (broker === sample.leader) return 'leader';
  if (sample.offline.includes(broker)) return 'offline';
  if (sample.isr.includes(broker)) return 'inSync';
  return sample.eligible.includes(broker) ? 'eligible' : 'behind';
}

/** A partition as the view shows it. */
export function toRow(sample: PartitionSample, meter: RateMeter | undefined): PartitionOffsets {
  return {
    partition: sample.partition,
    leader: sample.leader,
    leaderEpoch: sample.leaderEpoch,
    replicas: sample.replicas.map((broker) => ({ broker, role: replicaRole(sample, broker) })),
    isr: sample.isr,
    logStart: sample.logStart,
    lastStable: sample.lastStable,
    highWatermark: sample.highWatermark,
    logEnd: sample.logEnd,
    sizeBytes: sample.sizeBytes,
    rate: meter?.perSecond ?? null,
    rates: [...(meter?.rates ?? [])],
    problem: sample.problem,
  };
}

/** Totals and the common scale. A total is null when no partition knows its part of it. */
export function summarize(
  identity: { readonly topic: string; readonly cluster: string },
  sample: TopicSample,
  rows: readonly PartitionOffsets[],
): OffsetsSummary {
  let axisStart = Infinity;
  let axisEnd = 0;
  let fewest = Infinity;
  let most = 0;
  let underReplicated = 0;
  let leaderless = 0;
  for (const row of rows) {
    axisStart = Math.min(axisStart, row.logStart ?? Infinity);
    axisEnd = Math.max(axisEnd, row.logEnd ?? row.highWatermark ?? 0);
    fewest = Math.min(fewest, row.replicas.length);
    most = Math.max(most, row.replicas.length);
    if (row.isr.length < row.replicas.length) underReplicated++;
    if (row.leader < 0) leaderless++;
  }
  return {
    topic: identity.topic,
    cluster: identity.cluster,
    internal: sample.internal,
    partitionCount: rows.length,
    replication: [Math.min(fewest, most), most],
    cleanupPolicy: sample.cleanupPolicy,
    retentionMs: sample.retentionMs,
    retentionBytes: sample.retentionBytes,
    sizeBytes: sumKnown(rows, (row) => row.sizeBytes),
    records: sumKnown(rows, ({ logStart, highWatermark }) =>
      logStart === null || highWatermark === null ? null : Math.max(0, highWatermark - logStart),
    ),
    rate: sumKnown(rows, (row) => row.rate),
    axisStart: Math.min(axisStart, axisEnd),
    axisEnd,
    underReplicated,
    leaderless,
  };
}

function sumKnown(rows: readonly PartitionOffsets[], of: (row: PartitionOffsets) => number | null): number | null {
  let sum: number | null = null;
  for (const row of rows) {
    const value = of(row);
    if (value !== null) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** Whether the view would look the same with either. */
export function sameRow(a: PartitionOffsets | undefined, b: PartitionOffsets): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
