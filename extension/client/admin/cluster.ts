import { describeClusterRequest } from '../../protocol/generated/describe-cluster-request.ts';
import { describeClusterResponse } from '../../protocol/generated/describe-cluster-response.ts';
import { describeLogDirsRequest } from '../../protocol/generated/describe-log-dirs-request.ts';
import { describeLogDirsResponse } from '../../protocol/generated/describe-log-dirs-response.ts';
import { describeQuorumRequest } from '../../protocol/generated/describe-quorum-request.ts';
import { describeQuorumResponse, type ReplicaState } from '../../protocol/generated/describe-quorum-response.ts';
import { unregisterBrokerRequest } from '../../protocol/generated/unregister-broker-request.ts';
import { unregisterBrokerResponse } from '../../protocol/generated/unregister-broker-response.ts';
import { ApiKey } from '../../protocol/generated/apis.ts';
import type { VersionRange } from '../../net/api-versions.ts';
import type { ClusterClient } from '../cluster-client.ts';
import type { BrokerNode } from '../cluster-metadata.ts';
import { kafkaErrorOrNull, throwOnError, type KafkaError } from '../kafka-error.ts';
import { byTopic, type TopicPartition } from '../leader-routing.ts';

export interface DescribedBroker extends BrokerNode {
  /** Registered, but not serving. */
  readonly isFenced: boolean;
}

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** The broker to send controller requests to; the quorum's leader is in `describeQuorum`. */
  readonly controllerId: number;
  readonly brokers: readonly DescribedBroker[];
}

export async function describeCluster(client: ClusterClient, includeFenced: boolean): Promise<ClusterDescription> {
  const connection = await client.anyConnection();
  if (!connection.versions.has(ApiKey.DescribeCluster)) {
    const { clusterId, controllerId, brokers } = await client.metadata();
    return { clusterId, controllerId, brokers: brokers.map((broker) => ({ ...broker, isFenced: false })) };
  }
  const response = await client.toAny(describeClusterRequest, describeClusterResponse, (version) => ({
    includeClusterAuthorizedOperations: false,
    ...(version >= 1 ? { endpointType: client.endpoints === 'brokers' ? 1 : 2 } : {}),
    ...(version >= 2 ? { includeFencedBrokers: includeFenced } : {}),
  }));
  throwOnError(response.errorCode, 'cluster', response.errorMessage);
  const brokers = response.brokers.map(({ brokerId: id, host, port, rack, isFenced }) => ({
    id,
    host,
    port,
    rack,
    isFenced,
  }));
  return {
    clusterId: response.clusterId,
    controllerId: response.controllerId,
    brokers: brokers.sort((a, b) => a.id - b.id),
  };
}

/** Rejects with BROKER_ID_NOT_REGISTERED when there is no such broker. */
export async function unregisterBroker(client: ClusterClient, brokerId: number): Promise<void> {
  const response = await client.toController(
    unregisterBrokerRequest,
    unregisterBrokerResponse,
    { brokerId },
    ({ errorCode }) => (errorCode === 0 ? [] : [errorCode]),
  );
  throwOnError(response.errorCode, `broker ${brokerId}`, response.errorMessage);
}

export interface ReplicaSize extends TopicPartition {
  readonly sizeBytes: number;
  /** How far the replica is behind the high watermark (behind the current replica, for a future one). */
  readonly offsetLag: number;
  /** A copy that is being made for a move between directories. */
  readonly isFuture: boolean;
}

export interface LogDirDescription {
  readonly path: string;
  readonly error: KafkaError | null;
  /** Of the file system; -1 where the broker does not tell (before 3.3). */
  readonly totalBytes: number;
  readonly usableBytes: number;
  readonly isCordoned: boolean;
  readonly replicas: readonly ReplicaSize[];
}

export interface BrokerLogDirs {
  readonly brokerId: number;
  readonly dirs: readonly LogDirDescription[];
  readonly error: Error | null;
}

