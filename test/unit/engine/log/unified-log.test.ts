import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { CompressionType } from '../../../../extension/records/compression-type.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import type { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { InvalidRecordsError } from '../../../../extension/engine/log/invalid-records-error.ts';
import { batchOf, codeOf, config, contents, DIRECTORY, fixture, NOW_MS, recordsIn } from './log-fixture.ts';

describe('appending', () => {
  it('gives offsets and epoch, and shows records once they are written', async () => {
    const { open, clock } = fixture();
    const log = open();
    const written: (ApiError | undefined)[] = [];
    const first = log.appendAsLeader(batchOf(['a', 'b']), 3, { onWritten: (error) => written.push(error) });
    const second = log.appendAsLeader(batchOf(['c']), 3, { onWritten: (error) => written.push(error) });
    expect(first).toMatchObject({ firstOffset: 0, lastOffset: 1, logAppendTimeMs: -1, isDuplicate: false });
    expect(second).toMatchObject({ firstOffset: 2, lastOffset: 2, maxTimestampMs: NOW_MS });
    expect([log.nextOffset, log.logEndOffset, written.length]).toEqual([3, 0, 0]);
    expect(log.read(0, 1000).records).toEqual([]);

    await clock.advance();
    expect(written).toEqual([undefined, undefined]);
    expect(log.logEndOffset).toBe(3);
    expect(contents(log)).toEqual(['0:a', '1:b', '2:c']);
    const [slice] = log.read(0, 1000).records;
    expect(batch.partitionLeaderEpoch(slice!, 0)).toBe(3);
    expect(log.latestEpoch).toBe(3);
  });

  it('writes the appends of a turn with one call', async () => {
    const { open, disk, clock } = fixture();
    const log = open();
    const writes: string[] = [];
    disk.onCall = (operation, path) => void (operation === 'write' && path.endsWith('.log') && writes.push(path));
    for (let i = 0; i < 50; i++) log.appendAsLeader(batchOf([`value ${i}`.repeat(100)]), 0);
    await clock.advance();
    expect(writes).toHaveLength(1);
    expect(contents(log)).toHaveLength(50);
  });

  it('tells its listener once per write, before the appends are answered', async () => {
    const { open, clock } = fixture();
    const log = open();
    const calls: string[] = [];
    log.setListener({ onLogEndAdvanced: (advanced) => calls.push(`end ${advanced.logEndOffset}`) });
    log.appendAsLeader(batchOf(['a']), 0, { onWritten: () => calls.push('first') });
    log.appendAsLeader(batchOf(['b']), 0, { onWritten: () => calls.push('second') });
    await clock.advance();
    expect(calls).toEqual(['end 2', 'first', 'second']);
  });

  it('survives a callback that throws and one that appends', async () => {
    const { open, clock } = fixture();
    const log = open();
    log.appendAsLeader(batchOf(['a']), 0, {
      onWritten: () => {
        log.appendAsLeader(batchOf(['b']), 0);
        throw new Error('not the log’s fault');
      },
    });
    await clock.advance();
    await clock.advance();
    expect(contents(log)).toEqual(['0:a', '1:b']);
  });

  it('stamps records where the topic uses the broker’s time', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'message.timestamp.type': 'LogAppendTime' }) });
    const info = log.appendAsLeader(batchOf([{ value: Buffer.from('x'), timestamp: 5 }]), 0);
    log.flushWrites();
    expect(info.logAppendTimeMs).toBe(NOW_MS);
    expect(recordsIn(log.read(0, 1000).records)[0]!.timestamp).toBe(NOW_MS);
    expect(batch.hasValidCrc(log.read(0, 1000).records[0]!, 0)).toBe(true);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'] as const)('recompresses to %s', (name) => {
    const { open } = fixture();
    const log = open({ config: config({ 'compression.type': name }) });
    const codec = name === 'gzip' ? CompressionType.zstd : CompressionType.gzip;
    log.appendAsLeader(
      batchOf(['one', 'two'], { compression: codec, producerId: 4, producerEpoch: 0, baseSequence: 0 }),
      0,
    );
    log.flushWrites();
    const [slice] = log.read(0, 1000).records;
    expect(batch.codecId(slice!, 0)).toBe(name === 'uncompressed' ? 0 : CompressionType[name]);
    expect(batch.producerId(slice!, 0)).toBe(4);
    expect(contents(log)).toEqual(['0:one', '1:two']);
  });
});

