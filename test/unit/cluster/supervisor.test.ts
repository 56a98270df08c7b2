import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Supervisor } from '../../../extension/cluster/supervisor.ts';
import type { BrokerConfigInput } from '../../../extension/engine/broker/broker-options.ts';
import type { ClusterEvent, Fault } from '../../../extension/shared/cluster-protocol.ts';
import { lostMajority } from '../../../extension/shared/quorum-health.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { buildFakes } from './fakes/build-fakes.ts';
import { fakeSpawner } from './fakes/fake-spawner.ts';

const fakes = buildFakes();
let directory: TemporaryDirectory;
let events: ClusterEvent[];
let supervisor: Supervisor;

beforeEach(async () => {
  directory = await temporaryDirectory('supervisor');
  events = [];
});

afterEach(async () => {
  await supervisor.shutdown();
  await directory.remove();
});

function input(id: number, config: Record<string, string> = {}): BrokerConfigInput {
  const listener = { host: '127.0.0.1', port: 0 };
  return {
    nodeId: id,
    roles: ['broker', 'controller'],
    clusterId: 'test-cluster',
    logDirs: [join(directory.path, `broker-${id}`)],
    listeners: [{ ...listener, name: 'PLAINTEXT' }],
    advertisedListeners: [{ ...listener, name: 'PLAINTEXT' }],
    controllerListener: { ...listener, name: 'CONTROLLER' },
    config,
  };
}

function supervise(...nodes: BrokerConfigInput[]): Supervisor {
  return superviseExisting(true, ...nodes);
}

function superviseExisting(isNew: boolean, ...nodes: BrokerConfigInput[]): Supervisor {
  supervisor = new Supervisor({
    dataDir: directory.path,
    clusterId: 'test-cluster',
    nodes,
    voters: nodes.map(({ nodeId }) => nodeId),
    isNew,
    spawn: fakeSpawner(fakes.workerFile),
    onEvent: (event) => events.push(event),
  });
  return supervisor;
}

async function broker(id: number) {
  const state = await supervisor.state();
  return state.brokers.find((each) => each.id === id);
}

function statesOf(id: number): string[] {
  return events.flatMap((event) => (event.event === 'broker-state' && event.broker === id ? [event.state] : []));
}

