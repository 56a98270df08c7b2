import { deferred } from '../../support/deferred.ts';
import type { Deferred } from '../../support/deferred.ts';
import { beforeEach, expect, test } from 'vitest';
import { RefreshLoop } from '../../../extension/explorer/refresh-loop.ts';

let nowMs: number;
let timers: { delayMs: number; action: () => void }[];
let rounds: Deferred<void>[];
let loop: RefreshLoop;

beforeEach(() => {
  nowMs = 0;
  timers = [];
  rounds = [];
  const round = (): Promise<void> => {
    const running = deferred<void>();
    rounds.push(running);
    return running.promise;
  };
  loop = new RefreshLoop(round, {
    nowMs: () => nowMs,
    after: (delayMs, action) => {
      const timer = { delayMs, action };
      timers.push(timer);
      return { cancel: () => void (timers = timers.filter((each) => each !== timer)) };
    },
  });
});

async function finishRound(durationMs: number): Promise<void> {
  nowMs += durationMs;
  rounds.at(-1)?.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

test('does nothing before somebody looks, and stops when nobody does', async () => {
  loop.soon();
  expect(rounds).toHaveLength(0);
  loop.setActive(true);
  expect(rounds).toHaveLength(1);
  await finishRound(10);
  expect(timers).toHaveLength(1);
  loop.setActive(false);
  expect(timers).toHaveLength(0);
});

test('waits a second between rounds, more where they take long', async () => {
  loop.setActive(true);
  await finishRound(10);
  expect(timers[0]?.delayMs).toBe(1000);
  timers[0]?.action();
  await finishRound(500);
  expect(timers[0]?.delayMs).toBe(5000);
});

test('never runs two at once; what comes meanwhile makes for one more', async () => {
  loop.setActive(true);
  loop.soon();
  loop.soon();
  expect(rounds).toHaveLength(1);
  await finishRound(10);
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([0]);
});

test('now runs a round that began after the call', async () => {
  loop.setActive(true);
  let isDone = false;
  const done = loop.now().then(() => (isDone = true));
  await finishRound(10);
  expect(isDone).toBe(false);
  expect(rounds).toHaveLength(2);
  await finishRound(10);
  await done;
});
