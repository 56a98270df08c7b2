import { describe, expect, test } from 'vitest';
import { brokersSpec, brokerSpec, quorumSpec } from '../../../extension/explorer/broker-looks.ts';
import type { BrokerFacts, OwnBrokerFacts } from '../../../extension/explorer/explorer-source.ts';
import { replicaSpec } from '../../../extension/explorer/replica-looks.ts';

function broker(id: number, more: Partial<BrokerFacts> = {}, own: Partial<OwnBrokerFacts> = {}): BrokerFacts {
  return {
    id,
    host: '127.0.0.1',
    port: 9091 + id,
    rack: null,
    isController: false,
    state: 'running',
    own: { isOnlyController: false, isVoter: id <= 3, faults: [], fenced: false, ...own },
    ...more,
  };
}

const look = (facts: BrokerFacts): string => {
  const { label, description, contextValue, iconColor } = brokerSpec(facts).look;
  return [label, description, contextValue, iconColor].join(' | ');
};

describe('a broker in the tree', () => {
  test.each([
    [broker(1, { isController: true }), 'Broker 1 | controller · :9092 | broker.running | '],
    [broker(2), 'Broker 2 | :9093 · voter | broker.running | '],
    [broker(4), 'Broker 4 | :9095 | broker.running | '],
    [broker(4, { state: 'killed' }), 'Broker 4 | killed · :9095 | broker.killed | charts.red'],
    [
      broker(4, { state: 'failed', error: 'Port 9095 is in use' }),
      'Broker 4 | failed: Port 9095 is in use · :9095 | broker.failed | charts.red',
    ],
    [
      broker(4, { state: 'starting', progress: { done: 1200, total: 2000 } }),
      'Broker 4 | starting: 1,200 of 2,000 logs · :9095 | broker.starting | charts.yellow',
    ],
    [broker(4, { host: 'kafka-1.example', port: 9092 }), 'Broker 4 | kafka-1.example:9092 | broker.running | '],
    [broker(4, { state: 'frozen' }), 'Broker 4 | frozen · :9095 | broker.frozen.faulty | charts.yellow'],
    [broker(4, {}, { fenced: true }), 'Broker 4 | fenced · :9095 | broker.running | charts.yellow'],
    [
      broker(4, {}, { faults: [{ kind: 'isolate', broker: 4, clients: false }] }),
      'Broker 4 | isolated · :9095 | broker.running.faulty | charts.yellow',
    ],
    [
      broker(4, {}, { faults: [{ kind: 'isolate', broker: 4, clients: true }] }),
      'Broker 4 | isolated, also from clients · :9095 | broker.running.faulty | charts.yellow',
    ],
    [
      broker(
        4,
        {},
        {
          faults: [
            { kind: 'slow', from: 4, delayMs: 200 },
            { kind: 'drop', from: 1, to: 4 },
          ],
        },
      ),
      'Broker 4 | slow to all: 200 ms · nothing comes from 1 · :9095 | broker.running.faulty | charts.yellow',
    ],
    [
      broker(101, { port: 10_092, isController: true }, { isOnlyController: true, isVoter: true }),
      'Controller 101 | controller · :10092 | controller.running | ',
    ],
  ])('%#', (facts, expected) => expect(look(facts)).toBe(expected));

  test('is read aloud with its whole address', () => {
    expect(brokerSpec(broker(2)).look.accessibilityLabel).toBe('Broker 2 127.0.0.1:9093 · voter');
  });

  test('that is in trouble shows in the folded row too', () => {
    const isolated = broker(2, {}, { faults: [{ kind: 'isolate', broker: 2, clients: false }] });
    expect(brokersSpec([broker(1), isolated]).look).toMatchObject({
      description: '2 · 1 in trouble',
      iconColor: 'charts.yellow',
    });
    expect(brokersSpec([broker(1), broker(2, { state: 'killed' })]).look).toMatchObject({
      description: '1 of 2 running',
      iconColor: 'charts.red',
    });
  });

  test('of another cluster can only be looked at', () => {
    const { own: _, ...remote } = broker(1);
    expect(brokerSpec(remote).look.contextValue).toBe('broker');
    expect(brokersSpec([remote]).look.contextValue).toBe('brokers');
    expect(brokersSpec([broker(1)]).look.contextValue).toBe('brokers.own');
  });

  test('controllers do not count as brokers', () => {
    const nodes = [broker(1), broker(101, { state: 'killed' }, { isOnlyController: true })];
    expect(brokersSpec(nodes).look).toMatchObject({ description: '1' });
  });
});

describe('a quorum without majority', () => {
  const voters = [1, 2, 3].map((id) => ({ id, alive: id === 1 }));
  const nodes = [broker(1), broker(2, { state: 'frozen' }), broker(3, { state: 'killed' })];

  test('says so, what still works, and who could be started', () => {
    const spec = quorumSpec(voters, nodes);
    expect(spec?.look).toMatchObject({
      label: 'No majority: 1 of 3 voters',
      description: '2 of 3 needed',
      contextValue: 'error.quorum',
      command: { id: 'samsa.broker.start', title: 'Start node 3', args: [{ broker: 3 }] },
    });
    expect(spec?.look.tooltip).toContain('Produce and fetch go on where leaders live');
  });

  test('offers nothing where nobody can be started', () => {
    expect(quorumSpec(voters, [broker(1)])?.look.command).toBeUndefined();
  });

  test('is nothing while there is one', () => {
    expect(quorumSpec([{ id: 1, alive: true }], [broker(1)])).toBeUndefined();
  });
});

test('replicas have the shapes of the views', () => {
  const replica = { broker: 2, isLeader: false, isPreferred: true, isInSync: true, isOnline: true, end: 90, lag: 10 };
  const shapes = [
    { ...replica, isLeader: true, lag: 0 },
    replica,
    { ...replica, isInSync: false },
    { ...replica, isInSync: false, isOnline: false },
  ].map((each) => {
    const { look: row, children } = replicaSpec('orders', 0, each);
    return [row.description, row.icon, row.iconColor, children];
  });
  expect(shapes).toEqual([
    ['leader · 90', 'primitive-square', undefined, 'collapsed'],
    ['follower · 10 behind', 'chrome-maximize', undefined, 'collapsed'],
    ['follower, not in sync · 10 behind', 'layout-sidebar-left', 'charts.yellow', 'collapsed'],
    ['offline · 10 behind', 'chrome-close', 'charts.red', 'none'],
  ]);
});
