import { expect, it } from 'vitest';
import { readLogSettings } from '../../../../extension/engine/broker/log-settings.ts';
import { ConfigResolver } from '../../../../extension/engine/metadata/config-resolver.ts';
import type { ClusterEvent } from '../../../../extension/shared/cluster-protocol.ts';

it('logs obey the configs of their broker, and tell the cluster how far their opening is', () => {
  const events: ClusterEvent[] = [];
  const resolver = new ConfigResolver(2, {
    'log.retention.check.interval.ms': '1000',
    'log.cleaner.backoff.ms': '200',
    'log.cleaner.dedupe.buffer.size': '4194304',
  });
  const settings = readLogSettings(resolver, 2, (event) => events.push(event));
  expect(settings).toMatchObject({
    retentionCheckIntervalMs: 1000,
    cleanerBackoffMs: 200,
    cleanerMapBytes: 4_194_304,
  });
  settings.onProgress!(500, 2000);
  expect(events).toEqual([
    { event: 'progress', broker: 2, done: 500, total: 2000, message: '500 of 2000 logs are open' },
  ]);
});
