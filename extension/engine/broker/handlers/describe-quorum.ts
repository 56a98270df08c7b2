import { ErrorCode } from '../../../protocol/errors.ts';
import { describeQuorumRequest } from '../../../protocol/generated/describe-quorum-request.ts';
import type { DescribeQuorumRequest } from '../../../protocol/generated/describe-quorum-request.ts';
import {
  describeQuorumResponse,
  type DescribeQuorumResponseInput,
  type ReplicaStateInput,
} from '../../../protocol/generated/describe-quorum-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import type { QuorumReplica } from '../../raft/raft-ports.ts';
import { defineHandler } from '../../server/api-handler.ts';

export const CLUSTER_METADATA = '__cluster_metadata';

/**
 * DescribeQuorum, versions 0–2 (KIP-595). 1: times of the replicas' fetches (KIP-836). 2: directory ids, listeners (KIP-853). Only the
 * leader knows: a broker passes the request on to it, a controller refuses.
 */
export function describeQuorumHandler(raft: RaftDriver, passesOn: boolean) {
  return defineHandler(describeQuorumRequest, describeQuorumResponse, {
    async handle(request, { apiVersion }) {
      if (!isAboutMetadata(request)) return unknownPartitions(request);
      if (raft.isLeader) return describe(raft, apiVersion);
      if (!passesOn) return refused(raft);
      const answer = await raft.askLeader(describeQuorumRequest, describeQuorumResponse, request);
      return inVersion(answer, apiVersion);
    },
    failed: (errorCode) => ({ errorCode, topics: [] }),
  });
}

function isAboutMetadata({ topics }: DescribeQuorumRequest): boolean {
  const [topic] = topics;
  if (topics.length !== 1 || topic?.topicName !== CLUSTER_METADATA) return false;
  return topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0;
}

const NOTHING_KNOWN = { leaderId: 0, leaderEpoch: 0, highWatermark: 0, currentVoters: [], observers: [] };

function unknownPartitions({ topics }: DescribeQuorumRequest): DescribeQuorumResponseInput {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({ ...NOTHING_KNOWN, partitionIndex, errorCode })),
    })),
  };
}

function refused(raft: RaftDriver): DescribeQuorumResponseInput {
  const { leaderId, leaderEpoch } = raft.describeQuorum();
  const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  const partition = { ...NOTHING_KNOWN, partitionIndex: 0, errorCode, leaderId, leaderEpoch };
  return { errorCode: ErrorCode.NONE, topics: [{ topicName: CLUSTER_METADATA, partitions: [partition] }] };
}

function describe(raft: RaftDriver, apiVersion: number): DescribeQuorumResponseInput {
  const quorum = raft.describeQuorum();
  const replica = (state: QuorumReplica): ReplicaStateInput => ({
    replicaId: state.replicaId,
    replicaDirectoryId: apiVersion >= 2 ? state.directoryId : undefined,
    logEndOffset: state.logEndOffset,
    lastFetchTimestamp: state.lastFetchTimestampMs,
    lastCaughtUpTimestamp: state.lastCaughtUpTimestampMs,
  });
  const partition = {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    leaderId: quorum.leaderId,
    leaderEpoch: quorum.leaderEpoch,
    highWatermark: quorum.highWatermark,
    currentVoters: quorum.voters.map(replica),
    observers: quorum.observers.map(replica),
  };
  return {
    errorCode: ErrorCode.NONE,
    topics: [{ topicName: CLUSTER_METADATA, partitions: [partition] }],
    nodes: apiVersion >= 2 ? quorum.nodes : undefined,
  };
}

/** The leader was asked in the latest version; older ones have no words for all of its answer. */
function inVersion(answer: DescribeQuorumResponseInput, apiVersion: number): DescribeQuorumResponseInput {
  if (apiVersion >= 2) return answer;
  const replica = (state: ReplicaStateInput): ReplicaStateInput => ({ ...state, replicaDirectoryId: undefined });
  return {
    errorCode: answer.errorCode,
    topics: answer.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map((partition) => ({
        ...partition,
        errorMessage: undefined,
        currentVoters: partition.currentVoters.map(replica),
        observers: partition.observers.map(replica),
      })),
    })),
  };
}
