import { ErrorCode } from '../../protocol/errors.ts';
import type { PartitionDataInput } from '../../protocol/generated/fetch-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { FetchDataInfo, ReadIsolation } from '../log/partition-log.ts';
import { currentLeader } from './current-leader.ts';
import type { FetchContext, FetchTarget } from './fetch-session.ts';
import type { FetchingFollower } from './follower-replica.ts';
import type { Partition } from './partition.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { ReaderLocation } from './replica-selector.ts';

const NO_RECORDS = Buffer.alloc(0);
const NOTHING: FetchDataInfo = { records: [], sizeBytes: 0, abortedTransactions: undefined };

/** One partition's part of a fetch, read. */
export interface PartitionRead {
  readonly target: FetchTarget;
  readonly data: PartitionDataInput;
  readonly sizeBytes: number;
  /** Worth answering at once: an error, or a diverging epoch. */
  readonly urgent: boolean;
  /** For watching; undefined when the partition could not be found. */
  readonly partition: Partition | undefined;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly isolation: ReadIsolation;
  readonly apiVersion: number;
  /** The broker that fetches as a follower; undefined for consumers. */
  readonly follower: FetchingFollower | undefined;
  /** Where a consumer is that says so. */
  readonly location: ReaderLocation | undefined;
}

/** The first version in which consumers may read from a follower (KIP-392). */
const FOLLOWER_READS = 11;

/**
 * Reads the partitions of a fetch in order, until the request's bytes are used up. The first batch of the whole answer is
 * returned however large it is, so that a consumer always gets on (KIP-74). The first time that a follower's request is read
 * (`isFirst`) tells the leader how far the follower is.
 */
export async function readPartitions(
  replicas: ReplicaManager,
  targets: readonly FetchTarget[],
  session: FetchContext,
  limits: FetchLimits,
  isFirst: boolean,
): Promise<{ reads: PartitionRead[]; sizeBytes: number }> {
  const reads: PartitionRead[] = [];
  let sizeBytes = 0;
  for (const target of targets) {
    const read = readPartition(
      replicas,
      target,
      session,
      limits,
      limits.maxBytes - sizeBytes,
      sizeBytes === 0,
      isFirst,
    );
    const done = read instanceof Promise ? await read : read;
    reads.push(done);
    sizeBytes += done.sizeBytes;
  }
  for (const read of reads) session.looked(read.target, isDone(read));
  return { reads, sizeBytes };
}

/** Whether there is nothing more to have or to tell of it until it changes. */
function isDone({ sizeBytes, urgent, target, data }: PartitionRead): boolean {
  if (sizeBytes > 0 || urgent || target.fetchOffset < target.seenEnd) return false;
  return (
    data.highWatermark === target.sentHighWatermark &&
    data.logStartOffset === target.sentLogStartOffset &&
    target.sentError === ErrorCode.NONE
  );
}

