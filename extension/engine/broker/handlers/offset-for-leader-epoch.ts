import { ErrorCode } from '../../../protocol/errors.ts';
import { offsetForLeaderEpochRequest } from '../../../protocol/generated/offset-for-leader-epoch-request.ts';
import {
  type EpochEndOffsetInput,
  offsetForLeaderEpochResponse,
} from '../../../protocol/generated/offset-for-leader-epoch-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/** OffsetForLeaderEpoch, versions 2–4 (KIP-101, KIP-279, KIP-320): the end of an epoch in the leader's log. */
export function offsetForLeaderEpochHandler(replicas: ReplicaManager) {
  return defineHandler(offsetForLeaderEpochRequest, offsetForLeaderEpochResponse, {
    handle: (request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((asked): EpochEndOffsetInput => {
          try {
            const found = replicas.find(topic, asked.partition);
            found.checkLeader(asked.currentLeaderEpoch);
            const { leaderEpoch, endOffset } = found.log.endOffsetForEpoch(asked.leaderEpoch);
            return { errorCode: ErrorCode.NONE, partition: asked.partition, leaderEpoch, endOffset };
          } catch (error) {
            if (!(error instanceof ApiError)) throw error;
            return { errorCode: error.code, partition: asked.partition };
          }
        }),
      })),
    }),
  });
}
