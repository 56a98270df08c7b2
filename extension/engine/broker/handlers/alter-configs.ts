import { alterConfigsRequest } from '../../../protocol/generated/alter-configs-request.ts';
import { alterConfigsResponse } from '../../../protocol/generated/alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { partForeignBrokers } from '../foreign-brokers.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AlterConfigs, versions 0–2: replaces all configs of a resource. Superseded by IncrementalAlterConfigs. */
export function alterConfigsHandler(controller: Controller, brokerId: number) {
  return defineHandler(alterConfigsRequest, alterConfigsResponse, {
    async handle(request) {
      const { accepted, refused } = partForeignBrokers(request.resources, brokerId);
      const answer = await controller.alterConfigs({ ...request, resources: accepted });
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
