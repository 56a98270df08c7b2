import { beginQuorumEpochRequest } from '../../../protocol/generated/begin-quorum-epoch-request.ts';
import type { BeginQuorumEpochRequestInput } from '../../../protocol/generated/begin-quorum-epoch-request.ts';
import { beginQuorumEpochResponse } from '../../../protocol/generated/begin-quorum-epoch-response.ts';
import { endQuorumEpochRequest } from '../../../protocol/generated/end-quorum-epoch-request.ts';
import type { EndQuorumEpochRequestInput } from '../../../protocol/generated/end-quorum-epoch-request.ts';
import { endQuorumEpochResponse } from '../../../protocol/generated/end-quorum-epoch-response.ts';
import { voteRequest } from '../../../protocol/generated/vote-request.ts';
import type { VoteRequestInput } from '../../../protocol/generated/vote-request.ts';
import { voteResponse } from '../../../protocol/generated/vote-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { ZERO_UUID } from '../../common/random.ts';
import type { RaftMessage, RaftRefusal, RemoteAnswer } from '../raft-messages.ts';
import type { VoterEndpoint } from '../raft-ports.ts';
import type { ReplicaKey } from '../voter-set.ts';
import { METADATA_TOPIC } from './format-directory.ts';
import type { RaftPeers } from './raft-peers.ts';

/** The core's messages as Kafka's requests, and the answers to them. */

/** Who asks, as requests say it. */
export interface Sender {
  readonly self: ReplicaKey;
  readonly clusterId: string | undefined;
  readonly endpoints: readonly VoterEndpoint[];
}

/** On the wire no directory is the zero uuid. */
export function directoryOf(wire: string): string | undefined {
  return wire === ZERO_UUID ? undefined : wire;
}

export function wireDirectory(directoryId: string | undefined): string {
  return directoryId ?? ZERO_UUID;
}

/** Names of Kafka's error codes that the rules know, by code. */
const REFUSALS: ReadonlyMap<number, RaftRefusal> = new Map(
  (
    [
      'NONE',
      'FENCED_LEADER_EPOCH',
      'UNKNOWN_LEADER_EPOCH',
      'NOT_LEADER_OR_FOLLOWER',
      'INVALID_VOTER_KEY',
      'INVALID_REQUEST',
      'INCONSISTENT_VOTER_SET',
    ] as const
  ).map((name) => [ErrorCode[name], name]),
);

export function refusalOf(code: number): RemoteAnswer['error'] {
  return REFUSALS.get(code) ?? 'OTHER';
}

/** What all responses of the quorum have for their only partition. */
interface PartitionAnswer {
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly voteGranted?: boolean;
}

interface Response {
  readonly errorCode: number;
  readonly topics: readonly { readonly partitions: readonly PartitionAnswer[] }[];
  readonly nodeEndpoints: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
}

/**
 * Asks another voter.
 *
 * @throws NodeUnreachableError, ProtocolError when there is no answer to go by
 */
export async function sendRaftMessage(
  peers: RaftPeers,
  sender: Sender,
  to: ReplicaKey,
  message: RaftMessage,
  timeoutMs: number,
): Promise<RemoteAnswer> {
  const response = await ask(peers, sender, to, message, timeoutMs);
  for (const { nodeId, host, port } of response.nodeEndpoints) peers.heardOf(nodeId, host, port);
  const partition = response.topics[0]?.partitions[0];
  if (response.errorCode !== ErrorCode.NONE || partition === undefined) {
    return { error: refusalOf(response.errorCode), leader: { leaderId: -1, epoch: -1 }, granted: false };
  }
  return {
    error: refusalOf(partition.errorCode),
    leader: { leaderId: partition.leaderId, epoch: partition.leaderEpoch },
    granted: partition.voteGranted === true,
  };
}

function ask(
  peers: RaftPeers,
  sender: Sender,
  to: ReplicaKey,
  message: RaftMessage,
  timeoutMs: number,
): Promise<Response> {
  switch (message.kind) {
    case 'vote': {
      const body = voteBody(sender, to, message);
      return peers.send(to.id, 'raft', voteRequest, voteResponse, body, timeoutMs);
    }
    case 'begin': {
      const body = (version: number): BeginQuorumEpochRequestInput => beginBody(sender, to, message.epoch, version);
      return peers.send(to.id, 'raft', beginQuorumEpochRequest, beginQuorumEpochResponse, body, timeoutMs);
    }
    case 'end': {
      const body = (version: number): EndQuorumEpochRequestInput => endBody(sender, message, version);
      return peers.send(to.id, 'raft', endQuorumEpochRequest, endQuorumEpochResponse, body, timeoutMs);
    }
  }
}

function voteBody(sender: Sender, to: ReplicaKey, message: RaftMessage & { kind: 'vote' }): VoteRequestInput {
  const { epoch, logEnd, preVote } = message;
  const partition = {
    partitionIndex: 0,
    replicaEpoch: epoch,
    replicaId: sender.self.id,
    replicaDirectoryId: wireDirectory(sender.self.directoryId),
    voterDirectoryId: wireDirectory(to.directoryId),
    lastOffsetEpoch: logEnd.epoch,
    lastOffset: logEnd.offset,
    preVote,
  };
  return {
    clusterId: sender.clusterId ?? null,
    voterId: to.id,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
  };
}

function beginBody(sender: Sender, to: ReplicaKey, epoch: number, version: number): BeginQuorumEpochRequestInput {
  const partition = { partitionIndex: 0, leaderId: sender.self.id, leaderEpoch: epoch };
  const named = { ...partition, voterDirectoryId: wireDirectory(to.directoryId) };
  return {
    clusterId: sender.clusterId ?? null,
    topics: [{ topicName: METADATA_TOPIC, partitions: [version >= 1 ? named : partition] }],
    ...(version >= 1 ? { voterId: to.id, leaderEndpoints: sender.endpoints } : {}),
  };
}

function endBody(sender: Sender, message: RaftMessage & { kind: 'end' }, version: number): EndQuorumEpochRequestInput {
  const { epoch, successors } = message;
  const candidates = successors.map(({ id, directoryId }) => ({
    candidateId: id,
    candidateDirectoryId: wireDirectory(directoryId),
  }));
  const partition = { partitionIndex: 0, leaderId: sender.self.id, leaderEpoch: epoch };
  const ordered =
    version >= 1 ? { preferredCandidates: candidates } : { preferredSuccessors: successors.map(({ id }) => id) };
  return {
    clusterId: sender.clusterId ?? null,
    topics: [{ topicName: METADATA_TOPIC, partitions: [{ ...partition, ...ordered }] }],
    ...(version >= 1 ? { leaderEndpoints: sender.endpoints } : {}),
  };
}
