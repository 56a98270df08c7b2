import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { ConfigsImage } from '../metadata/metadata-image.ts';

/** Broker configs of replication that are read once, at start; each field is Kafka's name in the comment. */
export interface ReplicationSettings {
  /** `replica.lag.time.max.ms` */
  readonly lagTimeMaxMs: number;
  /** `replica.fetch.max.bytes`: of one partition. */
  readonly fetchMaxBytes: number;
  /** `replica.fetch.response.max.bytes`: of one answer. */
  readonly fetchResponseMaxBytes: number;
  /** `replica.fetch.wait.max.ms` */
  readonly fetchWaitMaxMs: number;
  /** `replica.fetch.min.bytes` */
  readonly fetchMinBytes: number;
  /** `replica.fetch.backoff.ms` */
  readonly fetchBackoffMs: number;
  /** `replica.socket.timeout.ms` */
  readonly socketTimeoutMs: number;
  /** The listener by which brokers reach each other: `inter.broker.listener.name`, or the name of their protocol. */
  readonly listenerName: string;
  /** `replica.selector.class` is the one that goes by racks (KIP-392). */
  readonly selectsByRack: boolean;
}

const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

export function readReplicationSettings(resolver: ConfigResolver, configs: ConfigsImage): ReplicationSettings {
  const number = (name: string): number => resolver.brokerNumber(configs, name);
  return {
    lagTimeMaxMs: number('replica.lag.time.max.ms'),
    fetchMaxBytes: number('replica.fetch.max.bytes'),
    fetchResponseMaxBytes: number('replica.fetch.response.max.bytes'),
    fetchWaitMaxMs: number('replica.fetch.wait.max.ms'),
    fetchMinBytes: number('replica.fetch.min.bytes'),
    fetchBackoffMs: number('replica.fetch.backoff.ms'),
    socketTimeoutMs: number('replica.socket.timeout.ms'),
    listenerName:
      resolver.broker(configs, 'inter.broker.listener.name') ??
      resolver.broker(configs, 'security.inter.broker.protocol') ??
      'PLAINTEXT',
    selectsByRack: resolver.broker(configs, 'replica.selector.class') === RACK_AWARE_SELECTOR,
  };
}
