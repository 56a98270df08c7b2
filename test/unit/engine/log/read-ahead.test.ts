import { beforeEach, describe, expect, it } from 'vitest';
import { endOfWholeBatches, ReadAheadSlots } from '../../../../extension/engine/log/read-ahead.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { systemError } from '../../../support/memory-file-system.ts';
import { batchOf, fixture, type Fixture, recordsIn } from './log-fixture.ts';

const BATCHES = 40;
const MAX_BYTES = 400;

/** Closed and opened again: nothing is in memory, every read goes to the disk. */
function filledLog(cold: Fixture): UnifiedLog {
  const log = cold.open();
  for (let i = 0; i < BATCHES; i++) log.appendAsLeader(batchOf([`value ${i}`, `another ${i}`]), 1);
  log.flushWrites();
  log.close();
  return cold.open({ hadCleanShutdown: true });
}

describe('reading ahead', () => {
  let cold: Fixture;
  let log: UnifiedLog;
  let reads: number;

  beforeEach(() => {
    cold = fixture();
    log = filledLog(cold);
    reads = 0;
    cold.disk.onCall = (operation, path) => {
      if (operation === 'read' && path.endsWith('.log')) reads++;
    };
  });

  it('gives the same records as reading when asked', async () => {
    const offsets: number[] = [];
    for (let offset = 0; offset < log.logEndOffset;) {
      const records = recordsIn((await log.readAsync(offset, MAX_BYTES)).records);
      offsets.push(...records.map((record) => record.offset));
      offset = records.at(-1)!.offset + 1;
    }
    expect(offsets).toEqual(Array.from({ length: 2 * BATCHES }, (_, i) => i));
  });

  it('has the next bytes on their way when they are asked for', async () => {
    const { records } = await log.readAsync(0, MAX_BYTES);
    const next = recordsIn(records).at(-1)!.offset + 1;
    expect(cold.environment.readAheads.count).toBe(1);
    await cold.clock.advance();
    const before = reads;
    expect(recordsIn((await log.readAsync(next, MAX_BYTES)).records)[0]!.offset).toBe(next);
    // The one that follows was begun; this one was not read again.
    expect(reads - before).toBeLessThanOrEqual(1);
  });

  it('goes on where it ended without a look into the index', async () => {
    let looks = 0;
    cold.disk.onCall = (operation, path) => {
      if (operation === 'read' && path.endsWith('.index')) looks++;
      if (operation === 'read' && path.endsWith('.log')) reads++;
    };
    let offset = 0;
    let answers = 0;
    let before = 0;
    for (; offset < log.logEndOffset; answers++) {
      const { records } = await log.readAsync(offset, MAX_BYTES);
      if (answers === 0) before = looks;
      offset = recordsIn(records).at(-1)!.offset + 1;
    }
    expect(answers).toBeGreaterThan(5);
    expect(looks).toBe(before);
    expect(reads).toBeLessThanOrEqual(answers + 2);
  });

  it('looks for the place anew when the log was cut and went on with other batches', async () => {
    cold = fixture({ recentBatchesBytes: 10 });
    log = filledLog(cold);
    const { records } = await log.readAsync(0, MAX_BYTES);
    const next = recordsIn(records).at(-1)!.offset + 1;
    log.truncateTo(2);
    for (let i = 2; i < BATCHES; i++) log.appendAsLeader(batchOf([`${i} `.padEnd(700, 'x')]), 2);
    log.flushWrites();
    const found = recordsIn((await log.readAsync(next, MAX_BYTES)).records);
    expect(found.map(({ offset, value }) => [offset, String(value).slice(0, 2).trim()])).toEqual([
      [next, String(next)],
    ]);
  });

  it('is forgotten when the log is cut', async () => {
    const { records } = await log.readAsync(0, MAX_BYTES);
    const next = recordsIn(records).at(-1)!.offset + 1;
    log.truncateTo(next);
    log.appendAsLeader(batchOf(['after the cut']), 2);
    log.flushWrites();
    const found = recordsIn((await log.readAsync(next, MAX_BYTES)).records);
    expect(found.map((record) => String(record.value))).toEqual(['after the cut']);
  });

  it('does not begin at the end of the log', async () => {
    await log.readAsync(2 * BATCHES - 2, 1_000_000);
    expect(cold.environment.readAheads.count).toBe(0);
  });

  it('that failed is read again when it is asked for', async () => {
    let failing = false;
    cold.disk.onCall = (operation, path) => {
      if (failing && operation === 'read' && path.endsWith('.log')) throw systemError('EIO', 'read', path);
    };
    const reading = log.readAsync(0, MAX_BYTES);
    const next = recordsIn((await reading).records).at(-1)!.offset + 1;
    failing = true;
    await cold.clock.advance();
    failing = false;
    expect(recordsIn((await log.readAsync(next, MAX_BYTES)).records)[0]!.offset).toBe(next);
  });
});

describe('ReadAheadSlots', () => {
  it('lets the oldest make room', () => {
    const dropped: string[] = [];
    const holder = (name: string): { dropReadAhead(): void } => ({ dropReadAhead: () => dropped.push(name) });
    const [a, b, c] = [holder('a'), holder('b'), holder('c')];
    const slots = new ReadAheadSlots(2);
    slots.claim(a);
    slots.claim(b);
    slots.claim(a);
    slots.claim(c);
    expect(dropped).toEqual(['b']);
    slots.release(a);
    expect(slots.count).toBe(1);
  });
});

describe('endOfWholeBatches', () => {
  it('is behind the last whole batch', () => {
    const first = batchOf(['a', 'b']);
    const second = batchOf(['c'], { baseOffset: 2 });
    const both = Buffer.concat([first, second]);
    expect(endOfWholeBatches(both, 0)).toEqual({ nextOffset: 3, sizeBytes: both.length });
    expect(endOfWholeBatches(both.subarray(0, -1), 0)).toEqual({ nextOffset: 2, sizeBytes: first.length });
    expect(endOfWholeBatches(first.subarray(0, 30), 0)).toEqual({ nextOffset: 0, sizeBytes: 0 });
  });
});
