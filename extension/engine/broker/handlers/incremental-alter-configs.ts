import { incrementalAlterConfigsRequest } from '../../../protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../../protocol/generated/incremental-alter-configs-response.ts';
import type { Controller } from '../../metadata/controller-port.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { alterResources, failedResources, refuseCordon } from '../config-resources.ts';

/** IncrementalAlterConfigs, versions 0–1 (KIP-339): set, delete, append to and subtract from single configs. */
export function incrementalAlterConfigsHandler(
  controller: Controller,
  brokerId: number | undefined,
  cordonProblem: (value: string) => string | undefined = () => undefined,
) {
  return defineHandler(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
    handle: (request, { apiVersion }) =>
      alterResources(
        request.resources,
        brokerId,
        (resources) => controller.incrementalAlterConfigs({ ...request, resources }, apiVersion),
        ({ configs }) => refuseCordon(configs, cordonProblem),
      ),
    failed: (errorCode, request, _, message) => failedResources(errorCode, request, message),
  });
}
