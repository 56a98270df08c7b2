import { ErrorCode } from '../../../protocol/errors.ts';
import { describeQuorumRequest } from '../../../protocol/generated/describe-quorum-request.ts';
import {
  describeQuorumResponse,
  type ReplicaStateInput,
} from '../../../protocol/generated/describe-quorum-response.ts';
import type { QuorumDescription, QuorumReplica } from '../../raft/raft-ports.ts';
import { defineHandler } from '../../server/api-handler.ts';

export const CLUSTER_METADATA = '__cluster_metadata';

/** DescribeQuorum, versions 0–2 (KIP-595). 1: times of the replicas' fetches (KIP-836). 2: directory ids, listeners (KIP-853). */
export function describeQuorumHandler(describe: () => QuorumDescription) {
  return defineHandler(describeQuorumRequest, describeQuorumResponse, {
    handle(request, { apiVersion }) {
      const quorum = describe();
      const one =
        request.topics.length === 1 && request.topics[0]!.partitions.length === 1 ? request.topics[0]! : undefined;
      const known = one?.topicName === CLUSTER_METADATA && one.partitions[0]!.partitionIndex === 0;
      if (!known) {
        const topics = request.topics.map(({ topicName, partitions }) => ({
          topicName,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            leaderId: 0,
            leaderEpoch: 0,
            highWatermark: 0,
            currentVoters: [],
            observers: [],
          })),
        }));
        return { errorCode: ErrorCode.NONE, topics };
      }
      const replica = (state: QuorumReplica): ReplicaStateInput => ({
        replicaId: state.replicaId,
        replicaDirectoryId: apiVersion >= 2 ? state.directoryId : undefined,
        logEndOffset: state.logEndOffset,
        lastFetchTimestamp: state.lastFetchTimestampMs,
        lastCaughtUpTimestamp: state.lastCaughtUpTimestampMs,
      });
      return {
        errorCode: ErrorCode.NONE,
        topics: [
          {
            topicName: CLUSTER_METADATA,
            partitions: [
              {
                partitionIndex: 0,
                errorCode: ErrorCode.NONE,
                leaderId: quorum.leaderId,
                leaderEpoch: quorum.leaderEpoch,
                highWatermark: quorum.highWatermark,
                currentVoters: quorum.voters.map(replica),
                observers: quorum.observers.map(replica),
              },
            ],
          },
        ],
        nodes: apiVersion >= 2 ? quorum.nodes : undefined,
      };
    },
    failed: (errorCode) => ({ errorCode, topics: [] }),
  });
}
