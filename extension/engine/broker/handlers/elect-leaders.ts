import { electLeadersRequest } from '../../../protocol/generated/elect-leaders-request.ts';
import { electLeadersResponse } from '../../../protocol/generated/elect-leaders-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** ElectLeaders, versions 0–2: the controller decides. 1: unclean elections too (KIP-460). */
export function electLeadersHandler(controller: Controller) {
  return defineHandler(electLeadersRequest, electLeadersResponse, {
    handle: (request, { apiVersion }) => controller.electLeaders(request, apiVersion),
    failed: (errorCode, { topicPartitions }, _, errorMessage) => ({
      throttleTimeMs: 0,
      errorCode,
      replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
      })),
    }),
  });
}
