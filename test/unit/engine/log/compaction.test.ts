import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanableRange, groupSegments, isWorthCleaning } from '../../../../extension/engine/log/cleanable-log.ts';
import type { CleanableRange } from '../../../../extension/engine/log/cleanable-log.ts';
import { Cleaner } from '../../../../extension/engine/log/cleaner.ts';
import type { CleaningResult } from '../../../../extension/engine/log/cleaner.ts';
import { OffsetMap } from '../../../../extension/engine/log/offset-map.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import type { CompressionType } from '../../../../extension/records/compression-type.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import type { KafkaRecord } from '../../../../extension/records/record.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { batchOf, codeOf, config, fixture, NOW_MS, recordsIn } from './log-fixture.ts';
import type { Fixture } from './log-fixture.ts';

const compacted = {
  'cleanup.policy': 'compact',
  'internal.segment.bytes': '400',
  'index.interval.bytes': '100',
  'min.cleanable.dirty.ratio': '0',
  'delete.retention.ms': '1000',
};

const keyed = (key: string, value: string | null): { key: Buffer; value: Buffer | null; timestamp: number } => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp: NOW_MS,
});

interface Compaction {
  readonly fixture: Fixture;
  readonly log: UnifiedLog;
  put(...records: [key: string, value: string | null][]): void;
  clean(checkpoint?: number): Promise<CleaningResult>;
}

function compaction(raw: Record<string, string> = {}, mapBytes = 1 << 20): Compaction {
  const made = fixture();
  const log = made.open({ config: config({ ...compacted, ...raw }) });
  const cleaner = new Cleaner(made.environment, mapBytes);
  return {
    fixture: made,
    log,
    put(...records) {
      log.appendAsLeader(batchOf(records.map(([key, value]) => keyed(key, value))), 0);
      log.flushWrites();
      log.updateHighWatermark(log.logEndOffset);
    },
    clean: (checkpoint) => cleaner.clean(log, cleanableRange(log, checkpoint, made.clock.nowMs())),
  };
}

function readAll(log: UnifiedLog): KafkaRecord[] {
  const found: KafkaRecord[] = [];
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const { records } = log.read(offset, 1 << 20);
    const end = endOf(records);
    if (end === undefined) break;
    found.push(...recordsIn(records));
    offset = end;
  }
  return found;
}

function endOf(slices: readonly Buffer[]): number | undefined {
  const bytes = Buffer.concat(slices);
  let end: number | undefined;
  for (let at = 0; at < bytes.length; at += batch.batchSize(bytes, at)) end = batch.lastOffset(bytes, at) + 1;
  return end;
}

const shown = (log: UnifiedLog): string[] =>
  readAll(log).map(
    (record) => `${record.offset}:${String(record.key)}=${record.value === null ? '' : String(record.value)}`,
  );

