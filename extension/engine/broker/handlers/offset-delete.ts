import { offsetDeleteRequest } from '../../../protocol/generated/offset-delete-request.ts';
import { offsetDeleteResponse } from '../../../protocol/generated/offset-delete-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** OffsetDelete, version 0 (KIP-496). */
export function offsetDeleteHandler(groups: GroupCoordinator) {
  return defineHandler(offsetDeleteRequest, offsetDeleteResponse, {
    handle: (request, context) => groups.offsetDelete(context, request),
    failed: (errorCode) => ({ errorCode, throttleTimeMs: 0, topics: [] }),
  });
}
