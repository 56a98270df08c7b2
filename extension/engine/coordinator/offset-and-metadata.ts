/** What a group has committed for one partition. */
export interface OffsetAndMetadata {
  /** The next record to be read. */
  readonly offset: number;
  /** Epoch of the last record read, -1 where the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** Set by clients of OffsetCommit v2–4 alone, which named a retention of their own. */
  readonly expireTimestampMs: number | undefined;
  /** Zero uuid where it is not known: commits of brokers before 4.1, and of topics that were gone. */
  readonly topicId: string;
}
