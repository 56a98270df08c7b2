import { heartbeatRequest } from '../../../protocol/generated/heartbeat-request.ts';
import { heartbeatResponse } from '../../../protocol/generated/heartbeat-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** Heartbeat, versions 0–4. 3: static members (KIP-345). */
export function heartbeatHandler(groups: GroupCoordinator) {
  return defineHandler(heartbeatRequest, heartbeatResponse, {
    handle: (request, context) => groups.heartbeat(context, request),
    failed: (errorCode) => ({ errorCode }),
  });
}
