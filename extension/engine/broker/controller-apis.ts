import { APIS } from '../../protocol/generated/apis.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { Controller } from '../metadata/controller-port.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import type { AnyApiHandler } from '../server/api-handler.ts';
import type { BrokerWatch } from './broker-watch.ts';
import { allocateProducerIdsHandler } from './handlers/allocate-producer-ids.ts';
import { alterConfigsHandler } from './handlers/alter-configs.ts';
import { alterPartitionReassignmentsHandler } from './handlers/alter-partition-reassignments.ts';
import { alterPartitionHandler } from './handlers/alter-partition.ts';
import { apiVersionsHandler } from './handlers/api-versions.ts';
import { assignReplicasToDirsHandler } from './handlers/assign-replicas-to-dirs.ts';
import { brokerHeartbeatHandler } from './handlers/broker-heartbeat.ts';
import { brokerRegistrationHandler } from './handlers/broker-registration.ts';
import { controllerRegistrationHandler } from './handlers/controller-registration.ts';
import { createPartitionsHandler } from './handlers/create-partitions.ts';
import { createTopicsHandler } from './handlers/create-topics.ts';
import { deleteTopicsHandler } from './handlers/delete-topics.ts';
import { describeClusterHandler, EndpointType } from './handlers/describe-cluster.ts';
import { describeConfigsHandler } from './handlers/describe-configs.ts';
import { electLeadersHandler } from './handlers/elect-leaders.ts';
import { incrementalAlterConfigsHandler } from './handlers/incremental-alter-configs.ts';
import { listPartitionReassignmentsHandler } from './handlers/list-partition-reassignments.ts';
import { unregisterBrokerHandler } from './handlers/unregister-broker.ts';
import { updateFeaturesHandler } from './handlers/update-features.ts';
import { quorumApis } from './raft-apis.ts';
import type { SharedServer } from './shared-server.ts';

/** What the handlers of a controller listener work on. */
export interface ControllerServices {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly shared: SharedServer;
  /** This node's own: one that is not active refuses. */
  readonly controller: Controller;
  readonly image: () => MetadataImage;
  readonly resolver: ConfigResolver;
  readonly watch: BrokerWatch;
}

/** All that a controller listener serves: the APIs that Kafka's definitions give to controllers. */
export function controllerApis(services: ControllerServices): AnyApiHandler[] {
  const { nodeId, clusterId, controller, shared, image, resolver, watch } = services;
  const handlers: AnyApiHandler[] = [
    createTopicsHandler(controller),
    deleteTopicsHandler(controller),
    createPartitionsHandler(controller),
    alterPartitionReassignmentsHandler(controller),
    electLeadersHandler(controller),
    listPartitionReassignmentsHandler(controller),
    unregisterBrokerHandler(controller),
    updateFeaturesHandler(controller),
    describeConfigsHandler(nodeId, image, resolver),
    alterConfigsHandler(controller, undefined),
    incrementalAlterConfigsHandler(controller, undefined),
    ...quorumApis(shared.raft),
    describeClusterHandler(
      { clusterId, image, controllerId: () => shared.raft.leaderAndEpoch().leaderId },
      EndpointType.CONTROLLERS,
    ),
    brokerRegistrationHandler(controller),
    brokerHeartbeatHandler(controller, watch),
    controllerRegistrationHandler(controller),
    allocateProducerIdsHandler(controller),
    alterPartitionHandler(controller),
    assignReplicasToDirsHandler(controller),
  ];
  for (const handler of handlers) {
    const info = APIS.find(({ key }) => key === handler.apiKey);
    if (info?.listeners.includes('controller') !== true) throw new Error(`API ${handler.apiKey} is not a controller's`);
  }
  handlers.push(
    apiVersionsHandler(
      () => handlers,
      shared.supportedFeatures,
      () => shared.finalizedFeatures(),
    ),
  );
  return handlers;
}