describe('refusing', () => {
  const corrupt = (): Buffer => {
    const bytes = batchOf(['x']);
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };
  it.each<[string, Record<string, string>, () => Buffer, number]>([
    ['nothing', {}, () => Buffer.alloc(0), ErrorCode.INVALID_RECORD],
    ['damage', {}, corrupt, ErrorCode.CORRUPT_MESSAGE],
    ['two batches', {}, () => Buffer.concat([batchOf(['a']), batchOf(['b'])]), ErrorCode.INVALID_RECORD],
    ['a base offset', {}, () => batchOf(['a'], { baseOffset: 7 }), ErrorCode.INVALID_RECORD],
    ['too many bytes', { 'max.message.bytes': '80' }, () => batchOf(['a'.repeat(50)]), ErrorCode.MESSAGE_TOO_LARGE],
    [
      'more than a segment',
      { 'internal.segment.bytes': '90' },
      () => batchOf(['a'.repeat(50)]),
      ErrorCode.RECORD_LIST_TOO_LARGE,
    ],
    ['control records', {}, () => batchOf(['a'], { isControl: true }), ErrorCode.INVALID_RECORD],
    [
      'a time too far ahead',
      {},
      () => batchOf([{ value: null, timestamp: NOW_MS + 3_600_001 }]),
      ErrorCode.INVALID_TIMESTAMP,
    ],
    [
      'a time too far back',
      { 'message.timestamp.before.max.ms': '1000' },
      () => batchOf([{ timestamp: NOW_MS }, { timestamp: NOW_MS - 1001 }]),
      ErrorCode.INVALID_TIMESTAMP,
    ],
    ['a time that only brokers set', {}, () => batchOf(['a'], { logAppendTimeMs: 5 }), ErrorCode.INVALID_TIMESTAMP],
    ['no key where it compacts', { 'cleanup.policy': 'compact' }, () => batchOf(['a']), ErrorCode.INVALID_RECORD],
  ])('%s', (_name, raw, records, code) => {
    const { open } = fixture();
    const log = open({ config: config(raw) });
    expect(codeOf(() => log.appendAsLeader(records(), 0))).toBe(code);
    log.flushWrites();
    expect([log.nextOffset, log.sizeBytes]).toEqual([0, 0]);
  });

  it('names the records at fault, in compressed batches too', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'cleanup.policy': 'compact' }) });
    const key = Buffer.from('k');
    const records = batchOf([{ key }, {}, { key }, {}], { compression: CompressionType.lz4 });
    try {
      log.appendAsLeader(records, 0);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidRecordsError);
      expect((error as InvalidRecordsError).recordErrors.map((issue) => issue.batchIndex)).toEqual([1, 3]);
    }
  });

  it('lets coordinators write control records and several batches', () => {
    const { open } = fixture();
    const log = open();
    const records = Buffer.concat([batchOf(['a', 'b']), batchOf(['c'])]);
    expect(log.appendAsLeader(records, 1, { origin: 'coordinator' })).toMatchObject({ firstOffset: 0, lastOffset: 2 });
    log.flushWrites();
    expect(contents(log)).toEqual(['0:a', '1:b', '2:c']);
  });
});

describe('following', () => {
  it('keeps offsets, gaps and epochs, and leaves out half a batch and a later epoch', () => {
    const { open } = fixture();
    const log = open();
    const one = batchOf(['a', 'b'], { baseOffset: 5, partitionLeaderEpoch: 1 });
    const two = batchOf(['c'], { baseOffset: 9, partitionLeaderEpoch: 2 });
    const later = batchOf(['d'], { baseOffset: 10, partitionLeaderEpoch: 7 });
    const sent = Buffer.concat([one, two, later]);
    expect(log.appendAsFollower(sent, 2)).toMatchObject({ firstOffset: 5, lastOffset: 9 });
    log.flushWrites();
    expect(log.appendAsFollower(later.subarray(0, 68), 7)).toMatchObject({ sizeBytes: 0 });
    expect(contents(log, 0)).toEqual(['5:a', '6:b', '9:c']);
    expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 9 });
    expect(codeOf(() => log.appendAsFollower(two, 2))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });
});