function readPartition(
  replicas: ReplicaManager,
  target: FetchTarget,
  session: FetchContext,
  limits: FetchLimits,
  budgetBytes: number,
  minOneMessage: boolean,
  isFirst: boolean,
): PartitionRead | Promise<PartitionRead> {
  let partition: Partition | undefined;
  const failed = (error: unknown): PartitionRead => {
    if (!(error instanceof ApiError)) throw error;
    return failure(replicas, target, error.code, limits.apiVersion, partition);
  };
  try {
    const topic = replicas.nameOf(target.topic, target.topicId);
    const found = replicas.find(topic, target.partition);
    // A request may still name the id of a topic that was made anew.
    partition = found;
    session.watch(target, found);
    target.seenLeaderEpoch = -1;
    const { follower } = limits;
    if (follower === undefined && limits.apiVersion >= FOLLOWER_READS) found.checkReplica(target.currentLeaderEpoch);
    else found.checkLeader(target.currentLeaderEpoch);
    const diverging = found.divergence(target.fetchOffset, target.lastFetchedEpoch);
    if (diverging !== undefined) {
      const data = describe(found, target, NO_RECORDS);
      return {
        target,
        data: { ...data, divergingEpoch: { epoch: diverging.leaderEpoch, endOffset: diverging.endOffset } },
        sizeBytes: 0,
        urgent: true,
        partition: found,
      };
    }
    if (follower !== undefined && isFirst) found.onFollowerFetch(follower, target.fetchOffset, target.logStartOffset);
    const { location } = limits;
    const near = location && replicas.readReplicaFor(found, target.fetchOffset, location);
    if (near !== undefined) return elsewhere(found, target, near);
    const quota = follower && replicas.leaderQuotaOf(found);
    if (quota !== undefined && quota.waitMs > 0 && found.leader?.isr.includes(follower!.brokerId) !== true) {
      target.seenEnd = found.log.logEndOffset;
      target.seenLeaderEpoch = found.leaderEpoch;
      return success(found, target, NOTHING, limits);
    }
    const maxBytes = Math.max(0, Math.min(target.maxBytes, budgetBytes));
    // Before the read: what comes while it is under way is news.
    target.seenEnd = found.readableEnd(limits.isolation);
    target.seenLeaderEpoch = found.leaderEpoch;
    const info = found.read(target.fetchOffset, maxBytes, limits.isolation, minOneMessage);
    const succeeded = (data: FetchDataInfo): PartitionRead => {
      quota?.record(data.sizeBytes);
      return success(found, target, data, limits);
    };
    return info instanceof Promise ? info.then(succeeded, failed) : succeeded(info);
  } catch (error) {
    return failed(error);
  }
}

/** A consumer is sent to a replica that is nearer; it gets no records here. */
function elsewhere(partition: Partition, target: FetchTarget, preferredReadReplica: number): PartitionRead {
  const data = { ...describe(partition, target, NO_RECORDS), preferredReadReplica };
  return { target, data, sizeBytes: 0, urgent: true, partition };
}

function success(
  partition: Partition,
  target: FetchTarget,
  info: FetchDataInfo,
  { isolation, follower }: FetchLimits,
): PartitionRead {
  const records = info.records.length === 1 ? info.records[0]! : info.records;
  const data = describe(partition, target, records);
  return {
    target,
    data: isolation === 'committed' ? { ...data, abortedTransactions: info.abortedTransactions ?? [] } : data,
    sizeBytes: info.sizeBytes,
    // Whoever deletes records waits for the followers to hear of it.
    urgent: follower !== undefined && target.inSession && target.sentLogStartOffset !== data.logStartOffset,
    partition,
  };
}

function describe(
  partition: Partition,
  target: FetchTarget,
  records: NonNullable<PartitionDataInput['records']>,
): PartitionDataInput {
  const { highWatermark, lastStableOffset, logStartOffset } = partition.offsets;
  return {
    partitionIndex: target.partition,
    errorCode: ErrorCode.NONE,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: null,
    records,
  };
}

function failure(
  replicas: ReplicaManager,
  target: FetchTarget,
  code: number,
  apiVersion: number,
  partition: Partition | undefined,
): PartitionRead {
  const topic = target.topic !== '' ? target.topic : (replicas.image.topics.getById(target.topicId)?.name ?? '');
  const tellLeader =
    apiVersion >= 12 && (code === ErrorCode.NOT_LEADER_OR_FOLLOWER || code === ErrorCode.FENCED_LEADER_EPOCH);
  const leader = tellLeader ? currentLeader(replicas.image, topic, target.partition) : undefined;
  return {
    target,
    data: {
      partitionIndex: target.partition,
      errorCode: code,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      // Kafka's answers for what does not exist have an empty list here.
      abortedTransactions: partition === undefined ? [] : null,
      records: NO_RECORDS,
      ...(leader === undefined ? {} : { currentLeader: leader }),
    },
    sizeBytes: 0,
    urgent: true,
    partition,
  };
}
