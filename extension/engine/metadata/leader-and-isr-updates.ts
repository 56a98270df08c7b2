import { versionOf } from './control-context.ts';
import type { ControlContext } from './control-context.ts';
import { isOnlineDirectory } from './directory-ids.ts';
import type { TopicImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { isElrEnabled } from './metadata-version.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { directoryOf, NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { isActiveBroker } from './replica-placer.ts';

/** What happens to brokers. */
export interface BrokerChange {
  /** Leaves the ISR of every partition. */
  readonly remove?: number;
  /** May lead again, though still fenced in the image. */
  readonly add?: number;
  /** Came back without a clean stop: leaves the ISR and the ELR. */
  readonly uncleanShutdown?: number;
}

/** Records for all partitions that a change of brokers moves. */
export function leaderAndIsrUpdates(
  context: ControlContext,
  change: BrokerChange,
  affects: (partition: PartitionRegistration) => boolean,
): NewMetadataRecord[] {
  const { image } = context;
  const version = versionOf(context);
  const elrEnabled = isElrEnabled(image.features);
  const gone = [change.remove, change.uncleanShutdown];
  const canLead = (replica: number, partition: PartitionRegistration): boolean => {
    if (gone.includes(replica)) return false;
    const broker = image.cluster.brokers.get(replica);
    if (replica !== change.add && !isActiveBroker(broker)) return false;
    return broker !== undefined && isOnlineDirectory(broker.directories, directoryOf(partition, replica));
  };
  const records: NewMetadataRecord[] = [];
  for (const topic of image.topics.byId.values()) {
    const affected = [...topic.partitions.entries()].filter(([, partition]) => affects(partition));
    if (affected.length === 0) continue;
    const common = {
      topicId: topic.id,
      version,
      isElrEnabled: elrEnabled,
      minIsr: effectiveMinIsr(context, topic),
      allowUnclean: allowsUncleanElection(context, topic.name),
      uncleanShutdownReplicas: change.uncleanShutdown === undefined ? [] : [change.uncleanShutdown],
    };
    for (const [partitionId, partition] of affected) {
      const record = buildPartitionChange({
        ...common,
        partitionId,
        partition,
        targetIsr: partition.isr.filter((replica) => !gone.includes(replica)),
        isAcceptableLeader: (replica) => canLead(replica, partition),
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

/** `min.insync.replicas` of a topic, at most its replication factor. */
export function effectiveMinIsr(context: ControlContext, topic: TopicImage): number {
  const configured = Number(context.resolver.topic(context.image.configs, topic.name)['min.insync.replicas'] ?? 1);
  return Math.min(configured, topic.partitions[0]?.replicas.length ?? configured);
}

export function allowsUncleanElection(context: ControlContext, topic: string): boolean {
  return context.resolver.topic(context.image.configs, topic)['unclean.leader.election.enable'] === 'true';
}
