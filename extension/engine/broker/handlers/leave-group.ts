import { leaveGroupRequest } from '../../../protocol/generated/leave-group-request.ts';
import { leaveGroupResponse } from '../../../protocol/generated/leave-group-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** LeaveGroup, versions 0–5. 3: several members at once (KIP-345). 5: a reason (KIP-800). */
export function leaveGroupHandler(groups: GroupCoordinator) {
  return defineHandler(leaveGroupRequest, leaveGroupResponse, {
    handle: (request, context) => groups.leaveGroup(context, request),
    failed: (errorCode) => ({ errorCode }),
  });
}
