import { deleteTopicsRequest } from '../../../protocol/generated/delete-topics-request.ts';
import { deleteTopicsResponse } from '../../../protocol/generated/delete-topics-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** DeleteTopics, versions 1–6: the controller decides. 6: topics by name or id (KIP-516). */
export function deleteTopicsHandler(controller: Controller) {
  return defineHandler(deleteTopicsRequest, deleteTopicsResponse, {
    handle: (request, { apiVersion }) => controller.deleteTopics(request, apiVersion),
    failed: (errorCode, request, { apiVersion }, errorMessage) => ({
      throttleTimeMs: 0,
      responses:
        apiVersion >= 6
          ? request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage }))
          : request.topicNames.map((name) => ({ name, errorCode })),
    }),
  });
}
