import type { BeginQuorumEpochRequest } from '../../../protocol/generated/begin-quorum-epoch-request.ts';
import type { BeginQuorumEpochResponseInput } from '../../../protocol/generated/begin-quorum-epoch-response.ts';
import type { EndQuorumEpochRequest } from '../../../protocol/generated/end-quorum-epoch-request.ts';
import type { EndQuorumEpochResponseInput } from '../../../protocol/generated/end-quorum-epoch-response.ts';
import type { VoteRequest } from '../../../protocol/generated/vote-request.ts';
import type { VoteResponseInput } from '../../../protocol/generated/vote-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { RaftCore } from '../raft-core.ts';
import type { RaftRefusal } from '../raft-messages.ts';
import type { ReplicaKey } from '../voter-set.ts';
import { METADATA_TOPIC } from './format-directory.ts';
import type { RaftPeers } from './raft-peers.ts';
import { directoryOf } from './raft-wire.ts';

/** What the requests of other nodes work on. */
export interface RaftServices {
  readonly clusterId: string | undefined;
  readonly peers: RaftPeers;
  readonly core: RaftCore;
  /** Tells the core something and does what follows from it, before it returns. Throws ApiError once the node has ended. */
  step<T>(action: (core: RaftCore, nowMs: number) => T): T;
}

interface Endpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** Vote, versions 0–2 (KIP-595, KIP-853, KIP-996): what comes back is written down before. */
export function answerVote(services: RaftServices, request: VoteRequest): VoteResponseInput {
  const partition = onlyPartition(request.topics);
  const refusal = refuseWhole(services, request.clusterId, partition);
  if (refusal !== undefined || partition === undefined) return { errorCode: refusal ?? ErrorCode.NONE, topics: [] };
  const { error, granted } = services.step((core, nowMs) =>
    core.vote(
      {
        candidate: { id: partition.replicaId, directoryId: directoryOf(partition.replicaDirectoryId) },
        asked: askedVoter(request.voterId, partition.voterDirectoryId),
        epoch: partition.replicaEpoch,
        logEnd: { offset: partition.lastOffset, epoch: partition.lastOffsetEpoch },
        preVote: partition.preVote,
      },
      nowMs,
    ),
  );
  const answer = { ...partitionAnswer(services, error), voteGranted: granted };
  return { errorCode: ErrorCode.NONE, topics: topicsOf(answer), nodeEndpoints: leaderEndpoints(services) };
}

/** BeginQuorumEpoch, versions 0–1: somebody was elected. */
export function answerBeginQuorumEpoch(
  services: RaftServices,
  request: BeginQuorumEpochRequest,
  apiVersion: number,
): BeginQuorumEpochResponseInput {
  const partition = onlyPartition(request.topics);
  const refusal = refuseWhole(services, request.clusterId, partition);
  if (refusal !== undefined || partition === undefined) return { errorCode: refusal ?? ErrorCode.NONE, topics: [] };
  const { leaderId, leaderEpoch } = partition;
  announce(services, leaderId, leaderEpoch, request.leaderEndpoints);
  const error = services.step((core, nowMs) => {
    const asked = askedVoter(request.voterId, partition.voterDirectoryId);
    return core.beginQuorumEpoch({ leaderId, epoch: leaderEpoch }, asked, nowMs);
  });
  return {
    errorCode: ErrorCode.NONE,
    topics: topicsOf(partitionAnswer(services, error)),
    ...(apiVersion >= 1 ? { nodeEndpoints: leaderEndpoints(services) } : {}),
  };
}

/** EndQuorumEpoch, versions 0–1: the leader gives up. */
export function answerEndQuorumEpoch(
  services: RaftServices,
  request: EndQuorumEpochRequest,
  apiVersion: number,
): EndQuorumEpochResponseInput {
  const partition = onlyPartition(request.topics);
  const refusal = refuseWhole(services, request.clusterId, partition);
  if (refusal !== undefined || partition === undefined) return { errorCode: refusal ?? ErrorCode.NONE, topics: [] };
  const { leaderId, leaderEpoch, preferredCandidates, preferredSuccessors } = partition;
  announce(services, leaderId, leaderEpoch, request.leaderEndpoints);
  const successors: ReplicaKey[] =
    apiVersion >= 1
      ? preferredCandidates.map((one) => ({ id: one.candidateId, directoryId: directoryOf(one.candidateDirectoryId) }))
      : preferredSuccessors.map((id) => ({ id, directoryId: undefined }));
  const error = services.step((core, nowMs) =>
    core.endQuorumEpoch({ leaderId, epoch: leaderEpoch }, successors, nowMs),
  );
  return {
    errorCode: ErrorCode.NONE,
    topics: topicsOf(partitionAnswer(services, error)),
    ...(apiVersion >= 1 ? { nodeEndpoints: leaderEndpoints(services) } : {}),
  };
}

/** A request names its cluster or, from nodes that do not know it yet, none. */
export function isOtherCluster(services: RaftServices, clusterId: string | null): boolean {
  return clusterId !== null && services.clusterId !== undefined && clusterId !== services.clusterId;
}

/** Where the leader can be reached, for those who ask the wrong node. */
export function leaderEndpoints({ core, peers }: RaftServices): Endpoint[] {
  const { leaderId } = core;
  const address = leaderId < 0 ? undefined : peers.addressOf(leaderId);
  return address === undefined ? [] : [address];
}

function refuseWhole(services: RaftServices, clusterId: string | null, partition: unknown): number | undefined {
  if (isOtherCluster(services, clusterId)) return ErrorCode.INCONSISTENT_CLUSTER_ID;
  return partition === undefined ? ErrorCode.INVALID_REQUEST : undefined;
}

/** The partition of a request that is about the metadata log and nothing else. */
function onlyPartition<P extends { readonly partitionIndex: number }>(
  topics: readonly { readonly topicName: string; readonly partitions: readonly P[] }[],
): P | undefined {
  const [topic, otherTopic] = topics;
  if (topic === undefined || otherTopic !== undefined || topic.topicName !== METADATA_TOPIC) return undefined;
  const [partition, otherPartition] = topic.partitions;
  return otherPartition === undefined && partition?.partitionIndex === 0 ? partition : undefined;
}

function askedVoter(voterId: number, directoryId: string): ReplicaKey | undefined {
  return voterId < 0 ? undefined : { id: voterId, directoryId: directoryOf(directoryId) };
}

function announce(
  { core, peers }: RaftServices,
  leaderId: number,
  epoch: number,
  endpoints: readonly { readonly host: string; readonly port: number }[],
): void {
  const [endpoint] = endpoints;
  if (endpoint !== undefined && epoch >= core.epoch) peers.announced(leaderId, endpoint.host, endpoint.port);
}

function partitionAnswer(
  { core }: RaftServices,
  error: RaftRefusal,
): { partitionIndex: number; errorCode: number; leaderId: number; leaderEpoch: number } {
  return { partitionIndex: 0, errorCode: ErrorCode[error], leaderId: core.leaderId, leaderEpoch: core.epoch };
}

function topicsOf<P>(partition: P): { topicName: string; partitions: P[] }[] {
  return [{ topicName: METADATA_TOPIC, partitions: [partition] }];
}
