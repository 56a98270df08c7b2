import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AttachedClusterHost } from '../../../extension/cluster/attached-cluster-host.ts';
import { findOwner } from '../../../extension/cluster/attach-protocol.ts';
import { ChildProcessClusterHost } from '../../../extension/cluster/child-process-cluster-host.ts';
import type { ClusterEnd, ClusterHost } from '../../../extension/cluster/cluster-host.ts';
import type { ClusterOptions } from '../../../extension/cluster/cluster-options.ts';
import { DirectoryLock } from '../../../extension/cluster/directory-lock.ts';
import { InProcessClusterHost } from '../../../extension/cluster/in-process-cluster-host.ts';
import { findClusterHost, SharedClusterHost } from '../../../extension/cluster/shared-cluster-host.ts';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { buildFakes } from './fakes/build-fakes.ts';
import { fakeSpawner } from './fakes/fake-spawner.ts';

const fakes = buildFakes();
let directory: TemporaryDirectory;
let hosts: ClusterHost[];

beforeEach(async () => {
  directory = await temporaryDirectory('host');
  hosts = [];
});

afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await directory.remove();
});

function track<H extends ClusterHost>(host: H): H {
  hosts.push(host);
  return host;
}

const makers = {
  childProcess: () => track(new ChildProcessClusterHost({ cliFile: fakes.cliFile })),
  inProcess: () => track(new InProcessClusterHost(fakeSpawner(fakes.workerFile))),
};

function options(config: Record<string, string> = {}): ClusterOptions {
  return { dataDir: join(directory.path, 'data'), port: 0, config };
}

function record(host: ClusterHost): { events: ClusterEvent[]; end: Promise<ClusterEnd> } {
  const events: ClusterEvent[] = [];
  host.onEvent((event) => events.push(event));
  return { events, end: new Promise((resolve) => host.onEnd(resolve)) };
}

async function brokerState(host: ClusterHost): Promise<string | undefined> {
  return (await host.send('state', {})).brokers[0]?.state;
}

