import type { ControlContext } from './control-context.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { changesOf, leaderAcceptor } from './partition-changes.ts';
import type { BrokerChange } from './partition-changes.ts';
import { partitionsOf } from './partition-index.ts';
import type { PartitionSet } from './partition-index.ts';

/** Records for those of the partitions that a change of brokers moves. */
export function leaderAndIsrUpdates(
  context: ControlContext,
  change: BrokerChange,
  affected: PartitionSet,
): NewMetadataRecord[] {
  const gone = [change.remove, change.uncleanShutdown];
  const uncleanShutdownReplicas = change.uncleanShutdown === undefined ? [] : [change.uncleanShutdown];
  const records: NewMetadataRecord[] = [];
  let common: ReturnType<typeof changesOf> | undefined;
  for (const { topic, partitionId, partition } of partitionsOf(context.image.topics, affected)) {
    if (common?.topicId !== topic.id) common = changesOf(context, topic);
    const record = buildPartitionChange({
      ...common,
      uncleanShutdownReplicas,
      partitionId,
      partition,
      targetIsr: partition.isr.filter((replica) => !gone.includes(replica)),
      isAcceptableLeader: leaderAcceptor(context, partition, change),
    });
    if (record !== undefined) records.push(record);
  }
  return records;
}
