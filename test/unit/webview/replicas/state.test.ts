import { describe, expect, test } from 'vitest';
import type {
  ReplicasBroker,
  ReplicasPartition,
  ReplicasSnapshot,
  TimelineEntry,
} from '../../../../extension/shared/replicas-contract.ts';
import { ReplicasModel, actionsFor, describeBroker, describeHead, toneOf } from '../../../../webview/replicas/state.ts';

const broker: ReplicasBroker = {
  ...{ id: 1, state: 'running', fenced: false, isController: false },
  ...{ rack: null, error: null, fault: null },
};
const row: ReplicasPartition = {
  ...{ topic: 'a', partition: 0, leader: 1, leaderEpoch: 0, partitionEpoch: 0, highWatermark: 0 },
  ...{ isr: [1], elr: [], replicas: [] },
};

function snapshot(fields: Partial<ReplicasSnapshot>): ReplicasSnapshot {
  return {
    connection: { state: 'live' },
    summary: {
      ...{ topic: null, partitionCount: 1, underReplicated: 0, leaderless: 0, notPreferred: 0 },
      ...{ quorumTrouble: null, controllerEpoch: 1 },
    },
    ...{ brokers: [broker], rows: [], timeline: [] },
    ...fields,
  };
}

function entry(id: number, text: string, folded = false): TimelineEntry {
  return { id, folded, atMs: 0, tone: 'plain', text, detail: '', broker: null, topic: null, partition: null };
}

describe('the model', () => {
  test('marks a row whose leader or ISR changed, until the next snapshot', () => {
    const model = new ReplicasModel();
    model.apply(snapshot({ rows: [{ index: 0, value: row }] }));
    expect(model.hasChanged(0)).toBe(false);
    model.apply(snapshot({ rows: [{ index: 0, value: { ...row, highWatermark: 5 } }] }));
    expect(model.hasChanged(0)).toBe(false);
    model.apply(snapshot({ rows: [{ index: 0, value: { ...row, leader: 2 } }] }));
    expect(model.hasChanged(0)).toBe(true);
    model.apply(snapshot({}));
    expect(model.hasChanged(0)).toBe(false);
  });

  test('keeps one count of what is folded, and says the latest aloud', () => {
    const model = new ReplicasModel();
    model.apply(snapshot({ timeline: [entry(1, 'one')] }));
    model.apply(snapshot({ timeline: [entry(2, '1 more', true)] }));
    expect(model.apply(snapshot({ timeline: [entry(3, '2 more', true)] }))).toBe('2 more');
    expect(model.timeline.map(({ text }) => text)).toEqual(['one', '2 more']);
  });

  test('finds the row that an entry is about', () => {
    const model = new ReplicasModel();
    model.apply(snapshot({ rows: [{ index: 7, value: row }] }));
    expect(model.indexOf('a', 0)).toBe(7);
    expect(model.indexOf('a', 1)).toBeUndefined();
  });
});

test.each([
  ['running', null, ['freeze', 'isolate', 'kill', 'stop']],
  ['running', 'isolated', ['freeze', 'heal', 'kill', 'stop']],
  ['frozen', null, ['heal', 'kill', 'stop']],
  ['killed', null, ['start']],
  ['starting', null, ['kill']],
] as const)('a broker that is %s (%s) can be asked to %s', (state, fault, actions) => {
  expect([...actionsFor({ ...broker, state, fault })].sort()).toEqual(actions);
});

test('a broker says what is out of the ordinary', () => {
  expect(describeBroker(broker)).toBe('');
  expect(describeBroker({ ...broker, fenced: true })).toBe('fenced');
  expect(describeBroker({ ...broker, fault: 'isolated', fenced: true })).toBe('isolated');
  expect(describeBroker({ ...broker, state: 'frozen', fault: 'isolated' })).toBe('frozen');
  expect(describeBroker({ ...broker, state: 'failed', error: 'Port 9092 is in use' })).toBe(
    'failed: Port 9092 is in use',
  );
});

test('the hover of a broker says all that has no room in its head', () => {
  expect(describeHead(broker)).toBe('Broker 1');
  const faulty = { ...broker, rack: 'a', isController: true, fault: 'slow by 200 ms, isolated', fenced: true };
  expect(describeHead(faulty)).toBe(
    ['Broker 1, rack a', 'The active controller', 'slow by 200 ms, isolated', 'fenced'].join('\n'),
  );
  expect(describeHead({ ...broker, fenced: true })).toBe('Broker 1\nfenced');
});

test('what passes or can be healed is no trouble yet', () => {
  const tones = (['starting', 'frozen', 'running', 'stopped', 'killed', 'failed'] as const).map((state) =>
    toneOf({ ...broker, state }),
  );
  expect(tones).toEqual(['caution', 'caution', 'caution', 'trouble', 'trouble', 'trouble']);
});
