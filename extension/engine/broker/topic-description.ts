import { ErrorCode } from '../../protocol/errors.ts';
import { isOnlineDirectory } from '../metadata/directory-ids.ts';
import type { MetadataImage, TopicImage } from '../metadata/metadata-image.ts';
import { NO_LEADER, type PartitionRegistration } from '../metadata/partition-registration.ts';
import { currentLeader } from './current-leader.ts';

/** A partition as Metadata and DescribeTopicPartitions tell of it. */
export interface PartitionDescription {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/** Replicas on brokers that are gone, or in directories that are offline. */
function offlineReplicas(image: MetadataImage, registration: PartitionRegistration): number[] {
  return registration.replicas.filter((id, index) => {
    const broker = image.cluster.aliveBroker(id);
    return broker === undefined || !isOnlineDirectory(broker.directories, registration.directories[index]);
  });
}

/** Describes one partition for clients of one listener. */
export function describePartition(
  image: MetadataImage,
  topic: TopicImage,
  index: number,
  listenerName: string,
): PartitionDescription {
  const registration = topic.partitions[index]!;
  const leader = currentLeader(image, topic.name, index)!.leaderId;
  const broker = leader === NO_LEADER ? undefined : image.cluster.aliveBroker(leader);
  const reachable = broker?.listeners.some((listener) => listener.name === listenerName) ?? false;
  const errorCode =
    broker === undefined ? ErrorCode.LEADER_NOT_AVAILABLE : reachable ? ErrorCode.NONE : ErrorCode.LISTENER_NOT_FOUND;
  return {
    errorCode,
    partitionIndex: index,
    leaderId: errorCode === ErrorCode.NONE ? leader : NO_LEADER,
    leaderEpoch: registration.leaderEpoch,
    replicaNodes: registration.replicas,
    isrNodes: registration.isr,
    offlineReplicas: offlineReplicas(image, registration),
  };
}
