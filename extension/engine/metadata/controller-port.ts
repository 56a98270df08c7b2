import type { AllocateProducerIdsRequest } from '../../protocol/generated/allocate-producer-ids-request.ts';
import type { AllocateProducerIdsResponseInput } from '../../protocol/generated/allocate-producer-ids-response.ts';
import type { AlterConfigsRequest } from '../../protocol/generated/alter-configs-request.ts';
import type { AlterConfigsResponseInput } from '../../protocol/generated/alter-configs-response.ts';
import type { AlterPartitionReassignmentsRequest } from '../../protocol/generated/alter-partition-reassignments-request.ts';
import type { AlterPartitionReassignmentsResponseInput } from '../../protocol/generated/alter-partition-reassignments-response.ts';
import type { AlterPartitionRequest } from '../../protocol/generated/alter-partition-request.ts';
import type { AlterPartitionResponseInput } from '../../protocol/generated/alter-partition-response.ts';
import type { AssignReplicasToDirsRequest } from '../../protocol/generated/assign-replicas-to-dirs-request.ts';
import type { AssignReplicasToDirsResponseInput } from '../../protocol/generated/assign-replicas-to-dirs-response.ts';
import type { BrokerHeartbeatRequest } from '../../protocol/generated/broker-heartbeat-request.ts';
import type { BrokerHeartbeatResponseInput } from '../../protocol/generated/broker-heartbeat-response.ts';
import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import type { BrokerRegistrationResponseInput } from '../../protocol/generated/broker-registration-response.ts';
import type { ControllerRegistrationRequest } from '../../protocol/generated/controller-registration-request.ts';
import type { ControllerRegistrationResponseInput } from '../../protocol/generated/controller-registration-response.ts';
import type { CreatePartitionsRequest } from '../../protocol/generated/create-partitions-request.ts';
import type { CreatePartitionsResponseInput } from '../../protocol/generated/create-partitions-response.ts';
import type { CreateTopicsRequest } from '../../protocol/generated/create-topics-request.ts';
import type { CreateTopicsResponseInput } from '../../protocol/generated/create-topics-response.ts';
import type { DeleteTopicsRequest } from '../../protocol/generated/delete-topics-request.ts';
import type { DeleteTopicsResponseInput } from '../../protocol/generated/delete-topics-response.ts';
import type { ElectLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import type { ElectLeadersResponseInput } from '../../protocol/generated/elect-leaders-response.ts';
import type { IncrementalAlterConfigsRequest } from '../../protocol/generated/incremental-alter-configs-request.ts';
import type { IncrementalAlterConfigsResponseInput } from '../../protocol/generated/incremental-alter-configs-response.ts';
import type { ListPartitionReassignmentsRequest } from '../../protocol/generated/list-partition-reassignments-request.ts';
import type { ListPartitionReassignmentsResponseInput } from '../../protocol/generated/list-partition-reassignments-response.ts';
import type { UnregisterBrokerRequest } from '../../protocol/generated/unregister-broker-request.ts';
import type { UnregisterBrokerResponseInput } from '../../protocol/generated/unregister-broker-response.ts';
import type { UpdateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import type { UpdateFeaturesResponseInput } from '../../protocol/generated/update-features-response.ts';

/**
 * The controller as a broker sees it: the one in this process, or one behind a socket. Requests and responses are
 * the messages of the definitions, so a handler passes them through.
 *
 * Every method resolves once its records are committed (and published to the controller's node), and rejects with ApiError:
 * NOT_CONTROLLER when this node does not lead or loses the lead, and whatever else fails the request as a whole. What
 * fails for one topic or resource stands in the response.
 *
 * `version` is that of the client's request, kept on the way to another node.
 */
export interface Controller {
  /** All versions. Duplicate names in the request, illegal names, colliding names and so on are answered as Kafka does. */
  createTopics(request: CreateTopicsRequest, version?: number): Promise<CreateTopicsResponseInput>;
  /** All versions: `topicNames` up to 5, `topics` (names or ids) from 6 on. */
  deleteTopics(request: DeleteTopicsRequest, version?: number): Promise<DeleteTopicsResponseInput>;
  createPartitions(request: CreatePartitionsRequest, version?: number): Promise<CreatePartitionsResponseInput>;
  incrementalAlterConfigs(
    request: IncrementalAlterConfigsRequest,
    version?: number,
  ): Promise<IncrementalAlterConfigsResponseInput>;
  alterConfigs(request: AlterConfigsRequest, version?: number): Promise<AlterConfigsResponseInput>;
  /** A block of 1,000 producer ids for a registered broker. */
  allocateProducerIds(request: AllocateProducerIdsRequest): Promise<AllocateProducerIdsResponseInput>;
  /** Registers a broker, fenced; the response has its epoch. */
  registerBroker(request: BrokerRegistrationRequest): Promise<BrokerRegistrationResponseInput>;
  /**
   * A broker is alive, has replayed up to `currentMetadataOffset`, and wants (un)fencing or a controlled shutdown, which it may do
   * once `shouldShutDown` comes back: its partitions have moved, or have no leader any more.
   */
  heartbeat(request: BrokerHeartbeatRequest): Promise<BrokerHeartbeatResponseInput>;
  /** A leader tells the ISR it sees. Versions 2 and 3; rejects with STALE_BROKER_EPOCH, all else stands with the partitions. */
  alterPartition(request: AlterPartitionRequest): Promise<AlterPartitionResponseInput>;
  /** A broker tells in which of its directories its replicas lie (KIP-858); errors of single partitions are in the response. */
  assignReplicasToDirs(request: AssignReplicasToDirsRequest): Promise<AssignReplicasToDirsResponseInput>;
  /** Preferred and unclean elections by command; results stand with the partitions. Rejects for an unknown type of election. */
  electLeaders(request: ElectLeadersRequest, version?: number): Promise<ElectLeadersResponseInput>;
  /** Other replicas for partitions, or the end of a reassignment under way (`replicas: null`). */
  alterPartitionReassignments(
    request: AlterPartitionReassignmentsRequest,
    version?: number,
  ): Promise<AlterPartitionReassignmentsResponseInput>;
  listPartitionReassignments(
    request: ListPartitionReassignmentsRequest,
    version?: number,
  ): Promise<ListPartitionReassignmentsResponseInput>;
  /** Forgets a broker. Answers BROKER_ID_NOT_REGISTERED where there is none. */
  unregisterBroker(request: UnregisterBrokerRequest, version?: number): Promise<UnregisterBrokerResponseInput>;
  /** Finalizes feature levels, all or none. The shape of the answer depends on the version (2 is taken without one). */
  updateFeatures(request: UpdateFeaturesRequest, version?: number): Promise<UpdateFeaturesResponseInput>;
  registerController(request: ControllerRegistrationRequest): Promise<ControllerRegistrationResponseInput>;
}
