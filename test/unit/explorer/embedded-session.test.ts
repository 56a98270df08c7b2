import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../../support/deferred.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClusterError } from '../../../extension/cluster/cluster-error.ts';
import type { ClusterEnd, ReadyEvent } from '../../../extension/cluster/cluster-host.ts';
import { EmbeddedSession } from '../../../extension/explorer/embedded-session.ts';
import type { SessionPorts, StartableHost } from '../../../extension/explorer/embedded-session.ts';
import { RunMemory } from '../../../extension/explorer/run-memory.ts';
import type { ClusterErrorCode, ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';

class FakeHost implements StartableHost {
  readonly kind: StartableHost['kind'];
  ready: ReadyEvent | undefined;
  isStopped = false;
  isDisposed = false;
  readonly started = deferred<ReadyEvent>();
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];
  readonly #ends: ((end: ClusterEnd) => void)[] = [];

  constructor(kind: StartableHost['kind'] = 'childProcess') {
    this.kind = kind;
    this.started.promise.catch(() => undefined);
  }

  succeed(pid = 42): void {
    const facts = { bootstrap: '127.0.0.1:9092', startupMs: 7, dataDir: '/data', clusterId: 'abc', pid };
    this.ready = { event: 'ready', ...facts };
    this.started.resolve(this.ready);
  }

  fail(code: ClusterErrorCode): void {
    this.started.reject(new ClusterError(code, `because of ${code}`));
  }

  start(): Promise<ReadyEvent> {
    return this.started.promise;
  }

  readonly send: StartableHost['send'] = () => Promise.reject(new ClusterError('INTERNAL', 'no answers here'));

  onEvent(listener: (event: ClusterEvent) => void): { dispose(): void } {
    this.#listeners.push(listener);
    return { dispose: () => undefined };
  }

  onEnd(listener: (end: ClusterEnd) => void): { dispose(): void } {
    this.#ends.push(listener);
    return { dispose: () => undefined };
  }

  say(event: ClusterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  end(end: ClusterEnd): void {
    for (const listener of this.#ends) listener(end);
  }

  stop(): Promise<void> {
    this.isStopped = true;
    this.started.reject(new ClusterError('WRONG_STATE', 'stopped while it started'));
    return Promise.resolve();
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

interface Client {
  readonly bootstrap: string;
  closed: boolean;
}

let folder: string;
let nowMs: number;
let hosts: FakeHost[];
let running: FakeHost | undefined;
let clients: Client[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samsa-session-'));
  nowMs = Date.now();
  hosts = [];
  clients = [];
  running = undefined;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function memory(): RunMemory {
  return new RunMemory(folder, '/data', () => nowMs);
}

/** A window; `next` is the host that its next start gets. */
function makeSession(next: () => FakeHost = () => new FakeHost()): EmbeddedSession<Client> {
  const ports: SessionPorts<Client> = {
    makeHost: () => {
      const host = next();
      hosts.push(host);
      return Promise.resolve(host);
    },
    findHost: () => Promise.resolve(running),
    connect: (bootstrap) => {
      const client = { bootstrap, closed: false };
      clients.push(client);
      return client;
    },
    disconnect: (client) => {
      client.closed = true;
    },
  };
  return new EmbeddedSession(ports, memory);
}

/** Lets everything that is ready to go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function startedSession(
  kind: StartableHost['kind'] = 'childProcess',
  pid = 42,
): Promise<EmbeddedSession<Client>> {
  const session = makeSession(() => {
    const host = new FakeHost(kind);
    host.succeed(pid);
    return host;
  });
  await session.start();
  return session;
}

describe('starting and stopping', () => {
  test('goes through starting to running and tells everybody', async () => {
    const host = new FakeHost();
    const session = makeSession(() => host);
    const kinds: string[] = [];
    session.onDidChange(({ kind }) => kinds.push(kind));
    const start = session.start();
    const joined = session.start();
    await settle();
    expect(session.state.kind).toBe('starting');
    expect(session.bootstrap).toBeUndefined();
    host.succeed();
    await Promise.all([start, joined]);
    expect(hosts).toHaveLength(1);
    expect(kinds).toEqual(['starting', 'running']);
    expect(session.bootstrap).toBe('127.0.0.1:9092');
    await session.start();
    expect(hosts).toHaveLength(1);
    await session.stop();
    expect(host.isStopped).toBe(true);
    expect(kinds).toEqual(['starting', 'running', 'stopping', 'off']);
  });

  test('a start says how far its logs have come, until it is over', async () => {
    const host = new FakeHost();
    const session = makeSession(() => host);
    const start = session.start();
    await settle();
    host.say({ event: 'broker-state', broker: 1, state: 'starting' });
    host.say({ event: 'progress', broker: 1, done: 30, total: 360, message: '' });
    expect(session.state).toEqual({ kind: 'starting', progress: { done: 30, total: 360 } });
    expect(session.progressOf(1)).toEqual({ done: 30, total: 360 });
    host.say({ event: 'broker-state', broker: 1, state: 'running' });
    host.succeed();
    await start;
    expect(session.state.kind).toBe('running');
    expect(session.progressOf(1)).toBeUndefined();
  });

  test('a failed start is the state, and can be tried again', async () => {
    const session = makeSession();
    const start = session.start();
    await settle();
    hosts[0]?.fail('PORT_IN_USE');
    await expect(start).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    expect(session.state).toEqual({ kind: 'failed', code: 'PORT_IN_USE', message: 'because of PORT_IN_USE' });
    expect(hosts[0]?.isDisposed).toBe(true);
    const again = session.start();
    await settle();
    hosts[1]?.succeed();
    await again;
    expect(session.state.kind).toBe('running');
  });

  test('stop cancels a start, and the next start begins afresh', async () => {
    const session = makeSession();
    const first = session.start().catch((error: unknown) => error);
    await settle();
    await session.stop();
    expect(session.state.kind).toBe('off');
    expect(await first).toMatchObject({ code: 'WRONG_STATE' });
    const second = session.start();
    await settle();
    hosts[1]?.succeed();
    await second;
    expect(session.state.kind).toBe('running');
  });

  test('start waits for a stop in progress', async () => {
    const session = await startedSession();
    const stopping = session.stop();
    await Promise.all([stopping, session.start()]);
    expect(session.state.kind).toBe('running');
    expect(hosts).toHaveLength(2);
  });

  test('the client is made once, closed with the cluster, and refused without one', async () => {
    const session = await startedSession();
    expect(session.client()).toBe(session.client());
    await session.stop();
    expect(clients).toEqual([{ bootstrap: '127.0.0.1:9092', closed: true }]);
    expect(() => session.client()).toThrow('not running');
    await expect(session.send('state', {})).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('events of the host reach the listeners', async () => {
    const session = await startedSession();
    const heard: string[] = [];
    session.onDidReceiveEvent(({ event }) => heard.push(event));
    hosts[0]?.say({ event: 'controller', controller: 1, epoch: 2 });
    expect(heard).toEqual(['controller']);
  });

  test('the address follows brokers that come and go', async () => {
    const session = await startedSession();
    const [host] = hosts;
    const bootstrap = '127.0.0.1:9092,127.0.0.1:9093';
    host?.say({ event: 'bootstrap', bootstrap });
    expect(session.bootstrap).toBe(bootstrap);
    expect(session.state.kind).toBe('running');
    await session.stop();
    host?.say({ event: 'bootstrap', bootstrap });
    expect(session.state).toEqual({ kind: 'off' });
  });

  test('a process that dies shows as failed', async () => {
    const session = await startedSession();
    hosts[0]?.end({ reason: 'failed', code: 'INTERNAL', error: 'it was killed' });
    expect(session.state).toEqual({ kind: 'failed', code: 'INTERNAL', message: 'it was killed' });
    expect(memory().isRecent).toBe(false);
  });
});

describe('several windows', () => {
  test('looks for a cluster of another window and attaches, without starting one', async () => {
    const session = makeSession();
    await session.look();
    expect(session.state.kind).toBe('off');
    running = new FakeHost('attached');
    running.succeed();
    await session.look();
    expect(session.state.kind).toBe('attached');
    expect(hosts).toHaveLength(0);
  });

  test('a look that fails changes nothing', async () => {
    const session = makeSession();
    running = new FakeHost('attached');
    running.fail('INTERNAL');
    await session.look();
    expect(session.state.kind).toBe('off');
    expect(running.isDisposed).toBe(true);
  });

  test('takes over when the window that owned the cluster was closed', async () => {
    const owner = await startedSession('childProcess', 77);
    const other = makeSession();
    running = new FakeHost('attached');
    running.succeed(77);
    await other.look();
    await owner.dispose();
    running.end({ reason: 'lost', error: 'gone' });
    await settle();
    expect(other.state.kind).toBe('starting');
    hosts.at(-1)?.succeed();
    await settle();
    expect(other.state.kind).toBe('running');
  });

  test('does not take over what somebody stopped', async () => {
    const owner = await startedSession('childProcess', 77);
    const other = makeSession();
    running = new FakeHost('attached');
    running.succeed(77);
    await other.look();
    await owner.stop();
    running.end({ reason: 'stopped' });
    await settle();
    expect(other.state.kind).toBe('off');
  });

  test('does not take over a cluster that a terminal owned', async () => {
    const session = makeSession();
    running = new FakeHost('attached');
    running.succeed(99);
    await session.look();
    running.end({ reason: 'stopped' });
    await settle();
    expect(session.state.kind).toBe('off');
  });

  test('the owner goes off when another window stops the cluster', async () => {
    const session = await startedSession();
    hosts[0]?.end({ reason: 'stopped' });
    expect(session.state.kind).toBe('off');
    expect(memory().isRecent).toBe(false);
  });

  test('letting go of an attached cluster does not stop it', async () => {
    const session = await startedSession('attached');
    await session.dispose();
    expect(hosts[0]).toMatchObject({ isStopped: false, isDisposed: true });
  });
});

describe('a window that is reloaded', () => {
  test('brings back what ran a moment ago', async () => {
    const before = await startedSession();
    await before.dispose();
    expect(hosts[0]?.isStopped).toBe(true);
    const after = makeSession();
    expect(after.ranRecently).toBe(true);
    const restored = after.resume();
    await settle();
    hosts[1]?.succeed();
    await restored;
    expect(after.state.kind).toBe('running');
  });

  test('waits until the old process has let go', async () => {
    const before = await startedSession();
    await before.dispose();
    const after = makeSession();
    const restored = after.resume();
    await settle();
    hosts[1]?.fail('DIRECTORY_LOCKED');
    await expect.poll(() => hosts.length).toBe(3);
    expect(after.state.kind).toBe('starting');
    hosts[2]?.succeed();
    await restored;
    expect(after.state.kind).toBe('running');
  });

  test('is not wanted the next day, nor after a stop, nor the first time', async () => {
    expect(makeSession().ranRecently).toBe(false);
    const before = await startedSession();
    expect(makeSession().ranRecently).toBe(true);
    await before.dispose();
    nowMs += 86_400_000;
    expect(makeSession().ranRecently).toBe(false);
    nowMs -= 86_400_000;
    const stopped = await startedSession();
    await stopped.stop();
    expect(makeSession().ranRecently).toBe(false);
  });

  test('shows why it does not come back', async () => {
    const session = makeSession();
    const resumed = session.resume();
    await settle();
    hosts[0]?.fail('CORRUPT_METADATA');
    await resumed;
    expect(session.state).toMatchObject({ kind: 'failed', code: 'CORRUPT_METADATA' });
  });
});