describe('rolling', () => {
  const small = { 'internal.segment.bytes': '300' };

  it('by size, with the indexes and producer snapshot of Kafka', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ ...small, 'index.interval.bytes': '100' }) });
    for (let i = 0; i < 10; i++) {
      log.appendAsLeader(batchOf([`value ${i}`]), 0);
      log.flushWrites();
    }
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([0, 4, 8]);
    expect(contents(log)).toHaveLength(10);
    const names = disk.paths.map((path) => path.slice(DIRECTORY.length + 1));
    expect(names).toContain('00000000000000000004.log');
    expect(names).toContain('00000000000000000004.snapshot');
    // Batches of 75 bytes: the third one is the first with more than 100 bytes before it. The roll notes the time.
    expect(disk.readFileSync(`${DIRECTORY}/00000000000000000000.index`).toString('hex')).toBe('0000000200000096');
    const time = disk.readFileSync(`${DIRECTORY}/00000000000000000004.timeindex`);
    expect([time.length, Number(time.readBigInt64BE(0))]).toEqual([12, NOW_MS]);
  });

  it('by age of the first record', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'segment.ms': '1000' }) });
    const append = (timestamp: number): void => {
      log.appendAsLeader(batchOf([{ timestamp }]), 0);
      log.flushWrites();
    };
    append(NOW_MS - 5000);
    append(NOW_MS - 4000);
    append(NOW_MS - 3999);
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([0, 2]);
  });

  it('by age, each segment a little earlier by its own jitter, after a restart too', () => {
    const { open, clock } = fixture({ random: { int: (limit) => limit - 1, bytes: Buffer.alloc } });
    const raw = { 'segment.ms': '1000', 'segment.jitter.ms': '300' };
    const log = open({ config: config(raw) });
    const append = (ageMs: number): number => {
      log.appendAsLeader(batchOf([{ value: Buffer.from('x'), timestamp: NOW_MS + ageMs }]), 0);
      log.flushWrites();
      return log.segmentCount;
    };
    expect([0, 701, 702].map(append)).toEqual([1, 1, 2]);
    log.close();
    const again = open({ config: config(raw), hadCleanShutdown: true });
    again.appendAsLeader(batchOf([{ value: Buffer.from('x'), timestamp: NOW_MS + 702 + 702 }]), 0);
    expect(again.segmentCount).toBe(3);
    expect(clock.nowMs()).toBe(NOW_MS);
  });

  it('before offsets get out of reach of 32 bits', () => {
    const { open } = fixture();
    const log = open();
    log.appendAsFollower(batchOf(['a'], { baseOffset: 0 }), 0);
    log.appendAsFollower(batchOf(['b'], { baseOffset: 2 ** 31 }), 0);
    log.flushWrites();
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([0, 2 ** 31]);
    expect(contents(log, 0)).toEqual(['0:a', `${2 ** 31}:b`]);
  });

  it('when the index is full', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'segment.index.bytes': '36', 'index.interval.bytes': '0' }) });
    for (let i = 0; i < 8; i++) {
      log.appendAsLeader(batchOf([{ value: null, timestamp: NOW_MS + i }]), 0);
      log.flushWrites();
    }
    expect(log.segments().length).toBeGreaterThan(1);
    expect(contents(log)).toHaveLength(8);
  });

  it('in the middle of a turn answers what was appended before', async () => {
    const { open, clock } = fixture();
    const log = open({ config: config(small) });
    const order: number[] = [];
    for (let i = 0; i < 7; i++) log.appendAsLeader(batchOf([`value ${i}`]), 0, { onWritten: () => order.push(i) });
    expect(order).toEqual([0, 1, 2, 3]);
    await clock.advance();
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('offsets', () => {
  it('bound what may be read', () => {
    const { open } = fixture();
    const log = open();
    for (const value of ['a', 'b', 'c', 'd']) log.appendAsLeader(batchOf([value]), 0);
    log.flushWrites();
    expect(log.updateHighWatermark(3)).toBe(3);
    const read = (from: number, isolation: 'logEnd' | 'highWatermark' | 'committed'): number[] =>
      recordsIn(log.read(from, 1000, { isolation }).records).map((record) => record.offset);
    expect(read(0, 'logEnd')).toEqual([0, 1, 2, 3]);
    expect(read(1, 'highWatermark')).toEqual([1, 2]);
    expect(read(3, 'highWatermark')).toEqual([]);
    expect(read(4, 'logEnd')).toEqual([]);
    expect(codeOf(() => log.read(5, 1000))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(codeOf(() => log.incrementLogStartOffset(4, 'clientDelete'))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(log.incrementLogStartOffset(2, 'clientDelete')).toBe(true);
    expect(log.incrementLogStartOffset(2, 'clientDelete')).toBe(false);
    expect(codeOf(() => log.read(1, 1000))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(read(2, 'logEnd')).toEqual([2, 3]);
    expect(log.updateHighWatermark(100)).toBe(4);
    expect(log.updateHighWatermark(0)).toBe(2);
  });

  it.each([true, false])('limit bytes, from memory and from disk', async (fromMemory) => {
    const { open } = fixture({ recentBatchesBytes: fromMemory ? 1 << 20 : 1 });
    const log = open({ config: config({ 'internal.segment.bytes': '600' }) });
    for (let i = 0; i < 20; i++) log.appendAsLeader(batchOf([`value ${String(i).padStart(2, '0')}`]), 0);
    log.flushWrites();
    log.appendAsLeader(batchOf(['x'.repeat(400)]), 0);
    log.flushWrites();
    const size = 76;
    const bytesOf = (slices: readonly Buffer[]): number => slices.reduce((sum, slice) => sum + slice.length, 0);
    expect(bytesOf(log.read(0, 10).records)).toBe(size);
    expect(bytesOf(log.read(0, 10, { minOneMessage: false }).records)).toBe(10);
    expect(bytesOf(log.read(0, 100).records)).toBe(100);
    expect(recordsIn(log.read(1, 200).records).map((record) => record.offset)).toEqual([1, 2]);
    expect(bytesOf(log.read(20, 10).records)).toBeGreaterThan(400);
    for (let offset = 0; offset < log.logEndOffset; offset++) {
      const now = recordsIn(log.read(offset, 300).records);
      const later = recordsIn((await log.readAsync(offset, 300)).records);
      expect(now[0]!.offset).toBe(offset);
      expect(later).toEqual(now);
    }
  });

  it('are found by time', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'internal.segment.bytes': '400', 'index.interval.bytes': '100' }) });
    expect(log.fetchOffsetByTimestamp(-3)).toBeUndefined();
    const times = [100, 105, 103, 110, 110, 90, 120, 119, 118, 130, 125];
    for (let i = 0; i < times.length; i += 2) {
      log.appendAsLeader(batchOf(times.slice(i, i + 2).map((timestamp) => ({ timestamp }))), 4);
      log.flushWrites();
    }
    for (let target = 80; target <= 131; target++) {
      const expected = times.findIndex((time) => time >= target);
      const found = log.fetchOffsetByTimestamp(target);
      if (expected < 0) expect(found).toBeUndefined();
      else expect(found).toEqual({ offset: expected, timestampMs: times[expected], leaderEpoch: 4 });
    }
    log.updateHighWatermark(11);
    log.incrementLogStartOffset(4, 'clientDelete');
    expect(log.fetchOffsetByTimestamp(100)).toMatchObject({ offset: 4, timestampMs: 110 });
    expect(log.fetchOffsetByTimestamp(-1)).toEqual({ offset: 11, timestampMs: -1, leaderEpoch: 4 });
    expect(log.fetchOffsetByTimestamp(-2)).toEqual({ offset: 4, timestampMs: -1, leaderEpoch: 4 });
    expect(log.fetchOffsetByTimestamp(-3)).toEqual({ offset: 9, timestampMs: 130, leaderEpoch: 4 });
    expect(log.fetchOffsetByTimestamp(-4)).toMatchObject({ offset: 4 });
    expect(log.fetchOffsetByTimestamp(-5)).toMatchObject({ offset: -1 });
    expect(log.fetchOffsetByTimestamp(-6)).toMatchObject({ offset: -1 });
  });
});

