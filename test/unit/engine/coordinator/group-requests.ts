import type { RequestOf } from './coordinator-fixture.ts';

type Join = RequestOf<'JoinGroup'>;

/** A consumer's subscription, version 0. */
export function subscription(...topics: string[]): Buffer {
  const parts = [Buffer.from([0, 0]), int32(topics.length)];
  for (const topic of topics) parts.push(Buffer.from([0, topic.length]), Buffer.from(topic));
  return Buffer.concat([...parts, int32(-1)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function joinRequest(groupId: string, memberId = '', more: Partial<Join> = {}): Join {
  return {
    groupId,
    memberId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 20_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('orders') }],
    ...more,
  };
}

export function syncRequest(
  groupId: string,
  memberId: string,
  generationId: number,
  assignments: readonly (readonly [string, string])[] = [],
  more: Partial<RequestOf<'SyncGroup'>> = {},
): RequestOf<'SyncGroup'> {
  return {
    groupId,
    memberId,
    generationId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: assignments.map(([id, assignment]) => ({ memberId: id, assignment: Buffer.from(assignment) })),
    ...more,
  };
}

type Commit = RequestOf<'OffsetCommit'>;

export function commitRequest(groupId: string, offsets: Record<number, number>, more: Partial<Commit> = {}): Commit {
  const partitions = Object.entries(offsets).map(([partition, offset]) => ({
    partitionIndex: Number(partition),
    committedOffset: offset,
    committedMetadata: 'm',
  }));
  return { groupId, memberId: '', topics: [{ name: 'orders', partitions }], ...more };
}
