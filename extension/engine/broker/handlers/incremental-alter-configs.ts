import { incrementalAlterConfigsRequest } from '../../../protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../../protocol/generated/incremental-alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** IncrementalAlterConfigs, versions 0–1 (KIP-339): set, delete, append to and subtract from single configs. */
export function incrementalAlterConfigsHandler(controller: Controller) {
  return defineHandler(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
    handle: (request) => controller.incrementalAlterConfigs(request),
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
