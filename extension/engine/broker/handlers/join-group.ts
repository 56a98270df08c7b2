import { joinGroupRequest } from '../../../protocol/generated/join-group-request.ts';
import { joinGroupResponse } from '../../../protocol/generated/join-group-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** JoinGroup, versions 0–9. 4: MEMBER_ID_REQUIRED (KIP-394). 5: static members (KIP-345). 9: skip assignment (KIP-814). */
export function joinGroupHandler(groups: GroupCoordinator) {
  return defineHandler(joinGroupRequest, joinGroupResponse, {
    handle: (request, context) => groups.joinGroup(context, request),
    failed: (errorCode) => ({ errorCode, protocolName: '', leader: '', memberId: '', members: [] }),
  });
}
