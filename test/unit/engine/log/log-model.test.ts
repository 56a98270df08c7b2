import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { ApiError } from '../../../../extension/engine/common/api-error.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { config, fixture, NOW_MS, recordsIn } from './log-fixture.ts';
import type { Fixture } from './log-fixture.ts';

/** One record as the model remembers it; offsets are those of the array, from {@link Model.start} on. */
interface ModelRecord {
  readonly offset: number;
  readonly value: string;
  readonly timestampMs: number;
  /** The first of its batch. */
  readonly startsBatch: boolean;
}

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[]; readonly times: readonly number[] }
  | { readonly kind: 'write' | 'flush' | 'roll' | 'cleanRestart' | 'kill' | 'makeRoom' | 'checkpoint' }
  | { readonly kind: 'powerLoss'; readonly seed: number }
  | { readonly kind: 'truncate' | 'deleteRecords' | 'readAt' | 'findTime'; readonly at: number }
  | { readonly kind: 'fillDisk'; readonly roomBytes: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      sizes: fc.array(fc.nat(120), { minLength: 1, maxLength: 4 }),
      times: fc.array(fc.nat(500), { minLength: 4, maxLength: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(
        'write' as const,
        'flush' as const,
        'roll' as const,
        'cleanRestart' as const,
        'kill' as const,
        'makeRoom' as const,
        'checkpoint' as const,
      )
      .map((kind) => ({ kind })),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('powerLoss' as const), seed: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'truncate' as const,
        'deleteRecords' as const,
        'readAt' as const,
        'findTime' as const,
        'readAt' as const,
        'findTime' as const,
      ),
      at: fc.nat(1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fillDisk' as const), roomBytes: fc.nat(600) }) },
);

const logConfig = config({
  'internal.segment.bytes': '700',
  'index.interval.bytes': '150',
  'segment.index.bytes': '64',
  'file.delete.delay.ms': '0',
});

/** A log and the plain array that it must be like. */
class Model {
  readonly disk = new MemoryFileSystem();
  #fixture: Fixture = fixture({ disk: this.disk });
  #restarts = 0;
  log: UnifiedLog = this.#fixture.open({ config: logConfig });
  /** Written and answered. */
  records: ModelRecord[] = [];
  /** Appended, not answered yet. */
  pending: ModelRecord[] = [];
  start = 0;
  /** Everything below survives a loss of power. */
  flushed = 0;
  /** As `recovery-point-offset-checkpoint` has it. */
  recoveryPoint = 0;
  #counter = 0;

  get end(): number {
    return this.records.at(-1) === undefined ? Math.max(this.start, this.#base) : this.records.at(-1)!.offset + 1;
  }

  /** Where an empty log goes on. */
  #base = 0;

  run(step: Step): void {
    switch (step.kind) {
      case 'append':
        return this.#append(step.sizes, step.times);
      case 'write':
        this.log.flushWrites();
        return;
      case 'flush':
        this.#attempt(() => this.log.flush());
        if (this.log.recoveryPoint === this.log.logEndOffset) this.flushed = this.log.logEndOffset;
        return;
      case 'roll':
        this.#attempt(() => this.log.roll());
        return;
      case 'checkpoint':
        this.recoveryPoint = this.log.recoveryPoint;
        return;
      case 'cleanRestart':
        return this.#restart(true);
      case 'kill':
        this.log.abandon();
        return this.#restart(false);
      case 'powerLoss':
        return this.#losePower(step.seed);
      case 'makeRoom':
        this.disk.capacityBytes = Infinity;
        return;
      case 'fillDisk':
        this.disk.capacityBytes = this.disk.usedBytes + step.roomBytes;
        return;
      case 'truncate':
        return this.#truncate(step.at);
      case 'deleteRecords':
        return this.#deleteRecords(step.at);
      case 'readAt':
        return this.#readAt(step.at);
      case 'findTime':
        return this.#findTime(step.at);
    }
  }

  /** A full disk may refuse anything but must leave the log in service. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      expect((error as ApiError).code).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(this.disk.capacityBytes).toBeLessThan(Infinity);
    }
    expect(this.log.failure).toBeUndefined();
  }

  #append(sizes: readonly number[], times: readonly number[]): void {
    const builder = new RecordBatchBuilder();
    const values = sizes.map((size) => `${this.#counter++}:${'x'.repeat(size)}`);
    const stamps = sizes.map((_, index) => NOW_MS - times[index]!);
    values.forEach((value, index) => builder.append({ value: Buffer.from(value), timestamp: stamps[index]! }));
    this.#attempt(() => {
      let appended: ModelRecord[] = [];
      const info = this.log.appendAsLeader(builder.build(), 1, {
        onWritten: (error) => {
          this.pending = this.pending.filter((record) => !appended.includes(record));
          if (error === undefined) this.records.push(...appended);
          else expect(this.disk.capacityBytes).toBeLessThan(Infinity);
        },
      });
      appended = values.map((value, index) => ({
        offset: info.firstOffset + index,
        value,
        timestampMs: stamps[index]!,
        startsBatch: index === 0,
      }));
      expect(info.firstOffset).toBe(this.pending.at(-1) === undefined ? this.end : this.pending.at(-1)!.offset + 1);
      this.pending.push(...appended);
    });
  }

  #restart(isClean: boolean): void {
    this.disk.capacityBytes = Infinity;
    if (isClean) {
      this.log.flush();
      this.log.close();
      this.flushed = this.log.logEndOffset;
    }
    this.pending = [];
    this.#fixture = fixture({ disk: this.disk });
    const left = {
      config: logConfig,
      recoveryPoint: this.recoveryPoint,
      logStartOffset: this.start,
      mayHaveGaps: false,
    };
    // Every other time it is recovered as by another thread, and opened by this one.
    const isRecovered = !isClean && this.#restarts++ % 2 === 0;
    if (isRecovered) this.#fixture.recover(left);
    this.log = this.#fixture.open({ ...left, hadCleanShutdown: isClean, isRecovered });
  }

  #losePower(seed: number): void {
    this.log.abandon();
    let state = seed + 1;
    this.disk.losePower((bound) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state % (bound + 1);
    });
    this.#restart(false);
    // What was not flushed may be gone, from some record on.
    expect(this.log.logEndOffset).toBeGreaterThanOrEqual(this.flushed);
    expect(this.log.logEndOffset).toBeLessThanOrEqual(this.end);
    this.#cut(this.log.logEndOffset);
  }

  #cut(offset: number): void {
    this.records = this.records.filter((record) => record.offset < offset);
    this.#base = offset;
    this.flushed = Math.min(this.flushed, offset);
    this.recoveryPoint = Math.min(this.recoveryPoint, offset);
    this.start = Math.min(this.start, offset);
  }

  #truncate(at: number): void {
    this.disk.capacityBytes = Infinity;
    this.log.flushWrites();
    // Leaders and epochs part where batches do.
    const places = this.records.filter((record) => record.startsBatch && record.offset >= this.start);
    const offset = places[at % (places.length + 1)]?.offset ?? this.end;
    expect(this.log.truncateTo(offset)).toBe(offset < this.end);
    expect(this.log.logEndOffset).toBe(offset);
    this.#cut(offset);
  }

  #deleteRecords(at: number): void {
    this.disk.capacityBytes = Infinity;
    this.log.flushWrites();
    const offset = this.start + (at % (this.end - this.start + 1));
    this.log.updateHighWatermark(this.end);
    this.log.incrementLogStartOffset(offset, 'clientDelete');
    this.start = Math.max(this.start, offset);
  }

  #readAt(at: number): void {
    if (this.log.logEndOffset < this.start) return;
    const offset = this.start + (at % (this.log.logEndOffset - this.start + 1));
    const found = recordsIn(this.log.read(offset, 200).records).filter((record) => record.offset >= offset);
    const expected = this.records.filter((record) => record.offset >= offset);
    expect(found.length > 0).toBe(expected.length > 0);
    found.forEach((record, index) => {
      expect([record.offset, String(record.value)]).toEqual([expected[index]!.offset, expected[index]!.value]);
    });
  }

  #findTime(at: number): void {
    this.log.flushWrites();
    const target = NOW_MS - (at % 501);
    const readable = this.records.filter((record) => record.offset >= this.start);
    const expected = readable.find((record) => record.timestampMs >= target);
    const found = this.log.fetchOffsetByTimestamp(target);
    expect(found?.offset).toBe(expected?.offset);
    expect(found?.timestampMs).toBe(expected?.timestampMs);
    const largest = this.log.fetchOffsetByTimestamp(-3);
    const times = readable.map((record) => record.timestampMs);
    expect(largest?.timestampMs).toBe(times.length === 0 ? undefined : Math.max(...times));
  }

  /** Everything that is answered is there, in order, and nothing else. */
  check(): void {
    this.disk.capacityBytes = Infinity;
    this.log.flushWrites();
    expect(this.pending).toEqual([]);
    expect(this.log.logStartOffset).toBe(this.start);
    const found: [number, string][] = [];
    for (let offset = this.start; offset < this.log.logEndOffset;) {
      const records = recordsIn(this.log.read(offset, 1 << 20).records);
      if (records.length === 0) break;
      for (const record of records) if (record.offset >= offset) found.push([record.offset, String(record.value)]);
      offset = records.at(-1)!.offset + 1;
    }
    expect(found).toEqual(
      this.records.filter((record) => record.offset >= this.start).map((record) => [record.offset, record.value]),
    );
  }
}

describe('the log is a plain array', () => {
  it('through appends, rolls, truncation, restarts, kills, power losses and full disks', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 60 }), (list) => {
        const model = new Model();
        for (const step of list) model.run(step);
        model.check();
        model.run({ kind: 'kill' });
        model.check();
        model.run({ kind: 'cleanRestart' });
        model.check();
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 200) },
    );
  });
});
