import { offsetCommitRequest } from '../../../protocol/generated/offset-commit-request.ts';
import { offsetCommitResponse } from '../../../protocol/generated/offset-commit-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** OffsetCommit, versions 2–10. 7: static members. 9: errors of KIP-848. 10: topic ids (KIP-848). */
export function offsetCommitHandler(groups: GroupCoordinator) {
  return defineHandler(offsetCommitRequest, offsetCommitResponse, {
    handle: (request, context) => groups.offsetCommit(context, request),
    failed: (errorCode, request) => ({
      topics: request.topics.map(({ name, topicId, partitions }) => ({
        name,
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      })),
    }),
  });
}
