import { deleteGroupsRequest } from '../../../protocol/generated/delete-groups-request.ts';
import { deleteGroupsResponse } from '../../../protocol/generated/delete-groups-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** DeleteGroups, versions 0–2 (KIP-229). */
export function deleteGroupsHandler(groups: GroupCoordinator) {
  return defineHandler(deleteGroupsRequest, deleteGroupsResponse, {
    handle: (request, context) => groups.deleteGroups(context, request),
    failed: (errorCode, request) => ({
      throttleTimeMs: 0,
      results: request.groupsNames.map((groupId) => ({ groupId, errorCode })),
    }),
  });
}