describe('compaction', () => {
  it('keeps the last record of each key, and everything in the active segment', async () => {
    const { log, put, clean } = compaction();
    for (let i = 0; i < 12; i++) put([`k${i % 3}`, `v${i}`], ['once', `o${i}`]);
    const active = log.segments().at(-1)!.baseOffset;
    const before = log.sizeBytes;
    expect(log.segments().length).toBeGreaterThan(2);
    const result = await clean();
    expect(result.endOffset).toBe(active);
    expect(log.sizeBytes).toBeLessThan(before);
    // The last of k0, k1, k2 and of "once" before the active segment.
    const survivors = shown(log).filter((text) => Number.parseInt(text, 10) < active);
    const expected = [...Array(active / 2).keys()].slice(-3).flatMap((i) => [`${2 * i}:k${i % 3}=v${i}`]);
    expect(survivors).toEqual([...expected, `${active - 1}:once=o${active / 2 - 1}`]);
    expect(log.logEndOffset).toBe(24);
    for (let offset = 0; offset < 24; offset++) expect(codeOf(() => log.read(offset, 100))).toBe('no error');
  });

  it('drops tombstones when delete.retention.ms has passed since they were first seen', async () => {
    const { log, put, clean, fixture: made } = compaction();
    put(['a', '1'], ['b', '1']);
    put(['a', null]);
    log.roll();
    await clean();
    expect(shown(log)).toEqual(['1:b=1', '2:a=']);
    await made.clock.advance(999);
    put(['x', '1']);
    log.roll();
    await clean(3);
    expect(shown(log)).toEqual(['1:b=1', '2:a=', '3:x=1']);
    await made.clock.advance(1);
    put(['x', '2']);
    log.roll();
    await clean(4);
    expect(shown(log)).toEqual(['1:b=1', '4:x=2']);
  });

  it('keeps sequences of producers that are still known, if need be in a batch without records', async () => {
    const { log, clean, fixture: made } = compaction();
    const send = (sequence: number, key: string): void => {
      const options = { producerId: 5, producerEpoch: 0, baseSequence: sequence };
      log.appendAsLeader(batchOf([keyed(key, `v${sequence}`)], options), 0);
      log.flushWrites();
    };
    send(0, 'a');
    send(1, 'a');
    log.appendAsLeader(batchOf([keyed('a', 'other')]), 0);
    log.updateHighWatermark(3);
    log.roll();
    log.updateHighWatermark(3);
    await clean();
    expect(shown(log)).toEqual(['2:a=other']);
    log.close();
    made.disk.paths.filter((path) => path.endsWith('.snapshot')).forEach((path) => made.disk.unlinkSync(path));
    const again = fixture({ disk: made.disk }).open({ config: log.config });
    expect(again.activeProducers()).toMatchObject([{ producerId: 5, lastSequence: 1 }]);
  });

  it('drops aborted records at once, and markers only when nothing of their transaction is left', async () => {
    const { log, clean, fixture: made } = compaction();
    const transact = (producerId: number, key: string, commit: boolean): void => {
      const options = { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true };
      log.appendAsLeader(batchOf([keyed(key, `by ${producerId}`)], options), 0);
      const marker = { producerId, producerEpoch: 0, coordinatorEpoch: 0, commit };
      log.appendAsLeader(buildEndTransactionBatch(marker, NOW_MS), 0, { origin: 'coordinator' });
    };
    transact(1, 'a', true);
    transact(2, 'a', false);
    transact(3, 'b', false);
    log.appendAsLeader(batchOf([keyed('c', 'plain')]), 0);
    log.flushWrites();
    log.updateHighWatermark(log.logEndOffset);
    log.roll();
    log.producers.removeExpired(NOW_MS + 1e9);
    await clean();
    expect(shown(log)).toEqual(['0:a=by 1', '6:c=plain']);
    const markers = (): number[] => {
      const bytes = Buffer.concat(log.local.segments.all.map((s) => made.disk.readFileSync(s.log.path)));
      const offsets: number[] = [];
      for (let at = 0; at < bytes.length; at += batch.batchSize(bytes, at)) {
        if (batch.isControl(bytes, at) && batch.recordCount(bytes, at) > 0) offsets.push(batch.baseOffset(bytes, at));
      }
      return offsets;
    };
    expect(markers()).toEqual([1, 3, 5]);
    expect(log.collectAbortedTransactions(0, 7)).toEqual([
      { producerId: 2, firstOffset: 2 },
      { producerId: 3, firstOffset: 4 },
    ]);
    log.appendAsLeader(batchOf([keyed('c', 'later')]), 0);
    log.flushWrites();
    log.updateHighWatermark(log.logEndOffset);
    log.roll();
    await clean(7);
    await made.clock.advance(1001);
    log.appendAsLeader(batchOf([keyed('c', 'latest')]), 0);
    log.flushWrites();
    log.updateHighWatermark(log.logEndOffset);
    log.roll();
    await clean(8);
    expect(markers()).toEqual([1]);
    expect(shown(log)).toEqual(['0:a=by 1', '8:c=latest']);
  });

  it('stops at the last stable offset and at min.compaction.lag.ms', () => {
    const { log, put, fixture: made } = compaction({ 'min.compaction.lag.ms': '5000' });
    for (let i = 0; i < 10; i++) put(['k', `v${i}`.repeat(10)]);
    expect(cleanableRange(log, undefined, made.clock.nowMs()).firstUncleanableOffset).toBe(0);
    const later = cleanableRange(log, undefined, NOW_MS + 6000);
    expect(later.firstUncleanableOffset).toBe(log.segments().at(-1)!.baseOffset);
    const open = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const other = compaction();
    other.put(['a', '1']);
    other.log.appendAsLeader(batchOf([keyed('a', '2')], open), 0);
    other.log.flushWrites();
    other.log.updateHighWatermark(2);
    other.log.roll();
    expect(cleanableRange(other.log, undefined, NOW_MS).firstUncleanableOffset).toBe(1);
  });

  it('is worth it by dirty ratio, or when max.compaction.lag.ms is over', () => {
    const range: CleanableRange = {
      firstDirtyOffset: 5,
      firstUncleanableOffset: 9,
      cleanBytes: 60,
      dirtyBytes: 40,
      isOverdue: false,
    };
    expect(isWorthCleaning(range, config({ 'min.cleanable.dirty.ratio': '0.4' }))).toBe(false);
    expect(isWorthCleaning(range, config({ 'min.cleanable.dirty.ratio': '0.39' }))).toBe(true);
    expect(isWorthCleaning({ ...range, isOverdue: true }, config({ 'min.cleanable.dirty.ratio': '1' }))).toBe(true);
    expect(isWorthCleaning({ ...range, isOverdue: true, dirtyBytes: 0 }, config())).toBe(false);
  });

  it('with max.compaction.lag.ms rolls segments in time', () => {
    const { log, fixture: made } = compaction({ 'max.compaction.lag.ms': '1000' });
    log.appendAsLeader(batchOf([{ ...keyed('a', '1'), timestamp: NOW_MS - 1500 }]), 0);
    log.appendAsLeader(batchOf([keyed('a', '2')]), 0);
    log.flushWrites();
    expect(log.segments()).toHaveLength(2);
    log.updateHighWatermark(2);
    expect(cleanableRange(log, undefined, made.clock.nowMs()).isOverdue).toBe(true);
  });

  it('that runs out of memory for keys goes on in the next round', async () => {
    const { log, put, clean } = compaction({}, 400);
    for (let i = 0; i < 40; i++) put([`key ${i % 20}`, `v${i}`]);
    log.roll();
    const ends: number[] = [];
    for (let checkpoint = 0; checkpoint < 40; checkpoint = ends.at(-1)!) {
      ends.push((await clean(checkpoint)).endOffset);
    }
    expect(ends.length).toBeGreaterThan(3);
    expect(shown(log)).toHaveLength(20);
  });

  it('groups neighbours while the result stays within a segment', () => {
    const { log, put } = compaction();
    for (let i = 0; i < 30; i++) put([`k${i}`, 'v']);
    const { inactive } = log.local.segments;
    const groups = groupSegments(inactive, config({ 'internal.segment.bytes': '800' }), 30);
    expect(groups.flat()).toEqual(inactive);
    for (const group of groups) {
      const bytes = group.reduce((sum, segment) => sum + segment.sizeBytes, 0);
      expect(bytes).toBeLessThanOrEqual(800);
    }
    expect(Math.max(...groups.map((group) => group.length))).toBe(2);
  });

  it('gives way when the log is cut under its hands', async () => {
    const { log, put, fixture: made } = compaction();
    for (let i = 0; i < 12; i++) put([`k${i % 3}`, `v${i}`]);
    const cleaner = new Cleaner(made.environment, 1 << 20);
    const round = cleaner.clean(log, cleanableRange(log, undefined, NOW_MS));
    log.truncateTo(5);
    await expect(round).rejects.toThrow(/interrupted/);
    expect(made.disk.paths.filter((path) => /cleaned|swap/.test(path))).toEqual([]);
    expect(shown(log)).toHaveLength(5);
  });
});

