import { describe, expect, test } from 'vitest';
import { concerns, FaultTable, withFault } from '../../../extension/cluster/fault-table.ts';
import type { Fault } from '../../../extension/shared/cluster-protocol.ts';

function table(...faults: Fault[]): FaultTable {
  const made = new FaultTable();
  made.set(faults);
  return made;
}

describe('FaultTable', () => {
  test('isolation cuts both ways, and from every other node', () => {
    const faults = table({ kind: 'isolate', broker: 2, clients: false });
    expect(faults.link(1, 2).lost).toBe(true);
    expect(faults.link(2, 1).lost).toBe(true);
    expect(faults.link(1, 3).lost).toBe(false);
    expect(faults.link(2, 2).lost).toBe(false);
    expect(faults.isCutOffFromClients(2)).toBe(false);
  });

  test('clients are cut off where that is said', () => {
    const faults = table({ kind: 'isolate', broker: 2, clients: true });
    expect([1, 2].map((id) => faults.isCutOffFromClients(id))).toEqual([false, true]);
  });

  test('a dropped direction leaves the other one', () => {
    const faults = table({ kind: 'drop', from: 1, to: 2 });
    expect(faults.link(1, 2).lost).toBe(true);
    expect(faults.link(2, 1).lost).toBe(false);
  });

  test('the longest delay that applies counts', () => {
    const faults = table(
      { kind: 'slow', delayMs: 10 },
      { kind: 'slow', from: 1, delayMs: 30 },
      { kind: 'slow', from: 1, to: 2, delayMs: 20 },
    );
    expect(faults.link(1, 2).delayMs).toBe(30);
    expect(faults.link(2, 1).delayMs).toBe(10);
    expect(faults.link(1, 1).delayMs).toBe(0);
  });

  test('tells of changes until it is let go', () => {
    const faults = table();
    let changes = 0;
    const stop = faults.onChange(() => changes++);
    faults.set([{ kind: 'drop', from: 1, to: 2 }]);
    stop();
    faults.set([]);
    expect(changes).toBe(1);
  });
});

test('a fault takes the place of one of its kind on the same nodes, and a delay of 0 ends it', () => {
  const slow: Fault = { kind: 'slow', from: 1, to: 2, delayMs: 5 };
  const drop: Fault = { kind: 'drop', from: 1, to: 2 };
  const both = withFault([slow], drop);
  expect(both).toEqual([slow, drop]);
  expect(withFault(both, { ...slow, delayMs: 9 })).toEqual([drop, { ...slow, delayMs: 9 }]);
  expect(withFault(both, { ...slow, delayMs: 0 })).toEqual([drop]);
  const isolated: Fault = { kind: 'isolate', broker: 1, clients: false };
  expect(withFault([isolated], { ...isolated, clients: true })).toEqual([{ ...isolated, clients: true }]);
});

test('a fault concerns the nodes that it names', () => {
  expect(concerns({ kind: 'isolate', broker: 2, clients: false }, 2)).toBe(true);
  expect(concerns({ kind: 'drop', from: 1, to: 2 }, 2)).toBe(true);
  expect(concerns({ kind: 'slow', to: 2, delayMs: 1 }, 1)).toBe(false);
  expect(concerns({ kind: 'slow', delayMs: 1 }, 1)).toBe(false);
});
