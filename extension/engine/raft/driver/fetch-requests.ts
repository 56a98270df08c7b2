import type { FetchRequest } from '../../../protocol/generated/fetch-request.ts';
import type {
  FetchResponseInput,
  PartitionDataInput as FetchPartitionInput,
} from '../../../protocol/generated/fetch-response.ts';
import type { FetchSnapshotRequest } from '../../../protocol/generated/fetch-snapshot-request.ts';
import type { FetchSnapshotResponseInput } from '../../../protocol/generated/fetch-snapshot-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../common/clock.ts';
import type { ReplicaKey } from '../voter-set.ts';
import { METADATA_TOPIC } from './format-directory.ts';
import { METADATA_TOPIC_ID } from './quorum-log.ts';
import type { QuorumLog } from './quorum-log.ts';
import { isOtherCluster, leaderEndpoints } from './raft-requests.ts';
import type { RaftServices } from './raft-requests.ts';
import { directoryOf } from './raft-wire.ts';
import type { WaitingFetches } from './waiting-fetches.ts';

/** What a leader needs to hand out its log. */
export interface FetchServices extends RaftServices {
  readonly clock: Clock;
  readonly log: QuorumLog;
  readonly waiting: WaitingFetches;
}

/** No answer is larger, whatever is asked. */
const MAX_FETCH_BYTES = 8 * 1024 * 1024;
const TOPIC_IDS_SINCE = 13;
const NODE_ENDPOINTS_SINCE = 16;

/**
 * Fetch of the metadata log, versions 4–18, as the leader of the quorum answers it. The answer comes at once when there are
 * records, when the replica has to cut its log or to take a snapshot, or when more is committed than it knows (KIP-1166); else
 * when one of these happens, at the latest after `maxWaitMs`.
 */
export async function answerFetch(
  services: FetchServices,
  request: FetchRequest,
  apiVersion: number,
): Promise<FetchResponseInput> {
  const failed = (errorCode: number): FetchResponseInput => ({ throttleTimeMs: 0, errorCode, responses: [] });
  if (isOtherCluster(services, request.clusterId)) return failed(ErrorCode.INCONSISTENT_CLUSTER_ID);
  const asked = onlyPartition(request, apiVersion);
  if (asked === undefined || request.maxWaitMs < 0 || asked.fetchOffset < 0 || asked.lastFetchedEpoch < -1) {
    return failed(ErrorCode.INVALID_REQUEST);
  }
  const replicaId = apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId;
  // One that claims to be this very node cannot be counted.
  if (replicaId === services.core.self.id) return failed(ErrorCode.INVALID_REQUEST);
  const replica = { id: replicaId, directoryId: directoryOf(asked.replicaDirectoryId) };
  const deadlineMs = services.clock.monotonicMs() + request.maxWaitMs;
  const fetch = new MetadataFetch(services, asked, replica, Math.min(request.maxBytes, MAX_FETCH_BYTES));
  let partition: FetchPartitionInput;
  for (;;) {
    const { wakes } = services.waiting;
    partition = await fetch.try();
    const leftMs = deadlineMs - services.clock.monotonicMs();
    if (leftMs <= 0 || fetch.isWorthAnswering(partition)) break;
    await services.waiting.wait(leftMs, wakes);
  }
  const topic = apiVersion >= TOPIC_IDS_SINCE ? { topicId: METADATA_TOPIC_ID } : { topic: METADATA_TOPIC };
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    responses: [{ ...topic, partitions: [partition] }],
    ...(apiVersion >= NODE_ENDPOINTS_SINCE ? { nodeEndpoints: leaderEndpoints(services) } : {}),
  };
}

type AskedPartition = FetchRequest['topics'][number]['partitions'][number];

/** One replica's fetch, tried until there is something to say. */
class MetadataFetch {
  readonly #services: FetchServices;
  readonly #asked: AskedPartition;
  readonly #replica: ReplicaKey;
  readonly #maxBytes: number;
  #isCounted = false;

  constructor(services: FetchServices, asked: AskedPartition, replica: ReplicaKey, maxBytes: number) {
    this.#services = services;
    this.#asked = asked;
    this.#replica = replica;
    this.#maxBytes = Math.min(maxBytes, asked.partitionMaxBytes);
  }

