import { assignReplicasToDirsRequest } from '../../../protocol/generated/assign-replicas-to-dirs-request.ts';
import { assignReplicasToDirsResponse } from '../../../protocol/generated/assign-replicas-to-dirs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AssignReplicasToDirs, version 0 (KIP-858): a broker tells where its replicas lie. Controllers serve it. */
export function assignReplicasToDirsHandler(controller: Controller) {
  return defineHandler(assignReplicasToDirsRequest, assignReplicasToDirsResponse, {
    handle: (request) => controller.assignReplicasToDirs(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, directories: [] }),
  });
}
