import { incrementalAlterConfigsRequest } from '../../../protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../../protocol/generated/incremental-alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { partForeignBrokers } from '../foreign-brokers.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** IncrementalAlterConfigs, versions 0–1 (KIP-339): set, delete, append to and subtract from single configs. */
export function incrementalAlterConfigsHandler(controller: Controller, brokerId: number) {
  return defineHandler(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
    async handle(request) {
      const { accepted, refused } = partForeignBrokers(request.resources, brokerId);
      const answer = await controller.incrementalAlterConfigs({ ...request, resources: accepted });
      return { ...answer, responses: [...answer.responses, ...refused] };
    },
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