  async try(): Promise<FetchPartitionInput> {
    const { core, log } = this.#services;
    const { currentLeaderEpoch, fetchOffset, lastFetchedEpoch } = this.#asked;
    // A reader that is no replica need not know the epoch.
    const epoch = currentLeaderEpoch < 0 && this.#replica.id < 0 ? core.epoch : currentLeaderEpoch;
    const lastEpoch = lastFetchedEpoch < 0 ? log.end().epoch : lastFetchedEpoch;
    const decision = core.checkFetch(epoch, fetchOffset, lastEpoch);
    if (decision.kind === 'refused') return this.#partition(ErrorCode[decision.error], []);
    if (decision.kind !== 'valid') {
      this.#count();
      const { kind } = decision;
      const snapshotId = kind === 'snapshot' ? { endOffset: decision.id.offset, epoch: decision.id.epoch } : undefined;
      const divergingEpoch =
        kind === 'diverging' ? { epoch: decision.end.epoch, endOffset: decision.end.offset } : undefined;
      return { ...this.#partition(ErrorCode.NONE, []), snapshotId, divergingEpoch };
    }
    this.#count(fetchOffset);
    const records = await log.read(fetchOffset, this.#maxBytes);
    // While the disk was asked, another may have been elected, and this log cut.
    const refusal = core.checkLeader(epoch);
    return this.#partition(ErrorCode[refusal], refusal === 'NONE' ? records : []);
  }

  isWorthAnswering({ errorCode, records, divergingEpoch, snapshotId, highWatermark }: FetchPartitionInput): boolean {
    return (
      errorCode !== ErrorCode.NONE ||
      (records !== null && records.length > 0) ||
      divergingEpoch !== undefined ||
      snapshotId !== undefined ||
      highWatermark > this.#asked.highWatermark
    );
  }

  /** A fetch tells the leader once how far its replica is. */
  #count(offset?: number): void {
    if (this.#isCounted || this.#replica.id < 0) return;
    this.#isCounted = true;
    this.#services.step((core, nowMs) => {
      if (offset === undefined) core.replicaFollows(this.#replica, nowMs);
      else core.replicaFetched(this.#replica, offset, nowMs);
    });
  }

  #partition(errorCode: number, records: readonly Buffer[]): FetchPartitionInput {
    const { core, log } = this.#services;
    return {
      partitionIndex: 0,
      errorCode,
      highWatermark: core.leaderState?.highWatermark ?? -1,
      logStartOffset: log.startOffset(),
      abortedTransactions: [],
      currentLeader: { leaderId: core.leaderId, leaderEpoch: core.epoch },
      records,
    };
  }
}

function onlyPartition(request: FetchRequest, apiVersion: number): AskedPartition | undefined {
  const [topic, otherTopic] = request.topics;
  if (topic === undefined || otherTopic !== undefined) return undefined;
  const isMetadata =
    apiVersion >= TOPIC_IDS_SINCE ? topic.topicId === METADATA_TOPIC_ID : topic.topic === METADATA_TOPIC;
  const [partition, otherPartition] = topic.partitions;
  return isMetadata && otherPartition === undefined && partition?.partition === 0 ? partition : undefined;
}

/** FetchSnapshot, versions 0–1: a piece of a snapshot, from `position` on. */
export async function answerFetchSnapshot(
  services: FetchServices,
  request: FetchSnapshotRequest,
): Promise<FetchSnapshotResponseInput> {
  if (isOtherCluster(services, request.clusterId)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [] };
  }
  const [topic] = request.topics;
  const [partition] = topic?.partitions ?? [];
  if (topic === undefined || partition === undefined || request.topics.length > 1 || topic.partitions.length > 1) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.INVALID_REQUEST, topics: [] };
  }
  const { core, log } = services;
  const { snapshotId, position } = partition;
  const id = { offset: snapshotId.endOffset, epoch: snapshotId.epoch };
  const answer = (errorCode: number, size = 0, bytes: Buffer = Buffer.alloc(0)): FetchSnapshotResponseInput => ({
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    topics: [
      {
        name: topic.name,
        partitions: [
          {
            index: partition.partition,
            errorCode,
            snapshotId,
            currentLeader: { leaderId: core.leaderId, leaderEpoch: core.epoch },
            size,
            position,
            unalignedRecords: bytes,
          },
        ],
      },
    ],
    nodeEndpoints: leaderEndpoints(services),
  });
  if (topic.name !== METADATA_TOPIC || partition.partition !== 0) return answer(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const refusal = core.checkLeader(partition.currentLeaderEpoch);
  if (refusal !== 'NONE') return answer(ErrorCode[refusal]);
  if (!log.snapshots.has(id)) return answer(ErrorCode.SNAPSHOT_NOT_FOUND);
  const size = log.snapshots.sizeOf(id);
  if (position < 0 || position >= size) return answer(ErrorCode.POSITION_OUT_OF_RANGE, size);
  const replica = { id: request.replicaId, directoryId: directoryOf(partition.replicaDirectoryId) };
  services.step((raft, nowMs) => raft.replicaFollows(replica, nowMs));
  return answer(
    ErrorCode.NONE,
    size,
    await log.snapshots.readPart(id, position, Math.min(request.maxBytes, MAX_FETCH_BYTES)),
  );
}
