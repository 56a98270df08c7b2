import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Machine, records } from './raft-fixture.ts';
import type { Node } from './raft-fixture.ts';

type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'settle' }
  | { readonly do: 'snapshot' }
  | { readonly do: 'stop' }
  | { readonly do: 'kill' }
  | { readonly do: 'losePower'; readonly choices: readonly number[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'settle' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'snapshot' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('losePower' as const),
      choices: fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }),
    }),
  },
);

/** What a listener has been told, with snapshots resolved to the records in them. */
function told({ listener }: Node): string[] {
  const [first, ...rest] = listener.seen;
  if (first === undefined || !first.startsWith('snapshot ')) return [...listener.seen].map(valueOf);
  const inSnapshot = first.slice(first.indexOf(': ') + 2);
  return [...(inSnapshot === '' ? [] : inSnapshot.split(' ')), ...rest.map(valueOf)];
}

function valueOf(seen: string): string {
  return seen.slice(seen.indexOf(':') + 1);
}

test('whatever crashes, what was committed is there, in order, once; and no epoch is led twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const machine = new Machine();
      const options = { segmentBytes: 400, retentionMaxBytes: 2000 };
      let node = await machine.start(options);
      let committed: string[] = [];
      let next = 0;
      const epochs = [node.raft.leaderAndEpoch().epoch];
      const restart = async (): Promise<void> => {
        node = await machine.start(options);
        expect(node.fatal).toEqual([]);
        const now = told(node);
        expect(now.slice(0, committed.length)).toEqual(committed);
        // What was written and not yet acknowledged may have survived, but nothing else.
        expect(now.slice(committed.length)).toEqual(
          now.slice(committed.length).map((_value, i) => String(committed.length + i)),
        );
        committed = now;
        next = committed.length;
        epochs.push(node.raft.leaderAndEpoch().epoch);
      };
      for (const each of steps) {
        switch (each.do) {
          case 'append':
            node.raft.append(epochs.at(-1)!, records(...Array.from({ length: each.count }, () => String(next++))));
            break;
          case 'settle':
            await machine.settle();
            break;
          case 'snapshot': {
            const id = { offset: node.raft.highWatermark(), epoch: epochs.at(-1)! };
            const written = node.raft.createSnapshot(id, 0, [records(...told(node))]);
            await machine.settle();
            await written;
            break;
          }
          case 'stop':
            await node.raft.shutdown();
            await machine.settle();
            await restart();
            break;
          case 'kill':
            committed = told(node);
            node.raft.kill();
            await machine.settle();
            await restart();
            break;
          case 'losePower': {
            committed = told(node);
            node.raft.kill();
            let at = 0;
            machine.disk.losePower((bound) => each.choices[at++ % each.choices.length]! % (bound + 1));
            await machine.settle();
            await restart();
            break;
          }
        }
        committed = told(node);
      }
      expect(new Set(epochs).size).toBe(epochs.length);
    }),
    { numRuns: 150 },
  );
}, 60_000);
