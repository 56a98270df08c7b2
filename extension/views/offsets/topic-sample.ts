/** One look at a topic's partitions, as the cluster tells it. Null where it does not. */
export interface TopicSample {
  readonly internal: boolean;
  /** Sorted by partition. */
  readonly partitions: readonly PartitionSample[];
  /** Effective configs of the topic. */
  readonly cleanupPolicy: string | null;
  readonly retentionMs: number | null;
  readonly retentionBytes: number | null;
}

export interface PartitionSample {
  readonly partition: number;
  /** -1 when nobody leads. */
  readonly leader: number;
  readonly leaderEpoch: number | null;
  /** In assignment order. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offline: readonly number[];
  /** Eligible leader replicas (KIP-966). */
  readonly eligible: readonly number[];
  readonly logStart: number | null;
  readonly lastStable: number | null;
  readonly highWatermark: number | null;
  readonly logEnd: number | null;
  /** Of the leader's copy. */
  readonly sizeBytes: number | null;
  /** Why offsets are missing, for people. */
  readonly problem: string | null;
}

/** Where samples of one topic come from. */
export interface TopicSampler {
  /** Null when the topic does not exist. Rejects when the cluster cannot be asked. */
  sample(signal: AbortSignal): Promise<TopicSample | null>;
}
