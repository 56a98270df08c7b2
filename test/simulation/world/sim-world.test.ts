import { expect, test } from 'vitest';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimRandom } from './sim-random.ts';
import { Actor, SimWorld, Violation } from './sim-world.ts';

function setUp(): { world: SimWorld; actor: Actor; clock: SimClock; said: string[] } {
  const world = new SimWorld(1);
  const actor = new Actor('one');
  return { world, actor, clock: new SimClock(world, actor), said: [] };
}

test('events happen in the order of their times, then of their making, and promises settle between them', async () => {
  const { world, clock, said } = setUp();
  clock.schedule(20, () => said.push('late'));
  clock.schedule(10, () => void Promise.resolve().then(() => said.push('promise of first')));
  clock.schedule(10, () => said.push('second'));
  const cancelled = clock.schedule(15, () => said.push('never'));
  cancelled.cancel();
  await world.run(100);
  expect(said).toEqual(['promise of first', 'second', 'late']);
  expect(world.nowMs).toBe(100);
});

test('what belongs to a dead process never happens; a frozen one catches up', async () => {
  const { world, actor, clock, said } = setUp();
  const other = new Actor('other');
  const otherClock = new SimClock(world, other);
  clock.schedule(10, () => said.push(`one at ${world.nowMs}`));
  otherClock.schedule(10, () => said.push('other'));
  world.schedule(5, undefined, () => {
    world.freeze(actor);
    other.alive = false;
  });
  world.schedule(50, undefined, () => world.thaw(actor));
  await world.run(100);
  expect(said).toEqual(['one at 50']);
});

test('what an event throws, and a promise that nobody awaits, is a violation and ends the run', async () => {
  const { world, clock } = setUp();
  clock.schedule(1, () => void Promise.reject(new Error('forgotten')));
  await world.run(100);
  expect(world.violation?.message).toContain('forgotten');
  expect(world.nowMs).toBeLessThan(100);

  const again = setUp();
  again.clock.schedule(1, () => {
    throw new Violation('a rule', 'broken');
  });
  await again.world.run(100);
  expect(again.world.violation?.rule).toBe('a rule');
});

test('running in circles at one moment is noticed', async () => {
  const { world, actor } = setUp();
  const again = (): void => void world.schedule(0, actor, again);
  again();
  await world.run(100);
  expect(world.violation?.message).toContain('at one moment');
});

test('the same seed draws the same numbers, another one others', () => {
  const draw = (seed: number): number[] => {
    const random = new SimRandom(seed);
    return Array.from({ length: 5 }, () => random.int(1_000_000));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('a loss of power takes what was not flushed, and nothing else', () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new SimDisk();
    const files = disk.fileSystem(
      { alive: true },
      () => 0,
      (fn) => fn(),
    );
    files.mkdirSync('/data');
    const file = files.openSync('/data/log', 'create');
    file.writeSync([Buffer.from('safe')], 0);
    file.syncSync();
    file.writeSync([Buffer.from('lost')], 4);
    file.writeSync([Buffer.from('SA')], 0);
    file.truncateSync(6);
    disk.losePower(new SimRandom(seed));
    const left = disk.contentOf('/data/log')!.toString();
    expect(['safe', 'safel', 'safelo', 'safelos', 'safelost', 'SAfelost', 'SAfelo']).toContain(left);
  }
});

test('a dead process no longer reaches its disk', () => {
  const disk = new SimDisk();
  const user = { alive: true };
  const files = disk.fileSystem(
    user,
    () => 0,
    (fn) => fn(),
  );
  const file = files.openSync('/x', 'create');
  user.alive = false;
  expect(() => file.writeSync([Buffer.from('x')], 0)).toThrow('EIO');
  expect(() => files.readdirSync('/')).toThrow('EIO');
  expect(disk.contentOf('/x')).toEqual(Buffer.alloc(0));
});
