import { expect, test } from 'vitest';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../extension/client/consumer-protocol.ts';

test('subscriptions and assignments come back', () => {
  expect(decodeSubscription(encodeSubscription(['b', 'a']))).toEqual(['b', 'a']);
  const partitions = [
    { topic: 'x', partition: 0 },
    { topic: 'x', partition: 3 },
    { topic: 'y', partition: 1 },
  ];
  expect(decodeAssignment(encodeAssignment(partitions))).toEqual(partitions);
});

test('no bytes are no assignment', () => {
  expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
});

test('a version from the future is read as the last one known', () => {
  const bytes = encodeSubscription(['t']);
  const future = Buffer.concat([
    Buffer.from([0, 3]),
    bytes.subarray(2),
    Buffer.from([0, 0, 0, 1, 0xff, 0xff, 1, 2, 3]),
  ]);
  expect(decodeSubscription(future)).toEqual(['t']);
});
