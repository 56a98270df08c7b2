import { expect, test } from 'vitest';
import { StartProgress, describeProgress } from '../../../extension/explorer/start-progress.ts';
import { statusLook } from '../../../extension/explorer/status-look.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';

function told(broker: number, done: number, total: number): ClusterEvent {
  return { event: 'progress', broker, done, total, message: '' };
}

function state(broker: number, to: 'starting' | 'running' | 'failed'): ClusterEvent {
  return { event: 'broker-state', broker, state: to };
}

test('the progress of brokers that start is summed, also of those that are through', () => {
  const progress = new StartProgress();
  expect([progress.take(state(1, 'starting')), progress.take(state(2, 'starting'))]).toEqual([false, false]);
  expect(progress.sum).toBeUndefined();
  expect([progress.take(told(1, 10, 100)), progress.take(told(2, 20, 100))]).toEqual([true, true]);
  expect(progress.of(1)).toEqual({ done: 10, total: 100 });
  expect(progress.sum).toEqual({ done: 30, total: 200 });
  progress.take(state(1, 'running'));
  expect(progress.of(1)).toBeUndefined();
  expect(progress.sum).toEqual({ done: 120, total: 200 });
  progress.take(state(2, 'failed'));
  expect(progress.sum).toEqual({ done: 100, total: 100 });
  progress.clear();
  expect(progress.sum).toBeUndefined();
});

test('a broker that is removed tells of progress too, and does not start', () => {
  const progress = new StartProgress();
  expect(progress.take(told(3, 1, 53))).toBe(false);
  expect(progress.of(3)).toBeUndefined();
});

test('the status bar says how far it has come', () => {
  expect(describeProgress({ done: 1200, total: 3600 })).toBe('1,200 of 3,600 logs');
  expect(statusLook({ kind: 'starting', progress: { done: 30, total: 360 } })).toMatchObject({
    text: '$(loading~spin) Samsa 30 of 360 logs',
    tooltip: 'The Kafka cluster is starting: 30 of 360 logs are open',
  });
  expect(statusLook({ kind: 'starting' }).text).toBe('$(loading~spin) Samsa');
});
