import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../../extension/engine/common/clock.ts';
import { TimeSlices } from '../../../../extension/engine/metadata/time-slices.ts';

/** Time goes on only while a task is done. */
class BusyClock implements Clock {
  now = 0;
  readonly deferred: (() => void)[] = [];

  nowMs = (): number => this.now;
  monotonicMs = (): number => this.now;
  schedule = () => ({ cancel: () => undefined });
  defer = (fn: () => void): void => void this.deferred.push(fn);

  /** The next turn of the event loop. */
  turn(): void {
    for (const fn of this.deferred.splice(0)) fn();
  }
}

function slices(costMs: number, fails?: number) {
  const clock = new BusyClock();
  const handled: number[] = [];
  const queue = new TimeSlices(clock);
  const push = (...numbers: number[]): void =>
    queue.push(
      ...numbers.map((number) => () => {
        if (number === fails) throw new Error('can not be');
        handled.push(number);
        clock.now += costMs;
      }),
    );
  return { clock, handled, queue, push };
}

const offsets = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('tasks', () => {
  test('are done at once while that is quick', () => {
    const { clock, handled, push } = slices(1);
    push(...offsets(0, 20));
    expect(handled).toEqual(offsets(0, 20));
    expect(clock.deferred).toHaveLength(0);
  });

  test('give way to others when it takes long, and stay in order', () => {
    const { clock, handled, push } = slices(10);
    push(...offsets(0, 7));
    expect(handled).toEqual([0, 1, 2]);
    push(7);
    expect(handled).toHaveLength(3);
    clock.turn();
    expect(handled).toEqual(offsets(0, 6));
    clock.turn();
    expect(handled).toEqual(offsets(0, 8));
    expect(clock.deferred).toHaveLength(0);
  });

  test('are all done before what must come after them', () => {
    const { clock, handled, queue, push } = slices(100);
    push(...offsets(0, 5));
    expect(handled).toEqual([0]);
    queue.drain();
    expect(handled).toEqual(offsets(0, 5));
    clock.turn();
    expect(handled).toEqual(offsets(0, 5));
  });

  test('are not done any more when the node stops', () => {
    const { clock, handled, queue, push } = slices(100);
    push(...offsets(0, 5));
    queue.close();
    clock.turn();
    expect(handled).toEqual([0]);
  });

  test('that fail stop the node, at once or with the next ones', () => {
    expect(() => slices(1, 2).push(...offsets(0, 3))).toThrow('can not be');
    const { clock, handled, queue, push } = slices(100, 1);
    push(0, 1, 2);
    clock.turn();
    expect(() => push(3)).toThrow('can not be');
    expect(() => queue.drain()).toThrow('can not be');
    expect(handled).toEqual([0]);
  });
});
