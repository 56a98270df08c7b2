import { updateFeaturesRequest } from '../../../protocol/generated/update-features-request.ts';
import { updateFeaturesResponse } from '../../../protocol/generated/update-features-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** UpdateFeatures, versions 0–2: the controller decides. 1: dry runs and kinds of downgrade (KIP-778). 2: no result per feature. */
export function updateFeaturesHandler(controller: Controller) {
  return defineHandler(updateFeaturesRequest, updateFeaturesResponse, {
    handle: (request, { apiVersion }) => controller.updateFeatures(request, apiVersion),
    failed: (errorCode, _request, _context, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  });
}
