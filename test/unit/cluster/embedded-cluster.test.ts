import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planCluster } from '../../../extension/cluster/cluster-plan.ts';
import type { ClusterPlan } from '../../../extension/cluster/cluster-plan.ts';
import { EmbeddedCluster } from '../../../extension/cluster/embedded-cluster.ts';
import { planServer } from '../../../extension/cluster/server-plan.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';
import { buildFakes } from './fakes/build-fakes.ts';
import { fakeSpawner } from './fakes/fake-spawner.ts';

const fakes = buildFakes();
let directory: TemporaryDirectory;
let clusters: EmbeddedCluster[];

beforeEach(async () => {
  directory = await temporaryDirectory('embedded');
  clusters = [];
});

afterEach(async () => {
  await Promise.all(clusters.map((cluster) => cluster.shutdown()));
  await directory.remove();
});

function embed(plan: ClusterPlan): EmbeddedCluster {
  const cluster = new EmbeddedCluster({ plan, spawn: fakeSpawner(fakes.workerFile), onEvent: () => {} });
  clusters.push(cluster);
  return cluster;
}

function wholeCluster(): EmbeddedCluster {
  return embed(planCluster({ dataDir: directory.path, port: 0 }));
}

function singleServer(...logDirs: string[]): EmbeddedCluster {
  const listeners = 'PLAINTEXT://:0,CONTROLLER://:0';
  return embed(planServer(new Map([['listeners', listeners] as const, ['log.dirs', logDirs.join(',')] as const])));
}

const ids = async (cluster: EmbeddedCluster): Promise<number[]> => {
  const { brokers, controllers } = await cluster.handlers.state({ id: 1, op: 'state' });
  return [...brokers, ...controllers].map(({ id }) => id);
};

describe('EmbeddedCluster', () => {
  test('the directory remembers which nodes there are', async () => {
    const options = { dataDir: directory.path, port: 0 };
    const first = embed(planCluster({ ...options, brokers: 2, controllers: 1 }));
    await first.start();
    await expect(first.handlers['add-broker']({ id: 1, op: 'add-broker' })).resolves.toMatchObject({ broker: 3 });
    await first.shutdown();
    const second = embed(planCluster(options));
    await second.start();
    expect(await ids(second)).toEqual([1, 2, 3, 101]);
    await second.shutdown();
    const grown = embed(planCluster({ ...options, brokers: 4 }));
    await grown.start();
    expect(await ids(grown)).toEqual([1, 2, 3, 4, 101]);
    await grown.shutdown();
    await expect(embed(planCluster({ ...options, brokers: 2 })).start()).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('holds 4 brokers (1, 2, 3, 4)') as string,
    });
  }, 30_000);

  test('goes on without a directory that cannot be taken, until it can', async () => {
    const options = { dataDir: directory.path, port: 0 };
    const whole = embed(planCluster({ ...options, brokers: 3 }));
    await whole.start();
    await whole.shutdown();
    const thief = singleServer(join(directory.path, 'broker-2'));
    await thief.start();
    const rest = embed(planCluster(options));
    await rest.start();
    const { brokers } = await rest.handlers.state({ id: 1, op: 'state' });
    expect(brokers.map(({ state }) => state)).toEqual(['running', 'failed', 'running']);
    expect(brokers[1]?.error).toContain('broker-2 is in use by the Samsa cluster of process');
    await thief.shutdown();
    await expect(rest.handlers.start({ id: 2, op: 'start', broker: 2 })).resolves.toMatchObject({ state: 'running' });
  }, 30_000);

  test('a broker that stands alone is given no other', async () => {
    const server = singleServer(join(directory.path, 'other'));
    await server.start();
    await expect(server.handlers['add-broker']({ id: 1, op: 'add-broker' })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
  });

  test("a server does not take a running cluster's log directory", async () => {
    const { bootstrap } = await wholeCluster().start();
    await expect(singleServer(join(directory.path, 'broker-1')).start()).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      message: `${directory.path}/broker-1 is in use by the Samsa cluster of process ${process.pid}, ${bootstrap}`,
    });
  });

  test("a cluster does not take a running server's log directory, and leaves nothing behind", async () => {
    const server = singleServer(join(directory.path, 'other'), join(directory.path, 'broker-1'));
    await server.start();
    await expect(wholeCluster().start()).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
    await server.shutdown();
    await wholeCluster().start();
  });

  test('answers commands that come too early once it runs, and refuses them after its end', async () => {
    const cluster = wholeCluster();
    const starting = cluster.start();
    const state = cluster.handlers.state({ id: 1, op: 'state' });
    await starting;
    await expect(state).resolves.toMatchObject({ brokers: [{ state: 'running' }] });
    await cluster.shutdown();
    await cluster.ended;
    await expect(cluster.handlers.state({ id: 2, op: 'state' })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });
});
