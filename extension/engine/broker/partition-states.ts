import type { PartitionState, SegmentState } from '../../shared/cluster-protocol.ts';
import type { TopicImage, TopicsImage } from '../metadata/metadata-image.ts';
import type { Partition } from './partition.ts';
import type { ReplicaManager } from './replica-manager.ts';

/** Partitions as the cluster's state tells of them, with this broker's own replicas; a controller has none. */
export function partitionStates(
  topics: TopicsImage,
  replicas: ReplicaManager | undefined,
  brokerId: number,
  topic?: string,
): PartitionState[] {
  const one = topic === undefined ? undefined : topics.get(topic);
  const wanted: Iterable<TopicImage> = topic === undefined ? topics.byName.values() : one === undefined ? [] : [one];
  const states: PartitionState[] = [];
  for (const image of wanted) {
    for (const [index, registration] of image.partitions.entries()) {
      const hosted = replicas?.hosted(image.name, index);
      states.push({
        topic: image.name,
        topicId: image.id,
        partition: index,
        leader: registration.leader,
        leaderEpoch: registration.leaderEpoch,
        partitionEpoch: registration.partitionEpoch,
        replicas: registration.replicas,
        isr: registration.isr,
        elr: registration.elr,
        replicaStates: hosted === undefined ? [] : [replicaState(hosted, brokerId)],
      });
    }
  }
  return states;
}

function replicaState(partition: Partition, broker: number): PartitionState['replicaStates'][number] {
  const { logStartOffset, logEndOffset, highWatermark } = partition.offsets;
  const { sizeBytes, segmentCount } = partition.log;
  const own = { broker, logStartOffset, logEndOffset, highWatermark, sizeBytes, segmentCount };
  if (!partition.isLeader) return own;
  const followers = partition.followers().map((follower) => ({
    broker: follower.brokerId,
    logEndOffset: follower.logEndOffset,
    lagMs: Math.round(follower.lagMs ?? -1),
  }));
  return { ...own, followers };
}

/** The segments of one partition with their files. */
export function segmentStates({ log }: Partition): SegmentState[] {
  const segments = log.segments();
  return segments.map((segment, index) => ({
    baseOffset: segment.baseOffset,
    nextOffset: segments[index + 1]?.baseOffset ?? log.logEndOffset,
    active: segment.isActive,
    sizeBytes: segment.sizeBytes,
    largestTimestampMs: segment.largestTimestampMs,
    files: segment.files.map(({ name, sizeBytes }) => ({ name, path: `${log.directory}/${name}`, sizeBytes })),
  }));
}