describe('truncating', () => {
  it('drops records, segments, epochs and watermark', () => {
    const { open } = fixture();
    const log = open({ config: config({ 'internal.segment.bytes': '300' }) });
    for (let i = 0; i < 10; i++) {
      log.appendAsLeader(batchOf([`value ${i}`]), i < 5 ? 1 : 2);
      log.flushWrites();
    }
    log.updateHighWatermark(10);
    expect(log.truncateTo(10)).toBe(false);
    expect(log.truncateTo(4)).toBe(true);
    expect([log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([4, 4, 1]);
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([0, 4]);
    log.appendAsLeader(batchOf(['other']), 3);
    log.flushWrites();
    expect(contents(log)).toEqual(['0:value 0', '1:value 1', '2:value 2', '3:value 3', '4:other']);
  });

  it('never changes what a reader holds', () => {
    const { open } = fixture();
    const log = open();
    log.appendAsLeader(batchOf(['first']), 0);
    log.appendAsLeader(batchOf(['second']), 0);
    log.flushWrites();
    const held = log.read(0, 1000).records;
    const before = Buffer.concat(held);
    log.truncateTo(1);
    log.appendAsLeader(batchOf(['third!']), 0);
    log.flushWrites();
    expect(Buffer.concat(held)).toEqual(before);
    expect(contents(log)).toEqual(['0:first', '1:third!']);
  });

  it('starts over at another offset', async () => {
    const { open, clock, disk } = fixture();
    const log = open();
    log.appendAsLeader(batchOf(['a']), 0);
    log.truncateFullyAndStartAt(100);
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark]).toEqual([100, 100, 100]);
    log.appendAsLeader(batchOf(['b']), 1);
    log.flushWrites();
    expect(contents(log)).toEqual(['100:b']);
    await clock.advance(60_000);
    expect(disk.paths.filter((path) => path.endsWith('.deleted'))).toEqual([]);
  });
});
