import { isInternalTopic } from '../../metadata/topic-names.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { deleteRecordsRequest } from '../../../protocol/generated/delete-records-request.ts';
import {
  type DeleteRecordsPartitionResultInput,
  deleteRecordsResponse,
} from '../../../protocol/generated/delete-records-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/** DeleteRecords, versions 0–2 (KIP-107): moves the log start of partitions that this broker leads. */
export function deleteRecordsHandler(replicas: ReplicaManager) {
  return defineHandler(deleteRecordsRequest, deleteRecordsResponse, {
    handle: (request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, offset }): DeleteRecordsPartitionResultInput => {
          try {
            const partition = replicas.find(name, partitionIndex);
            if (isInternalTopic(name)) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION);
            const lowWatermark = partition.deleteRecords(offset);
            return { partitionIndex, lowWatermark, errorCode: ErrorCode.NONE };
          } catch (error) {
            if (!(error instanceof ApiError)) throw error;
            return { partitionIndex, lowWatermark: -1, errorCode: error.code };
          }
        }),
      })),
    }),
  });
}
