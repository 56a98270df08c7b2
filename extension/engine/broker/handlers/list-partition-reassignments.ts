import { listPartitionReassignmentsRequest } from '../../../protocol/generated/list-partition-reassignments-request.ts';
import { listPartitionReassignmentsResponse } from '../../../protocol/generated/list-partition-reassignments-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** ListPartitionReassignments, version 0 (KIP-455): the controller answers. */
export function listPartitionReassignmentsHandler(controller: Controller) {
  return defineHandler(listPartitionReassignmentsRequest, listPartitionReassignmentsResponse, {
    handle: (request, { apiVersion }) => controller.listPartitionReassignments(request, apiVersion),
    failed: (errorCode, _request, _context, errorMessage) => ({
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
      topics: [],
    }),
  });
}
