/** What the coordinator asks of the metadata image: which topics and partitions there are now. */
export interface TopicDirectory {
  /** The uuid of a topic, undefined where there is none of that name. */
  topicId(name: string): string | undefined;
  topicName(id: string): string | undefined;
  hasPartition(name: string, partition: number): boolean;
}

/** A topic that is gone. */
export interface DeletedTopic {
  readonly id: string;
  readonly name: string;
}
