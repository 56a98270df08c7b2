import { ErrorCode } from '../../../protocol/errors.ts';
import { describeClusterRequest } from '../../../protocol/generated/describe-cluster-request.ts';
import { describeClusterResponse } from '../../../protocol/generated/describe-cluster-response.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { authorizedOperations, CLUSTER_OPERATIONS } from '../authorized-operations.ts';
import type { MetadataSource } from './metadata.ts';

/** `endpointType`: what a client wants to reach (KIP-919). */
const BROKERS = 1;
const CONTROLLERS = 2;

/** DescribeCluster, versions 0–2. 1: endpoint type. 2: fenced brokers on request (KIP-1073). */
export function describeClusterHandler(source: MetadataSource) {
  return defineHandler(describeClusterRequest, describeClusterResponse, {
    handle(request, { apiVersion, listenerName }) {
      if (request.endpointType !== BROKERS) {
        const isController = request.endpointType === CONTROLLERS;
        return {
          throttleTimeMs: 0,
          errorCode: isController ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
          errorMessage: isController
            ? 'the request was for a controller, but this is a broker listener'
            : `endpoint type ${request.endpointType} is unknown`,
          clusterId: '',
          brokers: [],
        };
      }
      const brokers = [];
      for (const broker of source.image().cluster.brokers.values()) {
        if (broker.fenced && !request.includeFencedBrokers) continue;
        const endpoint = broker.listeners.find((listener) => listener.name === listenerName);
        if (endpoint === undefined) continue;
        const { host, port } = endpoint;
        const isFenced = apiVersion >= 2 ? broker.fenced : undefined;
        brokers.push({ brokerId: broker.id, host, port, rack: broker.rack, isFenced });
      }
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        clusterId: source.clusterId,
        controllerId: source.controllerId(),
        brokers,
        clusterAuthorizedOperations: authorizedOperations(
          request.includeClusterAuthorizedOperations,
          CLUSTER_OPERATIONS,
        ),
      };
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, clusterId: '', brokers: [] }),
  });
}
