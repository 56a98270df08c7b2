import { ErrorCode } from '../../../protocol/errors.ts';
import { type ListOffsetsPartition, listOffsetsRequest } from '../../../protocol/generated/list-offsets-request.ts';
import {
  type ListOffsetsPartitionResponseInput,
  listOffsetsResponse,
} from '../../../protocol/generated/list-offsets-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { ListOffsetsTimestamp, type ReadIsolation } from '../../log/partition-log.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { ReplicaManager } from '../replica-manager.ts';

const READ_COMMITTED = 1;
/** Earlier versions answer LEADER_NOT_AVAILABLE instead, while a new leader's high watermark lags (KIP-207). */
const OFFSET_NOT_AVAILABLE_SINCE = 5;

/** The first version that knows each special timestamp. */
const SPECIAL_SINCE: ReadonlyMap<number, number> = new Map([
  [ListOffsetsTimestamp.LATEST, 1],
  [ListOffsetsTimestamp.EARLIEST, 1],
  [ListOffsetsTimestamp.MAX_TIMESTAMP, 7],
  [ListOffsetsTimestamp.EARLIEST_LOCAL, 8],
  [ListOffsetsTimestamp.LATEST_TIERED, 9],
  [ListOffsetsTimestamp.EARLIEST_PENDING_UPLOAD, 11],
]);

/**
 * ListOffsets, versions 1–11. 2: isolation level. 4: leader epochs. 7: offset of the largest timestamp (KIP-734). 8, 9, 11:
 * local and tiered special timestamps (KIP-405, KIP-1005, KIP-1023). 10: time-out. A partition that is asked for twice is
 * answered INVALID_REQUEST, once.
 */
export function listOffsetsHandler(replicas: ReplicaManager) {
  return defineHandler(listOffsetsRequest, listOffsetsResponse, {
    handle(request, { apiVersion }) {
      const isolation: ReadIsolation | undefined =
        request.replicaId >= 0 ? 'logEnd' : request.isolationLevel === READ_COMMITTED ? 'committed' : 'highWatermark';
      const answer = (topic: string, asked: ListOffsetsPartition): ListOffsetsPartitionResponseInput => {
        const partitionIndex = asked.partitionIndex;
        try {
          const { timestamp } = asked;
          if (timestamp < 0 && apiVersion < (SPECIAL_SINCE.get(timestamp) ?? Infinity)) {
            throw new ApiError(ErrorCode.UNSUPPORTED_VERSION);
          }
          const partition = replicas.find(topic, partitionIndex);
          // Debugging consumers (-2) may ask a follower.
          if (request.replicaId !== -2) partition.checkLeader(asked.currentLeaderEpoch);
          const found = partition.fetchOffset(timestamp, isolation);
          if (found === undefined) return { partitionIndex, errorCode: ErrorCode.NONE };
          return {
            partitionIndex,
            errorCode: ErrorCode.NONE,
            timestamp: found.timestampMs,
            offset: found.offset,
            leaderEpoch: apiVersion >= 4 ? found.leaderEpoch : undefined,
          };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          const isUnknown = error.code === ErrorCode.OFFSET_NOT_AVAILABLE && apiVersion < OFFSET_NOT_AVAILABLE_SINCE;
          return { partitionIndex, errorCode: isUnknown ? ErrorCode.LEADER_NOT_AVAILABLE : error.code };
        }
      };
      const topics = request.topics.map(({ name, partitions }) => {
        const asked = new Map<number, ListOffsetsPartition | undefined>();
        for (const partition of partitions) {
          const { partitionIndex } = partition;
          asked.set(partitionIndex, asked.has(partitionIndex) ? undefined : partition);
        }
        return {
          name,
          partitions: [...asked].map(([partitionIndex, partition]) =>
            partition === undefined
              ? { partitionIndex, errorCode: ErrorCode.INVALID_REQUEST }
              : answer(name, partition),
          ),
        };
      });
      return { topics };
    },
  });
}
