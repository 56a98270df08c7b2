import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import type { BrokerState, ClusterState, PartitionState } from '../../extension/shared/cluster-protocol.ts';
import { lostMajority } from '../../extension/shared/quorum-health.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

const topic = 'orders';

let directory: TemporaryDirectory;
let cluster: SamsaCluster;
let client: ClusterClient;
let producer: Producer;

beforeAll(async () => {
  directory = await temporaryDirectory('cluster-control');
  const short = ['broker.session.timeout.ms=3000', 'broker.heartbeat.interval.ms=500'];
  cluster = await SamsaCluster.start({
    dataDir: join(directory.path, 'data'),
    args: ['--brokers', '3', '--racks', 'a,b', ...short.flatMap((config) => ['--config', config])],
  });
  client = new ClusterClient({ bootstrap: cluster.bootstrap });
  producer = new Producer(client);
  await new Admin(client).createTopics([
    { name: topic, partitions: 3, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
  ]);
  await produce();
}, 60_000);

afterEach(async () => {
  await cluster.control('heal');
  for (const { id, state } of (await status()).brokers) {
    if (state === 'killed' || state === 'stopped') await cluster.control('start', { broker: id });
  }
  await until('all replicas are in sync', async () =>
    (await partitions()).every(({ isr, leader }) => isr.length === 3 && leader >= 0),
  );
}, 30_000);

afterAll(async () => {
  await producer.close();
  client.close();
  await cluster[Symbol.asyncDispose]();
  await directory.remove();
});

function status(): Promise<ClusterState> {
  return cluster.control<ClusterState>('state', { topic });
}

async function partitions(): Promise<readonly PartitionState[]> {
  return (await status()).partitions;
}

async function node(id: number): Promise<BrokerState> {
  const { brokers } = await status();
  const found = brokers.find((each) => each.id === id);
  if (found === undefined) throw new Error(`There is no broker ${id}`);
  return found;
}

/** One record to each partition, acknowledged by all replicas in sync. */
async function produce(by = producer): Promise<void> {
  await Promise.all([0, 1, 2].map((partition) => by.produce(topic, partition, [{ value: 'a record' }])));
}

/** By a client that has never heard of the others. */
async function produceOn({ port }: BrokerState): Promise<void> {
  const own = new ClusterClient({ bootstrap: `127.0.0.1:${port}` });
  const fresh = new Producer(own);
  await produce(fresh);
  await fresh.close();
  own.close();
}

async function leaderOf(partition: number): Promise<number> {
  return (await partitions()).find((each) => each.partition === partition)?.leader ?? -1;
}

async function anotherThan(id: number): Promise<number> {
  const { controllerId } = await status();
  return [1, 2, 3].find((each) => each !== id && each !== controllerId) ?? 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Whether the broker answers a client of its own. */
async function answers({ port }: BrokerState): Promise<boolean> {
  const own = new ClusterClient({ bootstrap: `127.0.0.1:${port}`, connectTimeoutMs: 500, requestTimeoutMs: 500 });
  try {
    await own.metadata();
    return true;
  } catch {
    return false;
  } finally {
    own.close();
  }
}

describe('three brokers that are broken and mended', () => {
  test('have a quorum, racks, and every replica in sync', async () => {
    const { brokers, quorum } = await status();
    expect(brokers.map(({ id, state, rack, fenced }) => [id, state, rack, fenced])).toEqual([
      [1, 'running', 'a', false],
      [2, 'running', 'b', false],
      [3, 'running', 'a', false],
    ]);
    expect(quorum).toMatchObject({ hasMajority: true, voters: [1, 2, 3].map((id) => ({ id, alive: true })) });
    expect((await partitions()).map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);
  });

  test('kill the controller: its port is closed, the others go on, and it comes back', async () => {
    const { controllerId } = await status();
    const { port } = await node(controllerId);
    await cluster.control('kill', { broker: controllerId });
    expect(await accepts(port)).toBe(false);
    await produce();
    const after = await until('another one is the controller', async () => {
      const state = await status();
      return state.controllerId > 0 && state;
    });
    expect(after.controllerId).not.toBe(controllerId);
    expect(after.brokers.filter(({ state }) => state === 'running')).toHaveLength(2);
    expect(await leaderOf(0)).not.toBe(controllerId);
    await cluster.control('start', { broker: controllerId });
    expect((await node(controllerId)).port).toBe(port);
  });

  test('stop a leader: it hands over before it ends', async () => {
    const leader = await leaderOf(1);
    await cluster.control('stop', { broker: leader });
    expect(await leaderOf(1)).not.toBe(leader);
    await produce();
  });

  test('freeze a leader: it comes back as it was', async () => {
    const leader = await leaderOf(2);
    await cluster.control('freeze', { broker: leader, ms: 1_000 });
    expect((await node(leader)).state).toBe('frozen');
    await produce();
    await until('it runs again', async () => (await node(leader)).state === 'running');
    expect((await node(leader)).fenced).toBe(false);
  });

  test('isolate a leader: another one leads, clients still reach it, healing brings it back', async () => {
    const leader = await leaderOf(0);
    await cluster.control('isolate', { broker: leader });
    expect((await node(leader)).faults).toEqual([{ kind: 'isolate', broker: leader, clients: false }]);
    await until('another one leads', async () => {
      const now = await leaderOf(0);
      return now >= 0 && now !== leader;
    });
    expect(await answers(await node(leader))).toBe(true);
    // Who asks the isolated one still believes it to lead.
    await until('it is fenced', async () => (await partitions()).every(({ isr }) => !isr.includes(leader)));
    await produceOn(await node(await anotherThan(leader)));
    await cluster.control('heal', { broker: leader });
    await until('it is no longer fenced', async () => (await node(leader)).fenced === false);
  });

  test('isolate a follower from clients too: its port is open, but silent', async () => {
    const silent = await anotherThan(await leaderOf(0));
    await cluster.control('isolate', { broker: silent, clients: true });
    expect(await accepts((await node(silent)).port)).toBe(true);
    expect(await answers(await node(silent))).toBe(false);
    await cluster.control('heal');
    expect(await answers(await node(silent))).toBe(true);
  });

  test('slow links and lost directions hold until they are healed', async () => {
    await cluster.control('slow', { delayMs: 150 });
    const startMs = performance.now();
    await produce();
    // No replica hears of a record, or tells that it has it, earlier than that.
    expect(performance.now() - startMs).toBeGreaterThan(140);
    await cluster.control('slow', { delayMs: 0 });
    await cluster.control('drop', { from: 1, to: 2 });
    expect((await node(2)).faults).toEqual([{ kind: 'drop', from: 1, to: 2 }]);
    expect(await cluster.control('heal')).toMatchObject({ faults: [] });
    await produce();
  });

  test('without a majority nothing is decided, and the state says so', async () => {
    const { controllerId } = await status();
    const other = await anotherThan(controllerId);
    await cluster.control('kill', { broker: controllerId });
    await cluster.control('kill', { broker: other });
    const { quorum } = await status();
    expect(lostMajority(quorum.voters)).toBe('no majority: 1 of 3 voters');
    expect(quorum.hasMajority).toBe(false);
    const starts = [controllerId, other].map((broker) => cluster.control('start', { broker }));
    await Promise.all(starts);
    await until('there is a controller', async () => (await status()).controllerId > 0);
  });

  test('add a broker and remove another one, whose replicas move first', async () => {
    const added = await cluster.control<{ broker: number; state: string }>('add-broker', { rack: 'c' });
    expect(added).toMatchObject({ broker: 4, state: 'running' });
    const leaving = (await status()).controllerId;
    const directoryOf = (id: number): string => join(cluster.dataDir, `broker-${id}`);
    expect([existsSync(directoryOf(4)), existsSync(directoryOf(leaving))]).toEqual([true, true]);
    const removed = await cluster.control('remove-broker', { broker: leaving });
    expect(removed).toMatchObject({ broker: leaving, movedReplicas: 3 });
    const { brokers, quorum } = await status();
    expect(brokers.map(({ id }) => id)).toEqual([1, 2, 3, 4].filter((id) => id !== leaving));
    expect(quorum.voters.map(({ id }) => id)).toEqual([1, 2, 3].filter((id) => id !== leaving));
    expect((await partitions()).flatMap(({ replicas }) => replicas)).not.toContain(leaving);
    expect(existsSync(directoryOf(leaving))).toBe(false);
    expect(cluster.events.filter(({ event }) => event === 'progress').at(-1)).toMatchObject({ done: 3, total: 3 });
    await produce();
  });

  test('what happened is kept for whoever comes late', async () => {
    const { events, lastSeq } = await cluster.control<{ events: { seq: number; event: string }[]; lastSeq: number }>(
      'events',
    );
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => (events[0]?.seq ?? 0) + index));
    expect(events.at(-1)?.seq).toBe(lastSeq);
    expect([...new Set(events.map(({ event }) => event))]).toEqual(
      expect.arrayContaining(['broker-state', 'controller', 'fault', 'isr', 'leader', 'progress', 'quorum']),
    );
  });
});

