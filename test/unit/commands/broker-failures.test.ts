import { expect, test } from 'vitest';
import { BrokerFailures } from '../../../extension/commands/broker-failures.ts';
import type { BrokerFailure } from '../../../extension/commands/broker-failures.ts';
import type { SessionState } from '../../../extension/explorer/cluster-session.ts';

const up: SessionState = {
  ...{ kind: 'running', bootstrap: '127.0.0.1:9092', clusterId: 'abc', dataDir: '/data' },
  ...{ startupMs: 1, pid: 1 },
};

function makeFailures(): { failures: BrokerFailures; told: BrokerFailure[]; fail(broker: number): void } {
  const told: BrokerFailure[] = [];
  const failures = new BrokerFailures((failure) => told.push(failure));
  const fail = (broker: number): void =>
    failures.onEvent({
      ...{ event: 'broker-state', broker, state: 'failed' },
      ...{ error: `Port ${9091 + broker} is in use`, code: 'PORT_IN_USE' },
    });
  return { failures, told, fail };
}

test('those of a start are told together, once the others are up', () => {
  const { failures, told, fail } = makeFailures();
  failures.onState({ kind: 'starting' });
  fail(2);
  fail(3);
  expect(told).toEqual([]);
  failures.onState(up);
  failures.onState(up);
  expect(told).toEqual([
    {
      broker: 2,
      code: 'PORT_IN_USE',
      message: 'Broker 2 failed: Port 9093 is in use. Broker 3 failed: Port 9094 is in use.',
    },
  ]);
});

test('one of a cluster that runs is told at once', () => {
  const { failures, told, fail } = makeFailures();
  failures.onState(up);
  fail(1);
  expect(told.map(({ message }) => message)).toEqual(['Broker 1 failed: Port 9092 is in use.']);
});

test('is silent where the whole cluster fails, or the broker starts after all', () => {
  const { failures, told, fail } = makeFailures();
  failures.onState({ kind: 'starting' });
  fail(1);
  failures.onState({ kind: 'failed', code: 'PORT_IN_USE', message: 'Port 9092 is in use' });
  failures.onState({ kind: 'starting' });
  fail(2);
  failures.onEvent({ event: 'broker-state', broker: 2, state: 'starting' });
  failures.onState(up);
  expect(told).toEqual([]);
});
