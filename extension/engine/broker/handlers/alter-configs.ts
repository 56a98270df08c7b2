import { alterConfigsRequest } from '../../../protocol/generated/alter-configs-request.ts';
import { alterConfigsResponse } from '../../../protocol/generated/alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { alterResources, failedResources, refuseCordon } from '../config-resources.ts';

/** AlterConfigs, versions 0–2: replaces all configs of a resource. Superseded by IncrementalAlterConfigs. */
export function alterConfigsHandler(
  controller: Controller,
  brokerId: number | undefined,
  cordonProblem: (value: string) => string | undefined = () => undefined,
) {
  return defineHandler(alterConfigsRequest, alterConfigsResponse, {
    handle: (request, { apiVersion }) =>
      alterResources(
        request.resources,
        brokerId,
        (resources) => controller.alterConfigs({ ...request, resources }, apiVersion),
        ({ configs }) => refuseCordon(configs, cordonProblem),
      ),
    failed: (errorCode, request, _, message) => failedResources(errorCode, request, message),
  });
}
