import { isInternalTopic } from '../../metadata/topic-names.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { deleteRecordsRequest } from '../../../protocol/generated/delete-records-request.ts';
import {
  type DeleteRecordsPartitionResultInput,
  deleteRecordsResponse,
} from '../../../protocol/generated/delete-records-response.ts';
import { ApiError } from '../../common/api-error.ts';
import type { Clock } from '../../common/clock.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { Partition } from '../partition.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/**
 * DeleteRecords, versions 0–2 (KIP-107): moves the log start of partitions that this broker leads, and answers when every replica
 * that is alive has moved its own, or with REQUEST_TIMED_OUT.
 */
export function deleteRecordsHandler(replicas: ReplicaManager, clock: Clock) {
  return defineHandler(deleteRecordsRequest, deleteRecordsResponse, {
    handle: async (request) => {
      const one = async (name: string, index: number, offset: number): Promise<DeleteRecordsPartitionResultInput> => {
        const partition = replicas.find(name, index);
        if (isInternalTopic(name)) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION);
        const target = partition.deleteRecords(offset);
        const errorCode = await whenFollowed(partition, target, clock, request.timeoutMs);
        return { partitionIndex: index, lowWatermark: partition.lowWatermark, errorCode };
      };
      const topics = request.topics.map(async ({ name, partitions }) => ({
        name,
        partitions: await Promise.all(
          partitions.map(({ partitionIndex, offset }) =>
            one(name, partitionIndex, offset).catch((error: unknown): DeleteRecordsPartitionResultInput => {
              if (!(error instanceof ApiError)) throw error;
              return { partitionIndex, lowWatermark: -1, errorCode: error.code };
            }),
          ),
        ),
      }));
      return { throttleTimeMs: 0, topics: await Promise.all(topics) };
    },
  });
}

/** Until nothing below `offset` is left on any replica, or this broker leads no more. Answers an error code. */
function whenFollowed(partition: Partition, offset: number, clock: Clock, timeoutMs: number): number | Promise<number> {
  if (partition.lowWatermark >= offset) return ErrorCode.NONE;
  const { leaderEpoch } = partition;
  return new Promise((resolve) => {
    const settle = (code: number): void => {
      unwatch();
      timer.cancel();
      resolve(code);
    };
    const unwatch = partition.watch(() => {
      if (!partition.isLeader || partition.leaderEpoch !== leaderEpoch) settle(ErrorCode.NOT_LEADER_OR_FOLLOWER);
      else if (partition.lowWatermark >= offset) settle(ErrorCode.NONE);
    });
    const timer = clock.schedule(timeoutMs, () => settle(ErrorCode.REQUEST_TIMED_OUT));
  });
}