/** How a connection to the broker ends: `reset` or `closed`. */
async function connectTo(id: number): Promise<{ end: Promise<string> }> {
  const state = await broker(id);
  const socket = connect({ host: state?.host ?? '', port: state?.port ?? 0 });
  const end = new Promise<string>((resolve) => {
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNRESET' ? 'reset' : error.message));
    socket.once('close', () => resolve('closed'));
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  // The broker knows the connection once it answers something else.
  await supervisor.segments(id, 'any', 0);
  return { end };
}

describe('Supervisor', () => {
  test('starts every broker in a thread of its own and describes the cluster', async () => {
    await supervise(input(1), input(2), input(3)).start();
    const state = await supervisor.state('orders');
    expect(state).toMatchObject({
      clusterId: 'test-cluster',
      dataDir: directory.path,
      controllerId: 1,
      controllerEpoch: 1,
    });
    expect(state.brokers.map(({ id, state: each }) => [id, each])).toEqual([
      [1, 'running'],
      [2, 'running'],
      [3, 'running'],
    ]);
    expect(state.bootstrap).toBe(state.brokers.map(({ port }) => `127.0.0.1:${port}`).join(','));
    expect(state.brokers.every(({ port, controllerPort }) => port > 0 && controllerPort > 0)).toBe(true);
    expect(state.partitions).toHaveLength(1);
    expect(state.partitions[0]?.replicaStates.map((replica) => replica.broker).sort()).toEqual([1, 2, 3]);
    expect(statesOf(2)).toEqual(['starting', 'running']);
  });

  test('stops a broker cleanly and starts it on its old port', async () => {
    await supervise(input(1), input(2)).start();
    const before = await broker(2);
    await expect(supervisor.stopBroker(2)).resolves.toEqual({ state: 'stopped' });
    expect((await supervisor.state()).partitions[0]?.replicaStates).toHaveLength(1);
    const started = await supervisor.startBroker(2);
    expect(started).toMatchObject({ state: 'running' });
    expect(await broker(2)).toEqual(before);
    expect(statesOf(2)).toEqual(['starting', 'running', 'stopping', 'stopped', 'starting', 'running']);
  });

  test('kills a broker: its sockets are reset, its thread is gone, it starts again', async () => {
    await supervise(input(1)).start();
    const { end } = await connectTo(1);
    await expect(supervisor.killBroker(1)).resolves.toEqual({ state: 'killed' });
    await expect(end).resolves.toBe('reset');
    await expect(supervisor.startBroker(1)).resolves.toMatchObject({ state: 'running' });
  });

  test('ends a broker whose thread does not listen any more', async () => {
    await supervise(input(1), input(2)).start();
    supervisor.segments(1, 'spin', 0).catch(() => {});
    await expect(supervisor.killBroker(1)).resolves.toEqual({ state: 'killed' });
    await expect(supervisor.startBroker(1)).resolves.toMatchObject({ state: 'running' });
  });

  test('a thread that dies fails its broker and leaves the neighbours alone', async () => {
    await supervise(input(1), input(2)).start();
    supervisor.segments(1, 'crash', 0).catch(() => {});
    const failed = await until('broker 1 failed', async () => {
      const state = await broker(1);
      return state?.state === 'failed' && state;
    });
    expect(failed.error).toContain('Told to crash');
    expect(await broker(2)).toMatchObject({ state: 'running' });
    await expect(supervisor.segments(2, 'any', 0)).resolves.toEqual([]);
    await expect(supervisor.startBroker(1)).resolves.toMatchObject({ state: 'running' });
    expect(await broker(1)).not.toHaveProperty('error');
  });

  test('a broker that gives up is failed with its own reason', async () => {
    await supervise(input(1)).start();
    supervisor.segments(1, 'fatal', 0).catch(() => {});
    const failed = await until('broker 1 failed', async () => {
      const state = await broker(1);
      return state?.state === 'failed' && state;
    });
    expect(failed.error).toBe('Told to give up');
  });

  test('a request that fails costs nothing but the request', async () => {
    await supervise(input(1)).start();
    await expect(supervisor.segments(1, 'refuse', 3)).rejects.toThrow('Told to refuse partition 3');
    await expect(supervisor.segments(1, 'any', 0)).resolves.toEqual([]);
  });

  test('tells a start that fails by its code and ends the others', async () => {
    await expect(supervise(input(1), input(2, { 'fake.fail': 'DISK_FULL' })).start()).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: 'Told to fail with DISK_FULL',
    });
    const { brokers } = await supervisor.state();
    expect(brokers.map(({ state }) => state)).toEqual([expect.stringMatching(/stopped|killed/), 'failed']);
    expect(brokers[1]?.error).toBe('Told to fail with DISK_FULL');
  });

  test('names a port that is taken', async () => {
    await supervise(input(1)).start();
    const port = (await broker(1))?.port ?? 0;
    const second = { ...input(2), listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port }] };
    const other = new Supervisor({
      dataDir: directory.path,
      clusterId: 'test-cluster',
      nodes: [second],
      voters: [2],
      isNew: true,
      spawn: fakeSpawner(fakes.workerFile),
      onEvent: (event) => events.push(event),
    });
    const failure = { code: 'PORT_IN_USE', message: `Port ${port} on 127.0.0.1 is in use` };
    await expect(other.start()).rejects.toMatchObject(failure);
    const told = { event: 'broker-state', broker: 2, state: 'failed', code: failure.code, error: failure.message };
    expect(events).toContainEqual(expect.objectContaining(told));
  });

  test('refuses what the state of a broker does not allow', async () => {
    await supervise(input(1)).start();
    await expect(supervisor.startBroker(1)).rejects.toMatchObject({
      code: 'WRONG_STATE',
      message: "Broker 1 is running, so it can't start",
    });
    await expect(async () => supervisor.killBroker(7)).rejects.toMatchObject({
      code: 'UNKNOWN_BROKER',
      message: 'There is no broker 7; the cluster has 1',
    });
    const killing = supervisor.killBroker(1);
    await expect(supervisor.killBroker(1)).rejects.toThrow("Broker 1 is being killed, so it can't kill");
    await expect(supervisor.startBroker(1)).rejects.toThrow("Broker 1 is being killed, so it can't start");
    await killing;
    await expect(supervisor.stopBroker(1)).rejects.toThrow("Broker 1 is killed, so it can't stop");
    await expect(async () => supervisor.segments(1, 'any', 0)).rejects.toThrow('Broker 1 is killed');
  });

  test('a kill overtakes a stop that takes too long', async () => {
    await supervise(input(1, { 'fake.hang': 'shutdown' })).start();
    const stopping = supervisor.stopBroker(1);
    await supervisor.killBroker(1);
    await expect(stopping).rejects.toMatchObject({ code: expect.stringMatching(/WRONG_STATE|INTERNAL/) as string });
    expect(await broker(1)).toMatchObject({ state: 'killed' });
  });

  test('a kill overtakes a start that never ends', async () => {
    supervise(input(1, { 'fake.hang': 'start' }));
    const starting = supervisor.start();
    await expect(supervisor.killBroker(1)).resolves.toEqual({ state: 'killed' });
    await expect(starting).rejects.toBeInstanceOf(Error);
    expect(statesOf(1)).toEqual(['starting', 'killed']);
  });

  test('tells every node who votes and where, also after a restart', async () => {
    const observer = { ...input(4), roles: ['broker'] as const, controllerListener: undefined };
    await supervise(input(1), input(2), observer).start();
    await supervisor.killBroker(2);
    await supervisor.startBroker(2);
    const { brokers, quorum } = await supervisor.state();
    const told = (broker: number): object[] =>
      events.flatMap((event) =>
        event.event === 'log' && event.broker === broker && event.message.startsWith('peers ')
          ? [JSON.parse(event.message.slice(6)) as object]
          : [],
      );
    const voters = brokers
      .filter(({ id }) => id !== 4)
      .map(({ id, controllerPort }) => ({
        nodeId: id,
        directoryId: `directory-of-node-${id}`,
        host: '127.0.0.1',
        port: controllerPort,
      }));
    expect(told(1)).toEqual([{ voters, isNewCluster: true }]);
    expect(told(2)).toEqual([
      { voters, isNewCluster: true },
      { voters, isNewCluster: false },
    ]);
    // Nobody waits for one that does not vote: it may come when the cluster is no longer new.
    expect(told(4)).toMatchObject([{ voters }]);
    expect(brokers[2]).toMatchObject({ id: 4, roles: ['broker'], controllerPort: 0 });
    expect(quorum).toEqual({
      leaderId: 1,
      epoch: 1,
      voters: [
        { id: 1, alive: true },
        { id: 2, alive: true },
      ],
      hasMajority: true,
      highWatermark: 42,
    });
  });

  test('a cluster that exists goes on without those that fail', async () => {
    await supervise(input(1), input(2), input(3)).start();
    await supervisor.shutdown();
    await superviseExisting(false, input(1), input(2, { 'fake.fail': 'DISK_FULL' }), input(3)).start();
    const { brokers } = await supervisor.state();
    expect(brokers.map(({ state }) => state)).toEqual(['running', 'failed', 'running']);
    expect(brokers[1]?.error).toBe('Told to fail with DISK_FULL');
    await supervisor.shutdown();
    const fail = { 'fake.fail': 'DISK_FULL' };
    await expect(superviseExisting(false, input(1, fail), input(2, fail)).start()).rejects.toMatchObject({
      code: 'DISK_FULL',
    });
  });

  test('comes up without a majority, to say so', async () => {
    const fail = { 'fake.fail': 'DISK_FULL' };
    await supervise(input(1), input(2), input(3)).start();
    await supervisor.shutdown();
    // The last one waits for a controller that cannot be elected.
    const waits = input(3, { 'fake.hang': 'meet' });
    await superviseExisting(false, input(1, fail), input(2, fail), waits).start();
    const { brokers, quorum, controllerId } = await supervisor.state();
    expect(brokers.map(({ state }) => state)).toEqual(['failed', 'failed', 'starting']);
    expect(brokers[2]?.port).toBeGreaterThan(0);
    expect(quorum).toMatchObject({ hasMajority: false, leaderId: -1 });
    expect(lostMajority(quorum.voters)).toBe('no majority: 1 of 3 voters');
    expect(controllerId).toBe(-1);
  });

  test('new disks have no vote: those that lost a majority of them say so at once', async () => {
    const waits = { 'fake.hang': 'meet' };
    await supervise(input(1)).start();
    await supervisor.shutdown();
    await superviseExisting(false, input(1, waits), input(2, waits), input(3, waits)).start();
    const { brokers, quorum } = await supervisor.state();
    expect(brokers.map(({ state }) => state)).toEqual(['starting', 'starting', 'starting']);
    expect(lostMajority(quorum.voters)).toBe('no majority: 1 of 3 voters');
  });

  test('a frozen broker comes back by itself, or earlier when it is healed or stopped', async () => {
    await supervise(input(1), input(2)).start();
    await expect(supervisor.freeze(2, 50)).resolves.toEqual({ state: 'frozen' });
    await expect(async () => supervisor.segments(2, 'any', 0)).rejects.toThrow('Broker 2 is frozen');
    await until('broker 2 is back', async () => (await broker(2))?.state === 'running');
    await expect(supervisor.segments(2, 'any', 0)).resolves.toEqual([]);
    await supervisor.freeze(2, 600_000);
    supervisor.heal(2);
    await until('broker 2 is back', async () => (await broker(2))?.state === 'running');
    await supervisor.freeze(2, 600_000);
    await expect(supervisor.stopBroker(2)).resolves.toEqual({ state: 'stopped' });
    await expect(supervisor.freeze(2, 50)).rejects.toThrow("Broker 2 is stopped, so it can't freeze");
    expect(statesOf(2).slice(2)).toEqual(['frozen', 'running', 'frozen', 'running', 'frozen', 'stopping', 'stopped']);
  });

  test('a frozen broker that is killed does nothing more', async () => {
    await supervise(input(1)).start();
    const { end } = await connectTo(1);
    await supervisor.freeze(1, 600_000);
    await expect(supervisor.killBroker(1)).resolves.toEqual({ state: 'killed' });
    await expect(end).resolves.toBe('reset');
    await expect(supervisor.startBroker(1)).resolves.toMatchObject({ state: 'running' });
  });

  test('keeps the faults that are in force, and tells of each change', async () => {
    await supervise(input(1), input(2), input(3)).start();
    const cut: Fault = { kind: 'isolate', broker: 3, clients: true };
    expect(supervisor.inject(cut, 'cut').faults).toEqual([cut]);
    const drop: Fault = { kind: 'drop', from: 1, to: 2 };
    expect(supervisor.inject(drop, 'lost').faults).toEqual([cut, drop]);
    supervisor.inject(drop, 'lost');
    const { brokers, quorum } = await supervisor.state();
    expect(brokers.map(({ faults }) => faults)).toEqual([[drop], [drop], [cut]]);
    expect(quorum.voters.map(({ alive }) => alive)).toEqual([true, true, false]);
    expect(supervisor.heal(3).faults).toEqual([drop]);
    expect(supervisor.heal().faults).toEqual([]);
    expect(() => supervisor.inject({ kind: 'drop', from: 1, to: 9 }, '')).toThrow('There is no broker 9');
    const told = events.flatMap((event) => (event.event === 'fault' ? [[event.broker, event.faults.length]] : []));
    expect(told).toEqual([
      [3, 1],
      [1, 2],
      [3, 1],
      [-1, 0],
    ]);
  });

  test('adds a broker, which stays only when it starts', async () => {
    await supervise(input(1)).start();
    await expect(supervisor.addBroker(input(2))).resolves.toMatchObject({ broker: 2, state: 'running' });
    expect(supervisor.brokerIds).toEqual([1, 2]);
    expect(events.filter(({ event }) => event === 'bootstrap')).toMatchObject([{ bootstrap: supervisor.bootstrap }]);
    await expect(supervisor.addBroker(input(3, { 'fake.fail': 'PORT_IN_USE' }))).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    expect(supervisor.brokerIds).toEqual([1, 2]);
  });

  test('does not remove a broker that nobody could take over from', async () => {
    await supervise(input(1)).start();
    await expect(supervisor.removeBroker(1)).rejects.toThrow('No other broker runs that could take over from broker 1');
    expect(supervisor.brokerIds).toEqual([1]);
  });

  test('keeps what happened for whoever comes late', async () => {
    await supervise(input(1)).start();
    const { events: kept, lastSeq } = supervisor.history.since();
    expect(kept).toEqual(events.filter(({ event }) => event !== 'log'));
    await supervisor.killBroker(1);
    expect(supervisor.history.since(lastSeq).events).toMatchObject([{ event: 'broker-state', state: 'killed' }]);
  });

  test('reports the controller once, however many see it', async () => {
    await supervise(input(1), input(2)).start();
    await supervisor.stopBroker(1);
    await supervisor.startBroker(1);
    expect(events.filter(({ event }) => event === 'controller')).toMatchObject([
      { event: 'controller', controller: 1, epoch: 1 },
    ]);
  });
});
