import type { Clock } from '../common/clock.ts';
import type { FileSystem } from '../common/file-system.ts';
import type { GroupCoordinator } from '../coordinator/group-coordinator.ts';
import type { LogManager } from '../log/log-manager.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { Controller } from '../metadata/controller-port.ts';
import type { RaftDriver } from '../raft/driver/raft-driver.ts';
import type { AnyApiHandler } from '../server/api-handler.ts';
import type { AutoTopicCreation } from './auto-topic-creation.ts';
import type { BrokerSettings } from './broker-settings.ts';
import type { FetchSessionCache } from './fetch-session.ts';
import { alterConfigsHandler } from './handlers/alter-configs.ts';
import { alterReplicaLogDirsHandler } from './handlers/alter-replica-log-dirs.ts';
import { alterPartitionReassignmentsHandler } from './handlers/alter-partition-reassignments.ts';
import { apiVersionsHandler, type FinalizedFeatures, type SupportedFeature } from './handlers/api-versions.ts';
import { createPartitionsHandler } from './handlers/create-partitions.ts';
import { createTopicsHandler } from './handlers/create-topics.ts';
import { deleteGroupsHandler } from './handlers/delete-groups.ts';
import { deleteRecordsHandler } from './handlers/delete-records.ts';
import { deleteTopicsHandler } from './handlers/delete-topics.ts';
import { describeClusterHandler } from './handlers/describe-cluster.ts';
import { describeConfigsHandler } from './handlers/describe-configs.ts';
import { describeGroupsHandler } from './handlers/describe-groups.ts';
import { describeLogDirsHandler } from './handlers/describe-log-dirs.ts';
import { describeTopicPartitionsHandler } from './handlers/describe-topic-partitions.ts';
import { electLeadersHandler } from './handlers/elect-leaders.ts';
import { fetchHandler } from './handlers/fetch.ts';
import { findCoordinatorHandler } from './handlers/find-coordinator.ts';
import { heartbeatHandler } from './handlers/heartbeat.ts';
import { incrementalAlterConfigsHandler } from './handlers/incremental-alter-configs.ts';
import { initProducerIdHandler } from './handlers/init-producer-id.ts';
import { joinGroupHandler } from './handlers/join-group.ts';
import { leaveGroupHandler } from './handlers/leave-group.ts';
import { listGroupsHandler } from './handlers/list-groups.ts';
import { listOffsetsHandler } from './handlers/list-offsets.ts';
import { listPartitionReassignmentsHandler } from './handlers/list-partition-reassignments.ts';
import { metadataHandler, type MetadataSource } from './handlers/metadata.ts';
import { offsetCommitHandler } from './handlers/offset-commit.ts';
import { offsetDeleteHandler } from './handlers/offset-delete.ts';
import { offsetFetchHandler } from './handlers/offset-fetch.ts';
import { offsetForLeaderEpochHandler } from './handlers/offset-for-leader-epoch.ts';
import { produceHandler } from './handlers/produce.ts';
import { syncGroupHandler } from './handlers/sync-group.ts';
import { unregisterBrokerHandler } from './handlers/unregister-broker.ts';
import { updateFeaturesHandler } from './handlers/update-features.ts';
import type { ProducerIdManager } from './producer-id-manager.ts';
import { quorumClientApis } from './raft-apis.ts';
import type { LogDirectoriesWatch } from './log-directories-watch.ts';
import type { ReplicaManager } from './replica-manager.ts';
import { cordonProblem } from './static-config.ts';

/** What the handlers of one node work on. */
export interface ApiServices {
  readonly brokerId: number;
  readonly logs: LogManager;
  readonly directories: LogDirectoriesWatch;
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
  readonly settings: BrokerSettings;
  readonly source: MetadataSource;
  readonly configs: ConfigResolver;
  readonly controller: Controller;
  readonly replicas: ReplicaManager;
  readonly sessions: FetchSessionCache;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIdManager;
  readonly autoCreation: AutoTopicCreation;
  readonly raft: RaftDriver;
  readonly supportedFeatures: readonly SupportedFeature[];
  finalizedFeatures(): FinalizedFeatures;
}

/** All that a broker listener serves: what is in this list is advertised, and nothing else. */
export function brokerApis(services: ApiServices): AnyApiHandler[] {
  const { brokerId, clock, settings, source, configs, controller, replicas, groups, autoCreation } = services;
  const image = (): ReturnType<MetadataSource['image']> => source.image();
  const logDirs = services.logs.directories.map(({ path }) => path);
  const problemOfCordon = (value: string): string | undefined => cordonProblem(value, logDirs);
  const handlers: AnyApiHandler[] = [
    produceHandler(replicas, clock),
    fetchHandler(replicas, services.sessions, clock, settings.fetchMaxBytes),
    listOffsetsHandler(replicas),
    metadataHandler(source, autoCreation),
    offsetCommitHandler(groups),
    offsetFetchHandler(groups),
    findCoordinatorHandler(source, (groupId) => groups.partitionFor(groupId), autoCreation),
    joinGroupHandler(groups),
    heartbeatHandler(groups),
    leaveGroupHandler(groups),
    syncGroupHandler(groups),
    describeGroupsHandler(groups),
    listGroupsHandler(groups),
    createTopicsHandler(controller),
    deleteTopicsHandler(controller),
    deleteRecordsHandler(replicas, clock),
    initProducerIdHandler(services.producerIds),
    offsetForLeaderEpochHandler(replicas),
    describeConfigsHandler(brokerId, image, configs),
    alterConfigsHandler(controller, brokerId, problemOfCordon),
    alterReplicaLogDirsHandler(replicas, services.directories.replicas),
    describeLogDirsHandler(services.logs, services.fileSystem, (path) => services.directories.isCordoned(path)),
    createPartitionsHandler(controller),
    alterPartitionReassignmentsHandler(controller),
    electLeadersHandler(controller),
    listPartitionReassignmentsHandler(controller),
    unregisterBrokerHandler(controller),
    updateFeaturesHandler(controller),
    deleteGroupsHandler(groups),
    incrementalAlterConfigsHandler(controller, brokerId, problemOfCordon),
    offsetDeleteHandler(groups),
    ...quorumClientApis(services.raft),
    describeClusterHandler(source),
    describeTopicPartitionsHandler(image, settings.partitionsPerPage),
  ];
  handlers.push(
    apiVersionsHandler(
      () => handlers,
      services.supportedFeatures,
      () => services.finalizedFeatures(),
    ),
  );
  return handlers;
}
