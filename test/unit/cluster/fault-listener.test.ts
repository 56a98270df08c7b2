import { expect, test } from 'vitest';
import { faultListeners } from '../../../extension/cluster/fault-listener.ts';
import type { HoldableListener } from '../../../extension/cluster/fault-listener.ts';
import { FaultTable } from '../../../extension/cluster/fault-table.ts';
import type { SocketServerOptions } from '../../../extension/engine/server/socket-server.ts';

test('a listener is held while its node is cut off from clients', () => {
  const calls: string[] = [];
  const note = (call: string) => (): void => void calls.push(call);
  const listener: HoldableListener = {
    listen: () => Promise.resolve(9092),
    open: note('open'),
    stopAccepting: note('stopAccepting'),
    close: note('close'),
    reset: note('reset'),
    hold: note('hold'),
    release: note('release'),
  };
  const faults = new FaultTable();
  const make = faultListeners(() => listener, 2, faults);
  expect(make({} as SocketServerOptions)).toBe(listener);
  faults.set([{ kind: 'isolate', broker: 2, clients: false }]);
  faults.set([{ kind: 'isolate', broker: 1, clients: true }]);
  expect(calls).toEqual([]);
  faults.set([{ kind: 'isolate', broker: 2, clients: true }]);
  faults.set([
    { kind: 'isolate', broker: 2, clients: true },
    { kind: 'drop', from: 1, to: 3 },
  ]);
  faults.set([]);
  expect(calls).toEqual(['hold', 'release']);
  faults.set([{ kind: 'isolate', broker: 2, clients: true }]);
  make({} as SocketServerOptions);
  expect(calls).toEqual(['hold', 'release', 'hold', 'hold']);
});
