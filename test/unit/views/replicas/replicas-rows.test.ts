import { describe, expect, test } from 'vitest';
import { summarize, toBrokers, toRows } from '../../../../extension/views/replicas/replicas-rows.ts';
import { clusterState, partition } from './cluster-state.ts';

describe('rows', () => {
  test('stand by topic and number, internal ones last', () => {
    const state = clusterState([partition('__a', 0), partition('b', 10), partition('b', 2), partition('a', 0)]);
    expect(toRows(state).map(({ topic, partition: index }) => `${topic}-${index}`)).toEqual([
      'a-0',
      'b-2',
      'b-10',
      '__a-0',
    ]);
  });

  test('say who leads, who is in sync and how far behind the others are', () => {
    const [row] = toRows(clusterState([partition('a', 0, { leader: 2, isr: [1, 2], ends: { 1: 10, 2: 12, 3: 4 } })]));
    expect(row?.replicas).toEqual([
      { broker: 1, role: 'inSync', logEnd: 10, lag: 2 },
      { broker: 2, role: 'leader', logEnd: 12, lag: 0 },
      { broker: 3, role: 'behind', logEnd: 4, lag: 8 },
    ]);
  });

  test('cross out what a dead broker has, and keep what may be elected later', () => {
    const state = clusterState([partition('a', 0, { leader: -1, isr: [], elr: [3], ends: {} })], {
      2: 'killed',
      3: 'stopped',
    });
    expect(toRows(state)[0]?.replicas.map(({ role, lag }) => [role, lag])).toEqual([
      ['behind', null],
      ['offline', null],
      ['eligible', null],
    ]);
  });
});

test('the summary counts what needs an eye', () => {
  const state = clusterState([
    partition('a', 0),
    partition('a', 1, { leader: 2 }),
    partition('a', 2, { leader: -1, isr: [3] }),
    partition('a', 3, { leader: 2, isr: [2, 3] }),
  ]);
  expect(summarize(state, 'a', toRows(state))).toEqual({
    topic: 'a',
    partitionCount: 4,
    underReplicated: 2,
    leaderless: 1,
    notPreferred: 1,
    quorumTrouble: null,
    controllerEpoch: 5,
  });
});

test('a leader that is gone does not count as one, whatever the metadata say', () => {
  const state = clusterState([partition('a', 0), partition('a', 1, { leader: 2 })], { 2: 'killed' });
  expect(summarize(state, 'a', toRows(state)).leaderless).toBe(1);
});

test('the summary says so when there is no majority', () => {
  const state = clusterState([], { 2: 'killed', 3: 'killed' });
  expect(summarize(state, null, []).quorumTrouble?.text).toBe('no majority: 1 of 3 voters');
});

test('brokers carry what is done to them', () => {
  const state = clusterState([]);
  const isolated = {
    ...state,
    brokers: state.brokers.map((broker) => ({
      ...broker,
      faults:
        broker.id === 2
          ? [{ kind: 'isolate', broker: 2, clients: false } as const, { kind: 'drop', from: 2, to: 3 } as const]
          : [],
    })),
  };
  expect(toBrokers(isolated).map(({ id, isController, fault }) => [id, isController, fault])).toEqual([
    [1, true, null],
    [2, false, 'isolated, nothing reaches 3'],
    [3, false, null],
  ]);
});
