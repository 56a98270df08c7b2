import * as cluster from './admin/cluster.ts';
import * as configs from './admin/configs.ts';
import * as features from './admin/features.ts';
import * as groupOffsets from './admin/group-offsets.ts';
import * as groups from './admin/groups.ts';
import * as offsets from './admin/offsets.ts';
import * as voters from './admin/quorum-voters.ts';
import * as replicas from './admin/replicas.ts';
import * as topics from './admin/topics.ts';
import * as users from './admin/users.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { TopicMetadata } from './cluster-metadata.ts';
import type { LeaderRouteOptions, PartitionResult, TopicPartition } from './leader-routing.ts';
import { planOffsetReset, type PlannedReset, type ResetTarget } from './offset-reset.ts';

/**
 * Everything that administers a cluster. A method rejects when the whole request fails (NetworkError, KafkaError); what
 * may fail for one of many things is an `error` (null when all is well) on the result that names that thing. The types of
 * results stand in admin/*.ts.
 */
export class Admin {
  readonly #client: ClusterClient;

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  /**
   * Cluster id, controller and brokers (controllers, for a client of controllers); with `includeFenced` also brokers that
   * are registered but not serving.
   */
  describeCluster(options: { readonly includeFenced?: boolean } = {}): Promise<cluster.ClusterDescription> {
    return cluster.describeCluster(this.#client, options.includeFenced ?? false);
  }

  /** Makes the cluster forget a broker that will not come back (KIP-631). */
  unregisterBroker(brokerId: number): Promise<void> {
    return cluster.unregisterBroker(this.#client, brokerId);
  }

  /** APIs and features of one broker. */
  brokerVersions(brokerId: number): Promise<cluster.BrokerVersions> {
    return cluster.brokerVersions(this.#client, brokerId);
  }

  /** Features and their levels, as any node or the given one sees them. */
  describeFeatures(options: { readonly nodeId?: number | undefined } = {}): Promise<features.FeatureDescription> {
    return features.describeFeatures(this.#client, options.nodeId);
  }

  /** Changes the levels of features; with `validateOnly` it is only tried. */
  updateFeatures(
    updates: readonly features.FeatureUpdate[],
    options: { readonly validateOnly?: boolean } = {},
  ): Promise<features.FeatureOutcome[]> {
    return features.updateFeatures(this.#client, updates, options.validateOnly ?? false);
  }

  /** Sizes of replicas on disk, of all brokers by default; `topics` narrows it to partitions. */
  describeLogDirs(
    options: { readonly brokerIds?: readonly number[]; readonly partitions?: readonly TopicPartition[] } = {},
  ): Promise<cluster.BrokerLogDirs[]> {
    return cluster.describeLogDirs(this.#client, options.brokerIds, options.partitions);
  }

  /** The KRaft quorum: leader, epoch, voters, observers. */
  describeQuorum(): Promise<cluster.QuorumDescription> {
    return cluster.describeQuorum(this.#client);
  }

  /** Gives a controller that follows the quorum a vote. */
  addVoter(voter: voters.VoterKey, endpoints: readonly voters.VoterEndpoint[]): Promise<void> {
    return voters.addVoter(this.#client, voter, endpoints);
  }

  /** Takes a controller's vote. */
  removeVoter(voter: voters.VoterKey): Promise<void> {
    return voters.removeVoter(this.#client, voter);
  }

  /** All topics with their partitions, ascending by name; internal ones too unless told otherwise. */
  listTopics(options: { readonly includeInternal?: boolean } = {}): Promise<TopicMetadata[]> {
    return topics.listTopics(this.#client, options.includeInternal ?? true);
  }

  /** The given topics with their partitions and, where known, eligible leader replicas. */
  describeTopics(
    names: readonly string[],
    options: { readonly pageSize?: number } = {},
  ): Promise<topics.TopicDescription[]> {
    return topics.describeTopics(this.#client, names, options.pageSize);
  }

  createTopics(
    newTopics: readonly topics.NewTopic[],
    options: topics.ChangeOptions = {},
  ): Promise<topics.CreatedTopic[]> {
    return topics.createTopics(this.#client, newTopics, options);
  }

  deleteTopics(names: readonly string[], options: topics.ChangeOptions = {}): Promise<topics.NamedResult[]> {
    return topics.deleteTopics(this.#client, names, options);
  }

  /** Raises the number of partitions of topics. */
  createPartitions(
    more: readonly topics.MorePartitions[],
    options: topics.ChangeOptions = {},
  ): Promise<topics.NamedResult[]> {
    return topics.createPartitions(this.#client, more, options);
  }

  describeConfigs(
    resources: readonly configs.ConfigResource[],
    options: configs.DescribeConfigsOptions = {},
  ): Promise<configs.ResourceConfigs[]> {
    return configs.describeConfigs(this.#client, resources, options);
  }

  /** Changes single settings and leaves the others as they are. */
  incrementalAlterConfigs(
    changes: readonly {
      readonly resource: configs.ConfigResource;
      readonly changes: readonly configs.ConfigChange[];
    }[],
    options: { readonly validateOnly?: boolean } = {},
  ): Promise<configs.AlterConfigsResult[]> {
    return configs.incrementalAlterConfigs(this.#client, changes, options.validateOnly ?? false);
  }

  /** Names of the groups, client metrics subscriptions, … that have settings of their own. */
  listConfigResources(type: configs.ConfigResourceType): Promise<string[]> {
    return configs.listConfigResources(this.#client, type);
  }

  /** Offsets of partitions by kind or by time. `retryTimeoutMs: 0` does not wait for partitions without a leader. */
  listOffsets(
    wanted: readonly (TopicPartition & { readonly spec: offsets.OffsetSpec })[],
    options: offsets.ListOffsetsOptions = {},
  ): Promise<PartitionResult<offsets.ListedOffset>[]> {
    return offsets.listOffsets(this.#client, wanted, options);
  }

  /** Deletes everything before an offset of each partition. */
  deleteRecords(
    wanted: readonly (TopicPartition & { readonly before: offsets.DeleteBefore })[],
    options: LeaderRouteOptions = {},
  ): Promise<PartitionResult<{ readonly logStartOffset: number }>[]> {
    return offsets.deleteRecords(this.#client, wanted, options);
  }

  /** Groups of all brokers, filtered by state and type where brokers can. */
  listGroups(options: groups.ListGroupsOptions = {}): Promise<groups.GroupList> {
    return groups.listGroups(this.#client, options);
  }

  /** One group, classic or KIP-848, with its members. */
  describeGroup(groupId: string): Promise<groups.GroupDescription> {
    return groups.describeGroup(this.#client, groupId);
  }

  deleteGroups(groupIds: readonly string[]): Promise<groups.GroupResult[]> {
    return groups.deleteGroups(this.#client, groupIds);
  }

  /** Committed offsets of a group; all, or those of the given partitions. */
  listGroupOffsets(
    groupId: string,
    options: { readonly partitions?: readonly TopicPartition[]; readonly requireStable?: boolean } = {},
  ): Promise<groupOffsets.CommittedOffset[]> {
    return groupOffsets.listGroupOffsets(this.#client, groupId, options.partitions, options.requireStable ?? false);
  }

  /** Works out a reset without doing it: see {@link PlannedReset}. */
  planOffsetReset(
    groupId: string,
    partitions: readonly TopicPartition[],
    target: ResetTarget,
  ): Promise<PartitionResult<PlannedReset>[]> {
    return planOffsetReset(this.#client, groupId, partitions, target);
  }

  /** Sets committed offsets of a group that has no members. */
  alterGroupOffsets(
    groupId: string,
    committed: readonly groupOffsets.OffsetToCommit[],
  ): Promise<groupOffsets.PartitionOutcome[]> {
    return groupOffsets.commitGroupOffsets(this.#client, groupId, committed);
  }

  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<groupOffsets.PartitionOutcome[]> {
    return groupOffsets.deleteGroupOffsets(this.#client, groupId, partitions);
  }

  /** Elects leaders of the given partitions, null for all. */
  electLeaders(
    type: replicas.ElectionType,
    partitions: readonly TopicPartition[] | null,
  ): Promise<groupOffsets.PartitionOutcome[]> {
    return replicas.electLeaders(this.#client, type, partitions);
  }

  /** Starts (or with null replicas cancels) moving partitions to other brokers. */
  alterReassignments(
    reassignments: readonly replicas.Reassignment[],
    options: { readonly keepsReplicationFactor?: boolean } = {},
  ): Promise<groupOffsets.PartitionOutcome[]> {
    return replicas.alterReassignments(this.#client, reassignments, options.keepsReplicationFactor ?? false);
  }

  /** Moves replicas between the log directories of their brokers; what they become is in `describeLogDirs`. */
  alterReplicaLogDirs(moves: readonly replicas.ReplicaMove[]): Promise<replicas.ReplicaMoveOutcome[]> {
    return replicas.alterReplicaLogDirs(this.#client, moves);
  }

  /** Reassignments under way. */
  listReassignments(partitions: readonly TopicPartition[] | null = null): Promise<replicas.OngoingReassignment[]> {
    return replicas.listReassignments(this.#client, partitions);
  }

  /** Quotas of users, client ids or addresses: those that have exactly the types of the filter. */
  describeClientQuotas(filter: users.QuotaFilter): Promise<users.ClientQuotas[]> {
    return users.describeClientQuotas(this.#client, filter);
  }

  /** Sets (or with null removes) quotas of one entity. */
  alterClientQuotas(entity: users.QuotaEntity, values: Readonly<Record<string, number | null>>): Promise<void> {
    return users.alterClientQuotas(this.#client, entity, values);
  }

  /** SCRAM credentials by user; null for all users. */
  describeUserScramCredentials(names: readonly string[] | null): Promise<Map<string, users.ScramCredential[]>> {
    return users.describeUserScramCredentials(this.#client, names);
  }

  alterUserScramCredentials(
    user: string,
    upsertions: readonly users.ScramUpsertion[],
    deletions: readonly users.ScramMechanism[],
  ): Promise<void> {
    return users.alterUserScramCredentials(this.#client, user, upsertions, deletions);
  }
}
