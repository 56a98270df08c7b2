import { createPartitionsRequest } from '../../../protocol/generated/create-partitions-request.ts';
import { createPartitionsResponse } from '../../../protocol/generated/create-partitions-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** CreatePartitions, versions 0–3 (KIP-195): the controller decides. */
export function createPartitionsHandler(controller: Controller) {
  return defineHandler(createPartitionsRequest, createPartitionsResponse, {
    handle: (request, { apiVersion }) => controller.createPartitions(request, apiVersion),
    failed: (errorCode, request, _, errorMessage) => ({
      throttleTimeMs: 0,
      results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
    }),
  });
}
