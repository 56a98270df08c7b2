import type { ControlContext } from './control-context.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { changesOf, leaderAcceptor } from './partition-changes.ts';
import type { BrokerChange } from './partition-changes.ts';
import { NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';

/** Records for all partitions that a change of brokers moves. */
export function leaderAndIsrUpdates(
  context: ControlContext,
  change: BrokerChange,
  affects: (partition: PartitionRegistration) => boolean,
): NewMetadataRecord[] {
  const gone = [change.remove, change.uncleanShutdown];
  const records: NewMetadataRecord[] = [];
  for (const topic of context.image.topics.byId.values()) {
    const affected = [...topic.partitions.entries()].filter(([, partition]) => affects(partition));
    if (affected.length === 0) continue;
    const common = {
      ...changesOf(context, topic),
      uncleanShutdownReplicas: change.uncleanShutdown === undefined ? [] : [change.uncleanShutdown],
    };
    for (const [partitionId, partition] of affected) {
      const record = buildPartitionChange({
        ...common,
        partitionId,
        partition,
        targetIsr: partition.isr.filter((replica) => !gone.includes(replica)),
        isAcceptableLeader: leaderAcceptor(context, partition, change),
      });
      if (record !== undefined) records.push(record);
    }
  }
  return records;
}

export const hasInIsr =
  (broker: number) =>
  (partition: PartitionRegistration): boolean =>
    partition.isr.includes(broker);

export const hasInElr =
  (broker: number) =>
  (partition: PartitionRegistration): boolean =>
    partition.elr.includes(broker);

export const hasNoLeader = (partition: PartitionRegistration): boolean => partition.leader === NO_LEADER;
