import { expect, test } from 'vitest';
import { EventHistory } from '../../../extension/cluster/event-history.ts';
import { NewsFilter } from '../../../extension/cluster/news-filter.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';

const state = (broker: number): ClusterEvent => ({ event: 'broker-state', broker, state: 'running' });

test('numbers and dates events, but not the lines of a log', () => {
  const history = new EventHistory(() => 7);
  const line: ClusterEvent = { event: 'log', level: 'info', broker: 1, message: 'hello' };
  expect(history.stamp(state(1))).toEqual({ ...state(1), seq: 1, atMs: 7 });
  expect(history.stamp(line)).toEqual(line);
  expect(history.stamp(state(2))).toMatchObject({ seq: 2 });
  expect(history.since(1)).toEqual({ events: [{ ...state(2), seq: 2, atMs: 7 }], lastSeq: 2 });
  expect(history.since(2)).toEqual({ events: [], lastSeq: 2 });
});

test('keeps the last thousand', () => {
  const history = new EventHistory(() => 7);
  for (let broker = 1; broker <= 1_500; broker++) history.stamp(state(broker));
  const { events, lastSeq } = history.since();
  expect(events).toHaveLength(1_000);
  expect(events[0]).toMatchObject({ broker: 501, seq: 501 });
  expect(lastSeq).toBe(1_500);
});

test('what every node tells is news once', () => {
  const news = new NewsFilter();
  const quorum = (leader: number, epoch: number, hasMajority = true): boolean =>
    news.isNews({ event: 'quorum', leader, epoch, voters: [1, 2, 3], hasMajority, reason: '' });
  expect([quorum(1, 1), quorum(1, 1), quorum(-1, 1), quorum(2, 2), quorum(1, 1)]).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
  expect([quorum(2, 2, false), quorum(2, 2, false), quorum(2, 2)]).toEqual([true, false, true]);
  expect(news.voters).toEqual([1, 2, 3]);
});

test('remembers whom the controller has fenced', () => {
  const news = new NewsFilter();
  const tell = (state: 'registered' | 'unfenced' | 'unregistered'): boolean =>
    news.isNews({ event: 'registration', broker: 2, state, epoch: 1, reason: '' });
  const seen = (['registered', 'unfenced', 'unregistered'] as const).map((each) => {
    tell(each);
    return news.isFenced(2);
  });
  expect(seen).toEqual([true, false, undefined]);
});
