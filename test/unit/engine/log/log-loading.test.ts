import { beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { FoundLog } from '../../../../extension/engine/log/log-discovery.ts';
import { LogLoading } from '../../../../extension/engine/log/log-loading.ts';
import type { LogRecoverer, LogToRecover } from '../../../../extension/engine/log/log-recovery.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { config } from './log-fixture.ts';

const MIB = 1024 * 1024;

/** Recovers what the test says, when it says so. */
class FakeRecoverer implements LogRecoverer {
  logs: string[] = [];
  isStopped = false;
  finish: (index: number, isRecovered: boolean) => void = () => {};

  start(logs: readonly LogToRecover[], _: unknown, onDone: (index: number, isRecovered: boolean) => void) {
    this.logs = logs.map(({ topic }) => topic);
    this.finish = onDone;
    return { stop: () => void (this.isStopped = true) };
  }
}

let clock: FakeClock;
let recoverer: FakeRecoverer;
let opened: string[];

beforeEach(() => {
  clock = new FakeClock();
  recoverer = new FakeRecoverer();
  opened = [];
});

function found(topic: string): FoundLog {
  return { topic, partition: 0 } as FoundLog;
}

/** Logs by topic, with the sizes of what must be checked. */
function loading(sizes: Record<string, number>, by?: LogRecoverer): LogLoading {
  return new LogLoading({
    clock,
    open: ({ topic }, isRecovered) => void opened.push(isRecovered ? `${topic} recovered` : topic),
    bytesToRecover: ({ topic }) => sizes[topic] ?? 0,
    describe: ({ topic, partition }) => ({ topic, partition, directory: `/data/${topic}-0`, config: config() }),
    recoverer: by,
    recovery: { threads: 2, producerExpirationMs: 1000, logger: silentLogger },
    onProgress: undefined,
  });
}

it('gives the large logs away, the largest first, and opens the small ones meanwhile', async () => {
  const sizes = { a: 80 * MIB, b: 100, c: 90 * MIB, d: 0 };
  const done = loading(sizes, recoverer).load(Object.keys(sizes).map(found));
  await clock.advance();
  expect(recoverer.logs).toEqual(['c', 'a']);
  expect(opened).toEqual(['b', 'd']);
  recoverer.finish(1, true);
  await clock.advance();
  expect(opened).toEqual(['b', 'd', 'a recovered']);
  recoverer.finish(0, true);
  expect(await done).toBe(true);
  expect(opened).toEqual(['b', 'd', 'a recovered', 'c recovered']);
});

it('recovers itself what others could not', async () => {
  const sizes = { a: 200 * MIB, b: 2 * MIB };
  const done = loading(sizes, recoverer).load(Object.keys(sizes).map(found));
  await clock.advance();
  recoverer.finish(1, false);
  recoverer.finish(0, true);
  expect(await done).toBe(true);
  expect(opened).toEqual(['b', 'a recovered']);
});

it.each([
  ['there is little to check', { a: 50 * MIB, b: 60 * MIB }],
  ['many small logs are all there is', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`t${i}`, MIB - 1]))],
])('does everything itself where %s', async (_, sizes) => {
  expect(await loading(sizes, recoverer).load(Object.keys(sizes).map(found))).toBe(true);
  expect(recoverer.logs).toEqual([]);
  expect(opened).toEqual(Object.keys(sizes));
});

it('does everything itself where nobody helps', async () => {
  const sizes = { a: 500 * MIB, b: 500 * MIB };
  expect(await loading(sizes).load(Object.keys(sizes).map(found))).toBe(true);
  expect(opened).toEqual(['a', 'b']);
});

it('stops the others too, and opens nothing any more', async () => {
  const sizes = { a: 200 * MIB, b: 200 * MIB };
  const load = loading(sizes, recoverer);
  const done = load.load(Object.keys(sizes).map(found));
  await clock.advance();
  recoverer.finish(0, true);
  await clock.advance();
  load.stop();
  recoverer.finish(1, true);
  expect(await done).toBe(false);
  expect([recoverer.isStopped, opened]).toEqual([true, ['a recovered']]);
});
