import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { cleanableRange } from '../../../../extension/engine/log/cleanable-log.ts';
import { Cleaner } from '../../../../extension/engine/log/cleaner.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, config, fixture, NOW_MS, recordsIn } from './log-fixture.ts';
import type { Fixture } from './log-fixture.ts';

interface ModelRecord {
  readonly offset: number;
  /** Where its batch begins: logs are cut between batches. */
  readonly batchOffset: number;
  readonly key: string;
  readonly value: string;
}

type Step =
  | { readonly kind: 'append'; readonly keys: readonly number[]; readonly size: number }
  | { readonly kind: 'write' | 'flush' | 'roll' | 'compact' | 'retain' | 'kill' | 'closeAndOpen' }
  | { readonly kind: 'truncate' | 'deleteRecords' | 'read'; readonly at: number }
  | { readonly kind: 'powerLoss'; readonly seed: number }
  | { readonly kind: 'fault'; readonly code: 'EIO' | 'ENOSPC'; readonly after: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      keys: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
      size: fc.nat(90),
    }),
  },
  {
    weight: 7,
    arbitrary: fc
      .constantFrom(
        'write' as const,
        'write' as const,
        'flush' as const,
        'roll' as const,
        'compact' as const,
        'retain' as const,
        'kill' as const,
        'closeAndOpen' as const,
      )
      .map((kind) => ({ kind })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('truncate' as const, 'deleteRecords' as const, 'read' as const),
      at: fc.nat(500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('powerLoss' as const), seed: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      code: fc.constantFrom('EIO' as const, 'ENOSPC' as const),
      after: fc.nat(12),
    }),
  },
);

const raw = {
  'cleanup.policy': 'compact,delete',
  'internal.segment.bytes': '500',
  'index.interval.bytes': '120',
  'retention.bytes': '-1',
  'file.delete.delay.ms': '0',
  'message.timestamp.type': 'CreateTime',
};
const logConfig = config(raw);

/**
 * A log on a disk of which any call may fail once, and what must be true of it: what was acknowledged is there until it is
 * deleted, cut or replaced by a later record of its key; nothing else ever appears, but for what was refused or not yet
 * answered when the log went down.
 */
