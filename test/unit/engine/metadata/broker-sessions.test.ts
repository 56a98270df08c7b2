import { expect, test } from 'vitest';
import type { Clock } from '../../../../extension/engine/common/clock.ts';
import type { BrokerRegistration } from '../../../../extension/engine/metadata/broker-registration.ts';
import { BrokerSessions } from '../../../../extension/engine/metadata/broker-sessions.ts';
import { clusterImage } from './metadata-fixture.ts';

/** A clock that stands still for the process while time goes on: timers fire when `wake` says so. */
class StallingClock implements Clock {
  now = 0;
  readonly timers = new Set<() => void>();

  nowMs = (): number => this.now;
  monotonicMs = (): number => this.now;
  schedule = (_delayMs: number, fn: () => void) => {
    this.timers.add(fn);
    return { cancel: () => void this.timers.delete(fn) };
  };
  defer = (fn: () => void): void => void this.schedule(0, fn);

  wake(now: number): void {
    this.now = now;
    for (const fn of [...this.timers]) {
      this.timers.delete(fn);
      fn();
    }
  }
}

function sessions() {
  const clock = new StallingClock();
  const expired: number[] = [];
  const brokers: BrokerRegistration[] = [...clusterImage(2, 3).cluster.brokers.values()];
  const watch = new BrokerSessions({
    ...{ clock, timeoutMs: 9000, watched: () => [...brokers] },
    onExpired: ({ id }) => {
      expired.push(id);
      brokers.splice(
        brokers.findIndex((broker) => broker.id === id),
        1,
      );
    },
  });
  watch.restart();
  return { clock, expired, brokers, watch };
}

test('who is silent for too long has expired, and nobody else', () => {
  const { clock, expired, watch } = sessions();
  clock.now = 5000;
  watch.touch(3, 10);
  clock.wake(9000);
  expect(expired).toEqual([2]);
  clock.wake(14_000);
  expect(expired).toEqual([2, 3]);
  expect(clock.timers.size).toBe(0);
});

test('a controller that stood still itself listens before it judges', () => {
  const { clock, expired, brokers } = sessions();
  clock.wake(20_000);
  expect(expired).toEqual([]);
  expect(brokers).toHaveLength(2);
  clock.wake(22_499);
  expect(expired).toEqual([]);
  clock.wake(22_500);
  expect(expired).toEqual([2, 3]);
});

test('stopped, nobody is watched', () => {
  const { clock, watch } = sessions();
  watch.stop();
  expect(clock.timers.size).toBe(0);
  watch.restart();
  expect(clock.timers.size).toBe(1);
});
