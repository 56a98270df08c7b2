import { expect, test } from 'vitest';
import { systemRandom } from '../../../extension/engine/common/random.ts';
import { nodeFileSystem } from '../../../extension/engine/common/node-file-system.ts';
import { systemClock } from '../../../extension/engine/common/clock.ts';
import { SimWorld } from './sim-world.ts';

test.each([
  ['the time', () => systemClock.nowMs(), 'Date.now'],
  ['monotonic time', () => systemClock.monotonicMs(), 'performance.now'],
  ['a timer', () => systemClock.schedule(1, () => {}), 'setTimeout'],
  ['the end of the turn', () => systemClock.defer(() => {}), 'setImmediate'],
  ['randomness', () => systemRandom.bytes(4), 'crypto.randomBytes'],
  ['a file', () => nodeFileSystem.existsSync('/'), 'fs.existsSync'],
])('code of the product that asks the machine for %s ends a simulation', async (_what, leak, name) => {
  const world = new SimWorld(1);
  world.schedule(1, undefined, () => {
    try {
      leak();
    } catch {
      // Swallowing it does not help.
    }
  });
  world.schedule(2, undefined, () => world.trace('test', 'went on'));
  await world.run(10);
  expect(world.violation?.message).toContain(`${name} was called in a simulation`);
  expect(world.lines.map(({ what }) => what)).not.toContain('went on');
});

test('outside of a run, and for others than the product, all works as ever', async () => {
  const world = new SimWorld(1);
  let now = 0;
  world.schedule(1, undefined, () => (now = Date.now()));
  await world.run(10);
  expect(world.violation).toBeUndefined();
  expect(now).toBeGreaterThan(1_600_000_000_000);
  expect(systemClock.nowMs()).toBeGreaterThanOrEqual(now);
  expect(new Date(systemClock.nowMs()).getFullYear()).toBeGreaterThan(2020);
});
