import { alterPartitionRequest } from '../../../protocol/generated/alter-partition-request.ts';
import { alterPartitionResponse } from '../../../protocol/generated/alter-partition-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AlterPartition, versions 2–3: a leader tells the ISR that it sees. 3: with the epochs of its members (KIP-903). Controllers serve it. */
export function alterPartitionHandler(controller: Controller) {
  return defineHandler(alterPartitionRequest, alterPartitionResponse, {
    handle: (request) => controller.alterPartition(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, topics: [] }),
  });
}
