import { describe, expect, test } from 'vitest';
import { brokersFor, describeVote, linkCommands, nodeName } from '../../../extension/commands/broker-choices.ts';
import type { BrokerVerb } from '../../../extension/commands/broker-choices.ts';
import type { BrokerState, ClusterState } from '../../../extension/shared/cluster-protocol.ts';

function node(id: number, state: BrokerState['state'], more: Partial<BrokerState> = {}): BrokerState {
  const isBroker = id < 100;
  return {
    id,
    state,
    roles: [isBroker ? 'broker' : 'controller'],
    faults: [],
    host: '127.0.0.1',
    port: isBroker ? 9091 + id : 0,
    controllerPort: 0,
    logDirs: [],
    ...more,
  };
}

function cluster(brokers: readonly BrokerState[], controllers: readonly BrokerState[] = []): ClusterState {
  return {
    clusterId: 'c',
    bootstrap: '',
    dataDir: '/data',
    controllerId: -1,
    controllerEpoch: 0,
    quorum: { leaderId: -1, epoch: 0, voters: [], hasMajority: false, highWatermark: -1 },
    brokers,
    controllers,
    partitions: [],
  };
}

const mixed = cluster(
  [
    node(1, 'running'),
    node(2, 'killed'),
    node(3, 'frozen'),
    node(4, 'running', { faults: [{ kind: 'isolate', broker: 4, clients: false }] }),
  ],
  [node(101, 'stopped')],
);

describe('brokersFor', () => {
  test.each<[BrokerVerb, number[]]>([
    ['start', [2, 101]],
    ['stop', [1, 3, 4]],
    ['kill', [1, 3, 4]],
    ['freeze', [1, 4]],
    ['heal', [3, 4]],
    ['isolate', [1, 2, 3, 4, 101]],
    ['slow', [1, 2, 3, 4, 101]],
    ['remove', [1, 2, 3, 4]],
  ])('%s: %j', (verb, ids) => {
    expect(brokersFor(verb, mixed).map(({ id }) => id)).toEqual(ids);
  });

  test('one broker alone stays, and has no network', () => {
    const alone = cluster([node(1, 'running')]);
    expect((['remove', 'isolate', 'slow'] as const).map((verb) => brokersFor(verb, alone).length)).toEqual([0, 0, 0]);
  });
});

test('a controller is called one', () => {
  expect([node(1, 'running'), node(101, 'running')].map(nodeName)).toEqual(['Broker 1', 'Controller 101']);
});

describe('linkCommands', () => {
  test('one direction of one link', () => {
    expect(linkCommands({ broker: 1, peer: 2, direction: 'out', delayMs: 200 }, [2, 3])).toEqual([
      { op: 'slow', from: 1, to: 2, delayMs: 200 },
    ]);
    expect(linkCommands({ broker: 1, peer: 2, direction: 'in', delayMs: 'lost' }, [2, 3])).toEqual([
      { op: 'drop', from: 2, to: 1 },
    ]);
  });

  test('all links of a node', () => {
    expect(linkCommands({ broker: 1, direction: 'both', delayMs: 20 }, [2, 3])).toEqual([
      { op: 'slow', from: 1, delayMs: 20 },
      { op: 'slow', to: 1, delayMs: 20 },
    ]);
    expect(linkCommands({ broker: 1, direction: 'out', delayMs: 'lost' }, [2, 3])).toEqual([
      { op: 'drop', from: 1, to: 2 },
      { op: 'drop', from: 1, to: 3 },
    ]);
  });
});

test('the removal of a voter says what the quorum still stands', () => {
  const voters = (...ids: number[]) => ids.map((id) => ({ id, alive: true }));
  expect(describeVote(4, voters(1, 2, 3))).toBeUndefined();
  expect(describeVote(3, voters(1, 2, 3))).toContain('2 are left, and none of them may fail');
  expect(describeVote(3, voters(1, 2, 3, 4))).toContain('3 are left, of which 1 may fail');
});