describe.each(['childProcess', 'inProcess'] as const)('a cluster host: %s', (kind) => {
  test('starts, answers, tells events and stops', async () => {
    const host = makers[kind]();
    const { events, end } = record(host);
    const ready = await host.start(options());
    expect(host.kind).toBe(kind);
    expect(host.ready).toEqual(ready);
    expect(ready).toMatchObject({
      dataDir: options().dataDir,
      bootstrap: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    });
    expect(ready.pid === process.pid).toBe(kind === 'inProcess');
    const state = await host.send('state', { topic: 'orders' });
    expect(state).toMatchObject({ clusterId: ready.clusterId, partitions: [{ topic: 'orders' }] });
    expect(state).not.toHaveProperty('reply');
    await expect(host.send('kill', { broker: 1 })).resolves.toEqual({ state: 'killed' });
    await expect(host.send('start', { broker: 1 })).resolves.toMatchObject({ state: 'running' });
    await host.stop();
    await expect(end).resolves.toEqual({ reason: 'stopped' });
    expect(host.ready).toBeUndefined();
    const kinds = events.map((event) => (event.event === 'broker-state' ? event.state : event.event));
    for (const expected of ['ready', 'starting', 'running', 'killed', 'controller', 'log']) {
      expect(kinds).toContain(expected);
    }
    await expect(host.send('state', {})).rejects.toThrow();
  });

  test('keeps the cluster id over a restart', async () => {
    const first = makers[kind]();
    const { clusterId } = await first.start(options());
    await first.stop();
    const second = makers[kind]();
    await expect(second.start(options())).resolves.toMatchObject({ clusterId });
  });

  test('tells errors of commands by their code', async () => {
    const host = makers[kind]();
    await host.start(options());
    await expect(host.send('kill', { broker: 9 })).rejects.toMatchObject({
      name: 'ClusterError',
      code: 'UNKNOWN_BROKER',
    });
    await expect(host.send('start', { broker: 1 })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(host.send('segments', { broker: 1, topic: 'refuse', partition: 0 })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'Told to refuse partition 0',
    });
  });

  test.each(['DISK_FULL', 'BAD_ARGUMENT'])('tells a start that fails: %s', async (code) => {
    const host = makers[kind]();
    await expect(host.start(options({ 'fake.fail': code }))).rejects.toMatchObject({
      name: 'ClusterError',
      code,
      message: `Told to fail with ${code}`,
    });
    const next = makers[kind]();
    await next.start(options());
  });

  test('refuses bad options and a second start', async () => {
    const host = makers[kind]();
    await expect(host.start({ ...options(), brokers: 10 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    const good = makers[kind]();
    await good.start(options());
    await expect(good.start(options())).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('a directory has one owner, who is named', async () => {
    const owner = makers[kind]();
    const ready = await owner.start(options());
    await expect(makers[kind]().start(options())).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      message: `${ready.dataDir} is in use by the Samsa cluster of process ${ready.pid}, ${ready.bootstrap}`,
    });
  });

  test('takes the cluster id of a directory that somebody else formatted', async () => {
    const logDir = join(options().dataDir ?? '', 'broker-1');
    mkdirSync(logDir, { recursive: true });
    writeFileSync(join(logDir, 'meta.properties'), 'version=1\ncluster.id=theirs\nnode.id=1\n');
    await expect(makers[kind]().start(options())).resolves.toMatchObject({ clusterId: 'theirs' });
  });

  test('can be stopped while it starts', async () => {
    const host = makers[kind]();
    const { events } = record(host);
    const starting = host.start(options({ 'fake.hang': 'start' }));
    const failure = expect(starting).rejects.toBeInstanceOf(Error);
    await until('the broker is starting', () => events.some((event) => event.event === 'broker-state'));
    await host.stop();
    await failure;
    expect(await findOwner(options().dataDir ?? '')).toBeUndefined();
  });

  test('shuts down by command', async () => {
    const host = makers[kind]();
    const { end } = record(host);
    await host.start(options());
    await expect(host.send('shutdown', {})).resolves.toEqual({});
    await expect(end).resolves.toEqual({ reason: 'stopped' });
  });
});

describe('a child process', () => {
  test('that dies ends its host with what is known', async () => {
    const host = makers.childProcess();
    const { end } = record(host);
    const ready = await host.start(options());
    expect(host.pid).toBe(ready.pid);
    const waiting = host.send('segments', { broker: 1, topic: 'spin', partition: 0 });
    const failure = expect(waiting).rejects.toMatchObject({ code: 'INTERNAL' });
    process.kill(ready.pid, 'SIGKILL');
    await expect(end).resolves.toEqual({
      reason: 'failed',
      code: 'INTERNAL',
      error: "The cluster's process ended by SIGKILL",
    });
    await failure;
    await makers.childProcess().start(options());
  });

  test('ends by itself when its host lets go', async () => {
    const host = makers.childProcess();
    const { end } = record(host);
    const ready = await host.start(options());
    host.dispose();
    await expect(end).resolves.toEqual({ reason: 'stopped' });
    expect(() => process.kill(ready.pid, 0)).toThrow('ESRCH');
  });

  test('that cannot be started says so', async () => {
    const host = track(new ChildProcessClusterHost({ cliFile: join(directory.path, 'missing.cjs') }));
    await expect(host.start(options())).rejects.toMatchObject({ code: 'INTERNAL', message: /ended with code 1/ });
  });
});

describe('attaching', () => {
  test('reaches the cluster of another: commands, replies, events', async () => {
    const owner = makers.childProcess();
    const ready = await owner.start(options());
    const attached = track(new AttachedClusterHost());
    const { events } = record(attached);
    await expect(attached.start(options())).resolves.toEqual(ready);
    expect(attached.owner).toMatchObject({ pid: ready.pid, state: 'running', bootstrap: ready.bootstrap });
    await expect(attached.send('kill', { broker: 1 })).resolves.toEqual({ state: 'killed' });
    expect(await brokerState(owner)).toBe('killed');
    await owner.send('start', { broker: 1 });
    await until('the attached one saw the restart', () =>
      events.some((event) => event.event === 'broker-state' && event.state === 'running'),
    );
    await expect(attached.send('kill', { broker: 4 })).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' });
  });

  test('leaves the cluster running when it lets go', async () => {
    const owner = makers.inProcess();
    await owner.start(options());
    const attached = new AttachedClusterHost();
    const { end } = record(attached);
    await attached.start(options());
    attached.dispose();
    await end;
    expect(await brokerState(owner)).toBe('running');
  });

  test('can stop the cluster', async () => {
    const owner = makers.inProcess();
    const { end } = record(owner);
    await owner.start(options());
    const attached = new AttachedClusterHost();
    const attachedEnd = record(attached).end;
    await attached.start(options());
    await attached.stop();
    await expect(end).resolves.toEqual({ reason: 'stopped' });
    await expect(attachedEnd).resolves.toEqual({ reason: 'stopped' });
  });

  test('hears of an orderly end, and may take over at once', async () => {
    const owner = makers.childProcess();
    await owner.start(options());
    const attached = track(new AttachedClusterHost());
    const { end } = record(attached);
    await attached.start(options());
    owner.dispose();
    await expect(end).resolves.toEqual({ reason: 'stopped' });
    const next = track(new SharedClusterHost(makers.inProcess));
    await next.start(options());
    expect(next.kind).toBe('inProcess');
  });

  test('hears of a sudden end, and may take over', async () => {
    const owner = makers.childProcess();
    const ready = await owner.start(options());
    const attached = track(new AttachedClusterHost());
    const { end } = record(attached);
    await attached.start(options());
    process.kill(ready.pid, 'SIGKILL');
    await expect(end).resolves.toEqual({
      reason: 'lost',
      error: `The cluster's owner, process ${ready.pid}, is gone`,
    });
    await makers.inProcess().start(options());
  });

  test('needs somebody to attach to', async () => {
    await expect(new AttachedClusterHost().start(options())).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(new AttachedClusterHost().start({ port: 0 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(await findClusterHost(options().dataDir ?? '')).toBeUndefined();
  });

  test('is told of an owner that does not say who it is', async () => {
    mkdirSync(options().dataDir ?? '');
    const lock = await DirectoryLock.acquire(options().dataDir ?? '', true, (socket) => socket.end('?\n'));
    await expect(makers.inProcess().start(options())).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      message: `${options().dataDir} is in use by another Samsa cluster`,
    });
    await lock?.release();
  });
});

describe('sharing', () => {
  test('one of several windows that start at once becomes the owner, the others attach', async () => {
    const windows = Array.from({ length: 4 }, () => track(new SharedClusterHost(makers.inProcess)));
    const ready = await Promise.all(windows.map((window) => window.start(options())));
    expect(windows.map(({ kind }) => kind).sort()).toEqual(['attached', 'attached', 'attached', 'inProcess']);
    expect(new Set(ready.map(({ bootstrap }) => bootstrap)).size).toBe(1);
    for (const window of windows) expect(await brokerState(window)).toBe('running');
  });

  test('waits for an owner that is stopping', async () => {
    const owner = makers.inProcess();
    await owner.start(options({ 'fake.slow.shutdown.ms': '150' }));
    const stopping = owner.stop();
    const next = track(new SharedClusterHost(makers.inProcess));
    await next.start(options());
    expect(next.kind).toBe('inProcess');
    await stopping;
  });

  test('finds a cluster that serves', async () => {
    const owner = makers.inProcess();
    const ready = await owner.start(options());
    const found = await findClusterHost(options().dataDir ?? '');
    expect(found?.kind).toBe('attached');
    await expect(found?.start(options())).resolves.toEqual(ready);
    found?.dispose();
  });

  test('does not hide why a start failed', async () => {
    const window = track(new SharedClusterHost(makers.inProcess));
    await expect(window.start(options({ 'fake.fail': 'DISK_FULL' }))).rejects.toMatchObject({ code: 'DISK_FULL' });
  });
});
