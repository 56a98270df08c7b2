import { beforeEach, expect, test } from 'vitest';
import { ReplicasFeed, POLL_INTERVAL_MS } from '../../../../extension/views/replicas/replicas-feed.ts';
import type { ClusterEvent, ClusterState } from '../../../../extension/shared/cluster-protocol.ts';
import type { ReplicasSnapshot } from '../../../../extension/shared/replicas-contract.ts';
import { FakeClock } from '../fake-clock.ts';
import { clusterState, partition } from './cluster-state.ts';

let clock: FakeClock;
let sent: ReplicasSnapshot[];
let state: ClusterState | Error;
let history: ClusterEvent[];
let asked: number;
let feed: ReplicasFeed;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  asked = 0;
  state = clusterState([partition('a', 0), partition('a', 1)]);
  history = [{ event: 'controller', controller: 1, epoch: 1, seq: 1, atMs: 1 }];
  feed = new ReplicasFeed({
    topic: null,
    clock,
    state: () => {
      asked++;
      return state instanceof Error ? Promise.reject(state) : Promise.resolve(state);
    },
    eventsSince: (since) =>
      Promise.resolve({ events: history.filter(({ seq = 0 }) => seq > since), lastSeq: history.at(-1)?.seq ?? 0 }),
    send: (snapshot) => sent.push(snapshot),
    describe: (error) => ({ message: String(error), next: 'retry' }),
  });
  feed.setWindow(0, 10, true);
});

test('asks nothing while nobody looks', async () => {
  await clock.pass(60_000);
  expect(asked).toBe(0);
});

test('sends all first, then only what changed', async () => {
  feed.setVisible(true);
  await clock.pass(0);
  expect(sent[0]?.rows.map(({ index }) => index)).toEqual([0, 1]);
  expect(sent[0]?.timeline.map(({ text }) => text)).toEqual(['Node 1 is the controller.']);
  state = clusterState([partition('a', 0), partition('a', 1, { leader: 2, leaderEpoch: 1 })]);
  await clock.pass(POLL_INTERVAL_MS);
  expect(sent.at(-1)?.rows.map(({ index }) => index)).toEqual([1]);
  expect(sent.at(-1)?.timeline).toEqual([]);
});

test('looks at once after an event, and tells of it once', async () => {
  feed.setVisible(true);
  await clock.pass(0);
  feed.onEvent({ event: 'broker-state', broker: 2, state: 'killed', seq: 2, atMs: 2 });
  await clock.pass(40);
  expect(sent.at(-1)?.timeline.map(({ text }) => text)).toEqual(['Broker 2 was killed.']);
  feed.onEvent({ event: 'broker-state', broker: 2, state: 'killed', seq: 2, atMs: 2 });
  await clock.pass(40);
  expect(sent.at(-1)?.timeline).toEqual([]);
});

test('says why the cluster cannot be asked, keeps what it knew and tries again', async () => {
  feed.setVisible(true);
  await clock.pass(0);
  state = new Error('gone');
  await clock.pass(POLL_INTERVAL_MS);
  expect(sent.at(-1)?.connection).toEqual({ state: 'disconnected', message: 'Error: gone', next: 'retry' });
  expect(sent.at(-1)?.summary?.partitionCount).toBe(2);
  state = clusterState([partition('a', 0)]);
  await clock.pass(3000);
  expect(sent.at(-1)?.connection.state).toBe('live');
});

test('reads the history of another run from its beginning', async () => {
  history.push({ event: 'controller', controller: 2, epoch: 2, seq: 2, atMs: 2 });
  feed.setVisible(true);
  await clock.pass(0);
  history = [{ event: 'controller', controller: 3, epoch: 3, seq: 1, atMs: 3 }];
  feed.pollNow();
  await clock.pass(0);
  expect(sent.at(-1)?.timeline.map(({ text }) => text)).toEqual(['Node 3 is the controller.']);
});
