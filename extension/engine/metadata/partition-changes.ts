import { UNASSIGNED_DIRECTORY } from '../common/random.ts';
import { versionOf } from './control-context.ts';
import type { ControlContext } from './control-context.ts';
import { isOnlineDirectory } from './directory-ids.ts';
import type { TopicImage } from './metadata-image.ts';
import { isElrEnabled } from './metadata-version.ts';
import type { PartitionChangeOptions } from './partition-change-builder.ts';
import { directoryOf } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { isActiveBroker } from './replica-placer.ts';

/** What happens to brokers together with the change of a partition. */
export interface BrokerChange {
  /** Leaves the ISR of every partition. */
  readonly remove?: number;
  /** May lead again, though still fenced in the image. */
  readonly add?: number;
  /** Came back without a clean stop: leaves the ISR and the ELR. */
  readonly uncleanShutdown?: number;
}

/** What is the same for every partition of a topic that changes: elections are unclean where the topic allows it. */
export function changesOf(
  context: ControlContext,
  topic: TopicImage,
): Pick<PartitionChangeOptions, 'topicId' | 'version' | 'isElrEnabled' | 'minIsr' | 'election' | 'newDirectory'> {
  return {
    topicId: topic.id,
    version: versionOf(context),
    isElrEnabled: isElrEnabled(context.image.features),
    minIsr: effectiveMinIsr(context, topic),
    election: allowsUncleanElection(context, topic.name) ? 'unclean' : 'online',
    newDirectory: (replica) => newDirectory(context, replica),
  };
}

/** Whether a replica of the partition could lead: its broker is alive and has the replica's directory. */
export function leaderAcceptor(
  context: ControlContext,
  partition: PartitionRegistration,
  change: BrokerChange = {},
): (replica: number) => boolean {
  const { brokers } = context.image.cluster;
  return (replica) => {
    if (replica === change.remove || replica === change.uncleanShutdown) return false;
    const broker = brokers.get(replica);
    if (broker === undefined || (replica !== change.add && !isActiveBroker(broker))) return false;
    return isOnlineDirectory(broker.directories, directoryOf(partition, replica));
  };
}

/** Where a broker's new replica goes. With one directory there is no choice; among several the broker chooses and tells. */
export function newDirectory(context: ControlContext, broker: number): string {
  const directories = context.image.cluster.brokers.get(broker)?.directories ?? [];
  return directories.length === 1 ? directories[0]! : UNASSIGNED_DIRECTORY;
}

/** `min.insync.replicas` of a topic, at most its replication factor. */
function effectiveMinIsr({ resolver, image }: ControlContext, topic: TopicImage): number {
  const configured = Number(resolver.topicValue(image.configs, topic.name, 'min.insync.replicas') ?? 1);
  return Math.min(configured, topic.partitions[0]?.replicas.length ?? configured);
}

export function allowsUncleanElection({ resolver, image }: ControlContext, topic: string): boolean {
  return resolver.topicValue(image.configs, topic, 'unclean.leader.election.enable') === 'true';
}
