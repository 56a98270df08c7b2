import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerQueue } from '../../../../extension/engine/coordinator/timer-queue.ts';
import type { QueuedTimer } from '../../../../extension/engine/coordinator/timer-queue.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('TimerQueue', () => {
  it('fires in the order of times, then of making', async () => {
    const clock = new FakeClock();
    const queue = new TimerQueue(clock);
    const fired: string[] = [];
    for (const [name, delayMs] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
    ] as const) {
      queue.schedule(delayMs, () => fired.push(`${name}@${clock.monotonicMs()}`));
    }
    await clock.advance(25);
    expect(fired).toEqual(['a@10', 'b1@20', 'b2@20']);
    await clock.advance(5);
    expect(fired).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30']);
  });

  it('keeps one timer of the clock, and none while it is empty', async () => {
    const clock = new FakeClock();
    const queue = new TimerQueue(clock);
    const timers = [50, 10, 30].map((delayMs) => queue.schedule(delayMs, () => undefined));
    expect([queue.size, clock.timerCount]).toEqual([3, 1]);
    for (const timer of timers) timer.cancel();
    expect([queue.size, clock.timerCount]).toEqual([0, 0]);
    queue.schedule(5, () => undefined);
    await clock.advance(5);
    expect([queue.size, clock.timerCount]).toEqual([0, 0]);
  });

  it('moves a timer to later without touching the clock, and to earlier as well', async () => {
    const clock = new FakeClock();
    const queue = new TimerQueue(clock);
    const fired: number[] = [];
    const fire = (): void => void fired.push(clock.monotonicMs());
    let timer = queue.schedule(10, fire);
    for (let i = 0; i < 5; i++) {
      await clock.advance(8);
      timer = queue.move(timer, 10, fire);
    }
    expect([fired, queue.size]).toEqual([[], 1]);
    timer = queue.move(timer, 4, fire);
    await clock.advance(100);
    expect(fired).toEqual([44]);
    expect(queue.size).toBe(0);
  });

  it('does not fire what an earlier timer of the same moment cancelled or moved', async () => {
    const clock = new FakeClock();
    const queue = new TimerQueue(clock);
    const fired: string[] = [];
    const later: QueuedTimer[] = [];
    queue.schedule(10, () => {
      later[0]!.cancel();
      queue.move(later[1]!, 5, () => fired.push(`moved@${clock.monotonicMs()}`));
    });
    later.push(queue.schedule(10, () => fired.push('cancelled')));
    later.push(queue.schedule(10, () => fired.push('not moved')));
    await clock.advance(20);
    expect(fired).toEqual(['moved@15']);
  });

  it('forgets timers that were cancelled long before their time', () => {
    const queue = new TimerQueue(new FakeClock());
    const keeper = queue.schedule(1_000_000, () => undefined);
    for (let i = 0; i < 10_000; i++) queue.schedule(500_000 + i, () => undefined).cancel();
    expect(queue.size).toBe(1);
    expect(queue.heapSize).toBeLessThan(1_000);
    keeper.cancel();
  });

  it('does what a list of timers would', async () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('schedule' as const), delayMs: fc.nat(50) }),
      fc.record({ kind: fc.constant('move' as const), delayMs: fc.nat(50), which: fc.nat() }),
      fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const clock = new FakeClock();
        const queue = new TimerQueue(clock);
        const timers: QueuedTimer[] = [];
        const model: (number | undefined)[] = [];
        const fired: [number, number][] = [];
        const expected: [number, number][] = [];
        const fire = (id: number) => (): void => void fired.push([id, clock.monotonicMs()]);
        for (const step of operations) {
          if (step.kind === 'schedule') {
            model.push(clock.monotonicMs() + step.delayMs);
            timers.push(queue.schedule(step.delayMs, fire(timers.length)));
          } else if (step.kind === 'advance') {
            await clock.advance(step.ms);
            model.forEach((atMs, id) => {
              if (atMs === undefined || atMs > clock.monotonicMs()) return;
              expected.push([id, atMs]);
              model[id] = undefined;
            });
          } else if (timers.length > 0) {
            const id = step.which % timers.length;
            if (step.kind === 'cancel') {
              timers[id]!.cancel();
              model[id] = undefined;
            } else {
              model[id] = clock.monotonicMs() + step.delayMs;
              timers[id] = queue.move(timers[id]!, step.delayMs, fire(id));
            }
          }
        }
        const byIdAndTime = (list: [number, number][]): string[] => list.map(String).sort();
        expect(byIdAndTime(fired)).toEqual(byIdAndTime(expected));
        expect(fired.map(([, atMs]) => atMs)).toEqual(fired.map(([, atMs]) => atMs).sort((a, b) => a - b));
        expect(queue.size).toBe(model.filter((atMs) => atMs !== undefined).length);
      }),
      { numRuns: 100 },
    );
  });
});
