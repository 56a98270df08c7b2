import { createTopicsRequest } from '../../../protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../../protocol/generated/create-topics-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** CreateTopics, versions 2–7: the controller decides. 4: broker defaults (KIP-464). 5: configs in the answer (KIP-525). */
export function createTopicsHandler(controller: Controller) {
  return defineHandler(createTopicsRequest, createTopicsResponse, {
    handle: (request, { apiVersion }) => controller.createTopics(request, apiVersion),
    failed: (errorCode, request, _, errorMessage) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
    }),
  });
}
