import { beforeEach, describe, expect, test } from 'vitest';
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

describe('NewsFilter', () => {
  let away: number[];
  let news: NewsFilter;

  beforeEach(() => {
    away = [];
    news = new NewsFilter((node) => !away.includes(node));
  });

  const quorum = (from: number, leader: number, epoch: number, hasMajority = true): boolean =>
    news.isNews({ event: 'quorum', leader, epoch, voters: [1, 2, 3], hasMajority, reason: '' }, from);
  const controller = (from: number, id: number, epoch: number): boolean =>
    news.isNews({ event: 'controller', controller: id, epoch }, from);

  test('what every node tells is news once', () => {
    expect([quorum(1, 1, 1), quorum(2, 1, 1), quorum(2, 2, 2), quorum(3, 1, 1)]).toEqual([true, false, true, false]);
    expect([controller(1, 1, 1), controller(2, 1, 1), controller(1, 2, 2)]).toEqual([true, false, true]);
    expect(news.controller).toEqual({ id: 2, epoch: 2 });
    expect(news.voters).toEqual([1, 2, 3]);
  });

  test('who lost sight of a leader that is there says nothing new', () => {
    controller(1, 1, 1);
    expect(controller(2, -1, 1)).toBe(false);
    expect(controller(2, -1, 2)).toBe(false);
    away = [1];
    expect(controller(2, -1, 1)).toBe(true);
    // Late: the third one has not noticed yet.
    expect(controller(3, 1, 1)).toBe(false);
    expect(controller(3, 2, 2)).toBe(true);
  });

  test('a leader that gives up is believed', () => {
    quorum(1, 1, 1);
    expect(quorum(2, -1, 1, false)).toBe(false);
    expect(quorum(1, -1, 1, false)).toBe(true);
  });

  test('who votes is known from those who count the leader among them', () => {
    news.isNews({ event: 'quorum', leader: -1, epoch: 0, voters: [1], hasMajority: false, reason: '' }, 2);
    news.isNews({ event: 'quorum', leader: 2, epoch: 1, voters: [1], hasMajority: true, reason: '' }, 3);
    expect(news.voters).toBeUndefined();
  });

  test('remembers whom the controller has fenced', () => {
    const seen = (['registered', 'unfenced', 'unregistered'] as const).map((state) => {
      news.isNews({ event: 'registration', broker: 2, state, epoch: 1, reason: '' }, 1);
      return news.isFenced(2);
    });
    expect(seen).toEqual([true, false, undefined]);
  });
});