test('the directory remembers which nodes there are', async () => {
  await using place = await temporaryDirectory('cluster-topology');
  const dataDir = join(place.path, 'data');
  const first = await SamsaCluster.start({ dataDir, args: ['--brokers', '2', '--controllers', '1'] });
  const before = await first.control<ClusterState>('state');
  await first.stop();
  await using second = await SamsaCluster.start({ dataDir });
  const after = await second.control<ClusterState>('state');
  expect(after.clusterId).toBe(before.clusterId);
  expect(after.brokers.map(({ id, roles }) => [id, ...roles])).toEqual([
    [1, 'broker'],
    [2, 'broker'],
  ]);
  expect(after.controllers.map(({ id, roles, state }) => [id, ...roles, state])).toEqual([
    [101, 'controller', 'running'],
  ]);
  expect(after.controllerId).toBe(101);
}, 60_000);

test('a cluster that grows to three brokers gets three voters, which one may be taken from', async () => {
  const dataDir = join(directory.path, 'grown');
  const voters = async (grown: SamsaCluster): Promise<string> => {
    const { quorum } = await grown.control<ClusterState>('state');
    return quorum.voters.map(({ id, alive }) => `${id}${alive ? '' : '?'}`).join();
  };
  const first = await SamsaCluster.start({ dataDir, args: ['--brokers', '1'] });
  await first.control('add-broker');
  expect(await voters(first)).toBe('1');
  await first.control('add-broker');
  await until('three vote', async () => (await voters(first)) === '1,2,3');
  await first.control('add-broker');
  await first.control('kill', { broker: 1 });
  const { controllerId } = await until('another one is the controller', async () => {
    const state = await first.control<ClusterState>('state');
    return state.controllerId > 1 && state;
  });
  expect([2, 3]).toContain(controllerId);
  expect(await voters(first)).toBe('1?,2,3');
  await first.stop();

  const again = await SamsaCluster.start({ dataDir });
  expect(await voters(again)).toBe('1,2,3');
  await again.stop();
});

test('a cluster that is started with more brokers gets more voters', async () => {
  const dataDir = join(directory.path, 'larger');
  const two = await SamsaCluster.start({ dataDir, args: ['--brokers', '2'] });
  expect((await two.control<ClusterState>('state')).quorum.voters.map(({ id }) => id)).toEqual([1]);
  await two.stop();
  const four = await SamsaCluster.start({ dataDir, args: ['--brokers', '4'] });
  await until('three vote', async () => {
    const { quorum } = await four.control<ClusterState>('state');
    return quorum.voters.map(({ id }) => id).join() === '1,2,3' && quorum.voters.every(({ alive }) => alive);
  });
  await four.stop();
});
