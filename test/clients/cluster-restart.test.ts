import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import type { ClusterState } from '../../extension/shared/cluster-protocol.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

let directory: TemporaryDirectory;
let dataDir: string;

beforeEach(async () => {
  directory = await temporaryDirectory('cluster-restart');
  dataDir = join(directory.path, 'data');
});

afterEach(() => directory.remove());

function start(...args: string[]): Promise<SamsaCluster> {
  return SamsaCluster.start({ dataDir, args });
}

function status(cluster: SamsaCluster): Promise<ClusterState> {
  return cluster.control<ClusterState>('state');
}

/** One record, acknowledged by two replicas or more. */
async function produce({ bootstrap }: SamsaCluster, isNew = false): Promise<number> {
  const client = new ClusterClient({ bootstrap });
  const producer = new Producer(client);
  try {
    const configs = { 'min.insync.replicas': '2' };
    const topic = { name: 'orders', partitions: 1, replicationFactor: 3, configs };
    if (isNew) await new Admin(client).createTopics([topic]);
    const [produced] = await producer.produce('orders', 0, [{ value: 'a record' }]);
    return produced?.offset ?? -1;
  } finally {
    await producer.close();
    client.close();
  }
}

async function allInSync(cluster: SamsaCluster): Promise<void> {
  await until('all replicas are in sync', async () => {
    const { partitions } = await status(cluster);
    return partitions.length > 0 && partitions.every(({ isr, leader }) => isr.length === 3 && leader >= 0);
  });
}

describe('a directory of three brokers', () => {
  test('comes up without one of its directories, which is filled again', async () => {
    const first = await start('--brokers', '3');
    expect(await produce(first, true)).toBe(0);
    await allInSync(first);
    await first.stop();
    await rm(join(dataDir, 'broker-2'), { recursive: true });
    await using second = await start('--brokers', '3');
    expect(await produce(second)).toBe(1);
    await allInSync(second);
    const { brokers, quorum } = await status(second);
    expect(brokers.map(({ id, state }) => [id, state])).toEqual([
      [1, 'running'],
      [2, 'running'],
      [3, 'running'],
    ]);
    expect(quorum.hasMajority).toBe(true);
    // The new disk has a vote: either of the others may go now.
    await until('broker 2 votes', async () => second.log.includes('Broker 2 votes again'));
    await second.control('kill', { broker: 1 });
    expect(await produce(second)).toBe(2);
  });

  test('fills a directory again that was deleted while its broker was dead', async () => {
    await using cluster = await start('--brokers', '3');
    expect(await produce(cluster, true)).toBe(0);
    await cluster.control('kill', { broker: 2 });
    await rm(join(dataDir, 'broker-2'), { recursive: true });
    await cluster.control('start', { broker: 2 });
    await allInSync(cluster);
    await until('broker 2 votes', async () => cluster.log.includes('Broker 2 votes again'));
    await cluster.control('kill', { broker: 1 });
    expect(await produce(cluster)).toBe(1);
  });

  test('goes on after SIGKILL', async () => {
    const first = await start('--brokers', '3');
    expect(await produce(first, true)).toBe(0);
    await first.kill();
    await using second = await start();
    expect(await produce(second)).toBe(1);
  });

  test('keeps its quorum when brokers come and go', async () => {
    const first = await start('--brokers', '1');
    await first.control('add-broker');
    expect((await status(first)).quorum.voters.map(({ id }) => id)).toEqual([1]);
    await first.stop();
    await using second = await start();
    const { brokers, quorum } = await status(second);
    expect(brokers.map(({ id, roles }) => [id, ...roles])).toEqual([
      [1, 'broker', 'controller'],
      [2, 'broker', 'controller'],
    ]);
    // A quorum of two would stop with either of them.
    expect(quorum.voters).toEqual([{ id: 1, alive: true }]);
    await expect(second.control('remove-broker', { broker: 1 })).rejects.toThrow(
      'Broker 1 is the only voter of the metadata quorum',
    );
  });

  test('a quorum without its first member comes back, and gets another third one', async () => {
    const first = await start('--brokers', '4');
    await first.control('remove-broker', { broker: 1 });
    expect((await status(first)).quorum.voters.map(({ id }) => id)).toEqual([2, 3]);
    await first.stop();
    await using second = await start();
    const { brokers } = await status(second);
    expect(brokers.map(({ id, roles }) => [id, ...roles])).toEqual([
      [2, 'broker', 'controller'],
      [3, 'broker', 'controller'],
      [4, 'broker', 'controller'],
    ]);
    await until('three vote', async () => {
      const { quorum } = await status(second);
      return quorum.voters.map(({ id }) => id).join() === '2,3,4';
    });
  });
});
