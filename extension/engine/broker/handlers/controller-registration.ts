import { controllerRegistrationRequest } from '../../../protocol/generated/controller-registration-request.ts';
import { controllerRegistrationResponse } from '../../../protocol/generated/controller-registration-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** ControllerRegistration, version 0 (KIP-919): a controller that is not active tells its addresses and features. */
export function controllerRegistrationHandler(controller: Controller) {
  return defineHandler(controllerRegistrationRequest, controllerRegistrationResponse, {
    handle: (request) => controller.registerController(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null }),
  });
}
