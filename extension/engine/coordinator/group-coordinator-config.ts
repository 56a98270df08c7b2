import type { CompressionType } from '../../records/compression-type.ts';

/** The broker configs that the group coordinator obeys, parsed. The comment is Kafka's name; times in milliseconds. */
export interface GroupCoordinatorConfig {
  /** `group.min.session.timeout.ms` */
  readonly groupMinSessionTimeoutMs: number;
  /** `group.max.session.timeout.ms` */
  readonly groupMaxSessionTimeoutMs: number;
  /** `group.initial.rebalance.delay.ms` */
  readonly groupInitialRebalanceDelayMs: number;
  /** `group.max.size` */
  readonly groupMaxSize: number;
  /** `offset.metadata.max.bytes`; Kafka counts UTF-16 units. */
  readonly offsetMetadataMaxSize: number;
  /** `offsets.retention.minutes`, in milliseconds. */
  readonly offsetsRetentionMs: number;
  /** `offsets.retention.check.interval.ms` */
  readonly offsetsRetentionCheckIntervalMs: number;
  /** `offsets.commit.timeout.ms`: how long an append may wait for its replicas. */
  readonly offsetsCommitTimeoutMs: number;
  /** `offsets.topic.compression.codec`; none where it is left out. */
  readonly offsetsTopicCompression?: CompressionType;
}

/** Kafka's defaults. */
export const defaultGroupCoordinatorConfig: GroupCoordinatorConfig = {
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupInitialRebalanceDelayMs: 3_000,
  groupMaxSize: 2 ** 31 - 1,
  offsetMetadataMaxSize: 4_096,
  offsetsRetentionMs: 10_080 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  offsetsCommitTimeoutMs: 5_000,
};
