import { beforeEach, describe, expect, it } from 'vitest';
import {
  type FetchContext,
  FetchSessionCache,
  type FetchTarget,
} from '../../../../extension/engine/broker/fetch-session.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import type { Clock } from '../../../../extension/engine/common/clock.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import {
  fetchRequest,
  type FetchRequest,
  type FetchRequestInput,
} from '../../../../extension/protocol/generated/fetch-request.ts';
import { decodeMessage, encodeMessage } from '../../../../extension/protocol/message-type.ts';

const VERSION = 12;
const CONSUMER = -1;
const FOLLOWER = 2;
let nowMs = 0;
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  schedule: () => ({ cancel() {} }),
  defer: (fn) => fn(),
};

function request(
  sessionId: number,
  sessionEpoch: number,
  partitions: readonly number[],
  more: Partial<FetchRequestInput> = {},
): FetchRequest {
  const topics =
    partitions.length === 0
      ? []
      : [
          {
            topic: 't',
            partitions: partitions.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 100 })),
          },
        ];
  const input = { maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics, ...more };
  return decodeMessage(fetchRequest, encodeMessage(fetchRequest, input, VERSION), VERSION);
}

const quiet = { errorCode: 0, highWatermark: 5, logStartOffset: 0, hasRecords: false, hasNews: false };

/** The partitions that a request looks at; none of them is done with. */
function taken(context: FetchContext): readonly FetchTarget[] {
  const targets = context.take();
  for (const target of targets) context.looked(target, false);
  return targets;
}

function partitionsOf(context: FetchContext): number[] {
  return taken(context).map((target) => target.partition);
}

function included(context: FetchContext, outcome = quiet): number[] {
  return taken(context)
    .filter((target) => context.include(target, outcome))
    .map((target) => target.partition);
}

