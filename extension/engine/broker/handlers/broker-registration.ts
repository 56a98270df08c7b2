import { brokerRegistrationRequest } from '../../../protocol/generated/broker-registration-request.ts';
import { brokerRegistrationResponse } from '../../../protocol/generated/broker-registration-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** BrokerRegistration, versions 0–4: a broker of another process joins. Controllers serve it. */
export function brokerRegistrationHandler(controller: Controller) {
  return defineHandler(brokerRegistrationRequest, brokerRegistrationResponse, {
    handle: (request) => controller.registerBroker(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, brokerEpoch: -1 }),
  });
}