describe('an offset map', () => {
  it('takes the same key again when it is full, and no other', () => {
    const map = new OffsetMap(200);
    expect(map.put(Buffer.from('a'), 1)).toBe(true);
    expect(map.put(Buffer.from('b'), 2)).toBe(true);
    expect(map.put(Buffer.from('c'), 3)).toBe(true);
    expect(map.put(Buffer.from('d'), 4)).toBe(false);
    expect(map.put(Buffer.from('a'), 5)).toBe(true);
    expect([map.get(Buffer.from('a')), map.get(Buffer.from('d')), map.size]).toEqual([5, -1, 3]);
    expect(new OffsetMap(1).put(Buffer.alloc(500), 1)).toBe(true);
  });
});

type Step =
  | {
      readonly kind: 'put';
      readonly records: readonly (readonly [key: number, hasValue: boolean])[];
      readonly codec: number;
    }
  | {
      readonly kind: 'transact';
      readonly records: readonly (readonly [key: number, hasValue: boolean])[];
      readonly commit: boolean;
    }
  | { readonly kind: 'roll' | 'clean' | 'restart' }
  | { readonly kind: 'wait'; readonly ms: number };

const pairs = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { minLength: 1, maxLength: 4 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), records: pairs, codec: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('transact' as const), records: pairs, commit: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('roll' as const, 'clean' as const, 'restart' as const).map((kind) => ({ kind })),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1500) }) },
);