/** Log directories of the given brokers (all by default); one that does not answer carries its error. */
export async function describeLogDirs(
  client: ClusterClient,
  brokerIds: readonly number[] | undefined,
  topics: readonly TopicPartition[] | undefined,
): Promise<BrokerLogDirs[]> {
  const ids = brokerIds ?? (await client.metadata()).brokers.map(({ id }) => id);
  const wanted =
    topics === undefined
      ? null
      : [...byTopic(topics)].map(([topic, items]) => ({
          topic,
          partitions: items.map(({ partition }) => partition),
        }));
  return Promise.all(
    ids.map(async (brokerId): Promise<BrokerLogDirs> => {
      try {
        const response = await client.toBroker(brokerId, describeLogDirsRequest, describeLogDirsResponse, {
          topics: wanted,
        });
        throwOnError(response.errorCode, `log directories of broker ${brokerId}`);
        const dirs = response.results.map((dir): LogDirDescription => ({
          path: dir.logDir,
          error: kafkaErrorOrNull(dir.errorCode, dir.logDir),
          totalBytes: dir.totalBytes,
          usableBytes: dir.usableBytes,
          isCordoned: dir.isCordoned,
          replicas: dir.topics.flatMap(({ name: topic, partitions }) =>
            partitions.map((replica) => ({
              topic,
              partition: replica.partitionIndex,
              sizeBytes: replica.partitionSize,
              offsetLag: replica.offsetLag,
              isFuture: replica.isFutureKey,
            })),
          ),
        }));
        return { brokerId, dirs, error: null };
      } catch (error) {
        return { brokerId, dirs: [], error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
}

export interface QuorumReplica {
  readonly replicaId: number;
  /** Zeros where the quorum is static. */
  readonly directoryId: string;
  readonly logEndOffset: number;
  /** Ms since the epoch; -1 for the leader and where it is not known. */
  readonly lastFetchTimestamp: number;
  readonly lastCaughtUpTimestamp: number;
}

export interface QuorumNode {
  readonly id: number;
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** Controllers and how to reach them; empty from brokers before 3.9. */
  readonly nodes: readonly QuorumNode[];
}

/** The metadata quorum as its leader sees it. */
export async function describeQuorum(client: ClusterClient): Promise<QuorumDescription> {
  const topicName = '__cluster_metadata';
  const response = await client.toAny(describeQuorumRequest, describeQuorumResponse, {
    topics: [{ topicName, partitions: [{ partitionIndex: 0 }] }],
  });
  throwOnError(response.errorCode, 'metadata quorum', response.errorMessage);
  const quorum = response.topics[0]?.partitions[0];
  if (quorum === undefined) throw new Error('the broker said nothing about the metadata quorum');
  throwOnError(quorum.errorCode, 'metadata quorum', quorum.errorMessage);
  return {
    leaderId: quorum.leaderId,
    leaderEpoch: quorum.leaderEpoch,
    highWatermark: quorum.highWatermark,
    voters: quorum.currentVoters.map(quorumReplica),
    observers: quorum.observers.map(quorumReplica),
    nodes: response.nodes.map(({ nodeId: id, listeners }) => ({
      id,
      listeners: listeners.map(({ name, host, port }) => ({ name, host, port })),
    })),
  };
}

function quorumReplica(state: ReplicaState): QuorumReplica {
  return {
    replicaId: state.replicaId,
    directoryId: state.replicaDirectoryId,
    logEndOffset: state.logEndOffset,
    lastFetchTimestamp: state.lastFetchTimestamp,
    lastCaughtUpTimestamp: state.lastCaughtUpTimestamp,
  };
}

export interface BrokerFeatures {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The level in force; null where none is. */
  readonly finalizedLevel: number | null;
}

export interface BrokerVersions {
  /** By API key. */
  readonly apis: ReadonlyMap<number, VersionRange>;
  readonly features: readonly BrokerFeatures[];
}

/** What one broker serves. */
export async function brokerVersions(client: ClusterClient, brokerId: number): Promise<BrokerVersions> {
  const connection = await client.connectionTo(brokerId);
  const { supportedFeatures, finalizedFeatures } = connection.negotiated;
  const levels = new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  return {
    apis: connection.versions,
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
      name,
      minVersion,
      maxVersion,
      finalizedLevel: levels.get(name) ?? null,
    })),
  };
}
