import { expect, test } from 'vitest';
import { parseSegmentPath } from '../../../../extension/views/segment-editor/segment-name.ts';

const orders = { topic: 'orders', partition: 0 };

test.each([
  ['/d/orders-0/00000000000000048210.log', { kind: 'log', baseOffset: 48_210, ...orders }],
  ['C:\\d\\orders-0\\00000000000000000000.timeindex.deleted', { kind: 'timeindex', baseOffset: 0, ...orders }],
  ['/d/orders-0/00000000000000000000.index.swap', { kind: 'index', baseOffset: 0, ...orders }],
  ['/d/orders-0/00000000000000000007.txnindex.cleaned', { kind: 'txnindex', baseOffset: 7, ...orders }],
  ['/d/orders-0/00000000000000000007.snapshot', { kind: 'snapshot', baseOffset: 7, ...orders }],
  ['/d/a-b.c-12/leader-epoch-checkpoint', { kind: 'textCheckpoint', topic: 'a-b.c', partition: 12 }],
  ['/d/orders-0.0123456789abcdef0123456789abcdef-delete/partition.metadata', { kind: 'text', ...orders }],
  [
    '/d/__cluster_metadata-0/00000000000000000100-0000000003.checkpoint',
    { kind: 'checkpoint', baseOffset: 100, topic: '__cluster_metadata', partition: 0 },
  ],
  ['/d/broker/bootstrap.checkpoint', { kind: 'checkpoint' }],
  ['/home/me/app.log', { kind: 'unknown' }],
  ['0.log', { kind: 'unknown' }],
])('%s', (path, expected) => {
  expect(parseSegmentPath(path)).toEqual(expected);
});