function codeOf(open: () => unknown): number {
  try {
    open();
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
  return ErrorCode.NONE;
}

describe('FetchSessionCache', () => {
  let cache: FetchSessionCache;
  beforeEach(() => {
    nowMs = 0;
    let next = 0;
    cache = new FetchSessionCache({
      slots: 2,
      evictionMs: 1000,
      clock,
      random: { int: () => next++, bytes: (length) => Buffer.alloc(length) },
    });
  });

  it('serves without a session when none is wanted', () => {
    const context = cache.open(request(0, -1, [0, 1]), VERSION, CONSUMER);
    expect(context.sessionId).toBe(0);
    expect(included(context)).toEqual([0, 1]);
    expect(cache.size).toBe(0);
  });

  it('tells everything first, then only what changed', () => {
    const first = cache.open(request(0, 0, [0, 1, 2]), VERSION, CONSUMER);
    expect(first.sessionId).toBeGreaterThan(0);
    expect(included(first)).toEqual([0, 1, 2]);
    const second = cache.open(request(first.sessionId, 1, []), VERSION, CONSUMER);
    expect(partitionsOf(second)).toEqual([0, 1, 2]);
    expect(included(second)).toEqual([]);
    const third = cache.open(request(first.sessionId, 2, []), VERSION, CONSUMER);
    expect(included(third, { ...quiet, highWatermark: 6 })).toEqual([0, 1, 2]);
  });

  it('adds, changes and forgets partitions', () => {
    const { sessionId } = cache.open(request(0, 0, [0, 1]), VERSION, CONSUMER);
    const forgotten = { forgottenTopicsData: [{ topic: 't', partitions: [0] }] };
    const context = cache.open(request(sessionId, 1, [1, 4], forgotten), VERSION, CONSUMER);
    expect(partitionsOf(context)).toEqual([1, 4]);
  });

  it('says that an error is over', () => {
    const { sessionId } = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    included(cache.open(request(sessionId, 1, []), VERSION, CONSUMER), {
      ...quiet,
      errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
    });
    expect(included(cache.open(request(sessionId, 2, []), VERSION, CONSUMER))).toEqual([0]);
    expect(included(cache.open(request(sessionId, 3, []), VERSION, CONSUMER))).toEqual([]);
  });

  it.each([
    ['in another leader epoch', { currentLeaderEpoch: 4, fetchOffset: 3 }],
    ['from an earlier offset', { currentLeaderEpoch: 3, fetchOffset: 2 }],
  ])('tells the high watermark again to a follower that asks %s', (_, asked) => {
    const topics = (currentLeaderEpoch: number, fetchOffset: number) => ({
      topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch, fetchOffset, partitionMaxBytes: 100 }] }],
    });
    const first = cache.open(request(0, 0, [], topics(3, 3)), VERSION, FOLLOWER);
    expect(included(first)).toEqual([0]);
    const same = cache.open(request(first.sessionId, 1, [], topics(3, 3)), VERSION, FOLLOWER);
    expect(included(same)).toEqual([]);
    const further = topics(asked.currentLeaderEpoch, asked.fetchOffset);
    const anew = cache.open(request(first.sessionId, 2, [], further), VERSION, FOLLOWER);
    expect(included(anew)).toEqual([0]);
    const again = cache.open(request(first.sessionId, 3, [], further), VERSION, FOLLOWER);
    expect(included(again)).toEqual([]);
  });

  it('looks at what it is done with only when it is named again, or after a while', () => {
    const first = cache.open(request(0, 0, [0, 1, 2]), VERSION, CONSUMER);
    for (const target of first.take()) first.looked(target, true);
    const second = cache.open(request(first.sessionId, 1, [1]), VERSION, CONSUMER);
    expect(partitionsOf(second)).toEqual([1]);
    nowMs = 5000;
    expect(partitionsOf(cache.open(request(first.sessionId, 2, []), VERSION, CONSUMER))).toEqual([1, 0, 2]);
  });

  it('moves a partition with records to the back', () => {
    const { sessionId } = cache.open(request(0, 0, [0, 1, 2]), VERSION, CONSUMER);
    const context = cache.open(request(sessionId, 1, []), VERSION, CONSUMER);
    context.include(taken(context)[0]!, { ...quiet, hasRecords: true });
    expect(partitionsOf(cache.open(request(sessionId, 2, []), VERSION, CONSUMER))).toEqual([1, 2, 0]);
  });

  it('refuses a session that it does not have, and an epoch that is not next', () => {
    const { sessionId } = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    expect(codeOf(() => cache.open(request(sessionId + 1, 1, []), VERSION, CONSUMER))).toBe(
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    );
    expect(codeOf(() => cache.open(request(sessionId, 2, []), VERSION, CONSUMER))).toBe(
      ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    );
    expect(codeOf(() => cache.open(request(sessionId, 1, []), 13, CONSUMER))).toBe(
      ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    );
  });

  it('ends a session by the final epoch and when no partition is left', () => {
    const first = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    cache.open(request(first.sessionId, -1, [0]), VERSION, CONSUMER);
    expect(cache.size).toBe(0);
    const second = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    const forgotten = { forgottenTopicsData: [{ topic: 't', partitions: [0] }] };
    expect(cache.open(request(second.sessionId, 1, [], forgotten), VERSION, CONSUMER).sessionId).toBe(0);
    expect(cache.size).toBe(0);
  });

  it('serves without a session when all slots are in use, and takes over one that went idle', () => {
    const a = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    expect(cache.open(request(0, 0, [0]), VERSION, CONSUMER).sessionId).toBe(0);
    nowMs = 900;
    cache.open(request(a.sessionId, 1, []), VERSION, CONSUMER);
    nowMs = 1500;
    expect(cache.open(request(0, 0, [0]), VERSION, CONSUMER).sessionId).toBeGreaterThan(0);
    expect(cache.size).toBe(2);
    expect(codeOf(() => cache.open(request(a.sessionId, 2, []), VERSION, CONSUMER))).toBe(ErrorCode.NONE);
  });

  it("lets a follower's session displace a consumer's that is old enough", () => {
    const a = cache.open(request(0, 0, [0]), VERSION, CONSUMER);
    const b = cache.open(request(0, 0, [0]), VERSION, FOLLOWER);
    nowMs = 1500;
    cache.open(request(a.sessionId, 1, []), VERSION, CONSUMER);
    cache.open(request(b.sessionId, 1, []), VERSION, FOLLOWER);
    expect(cache.open(request(0, 0, [0]), VERSION, CONSUMER).sessionId).toBe(0);
    expect(cache.open(request(0, 0, [0]), VERSION, FOLLOWER).sessionId).toBeGreaterThan(0);
    expect(codeOf(() => cache.open(request(a.sessionId, 2, []), VERSION, CONSUMER))).toBe(
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    );
  });
});
