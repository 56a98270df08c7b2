import { beforeEach, expect, test } from 'vitest';
import { UnfoldKeeper } from '../../../extension/explorer/unfold-keeper.ts';

let nowMs: number;
let timers: { atMs: number; action: () => void }[];
let opened: string[];
let keeper: UnfoldKeeper<string>;

beforeEach(() => {
  nowMs = 0;
  timers = [];
  opened = [];
  keeper = new UnfoldKeeper((row) => opened.push(row), {
    nowMs: () => nowMs,
    after: (delayMs, action) => {
      const timer = { atMs: nowMs + delayMs, action };
      timers.push(timer);
      return { cancel: () => void (timers = timers.filter((each) => each !== timer)) };
    },
  });
});

function pass(ms: number): void {
  nowMs += ms;
  const due = timers.filter(({ atMs }) => atMs <= nowMs);
  timers = timers.filter(({ atMs }) => atMs > nowMs);
  for (const { action } of due) action();
}

test('a row that is unfolded during a redraw is opened once more', () => {
  keeper.redraws();
  pass(20);
  keeper.unfolded('Brokers');
  expect(opened).toEqual([]);
  pass(1000);
  expect(opened).toEqual(['Brokers']);
  pass(1000);
  expect(opened).toEqual(['Brokers']);
});

test('a row that is unfolded in peace is left alone', () => {
  keeper.unfolded('Topics');
  keeper.redraws();
  pass(2000);
  keeper.unfolded('Brokers');
  pass(2000);
  expect(opened).toEqual([]);
});

test('a row that is folded again stays folded', () => {
  keeper.redraws();
  keeper.unfolded('Brokers');
  keeper.unfolded('Topics');
  keeper.folded('Brokers');
  pass(2000);
  expect(opened).toEqual(['Topics']);
});

test('nothing is opened after the end', () => {
  keeper.redraws();
  keeper.unfolded('Brokers');
  keeper.dispose();
  pass(2000);
  expect(opened).toEqual([]);
});
