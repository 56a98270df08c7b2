import { syncGroupRequest } from '../../../protocol/generated/sync-group-request.ts';
import { syncGroupResponse } from '../../../protocol/generated/sync-group-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** SyncGroup, versions 0–5. 3: static members (KIP-345). 5: protocol type and name (KIP-559). */
export function syncGroupHandler(groups: GroupCoordinator) {
  return defineHandler(syncGroupRequest, syncGroupResponse, {
    handle: (request, context) => groups.syncGroup(context, request),
    failed: (errorCode) => ({ errorCode, assignment: Buffer.alloc(0) }),
  });
}
