import { ErrorCode } from '../../../protocol/errors.ts';
import { describeClusterRequest } from '../../../protocol/generated/describe-cluster-request.ts';
import { describeClusterResponse } from '../../../protocol/generated/describe-cluster-response.ts';
import type { MetadataImage } from '../../metadata/metadata-image.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { authorizedOperations, CLUSTER_OPERATIONS } from '../authorized-operations.ts';
import type { SharedServer } from '../shared-server.ts';

const BROKERS = 1;
const CONTROLLERS = 2;

/** DescribeCluster, versions 0–2, as controllers answer it (KIP-919): the nodes of the quorum. */
export function describeControllersHandler(services: {
  readonly clusterId: string;
  readonly shared: SharedServer;
  readonly image: () => MetadataImage;
}) {
  return defineHandler(describeClusterRequest, describeClusterResponse, {
    handle(request, { listenerName }) {
      if (request.endpointType !== CONTROLLERS) {
        const isBroker = request.endpointType === BROKERS;
        return {
          throttleTimeMs: 0,
          errorCode: isBroker ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
          errorMessage: isBroker
            ? 'the request was for a broker, but this is a controller listener'
            : `endpoint type ${request.endpointType} is unknown`,
          clusterId: '',
          brokers: [],
        };
      }
      const brokers = [...services.image().cluster.controllers.values()].flatMap(({ id, listeners }) => {
        const endpoint = listeners.find(({ name }) => name === listenerName);
        return endpoint === undefined ? [] : [{ brokerId: id, host: endpoint.host, port: endpoint.port, rack: null }];
      });
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        endpointType: CONTROLLERS,
        clusterId: services.clusterId,
        controllerId: services.shared.raft.leaderAndEpoch().leaderId,
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
