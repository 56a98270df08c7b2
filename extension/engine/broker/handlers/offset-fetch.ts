import { offsetFetchRequest } from '../../../protocol/generated/offset-fetch-request.ts';
import { offsetFetchResponse } from '../../../protocol/generated/offset-fetch-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** OffsetFetch, versions 1–10. 7: stable offsets only (KIP-447). 8: several groups (KIP-709). 10: topic ids (KIP-848). */
export function offsetFetchHandler(groups: GroupCoordinator) {
  return defineHandler(offsetFetchRequest, offsetFetchResponse, {
    handle: (request, context) => groups.offsetFetch(context, request),
    failed: (errorCode, request, { apiVersion }) =>
      apiVersion >= 8
        ? { groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })) }
        : { topics: [], errorCode: apiVersion >= 2 ? errorCode : undefined },
  });
}
