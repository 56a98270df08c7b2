import { alterConfigsRequest } from '../../../protocol/generated/alter-configs-request.ts';
import { alterConfigsResponse } from '../../../protocol/generated/alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AlterConfigs, versions 0–2: replaces all configs of a resource. Superseded by IncrementalAlterConfigs. */
export function alterConfigsHandler(controller: Controller) {
  return defineHandler(alterConfigsRequest, alterConfigsResponse, {
    handle: (request) => controller.alterConfigs(request),
    failed: (errorCode, request) => ({
      throttleTimeMs: 0,
      responses: request.resources.map(({ resourceType, resourceName }) => ({
        errorCode,
        errorMessage: null,
        resourceType,
        resourceName,
      })),
    }),
  });
}
