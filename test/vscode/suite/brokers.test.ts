import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { BrokerState, ClusterState } from '../../../extension/shared/cluster-protocol.ts';
import { rowAt, rowsAt, run, samsa, set, texts, until } from '../support/samsa.ts';

async function status(): Promise<ClusterState> {
  const { session } = await samsa();
  return session.send('state', {});
}

async function broker(id: number): Promise<BrokerState> {
  const found = (await status()).brokers.find((each) => each.id === id);
  assert.ok(found, `there is no broker ${id}`);
  return found;
}

/** The facts of a broker's row without its port, and what its menu goes by. */
async function row(id: number): Promise<string> {
  const { look } = await rowAt('embedded', 'brokers', String(id));
  return [
    look.description
      ?.split(' · ')
      .filter((fact) => !/^:\d+$/.test(fact))
      .join(' · '),
    look.contextValue,
  ].join(' | ');
}

async function follower(): Promise<number> {
  const { controllerId } = await status();
  return [1, 2, 3].find((id) => id !== controllerId) ?? 0;
}

/** Three brokers, broken and mended from the tree. */
describe('three brokers', () => {
  const names = ['dataDirectory', 'port', 'brokers'];
  let folder: string;
  let earlier: unknown[];

  before(async () => {
    const settings = vscode.workspace.getConfiguration('samsa.cluster');
    earlier = names.map((name) => settings.inspect(name)?.globalValue);
    folder = await mkdtemp(join(tmpdir(), 'samsa-brokers-'));
    await set('cluster.dataDirectory', join(folder, 'data'));
    await set('cluster.port', 0);
    await set('cluster.brokers', 3);
    await run('samsa.cluster.start');
  });

  /** The other suites find the settings that they made. */
  after(async () => {
    await run('samsa.cluster.stop');
    for (const [index, name] of names.entries()) await set(`cluster.${name}`, earlier[index]);
    await rm(folder, { recursive: true, force: true });
  });

  it('are in the tree, with the one that decides', async () => {
    const { controllerId } = await status();
    assert.equal((await rowAt('embedded', 'brokers')).look.description, '3');
    assert.equal(await row(controllerId), 'controller | broker.running');
    assert.equal(await row(await follower()), 'voter | broker.running');
  });

  it('show a partition on all of them, each with its segments', async () => {
    await run('samsa.topic.create', { topic: 'orders', partitions: 1, replicationFactor: 3 });
    // Each broker learns of it a moment later.
    await until('the topic is there', async () =>
      (await rowsAt('embedded', 'topics')).some(({ key }) => key === 'orders'),
    );
    const replicas = texts(await rowsAt('embedded', 'topics', 'orders', '0'));
    assert.equal(replicas.length, 3);
    assert.match(replicas[0] ?? '', /^Broker \d \| leader · 0$/);
    for (const { key } of await rowsAt('embedded', 'topics', 'orders', '0')) {
      const [segment] = await rowsAt('embedded', 'topics', 'orders', '0', key);
      assert.equal(segment?.look.label, 'Segment 0');
    }
  });

  it('die and come back', async () => {
    const id = await follower();
    await run('samsa.broker.kill', await rowAt('embedded', 'brokers', String(id)));
    assert.equal(await row(id), 'killed · voter | broker.killed');
    await run('samsa.broker.start', { broker: id });
    await until('it is back', async () => (await row(id)) === 'voter | broker.running');
    await run('samsa.broker.stop', { broker: id });
    assert.equal(await row(id), 'stopped · voter | broker.stopped');
    await run('samsa.broker.start', { broker: id });
  });

  it('freeze', async () => {
    const id = await follower();
    await run('samsa.broker.freeze', { broker: id, ms: 600_000 });
    assert.equal(await row(id), 'frozen · voter | broker.frozen.faulty');
    await run('samsa.broker.heal', { broker: id });
    await until('it runs again', async () => (await broker(id)).state === 'running');
  });

  it('lose their network', async () => {
    const id = await follower();
    await run('samsa.broker.isolate', { broker: id, clients: true });
    await run('samsa.broker.slow', { broker: id, direction: 'out', delayMs: 200 });
    assert.equal(await row(id), 'isolated, also from clients · slow to all: 200 ms · voter | broker.running.faulty');
    await run('samsa.broker.heal');
    assert.deepEqual((await broker(id)).faults, []);
  });

  it('say when they cannot decide any more, and offer a way out', async () => {
    const { controllerId } = await status();
    const others = [1, 2, 3].filter((id) => id !== controllerId);
    for (const id of others) await run('samsa.broker.kill', { broker: id });
    const { look } = await rowAt('embedded', 'quorum');
    assert.equal(look.label, 'No majority: 1 of 3 voters');
    assert.equal(look.command?.id, 'samsa.broker.start');
    await Promise.all(others.map((id) => run('samsa.broker.start', { broker: id })));
    await until('they can again', async () => (await rowsAt('embedded')).every(({ key }) => key !== 'quorum'));
  });

  it('become more and fewer', async () => {
    await run('samsa.broker.add');
    assert.equal(await row(4), ' | broker.running');
    await run('samsa.broker.remove', { broker: 3, confirmed: true });
    assert.deepEqual(
      (await rowsAt('embedded', 'brokers')).map(({ key }) => key),
      ['1', '2', '4'],
    );
    const [partition] = (await status()).partitions;
    assert.deepEqual([...(partition?.replicas ?? [])].sort(), [1, 2, 4]);
  });
});
