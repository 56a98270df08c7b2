/**
 * The partitions of one internal topic (`__consumer_offsets`) as a coordinator uses them. The broker implements it on
 * its replica manager; the coordinator never touches files.
 */
export interface CoordinatorLog {
  /**
   * Appends one record batch (magic 2, base offset 0, leader epoch -1, CRC set) to a partition that this broker leads
   * in `leaderEpoch`. Calls are ordered: what is appended first lies first in the log and is committed first.
   *
   * Throws when nothing was appended. Once it has returned, the batch is in the log; the promise resolves to the offset
   * of its last record when that is committed (below the high watermark), and rejects when this broker can't commit it
   * any more: leadership went, or the disk failed. After a rejection the coordinator loads the partition anew, so a
   * commit that merely takes long is no reason for one: the coordinator minds the time itself.
   *
   * @throws ApiError NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, RECORD_LIST_TOO_LARGE, KAFKA_STORAGE_ERROR, …
   */
  append(partition: number, leaderEpoch: number, batch: Buffer): Promise<number>;
  /**
   * All that the log holds, from log start to log end, in order. Each buffer holds one or more whole batches with
   * their offsets set, and may be reused once the next one is asked for. Compression and control batches as stored.
   */
  read(partition: number): AsyncIterable<Buffer>;
  /** The topic's `max.message.bytes`: no batch may be larger. */
  maxBatchSizeBytes(partition: number): number;
}
