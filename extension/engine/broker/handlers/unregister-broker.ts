import { unregisterBrokerRequest } from '../../../protocol/generated/unregister-broker-request.ts';
import { unregisterBrokerResponse } from '../../../protocol/generated/unregister-broker-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** UnregisterBroker, version 0: the controller forgets a broker. */
export function unregisterBrokerHandler(controller: Controller) {
  return defineHandler(unregisterBrokerRequest, unregisterBrokerResponse, {
    handle: (request, { apiVersion }) => controller.unregisterBroker(request, apiVersion),
    failed: (errorCode, _request, _context, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  });
}
