import { allocateProducerIdsRequest } from '../../../protocol/generated/allocate-producer-ids-request.ts';
import { allocateProducerIdsResponse } from '../../../protocol/generated/allocate-producer-ids-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AllocateProducerIds, version 0 (KIP-730): a block of ids for one broker. Controllers serve it. */
export function allocateProducerIdsHandler(controller: Controller) {
  return defineHandler(allocateProducerIdsRequest, allocateProducerIdsResponse, {
    handle: (request) => controller.allocateProducerIds(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode }),
  });
}
