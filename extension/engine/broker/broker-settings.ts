import type { CompressionType } from '../../records/compression-type.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { ConfigsImage } from '../metadata/metadata-image.ts';
import type { GroupCoordinatorConfig } from '../coordinator/group-coordinator-config.ts';
import type { InternalTopicShape } from './auto-topic-creation.ts';

/** Broker configs that are read once, at start; each field is Kafka's name in the comment. */
export interface BrokerSettings {
  /** `socket.request.max.bytes` */
  readonly requestMaxBytes: number;
  /** `connections.max.idle.ms` */
  readonly connectionsMaxIdleMs: number;
  /** `max.connections` */
  readonly maxConnections: number;
  /** `fetch.max.bytes` */
  readonly fetchMaxBytes: number;
  /** `max.incremental.fetch.session.cache.slots` */
  readonly fetchSessionSlots: number;
  /** `max.request.partition.size.limit` */
  readonly partitionsPerPage: number;
  /** `broker.heartbeat.interval.ms` */
  readonly heartbeatIntervalMs: number;
  readonly rack: string | null;
}

export function readBrokerSettings(resolver: ConfigResolver, configs: ConfigsImage): BrokerSettings {
  const number = (name: string): number => resolver.brokerNumber(configs, name);
  return {
    requestMaxBytes: number('socket.request.max.bytes'),
    connectionsMaxIdleMs: number('connections.max.idle.ms'),
    maxConnections: number('max.connections'),
    fetchMaxBytes: number('fetch.max.bytes'),
    fetchSessionSlots: number('max.incremental.fetch.session.cache.slots'),
    partitionsPerPage: number('max.request.partition.size.limit'),
    heartbeatIntervalMs: number('broker.heartbeat.interval.ms'),
    rack: resolver.broker(configs, 'broker.rack'),
  };
}

export function readGroupSettings(resolver: ConfigResolver, configs: ConfigsImage): GroupCoordinatorConfig {
  const number = (name: string): number => resolver.brokerNumber(configs, name);
  return {
    groupMinSessionTimeoutMs: number('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: number('group.max.session.timeout.ms'),
    groupInitialRebalanceDelayMs: number('group.initial.rebalance.delay.ms'),
    groupMaxSize: number('group.max.size'),
    offsetMetadataMaxSize: number('offset.metadata.max.bytes'),
    offsetsRetentionMs: number('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: number('offsets.retention.check.interval.ms'),
    offsetsCommitTimeoutMs: number('offsets.commit.timeout.ms'),
    offsetsTopicCompression: number('offsets.topic.compression.codec') as CompressionType,
  };
}

/**
 * How `__consumer_offsets` is made. Its replication factor is what the config says, but never above the number of brokers:
 * a small cluster shall have groups too.
 */
export function consumerOffsetsShape(
  resolver: ConfigResolver,
  configs: ConfigsImage,
  brokers: number,
): InternalTopicShape {
  const number = (name: string): number => resolver.brokerNumber(configs, name);
  return {
    numPartitions: number('offsets.topic.num.partitions'),
    replicationFactor: Math.max(1, Math.min(number('offsets.topic.replication.factor'), brokers)),
    configs: {
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': String(number('offsets.topic.segment.bytes')),
    },
  };
}
