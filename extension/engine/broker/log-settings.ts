import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import type { LogManagerOptions } from '../log/log-manager.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import { EMPTY_IMAGE } from '../metadata/metadata-image.ts';

type LogManagerSettings = Pick<
  LogManagerOptions,
  | 'recoveryThreadsPerDirectory'
  | 'retentionCheckIntervalMs'
  | 'cleanerBackoffMs'
  | 'cleanerMapBytes'
  | 'onUncleanable'
  | 'onProgress'
>;

/** What the logs of a broker are told at its start: broker configs, and to whom they tell how they fare. */
export function readLogSettings(
  resolver: ConfigResolver,
  brokerId: number,
  onEvent: (event: ClusterEvent) => void,
): LogManagerSettings {
  const number = (name: string): number => resolver.brokerNumber(EMPTY_IMAGE.configs, name);
  return {
    recoveryThreadsPerDirectory: number('num.recovery.threads.per.data.dir'),
    retentionCheckIntervalMs: number('log.retention.check.interval.ms'),
    cleanerBackoffMs: number('log.cleaner.backoff.ms'),
    cleanerMapBytes: number('log.cleaner.dedupe.buffer.size'),
    onUncleanable: ({ topic, partition }, reason) =>
      onEvent({ event: 'uncleanable', broker: brokerId, topic, partition, reason }),
    onProgress: (done, total) =>
      onEvent({ event: 'progress', broker: brokerId, done, total, message: `${done} of ${total} logs are open` }),
  };
}