interface ModelRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly isAborted: boolean;
  readonly batch: { horizonMs: number | undefined };
}

/** What must survive a round that cleaned [dirtyFrom, endOffset). */
function survivors(
  records: readonly ModelRecord[],
  dirtyFrom: number,
  endOffset: number,
  nowMs: number,
): ModelRecord[] {
  const latest = new Map<string, number>();
  for (const { offset, key, isAborted } of records) {
    if (!isAborted && offset >= dirtyFrom && offset < endOffset) latest.set(key, offset);
  }
  const kept = records.filter((record) => {
    if (record.offset >= endOffset) return true;
    if (record.isAborted || record.offset < (latest.get(record.key) ?? -1)) return false;
    const { horizonMs } = record.batch;
    return record.value !== null || horizonMs === undefined || horizonMs > nowMs;
  });
  for (const record of kept) {
    if (record.offset < endOffset && record.value === null) record.batch.horizonMs ??= nowMs + 1000;
  }
  return kept;
}

describe('the surviving records', () => {
  it('are those of a plain model, for any workload', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 40 }), async (list) => {
        const made = fixture();
        let log = made.open({ config: config(compacted) });
        const cleaner = new Cleaner(made.environment, 1 << 20);
        let records: ModelRecord[] = [];
        let checkpoint = 0;
        let counter = 0;
        let producerId = 100;
        for (const step of list) {
          if (step.kind === 'put' || step.kind === 'transact') {
            const values = step.records.map(
              ([key, hasValue]) => [`k${key}`, hasValue ? `v${counter++}` : null] as const,
            );
            const isTransactional = step.kind === 'transact';
            const producer = { producerId: producerId++, producerEpoch: 0, baseSequence: 0, isTransactional };
            const bytes = batchOf(
              values.map(([key, value]) => keyed(key, value)),
              isTransactional ? producer : { compression: (step as { codec: number }).codec as CompressionType },
            );
            const { firstOffset } = log.appendAsLeader(bytes, 0);
            const shared = { horizonMs: undefined };
            const isAborted = step.kind === 'transact' && !step.commit;
            values.forEach(([key, value], index) =>
              records.push({ offset: firstOffset + index, key, value, isAborted, batch: shared }),
            );
            if (step.kind === 'transact') {
              const marker = {
                producerId: producer.producerId,
                producerEpoch: 0,
                coordinatorEpoch: 0,
                commit: step.commit,
              };
              log.appendAsLeader(buildEndTransactionBatch(marker, NOW_MS), 0, { origin: 'coordinator' });
            }
            log.flushWrites();
            log.updateHighWatermark(log.logEndOffset);
          } else if (step.kind === 'roll') log.roll();
          else if (step.kind === 'wait') await made.clock.advance(step.ms);
          else if (step.kind === 'restart') {
            log.abandon();
            log = made.open({ config: config(compacted), recoveryPoint: 0 });
            log.updateHighWatermark(log.logEndOffset);
          } else {
            const range = cleanableRange(log, checkpoint, made.clock.nowMs());
            if (range.dirtyBytes === 0) continue;
            const { endOffset } = await cleaner.clean(log, range);
            records = survivors(records, checkpoint, endOffset, made.clock.nowMs());
            checkpoint = endOffset;
          }
        }
        const found = readAll(log).map((record) => [
          record.offset,
          String(record.key),
          record.value?.toString() ?? null,
        ]);
        expect(found).toEqual(records.map((record) => [record.offset, record.key, record.value]));
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 150) },
    );
  });
});