class Model {
  readonly disk = new MemoryFileSystem();
  #fixture: Fixture = fixture({ disk: this.disk });
  #log: UnifiedLog = this.#fixture.open({ config: logConfig });
  #starts = 0;
  #acknowledged: ModelRecord[] = [];
  #pending: ModelRecord[] = [];
  /** Refused with an error, since the log was last opened. */
  #refused: ModelRecord[] = [];
  /** May be there or not: what they were to be deleted by did not end well. */
  #doubtful = new Set<ModelRecord>();
  /** Cut, but perhaps not for good: a loss of power takes back what was not flushed, cuts too. */
  readonly #ghosts: ModelRecord[] = [];
  #start = 0;
  /** Everything below survives a loss of power. */
  #flushed = 0;
  #counter = 0;
  #isArmed = false;

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        this.#attempt(() => this.#append(step.keys, step.size));
        break;
      case 'write':
        this.#attempt(() => this.#log.flushWrites());
        break;
      case 'flush':
        this.#attempt(() => {
          this.#log.flush();
          this.#flushed = this.#log.logEndOffset;
        });
        break;
      case 'roll':
        this.#attempt(() => this.#log.roll());
        break;
      case 'truncate':
        this.#truncate(step.at);
        break;
      case 'deleteRecords':
        this.#deleteRecords(step.at);
        break;
      case 'retain':
        this.#retain();
        break;
      case 'read':
        this.#attempt(() => this.#read(step.at));
        break;
      case 'compact':
        await this.#compact();
        break;
      case 'fault':
        this.#arm(step.code, step.after);
        break;
      case 'kill':
        this.#log.abandon();
        this.#reopen();
        break;
      case 'closeAndOpen':
        this.#attempt(() => this.#log.flush());
        this.#close();
        this.#reopen();
        break;
      case 'powerLoss':
        this.#losePower(step.seed);
        break;
    }
    // Flushes that a roll began go on by themselves.
    await this.#fixture.clock.advance();
    if (this.#log.failure !== undefined) {
      this.#log.abandon();
      this.#reopen();
    }
  }

  /** One call, the `after`-th from now on, fails. */
  #arm(code: string, after: number): void {
    let left = after;
    this.#isArmed = true;
    this.disk.onCall = (operation, path) => {
      if (left-- > 0) return;
      this.#disarm();
      throw systemError(code, operation, path);
    };
  }

  #disarm(): void {
    this.disk.onCall = undefined;
  }

  /** What fails says so with a code, and only where the disk did. */
  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      expect(error.code).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(this.#isArmed).toBe(true);
      return false;
    }
  }

  /** The log manager says what went wrong, and does not count the directory as closed cleanly. */
  #close(): void {
    try {
      this.#log.close();
    } catch {
      expect(this.#isArmed).toBe(true);
    }
  }

  #append(keys: readonly number[], size: number): void {
    const values = keys.map((key) => [`k${key}`, `${this.#counter++}:${'x'.repeat(size)}`] as const);
    const records = values.map(([key, value]) => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
      timestamp: NOW_MS,
    }));
    let appended: ModelRecord[] = [];
    const { firstOffset } = this.#log.appendAsLeader(batchOf(records), 0, {
      onWritten: (error) => {
        this.#pending = this.#pending.filter((record) => !appended.includes(record));
        if (error === undefined) this.#acknowledged.push(...appended);
        else this.#refused.push(...appended);
        if (error !== undefined) expect(this.#isArmed).toBe(true);
      },
    });
    appended = values.map(([key, value], index) => ({
      offset: firstOffset + index,
      batchOffset: firstOffset,
      key,
      value,
    }));
    this.#pending.push(...appended);
  }

  #doubt(isDoubtful: (record: ModelRecord) => boolean): void {
    for (const record of this.#acknowledged) if (isDoubtful(record)) this.#doubtful.add(record);
  }

  #keep(isKept: (record: ModelRecord) => boolean): void {
    this.#acknowledged = this.#acknowledged.filter(isKept);
  }

  #truncate(at: number): void {
    this.#log.flushWrites();
    const places = this.#acknowledged.filter(({ offset }) => offset >= this.#start);
    const offset = places[at % (places.length + 1)]?.batchOffset ?? this.#log.logEndOffset;
    if (offset < this.#start) return;
    if (this.#attempt(() => this.#log.truncateTo(offset))) this.#keep((record) => record.offset < offset);
    else this.#doubt((record) => record.offset >= offset);
    this.#flushed = Math.min(this.#flushed, offset);
  }

  #deleteRecords(at: number): void {
    this.#log.flushWrites();
    if (this.#log.failure !== undefined) return;
    this.#log.updateHighWatermark(this.#log.logEndOffset);
    const offset = this.#start + (at % (this.#log.logEndOffset - this.#start + 1));
    this.#attempt(() => this.#log.incrementLogStartOffset(offset, 'clientDelete'));
    this.#moveStart();
  }

  /** Segments go until two are left, or one. */
  #retain(): void {
    this.#log.flushWrites();
    if (this.#log.failure !== undefined) return;
    this.#log.updateHighWatermark(this.#log.logEndOffset);
    const { baseOffset } = this.#log.local.segments.active;
    this.#log.updateConfig(config({ ...raw, 'retention.bytes': '500' }));
    const isDone = this.#attempt(() => this.#log.deleteOldSegments(NOW_MS));
    this.#log.updateConfig(logConfig);
    if (!isDone) this.#doubt(({ offset }) => offset < baseOffset);
    this.#moveStart();
  }

  #moveStart(): void {
    expect(this.#log.logStartOffset).toBeGreaterThanOrEqual(this.#start);
    this.#start = this.#log.logStartOffset;
    this.#keep(({ offset }) => offset >= this.#start);
  }

  async #compact(): Promise<void> {
    this.#log.flushWrites();
    if (this.#log.failure !== undefined) return;
    this.#log.updateHighWatermark(this.#log.logEndOffset);
    let endOffset: number | undefined;
    const before = this.#log.local.segments.active.baseOffset;
    try {
      const range = cleanableRange(this.#log, undefined, NOW_MS);
      if (range.dirtyBytes === 0) return;
      ({ endOffset } = await new Cleaner(this.#fixture.environment, 1 << 16).clean(this.#log, range));
    } catch {
      expect(this.#isArmed).toBe(true);
    }
    const latest = new Map<string, number>();
    for (const { key, offset } of this.#acknowledged) if (offset < (endOffset ?? before)) latest.set(key, offset);
    const isReplaced = ({ key, offset }: ModelRecord): boolean => offset < (latest.get(key) ?? -1);
    if (endOffset === undefined) this.#doubt(isReplaced);
    else this.#keep((record) => !isReplaced(record));
  }

  #read(at: number): void {
    const { logStartOffset, logEndOffset } = this.#log;
    const offset = logStartOffset + (at % (logEndOffset - logStartOffset + 1));
    const { records } = this.#log.read(offset, 150);
    const found = recordsIn(records).find((record) => record.offset >= offset);
    // The first batch may hold nothing at or past the offset where the cleaner was.
    if (found === undefined) return;
    const expected = this.#acknowledged.find((record) => record.offset === found.offset);
    expect(String(found.value)).toBe(expected?.value);
  }

  #losePower(seed: number): void {
    this.#log.abandon();
    let state = seed + 1;
    this.disk.losePower((bound) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state % (bound + 1);
    });
    this.#doubt((record) => record.offset >= this.#flushed);
    this.#reopen();
  }

  /** As after a kill; a fault that hits the start is followed by another start. */
  #reopen(): void {
    const open = (): UnifiedLog => {
      this.#fixture = fixture({ disk: this.disk });
      // Every other time it is recovered as by another thread, and opened by this one.
      const isRecovered = this.#starts++ % 2 === 0;
      if (isRecovered) this.#fixture.recover({ config: logConfig, logStartOffset: this.#start });
      return this.#fixture.open({ config: logConfig, logStartOffset: this.#start, isRecovered });
    };
    try {
      this.#log = open();
    } catch {
      expect(this.#isArmed).toBe(true);
      this.#disarm();
      this.#log = open();
    }
    this.#isArmed = this.disk.onCall !== undefined;
    this.#flushed = Math.min(this.#flushed, this.#log.logEndOffset);
    this.#reconcile();
  }

  #reconcile(): void {
    const { onCall } = this.disk;
    this.#disarm();
    const found = this.#contents();
    this.disk.onCall = onCall;
    const sent = [...this.#ghosts, ...this.#refused, ...this.#pending, ...this.#acknowledged];
    const known = new Map(sent.map((each) => [each.value, each]));
    for (const { offset, value } of found) expect(known.get(value)?.offset).toBe(offset);
    const values = new Set(found.map(({ value }) => value));
    this.#start = this.#log.logStartOffset;
    const lost = this.#acknowledged.filter((record) => !values.has(record.value) && !this.#doubtful.has(record));
    expect(lost).toEqual([]);
    this.#ghosts.push(...this.#doubtful);
    this.#acknowledged = found.map(({ value }) => known.get(value)!);
    this.#pending = [];
    this.#refused = [];
    this.#doubtful.clear();
  }

  #contents(): { readonly offset: number; readonly value: string }[] {
    const found: { readonly offset: number; readonly value: string }[] = [];
    const { logStartOffset, logEndOffset } = this.#log;
    for (let offset = logStartOffset; offset < logEndOffset;) {
      const bytes = Buffer.concat(this.#log.read(offset, 1 << 20).records);
      if (bytes.length === 0) break;
      for (const record of recordsIn([bytes])) {
        if (record.offset >= offset) found.push({ offset: record.offset, value: String(record.value) });
      }
      for (let at = 0; at < bytes.length; at += batch.batchSize(bytes, at)) offset = batch.lastOffset(bytes, at) + 1;
    }
    for (const [index, { offset }] of found.entries()) {
      if (index > 0) expect(offset).toBeGreaterThan(found[index - 1]!.offset);
    }
    return found;
  }

  /** While it serves the log has exactly what was acknowledged. */
  check(): void {
    this.#disarm();
    this.#log.flushWrites();
    expect(this.#log.failure).toBeUndefined();
    expect(this.#pending).toEqual([]);
    const doubtful = new Set([...this.#doubtful].map(({ value }) => value));
    const found = this.#contents().filter(({ value }) => !doubtful.has(value));
    const expected = this.#acknowledged.filter((record) => !doubtful.has(record.value));
    expect(found).toEqual(expected.map(({ offset, value }) => ({ offset, value })));
  }
}

describe('a log on a disk whose calls fail', () => {
  it('loses nothing that was acknowledged, and shows nothing that was not sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 50 }), async (list) => {
        const model = new Model();
        for (const step of list) await model.run(step);
        model.check();
        await model.run({ kind: 'kill' });
        model.check();
        await model.run({ kind: 'closeAndOpen' });
        model.check();
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 200) },
    );
  });
});
