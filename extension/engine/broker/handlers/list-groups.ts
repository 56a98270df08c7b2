import { listGroupsRequest } from '../../../protocol/generated/list-groups-request.ts';
import { listGroupsResponse } from '../../../protocol/generated/list-groups-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** ListGroups, versions 0–5. 4: by state (KIP-518). 5: by type (KIP-848). */
export function listGroupsHandler(groups: GroupCoordinator) {
  return defineHandler(listGroupsRequest, listGroupsResponse, {
    handle: (request, context) => groups.listGroups(context, request),
    failed: (errorCode) => ({ errorCode, groups: [] }),
  });
}
