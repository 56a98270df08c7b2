import { brokerHeartbeatRequest } from '../../../protocol/generated/broker-heartbeat-request.ts';
import { brokerHeartbeatResponse } from '../../../protocol/generated/broker-heartbeat-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { BrokerWatch } from '../broker-watch.ts';

/** BrokerHeartbeat, versions 0–2: a broker lives. Controllers serve it, and watch the connection that it came on. */
export function brokerHeartbeatHandler(controller: Controller, watch: BrokerWatch) {
  return defineHandler(brokerHeartbeatRequest, brokerHeartbeatResponse, {
    handle(request, { connectionId }) {
      watch.heard(connectionId, request.brokerId);
      return controller.heartbeat(request);
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode }),
  });
}
