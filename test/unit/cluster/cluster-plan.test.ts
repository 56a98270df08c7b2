import { describe, expect, test } from 'vitest';
import { startArguments } from '../../../extension/cluster/cluster-options.ts';
import { formatAddress, planCluster } from '../../../extension/cluster/cluster-plan.ts';

describe('planCluster', () => {
  test('puts broker 1 on 9092, its controller on 10092, its log into broker-1', async () => {
    const plan = planCluster({ dataDir: '/data' });
    expect(plan.dataDir).toBe('/data');
    const [broker, ...others] = await plan.nodes('/data');
    expect(others).toEqual([]);
    expect(broker).toMatchObject({
      nodeId: 1,
      logDirs: ['/data/broker-1'],
      advertisedListeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 }],
      controllerListener: { name: 'CONTROLLER', host: '127.0.0.1', port: 10092 },
    });
    expect(broker?.listeners[0]).toEqual({ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 });
  });

  test('listens on loopback only', async () => {
    const nodes = await planCluster({}).nodes('/data');
    const hosts = nodes.flatMap(({ listeners, controllerListener }) =>
      [...listeners, controllerListener].map((listener) => listener?.host),
    );
    expect(hosts.filter((host) => host !== '127.0.0.1' && host !== '::1')).toEqual([]);
  });

  test('asks for any free ports with port 0', async () => {
    const [broker] = await planCluster({ port: 0 }).nodes('/data');
    expect(broker?.listeners).toEqual([{ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 }]);
    expect(broker?.controllerListener?.port).toBe(0);
  });

  test('lets a user override the defaults of a small cluster', async () => {
    const [broker] = await planCluster({
      config: { 'offsets.topic.replication.factor': '2', 'num.partitions': '4' },
    }).nodes('/data');
    expect(broker?.config).toMatchObject({
      'group.initial.rebalance.delay.ms': '0',
      'offsets.topic.replication.factor': '2',
      'num.partitions': '4',
    });
  });

  test.each([
    [{ brokers: 0 }, 'must be from 1 to 9, not 0'],
    [{ brokers: 1.5 }, 'must be from 1 to 9, not 1.5'],
    [{ brokers: 10 }, 'must be from 1 to 9, not 10'],
    [{ controllers: 2 }, 'The number of controllers must be 1, 3 or 5, not 2'],
    [
      { brokers: 3, config: { 'broker.rack': 'a' } },
      "broker.rack can't be set for several nodes at once: name the racks",
    ],
    [{ brokers: 2, config: { listeners: 'PLAINTEXT://:9092' } }, "listeners can't be set for several nodes at once"],
    [{ controllers: 1, config: { 'advertised.listeners': 'PLAINTEXT://h:1' } }, "advertised.listeners can't be set"],
    [{ brokers: 3, port: 65_534, controllerPort: 1 }, '3 brokers from port 65534 on go above 65535'],
    [{ brokers: 3, controllerPort: 65_534 }, '3 controllers from controller port 65534 on go above 65535'],
    [{ brokers: 3, port: 9092, controllerPort: 9094 }, 'Port 9094 is asked for twice'],
    [{ controllers: 3, port: 9092, controllerPort: 9090 }, 'Port 9092 is asked for twice'],
    [{ port: 70_000 }, 'The port must be a number from 0 to 65535, not 70000'],
    [{ port: -1 }, 'must be a number from 0 to 65535, not -1'],
    [{ port: 65_000 }, 'Port 65000 leaves no room for controller ports 1000 above it'],
    [{ controllerPort: 65_536 }, 'The controller port must be a number from 0 to 65535'],
    [{ port: 9092, controllerPort: 9092 }, 'Port 9092 is asked for twice'],
    [{ config: { 'log.dirs': '/tmp' } }, "log.dirs can't be set: the data directory says where logs lie"],
    [{ config: { listeners: 'PLAINTEXT://0.0.0.0:9092' } }, 'Listener PLAINTEXT on 0.0.0.0 would be open'],
    [{ config: { 'node.id': '7' } }, "node.id can't be set: brokers are numbered from 1"],
  ])('refuses %j', (options, message) => {
    expect(() => planCluster(options)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => planCluster(options)).toThrow(message);
  });

  test('gives several brokers their ports; the first three are the quorum', async () => {
    const nodes = await planCluster({ brokers: 4, racks: ['a', 'b'] }).nodes('/data');
    const facts = nodes.map(({ nodeId, roles, advertisedListeners, controllerListener, logDirs, config }) => [
      ...[nodeId, roles.join('+'), advertisedListeners[0]?.port, controllerListener?.port],
      ...[logDirs[0], config['broker.rack'], config['offsets.topic.replication.factor']],
    ]);
    expect(facts).toEqual([
      [1, 'broker+controller', 9092, 10092, '/data/broker-1', 'a', '3'],
      [2, 'broker+controller', 9093, 10093, '/data/broker-2', 'b', '3'],
      [3, 'broker+controller', 9094, 10094, '/data/broker-3', 'a', '3'],
      [4, 'broker', 9095, undefined, '/data/broker-4', 'b', '3'],
    ]);
  });

  test('one of two brokers is the quorum, and the other is ready for it to grow', async () => {
    const nodes = await planCluster({ brokers: 2 }).nodes('/data');
    expect(nodes.map(({ roles, votes }) => [roles.includes('controller'), votes])).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  test('puts the quorum on nodes of its own', async () => {
    const nodes = await planCluster({ brokers: 1, controllers: 3, controllerPort: 5000 }).nodes('/data');
    const facts = nodes.map(({ nodeId, roles, listeners, controllerListener, logDirs }) => [
      ...[nodeId, roles.join('+'), listeners.length > 0, controllerListener?.port, logDirs[0]],
    ]);
    expect(facts).toEqual([
      [101, 'controller', false, 5000, '/data/controller-101'],
      [102, 'controller', false, 5001, '/data/controller-102'],
      [103, 'controller', false, 5002, '/data/controller-103'],
      [1, 'broker', true, undefined, '/data/broker-1'],
    ]);
  });

  test('an added broker is on the port of its number', () => {
    const plan = planCluster({ brokers: 3, port: 9192, config: { 'num.partitions': '4' } });
    expect(plan.oneMore?.('/data', 4, { total: 4, isController: false, rack: 'north' })).toMatchObject({
      nodeId: 4,
      roles: ['broker'],
      votes: false,
      logDirs: ['/data/broker-4'],
      advertisedListeners: [{ port: 9195 }],
      controllerListener: undefined,
      config: { 'broker.rack': 'north', 'num.partitions': '4' },
    });
  });

  test('one that is added to few brokers is a controller that does not vote yet', () => {
    const plan = planCluster({ brokers: 1, port: 9192 });
    expect(plan.oneMore?.('/data', 2, { total: 2, isController: true, rack: undefined })).toMatchObject({
      roles: ['broker', 'controller'],
      votes: false,
      controllerListener: { port: 10_193 },
    });
  });

  test('takes listeners and advertised listeners', async () => {
    const [broker] = await planCluster({
      config: {
        listeners: 'PLAINTEXT://127.0.0.1:9192,OTHER://127.0.0.1:9292',
        'advertised.listeners': 'PLAINTEXT://kafka.example:443',
      },
    }).nodes('/data');
    expect(broker).toMatchObject({
      listeners: [
        { name: 'PLAINTEXT', host: '127.0.0.1', port: 9192 },
        { name: 'OTHER', host: '127.0.0.1', port: 9292 },
      ],
      advertisedListeners: [
        { name: 'PLAINTEXT', host: 'kafka.example', port: 443 },
        { name: 'OTHER', host: '127.0.0.1', port: 9292 },
      ],
      controllerListener: { name: 'CONTROLLER', host: '127.0.0.1', port: 10192 },
    });
  });

  test('advertises what it is told for its own port', async () => {
    const [broker] = await planCluster({
      port: 0,
      config: { 'advertised.listeners': 'PLAINTEXT://localhost:7' },
    }).nodes('/d');
    expect(broker).toMatchObject({
      listeners: [{ port: 0 }],
      advertisedListeners: [{ host: 'localhost', port: 7 }],
      controllerListener: { port: 0 },
    });
  });

  test('takes a high port with a controller port of its own', async () => {
    const [broker] = await planCluster({ port: 65_000, controllerPort: 2000 }).nodes('/data');
    expect(broker?.controllerListener?.port).toBe(2000);
  });
});

test('startArguments says only what was asked for', () => {
  expect(startArguments({})).toEqual([]);
  expect(startArguments({ brokers: 3, controllers: 1, racks: ['a', 'b'] })).toEqual([
    '--brokers=3',
    '--controllers=1',
    '--racks=a,b',
  ]);
  expect(startArguments({ port: 0, dataDir: '-odd dir', config: { a: 'b=c' } })).toEqual([
    '--port=0',
    '--data-dir=-odd dir',
    '--config=a=b=c',
  ]);
});

test('formatAddress puts IPv6 into brackets', () => {
  expect(formatAddress({ host: '127.0.0.1', port: 1 })).toBe('127.0.0.1:1');
  expect(formatAddress({ host: '::1', port: 2 })).toBe('[::1]:2');
});
