import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planServer } from '../../../extension/cluster/server-plan.ts';

/** As Kafka 4.3 ships it. */
const stock = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.bootstrap.servers': 'localhost:9093',
  listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
  'inter.broker.listener.name': 'PLAINTEXT',
  'advertised.listeners': 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
  'log.dirs': '/tmp/kraft-combined-logs',
  'num.partitions': '1',
};

/** One server is planned at once: nothing has to be looked up. */
function plan(properties: Record<string, string>) {
  const planned = planServer(new Map(Object.entries(properties)));
  const nodes = planned.nodes(planned.dataDir ?? '');
  const broker = nodes instanceof Promise ? undefined : nodes[0];
  if (broker === undefined) throw new Error('No broker was planned');
  return { ...planned, broker };
}

describe('planServer', () => {
  test("takes Kafka's own file, on loopback only", () => {
    const { dataDir, ownsDataDir, broker } = plan(stock);
    expect({ dataDir, ownsDataDir }).toEqual({ dataDir: '/tmp/kraft-combined-logs', ownsDataDir: false });
    expect(broker).toMatchObject({
      nodeId: 1,
      logDirs: ['/tmp/kraft-combined-logs'],
      advertisedListeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9092 }],
      controllerListener: { name: 'CONTROLLER', host: '127.0.0.1', port: 9093 },
    });
    expect(broker.listeners[0]).toEqual({ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 });
    expect(broker.listeners.every(({ host }) => host === '127.0.0.1' || host === '::1')).toBe(true);
    expect(broker.config).toMatchObject({ 'num.partitions': '1' });
  });

  test('takes an empty file', () => {
    expect(plan({}).broker).toMatchObject({
      nodeId: 1,
      logDirs: ['/tmp/kafka-logs'],
      advertisedListeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 }],
      controllerListener: { name: 'CONTROLLER', host: '127.0.0.1', port: 10092 },
    });
  });

  test('takes a file from before KRaft', () => {
    const { broker } = plan({ 'broker.id': '0', 'log.dirs': '/tmp/kafka-logs', 'zookeeper.connect': 'localhost:2181' });
    expect(broker.nodeId).toBe(0);
  });

  test('puts the metadata log directory first and resolves relative ones', () => {
    expect(plan({ 'log.dirs': 'data/a, data/b ,data/a', 'metadata.log.dir': 'data/b' }).broker.logDirs).toEqual([
      resolve('data/b'),
      resolve('data/a'),
    ]);
  });

  test('reads several listeners, IPv6 too', () => {
    const { broker } = plan({ listeners: 'INTERNAL://127.0.0.1:19092,external://[::1]:29092' });
    expect(broker.listeners).toEqual([
      { name: 'INTERNAL', host: '127.0.0.1', port: 19092 },
      { name: 'EXTERNAL', host: '::1', port: 29092 },
    ]);
    expect(broker.advertisedListeners).toEqual(broker.listeners);
  });

  test('opens a listener to others when told so', () => {
    const open = plan({ listeners: 'PLAINTEXT://0.0.0.0:9092', 'samsa.allow.remote.plaintext': 'true' }).broker;
    expect(open.listeners).toEqual([{ name: 'PLAINTEXT', host: '0.0.0.0', port: 9092 }]);
    expect(open.config).not.toHaveProperty('samsa.allow.remote.plaintext');
  });

  test.each([
    [{ listeners: 'PLAINTEXT://0.0.0.0:9092' }, 'Listener PLAINTEXT on 0.0.0.0 would be open to other machines'],
    [{ listeners: 'PLAINTEXT://kafka.example:9092' }, 'would be open to other machines'],
    [{ listeners: 'PLAINTEXT://:9092,CONTROLLER://0.0.0.0:9093' }, 'Listener CONTROLLER on 0.0.0.0'],
    [{ listeners: 'SASL_SSL://:9094' }, 'Listener SASL_SSL asks for SASL_SSL, which is not possible yet'],
    [{ listeners: 'OUT://:9094', 'listener.security.protocol.map': 'out:SSL' }, 'Listener OUT asks for SSL'],
    [{ listeners: 'PLAINTEXT://:65000' }, 'Port 65000 leaves no room for a controller port'],
    [{ listeners: 'localhost:9092' }, "listeners takes NAME://host:port, not 'localhost:9092'"],
    [{ listeners: 'PLAINTEXT://localhost:99999' }, 'listeners takes NAME://host:port'],
    [{ listeners: 'A://:1,A://:2' }, 'listeners names A twice'],
    [{ listeners: 'CONTROLLER://:9093' }, 'listeners has none for clients'],
    [{ 'advertised.listeners': 'localhost' }, 'advertised.listeners takes NAME://host:port'],
    [{ 'node.id': 'one' }, "node.id takes a number from 0 on, not 'one'"],
    [{ 'log.dirs': ' , ' }, 'log.dirs names no directory'],
    [{ 'log.dirs': '/a', 'metadata.log.dir': '/b' }, 'metadata.log.dir=/b is not one of log.dirs'],
    [{ 'process.roles': 'controller' }, 'process.roles=controller is not possible yet'],
    [{ 'controller.quorum.voters': '1@a:1,2@b:1,3@c:1' }, 'A quorum of 3 voters is not possible yet'],
  ])('refuses %j', (properties, message) => {
    expect(() => plan(properties)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => plan(properties)).toThrow(message);
  });
});
