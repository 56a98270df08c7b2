import { setTimeout as delay } from 'node:timers/promises';
import type { SamsaCluster } from '../../support/samsa-cluster.ts';

/** Random numbers that one seed repeats: mulberry32. */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/**
 * Does harm to one broker after the other, each time mending it before the next: with two of three in sync nothing that was
 * acknowledged may be lost. Answers what it did.
 */
export async function torment(
  cluster: SamsaCluster,
  brokers: number,
  random: (bound: number) => number,
  untilMs: number,
): Promise<string[]> {
  const done: string[] = [];
  const tell = (what: string): void => void done.push(`${new Date().toISOString().slice(14, 23)} ${what}`);
  while (Date.now() < untilMs) {
    const broker = 1 + random(brokers);
    const other = 1 + ((broker + random(brokers - 1)) % brokers);
    const lastsMs = 300 + random(4000);
    switch (random(6)) {
      case 0:
      case 1:
        tell(`kill ${broker} for ${lastsMs} ms`);
        await cluster.control('kill', { broker });
        await delay(lastsMs);
        await cluster.control('start', { broker }, 60_000);
        break;
      case 2:
        tell(`stop ${broker} for ${lastsMs} ms`);
        await cluster.control('stop', { broker }, 60_000);
        await delay(lastsMs);
        await cluster.control('start', { broker }, 60_000);
        break;
      case 3:
        tell(`freeze ${broker} for ${lastsMs} ms`);
        await cluster.control('freeze', { broker, ms: lastsMs });
        await delay(lastsMs + 100);
        break;
      case 4:
        tell(`isolate ${broker} for ${lastsMs} ms`);
        await cluster.control('isolate', { broker, clients: random(2) === 0 });
        await delay(lastsMs);
        await cluster.control('heal');
        break;
      case 5:
        tell(`drop ${broker} to ${other} for ${lastsMs} ms`);
        await cluster.control('drop', { from: broker, to: other });
        await delay(lastsMs);
        await cluster.control('heal');
        break;
    }
    await delay(500 + random(2500));
  }
  return done;
}
