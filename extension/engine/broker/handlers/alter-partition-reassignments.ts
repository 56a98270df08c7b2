import { alterPartitionReassignmentsRequest } from '../../../protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../../../protocol/generated/alter-partition-reassignments-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AlterPartitionReassignments, versions 0–1: the controller decides. 1: may refuse to change the replication factor (KIP-860). */
export function alterPartitionReassignmentsHandler(controller: Controller) {
  return defineHandler(alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse, {
    handle: (request, { apiVersion }) => controller.alterPartitionReassignments(request, apiVersion),
    failed: (errorCode, { topics }, _, errorMessage) => ({
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
      responses: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode, errorMessage })),
      })),
    }),
  });
}
