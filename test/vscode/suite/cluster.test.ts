import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { Admin } from '../../../extension/client/admin.ts';
import { embeddedPorts } from '../../../extension/explorer/embedded-ports.ts';
import { EmbeddedSession } from '../../../extension/explorer/embedded-session.ts';
import { RunMemory } from '../../../extension/explorer/run-memory.ts';
import type { ProducedRecord } from '../../../extension/client/producer.ts';
import { rowAt, rowsAt, run, samsa, set, texts, until } from '../support/samsa.ts';

/** Suites share the window, and with it the cluster: each leaves it off, with settings as they were. */
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'samsa-suite-'));
  await set('cluster.dataDirectory', join(folder, 'data'));
  await set('cluster.port', 0);
  await set('cluster.brokers', 1);
});

after(async () => {
  await run('samsa.cluster.stop');
  await set('cluster.dataDirectory', undefined);
  await set('cluster.port', undefined);
  await set('cluster.brokers', undefined);
  await set('explorer.showInternalTopics', undefined);
  await rm(folder, { recursive: true, force: true });
});

function canConnect(bootstrap: string): Promise<boolean> {
  const [host, port] = bootstrap.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? '', port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}

describe('the cluster', () => {
  let bootstrap: string;

  it('starts by command and listens', async () => {
    const { session } = await samsa();
    await run('samsa.cluster.start');
    assert.equal(session.state.kind, 'running', JSON.stringify(session.state));
    bootstrap = session.bootstrap ?? '';
    assert.match(bootstrap, /^127\.0\.0\.1:\d+$/);
    assert.equal(await canConnect(bootstrap), true);
  });

  it('shows brokers, topics and groups', async () => {
    assert.deepEqual(texts(await rowsAt()), [`Embedded cluster | ${bootstrap}`]);
    assert.deepEqual(texts(await rowsAt('embedded')), ['Brokers | 1', 'Topics | 0', 'Consumer groups | 0']);
    assert.deepEqual(texts(await rowsAt('embedded', 'brokers')), [
      `Broker 1 | controller · :${bootstrap.split(':')[1]}`,
    ]);
    assert.deepEqual(texts(await rowsAt('embedded', 'topics')), ['No topics yet']);
  });

  it('draws rows as VS Code wants them', async () => {
    const { explorer } = await samsa();
    const item = explorer.getTreeItem(await rowAt('embedded', 'brokers', '1'));
    assert.equal(item.id, 'embedded/brokers/1');
    assert.equal(item.label, 'Broker 1');
    assert.equal(item.contextValue, 'broker.running');
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'server-process');
    assert.equal(item.collapsibleState, vscode.TreeItemCollapsibleState.None);
    assert.match((item.tooltip as vscode.MarkdownString).value, /^\*\*Broker 1\*\*/);
    const topics = explorer.getTreeItem(await rowAt('embedded', 'topics'));
    assert.equal(topics.collapsibleState, vscode.TreeItemCollapsibleState.Expanded);
  });

  it('copies its address', async () => {
    await run('samsa.cluster.copyBootstrap');
    assert.equal(await vscode.env.clipboard.readText(), bootstrap);
  });

  it('creates topics', async () => {
    await run('samsa.topic.create', { topic: 'orders', partitions: 2, replicationFactor: 1 });
    assert.deepEqual(texts(await rowsAt('embedded', 'topics')), ['orders | 2 partitions · empty']);
    assert.deepEqual(
      (await rowsAt('embedded', 'topics', 'orders')).map(({ look }) => look.label),
      ['Partition 0', 'Partition 1'],
    );
  });

  it('writes messages where it is told to', async () => {
    const { session } = await samsa();
    for (const value of ['first', 'second']) {
      const request = { topic: 'orders', partition: 1, key: 'k', value, headers: [{ key: 'h', value: '1' }] };
      const record = (await run('samsa.message.produce', request)) as ProducedRecord;
      assert.equal(record.partition, 1);
    }
    const [latest] = await new Admin(session.client()).listOffsets([{ topic: 'orders', partition: 1, spec: 'latest' }]);
    assert.equal(latest?.value?.offset, 2);
    assert.deepEqual(texts([await rowAt('embedded', 'topics', 'orders')]), ['orders | 2 partitions · 2 records']);
    const partition = await rowAt('embedded', 'topics', 'orders', '1');
    assert.match(partition.look.description ?? '', /^0–2 · /);
  });

  it('shows segments and their files', async () => {
    const base = '0'.repeat(20);
    const [segment] = await rowsAt('embedded', 'topics', 'orders', '1');
    assert.equal(segment?.look.label, 'Segment 0');
    assert.match(segment.look.description ?? '', /^0–2 · .* · active$/);
    const files = await rowsAt('embedded', 'topics', 'orders', '1', base);
    const names = files.map(({ key }) => key);
    for (const suffix of ['log', 'index', 'timeindex'])
      assert.ok(names.includes(`${base}.${suffix}`), names.join(', '));
    const log = files.find(({ key }) => key === `${base}.log`);
    assert.equal(log?.path, join(folder, 'data', 'broker-1', 'orders-1', `${base}.log`));
  });

  it('keeps internal topics aside until they are asked for', async () => {
    const { session } = await samsa();
    await new Admin(session.client()).alterGroupOffsets('billing', [{ topic: 'orders', partition: 1, offset: 1 }]);
    assert.deepEqual(texts(await rowsAt('embedded', 'groups')), ['billing | Empty · lag 1']);
    assert.deepEqual(
      (await rowsAt('embedded', 'topics')).map(({ key }) => key),
      ['orders'],
    );
    await run('samsa.explorer.showInternalTopics');
    const [internal] = await rowsAt('embedded', 'topics');
    assert.equal(internal?.key, '__consumer_offsets');
    assert.equal(internal.look.dimmed, true);
    await run('samsa.explorer.hideInternalTopics');
  });

  it('deletes a topic that the person agreed to lose', async () => {
    await run('samsa.topic.create', { topic: 'doomed', partitions: 1, replicationFactor: 1 });
    await run('samsa.topic.delete', { topic: 'doomed', confirmed: true });
    assert.deepEqual(
      (await rowsAt('embedded', 'topics')).map(({ key }) => key),
      ['orders'],
    );
  });

  it('serves a second window, which stops it for both', async () => {
    const { session } = await samsa();
    const options = { dataDir: join(folder, 'data'), port: 0 };
    const other = new EmbeddedSession(
      embeddedPorts(() => ({ host: 'childProcess', options })),
      () => new RunMemory(join(folder, 'other'), options.dataDir),
    );
    await other.look();
    assert.equal(other.state.kind, 'attached', JSON.stringify(other.state));
    assert.equal(other.bootstrap, bootstrap);
    const topics = await new Admin(other.client()).listTopics({ includeInternal: false });
    assert.deepEqual(
      topics.map(({ name }) => name),
      ['orders'],
    );
    const { segments } = await other.send('segments', { broker: 1, topic: 'orders', partition: 0 });
    assert.equal(segments.length, 1);
    await other.stop();
    await until('the owner to notice', () => session.state.kind === 'off');
    assert.equal(await canConnect(bootstrap), false);
    await other.dispose();
  });

  it('has its data after the next start', async () => {
    const { session } = await samsa();
    await run('samsa.cluster.start');
    assert.equal(session.state.kind, 'running', JSON.stringify(session.state));
    assert.deepEqual(texts(await rowsAt('embedded', 'topics')), ['orders | 2 partitions · 2 records']);
  });

  it('stops by command and listens no more', async () => {
    const { session } = await samsa();
    bootstrap = session.bootstrap ?? '';
    await run('samsa.cluster.stop');
    assert.deepEqual(session.state, { kind: 'off' });
    assert.equal(await canConnect(bootstrap), false);
    assert.deepEqual(await rowsAt(), []);
  });
});

