import { ErrorCode } from '../../../protocol/errors.ts';
import { describeClusterRequest } from '../../../protocol/generated/describe-cluster-request.ts';
import {
  describeClusterResponse,
  type DescribeClusterBrokerInput,
} from '../../../protocol/generated/describe-cluster-response.ts';
import type { MetadataImage } from '../../metadata/metadata-image.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { authorizedOperations, CLUSTER_OPERATIONS } from '../authorized-operations.ts';

/** `endpointType`: what a client wants to reach, and what a listener is of (KIP-919). */
export const EndpointType = { BROKERS: 1, CONTROLLERS: 2 } as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [EndpointType.BROKERS, 'broker'],
  [EndpointType.CONTROLLERS, 'controller'],
]);

export interface DescribeClusterSource {
  readonly clusterId: string;
  image(): MetadataImage;
  /** -1 while there is none. */
  controllerId(): number;
}

/**
 * DescribeCluster, versions 0–2. 1: endpoint type. 2: fenced brokers on request (KIP-1073). A broker's listener tells of brokers, a
 * controller's of controllers.
 */
export function describeClusterHandler(source: DescribeClusterSource, own: number = EndpointType.BROKERS) {
  return defineHandler(describeClusterRequest, describeClusterResponse, {
    handle(request, { apiVersion, listenerName }) {
      if (request.endpointType !== own) {
        const wanted = NAMES.get(request.endpointType);
        return {
          throttleTimeMs: 0,
          errorCode: wanted === undefined ? ErrorCode.UNSUPPORTED_ENDPOINT_TYPE : ErrorCode.MISMATCHED_ENDPOINT_TYPE,
          errorMessage:
            wanted === undefined
              ? `endpoint type ${request.endpointType} is unknown`
              : `the request was for a ${wanted}, but this is a ${NAMES.get(own)} listener`,
          clusterId: '',
          brokers: [],
        };
      }
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        ...(apiVersion >= 1 ? { endpointType: own } : {}),
        clusterId: source.clusterId,
        controllerId: source.controllerId(),
        brokers:
          own === EndpointType.BROKERS
            ? brokersOf(source.image(), listenerName, request.includeFencedBrokers, apiVersion)
            : controllersOf(source.image(), listenerName),
        clusterAuthorizedOperations: authorizedOperations(
          request.includeClusterAuthorizedOperations,
          CLUSTER_OPERATIONS,
        ),
      };
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, clusterId: '', brokers: [] }),
  });
}

function brokersOf(
  { cluster }: MetadataImage,
  listenerName: string,
  includeFenced: boolean,
  apiVersion: number,
): DescribeClusterBrokerInput[] {
  const brokers = [];
  for (const { id, listeners, fenced, rack } of cluster.brokers.values()) {
    if (fenced && !includeFenced) continue;
    const endpoint = listeners.find(({ name }) => name === listenerName);
    if (endpoint === undefined) continue;
    const { host, port } = endpoint;
    brokers.push({ brokerId: id, host, port, rack, isFenced: apiVersion >= 2 ? fenced : undefined });
  }
  return brokers;
}

function controllersOf({ cluster }: MetadataImage, listenerName: string): DescribeClusterBrokerInput[] {
  return [...cluster.controllers.values()].flatMap(({ id, listeners }) => {
    const endpoint = listeners.find(({ name }) => name === listenerName);
    return endpoint === undefined ? [] : [{ brokerId: id, host: endpoint.host, port: endpoint.port, rack: null }];
  });
}
