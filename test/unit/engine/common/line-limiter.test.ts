import { beforeEach, describe, expect, it } from 'vitest';
import { LineLimiter } from '../../../../extension/engine/common/line-limiter.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

let clock: FakeClock;
let lines: string[];
let limiter: LineLimiter;

beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  const to =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  limiter = new LineLimiter({ debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }, clock);
});

const many = (count: number, say: (i: number) => void): void => {
  for (let i = 0; i < count; i++) say(i);
};

describe('LineLimiter', () => {
  it('says the first lines of a kind, and at the end of the interval how many there were', async () => {
    many(1000, (i) => limiter.warn(`closing the connection of 10.0.0.${i}: a frame of ${i} bytes was announced`));
    expect(lines).toHaveLength(5);
    expect(lines[4]).toBe('warn closing the connection of 10.0.0.4: a frame of 4 bytes was announced');
    await clock.advance(9_999);
    expect(lines).toHaveLength(5);
    await clock.advance(1);
    expect(lines.slice(5)).toEqual([
      'warn 995 more like it in the last 10 s, the last one: ' +
        'closing the connection of 10.0.0.999: a frame of 999 bytes was announced',
    ]);
  });

  it('begins anew with each interval', async () => {
    for (let second = 0; second < 30; second++) {
      many(100, (i) => limiter.error(`no space for orders-${i}`));
      await clock.advance(1000);
    }
    const counts = lines.map((line) => /(\d+) more like it/.exec(line)?.[1]).filter((count) => count !== undefined);
    expect(counts).toEqual(['995', '995', '995']);
    expect(lines).toHaveLength(18);
  });

  it('does not let one kind silence another, nor warnings errors', () => {
    many(100, () => limiter.warn('a frame of 7 bytes'));
    limiter.warn('API key 999 is not served');
    limiter.error('a frame of 7 bytes');
    expect(lines.slice(5)).toEqual(['warn API key 999 is not served', 'error a frame of 7 bytes']);
  });

  it('is not fooled by lines that are all different, and holds nothing of them when they are over', async () => {
    const letters = (i: number): string => i.toString(26).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!);
    many(10_000, (i) => limiter.warn(`client ${letters(i)} failed`));
    expect(lines).toHaveLength(32 + 5);
    expect(clock.timerCount).toBe(33);
    await clock.advance(10_000);
    expect(lines.slice(37)).toEqual([expect.stringMatching(/^warn 9963 more like it in the last 10 s, the last one/)]);
    expect(clock.timerCount).toBe(0);
  });

  it('lets everything else through', () => {
    many(100, () => {
      limiter.debug('d');
      limiter.info('i');
    });
    expect(lines).toHaveLength(200);
  });
});