describe('a cluster inside the extension host', () => {
  after(() => set('cluster.host', undefined));

  it('starts, serves and stops where child processes are not allowed', async () => {
    const { session } = await samsa();
    await set('cluster.host', 'extensionHost');
    await run('samsa.cluster.start');
    assert.equal(session.state.kind, 'running', JSON.stringify(session.state));
    assert.equal('pid' in session.state && session.state.pid, process.pid);
    const bootstrap = session.bootstrap ?? '';
    const request = { topic: 'orders', partition: 0, key: null, value: null, headers: [] };
    assert.equal(((await run('samsa.message.produce', request)) as ProducedRecord).offset, 0);
    await run('samsa.cluster.stop');
    assert.equal(await canConnect(bootstrap), false);
  });
});

describe('a cluster that cannot start', () => {
  let blocker: Server;
  let port: number;

  before(async () => {
    blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    ({ port } = blocker.address() as AddressInfo);
  });

  after(async () => {
    blocker.close();
    await set('cluster.port', 0);
    await set('cluster.dataDirectory', join(folder, 'data'));
  });

  it('says that the port is taken, and goes to another', async () => {
    const { session } = await samsa();
    await set('cluster.port', port);
    await run('samsa.cluster.start');
    assert.equal(session.state.kind, 'failed');
    const [error] = await rowsAt('embedded');
    assert.equal(error?.look.contextValue, 'error.PORT_IN_USE');
    assert.match(error.look.label, new RegExp(String(port)));
    assert.equal(error.look.command?.id, 'samsa.cluster.useAnotherPort');
    await run('samsa.cluster.useAnotherPort', 0);
    assert.equal(session.state.kind, 'running', JSON.stringify(session.state));
    await run('samsa.cluster.stop');
  });

  it('says that the folder is no folder, and goes to another', async () => {
    const { session } = await samsa();
    await set('cluster.dataDirectory', 'not/absolute');
    await run('samsa.cluster.start');
    assert.equal(session.state.kind, 'failed');
    const [error] = await rowsAt('embedded');
    assert.equal(error?.look.contextValue, 'error.BAD_ARGUMENT');
    await run('samsa.cluster.useAnotherDirectory', join(folder, 'elsewhere'));
    assert.equal(session.state.kind, 'running', JSON.stringify(session.state));
    await run('samsa.cluster.stop');
  });
});
