import { expect, test } from 'vitest';
import type { OffsetsSummary, PartitionOffsets } from '../../../../extension/shared/offsets-contract.ts';
import { formatBytes, formatDuration } from '../../../../extension/shared/format.ts';
import {
  OffsetsModel,
  barMarks,
  describeRetention,
  recordSpan,
  sparkHeights,
} from '../../../../webview/offsets/state.ts';

const row: PartitionOffsets = {
  partition: 0,
  leader: 1,
  leaderEpoch: 1,
  replicas: [{ broker: 1, role: 'leader' }],
  isr: [1],
  logStart: 100,
  lastStable: 150,
  highWatermark: 175,
  logEnd: 200,
  sizeBytes: 1,
  rate: null,
  rates: [],
  problem: null,
};

const summary: OffsetsSummary = {
  topic: 'orders',
  cluster: 'embedded',
  internal: false,
  partitionCount: 1,
  replication: [1, 1],
  cleanupPolicy: 'delete',
  retentionMs: 604_800_000,
  retentionBytes: -1,
  sizeBytes: 1,
  records: 75,
  rate: 0,
  axisStart: 100,
  axisEnd: 200,
  underReplicated: 0,
  leaderless: 0,
};

const live = { state: 'live' } as const;

test('marks what moved, until the next snapshot', () => {
  const model = new OffsetsModel();
  model.apply({ connection: live, summary, rows: [{ index: 0, value: row }] });
  expect(model.moved(0)).toBeUndefined();
  model.apply({ connection: live, summary, rows: [{ index: 0, value: { ...row, highWatermark: 180, leader: 2 } }] });
  expect([...(model.moved(0) ?? [])]).toEqual(['leader', 'highWatermark']);
  model.apply({ connection: live, summary, rows: [] });
  expect(model.moved(0)).toBeUndefined();
  expect(model.row(0)?.leader).toBe(2);
});

test('says what matters: first numbers, another leader, no leader, no connection', () => {
  const model = new OffsetsModel();
  expect(model.apply({ connection: live, summary, rows: [{ index: 0, value: row }] })).toBe('orders: 75 records.');
  const led = (leader: number) => ({ connection: live, summary, rows: [{ index: 0, value: { ...row, leader } }] });
  expect(model.apply(led(3))).toBe('Broker 3 leads partition 0.');
  expect(model.apply(led(-1))).toBe('Partition 0 has no leader.');
  expect(model.apply(led(-1))).toBeUndefined();
  const lost = { state: 'disconnected', message: 'Refused.', next: 'retry' } as const;
  expect(model.apply({ connection: lost, summary: null, rows: [] })).toBe('Not connected. Refused.');
  expect(model.summary).toBe(summary);
});

test('forgets rows that are long out of sight', () => {
  const model = new OffsetsModel();
  for (let index = 0; index < 5000; index++) {
    model.apply({ connection: live, summary, rows: [{ index, value: row }] });
  }
  expect(model.row(0)).toBeUndefined();
  expect(model.row(4999)).toBeDefined();
});

test('marks stand to the common scale', () => {
  expect(barMarks(row, summary)).toEqual({ start: 0, lastStable: 0.5, highWatermark: 0.75, end: 1 });
  expect(barMarks(row, { axisStart: 0, axisEnd: 0 })).toEqual({ start: 0, lastStable: 0, highWatermark: 0, end: 0 });
  expect(barMarks({ ...row, logEnd: null }, summary).end).toBeNull();
});

test('records are what consumers can reach', () => {
  expect(recordSpan(row)).toBe(75);
  expect(recordSpan({ ...row, highWatermark: null })).toBeNull();
});

test.each([
  [{}, 'delete, 7 d'],
  [{ retentionMs: -1 }, 'delete, any age'],
  [{ retentionBytes: 1_048_576 }, 'delete, 7 d, 1 MiB per partition'],
  [{ cleanupPolicy: 'compact' }, 'compact'],
  [{ cleanupPolicy: 'compact,delete' }, 'compact + delete, 7 d'],
  [{ cleanupPolicy: null }, undefined],
])('retention %j reads %s', (change, text) => {
  expect(describeRetention({ ...summary, ...change }, formatDuration, formatBytes)).toBe(text);
});

test('spark bars fill from the right and share one scale', () => {
  expect(sparkHeights([1, 2, 4], 5)).toEqual([0, 0, 0.25, 0.5, 1]);
  expect(sparkHeights([0, 0], 2)).toEqual([0, 0]);
});
