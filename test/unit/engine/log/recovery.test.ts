import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import type { Logger } from '../../../../extension/engine/common/logger.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { systemError } from '../../../support/memory-file-system.ts';
import type { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { batchOf, codeOf, config, contents, DIRECTORY, fixture, NOW_MS } from './log-fixture.ts';

const small = config({ 'internal.segment.bytes': '300', 'index.interval.bytes': '100' });
const path = (name: string): string => `${DIRECTORY}/${name}`;
const first = '00000000000000000000';
const second = '00000000000000000004';
const third = '00000000000000000008';

/** Ten batches of 75 bytes in three segments, from offsets 0, 4 and 8. */
function fill(log: UnifiedLog, epoch = 0): void {
  for (let i = 0; i < 10; i++) {
    log.appendAsLeader(batchOf([`value ${i}`]), epoch);
    log.flushWrites();
  }
}

function warnings(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: { ...silentLogger, warn: (line) => lines.push(line), error: (line) => lines.push(line) } };
}

function overwrite(disk: MemoryFileSystem, name: string, content: Buffer): void {
  disk.writeFileAtomicSync(path(name), content);
}

/** Files of the partition and their bytes, without those that do not matter to a reader. */
function snapshot(disk: MemoryFileSystem): Record<string, string> {
  const names = disk.paths.filter((name) => /\.(log|index|timeindex|txnindex|snapshot)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, disk.readFileSync(name).toString('hex')]));
}

describe('after a clean stop', () => {
  it('nothing is scanned and everything is there', () => {
    const { open, disk } = fixture();
    const log = open({ config: small });
    fill(log);
    log.close();
    const before = snapshot(disk);
    const reads: string[] = [];
    disk.onCall = (operation, name) => void (operation === 'read' && reads.push(name.slice(-10)));
    const again = open({ config: small, hadCleanShutdown: true });
    // The active segment's last batches tell where the log ends; no other `.log` is touched.
    expect(reads.filter((name) => name.endsWith('.log'))).toEqual(['000008.log']);
    expect([again.logEndOffset, again.recoveryPoint, again.segments().length]).toEqual([10, 10, 3]);
    expect(contents(again)).toHaveLength(10);
    again.close();
    expect(snapshot(disk)).toEqual(before);
  });

  it('goes on where it was', () => {
    const { open } = fixture();
    const log = open({ config: small });
    fill(log);
    log.close();
    expect(codeOf(() => log.appendAsLeader(batchOf(['late']), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const again = open({ config: small, hadCleanShutdown: true });
    again.appendAsLeader(batchOf(['more']), 1);
    again.flushWrites();
    expect(contents(again).slice(9)).toEqual(['9:value 9', '10:more']);
    expect(again.fetchOffsetByTimestamp(NOW_MS)).toMatchObject({ offset: 0 });
  });

  it('keeps the start that DeleteRecords moved', () => {
    const { open } = fixture();
    const log = open();
    fill(log);
    log.updateHighWatermark(10);
    log.incrementLogStartOffset(7, 'clientDelete');
    log.close();
    const again = open({ hadCleanShutdown: true, logStartOffset: 7, highWatermark: 9 });
    expect([again.logStartOffset, again.highWatermark]).toEqual([7, 9]);
    expect(contents(again)).toEqual(['7:value 7', '8:value 8', '9:value 9']);
  });

  it.each([
    ['missing offset index', (disk: MemoryFileSystem) => disk.unlinkSync(path(`${second}.index`))],
    ['missing time index', (disk: MemoryFileSystem) => disk.unlinkSync(path(`${second}.timeindex`))],
    ['emptied time index', (disk: MemoryFileSystem) => overwrite(disk, `${second}.timeindex`, Buffer.alloc(0))],
    ['torn time index', (disk: MemoryFileSystem) => overwrite(disk, `${second}.timeindex`, Buffer.alloc(7, 1))],
    ['zero-filled offset index', (disk: MemoryFileSystem) => overwrite(disk, `${second}.index`, Buffer.alloc(8 * 100))],
    [
      'offset index that leads elsewhere',
      (disk: MemoryFileSystem) => overwrite(disk, `${second}.index`, Buffer.from('0000000100000003', 'hex')),
    ],
    [
      'offset index past the end',
      (disk: MemoryFileSystem) => overwrite(disk, `${second}.index`, Buffer.from('00000001000fffff', 'hex')),
    ],
  ])('%s: is made again', (_name, damage) => {
    const { open, disk } = fixture();
    const log = open({ config: small });
    fill(log);
    log.close();
    const before = snapshot(disk);
    damage(disk);
    const again = open({ config: small, hadCleanShutdown: true });
    expect(contents(again)).toHaveLength(10);
    for (let offset = 0; offset < 10; offset++) expect(contents(again, offset)[0]).toBe(`${offset}:value ${offset}`);
    expect(again.fetchOffsetByTimestamp(NOW_MS)).toMatchObject({ offset: 0 });
    again.close();
    for (const kind of ['index', 'timeindex']) {
      expect(snapshot(disk)[path(`${second}.${kind}`)]).toBe(before[path(`${second}.${kind}`)]);
    }
  });

  it('damaged epochs are learnt from the batches', () => {
    const { open, disk } = fixture();
    const log = open();
    fill(log, 3);
    log.appendAsLeader(batchOf(['x']), 5);
    log.close();
    overwrite(disk, 'leader-epoch-checkpoint', Buffer.from('0\n7\nnonsense'));
    const { lines, logger } = warnings();
    const again = fixture({ disk, logger }).open({ hadCleanShutdown: true });
    expect(again.epochs.entries).toEqual([
      { epoch: 3, startOffset: 0 },
      { epoch: 5, startOffset: 10 },
    ]);
    expect(lines.join()).toMatch(/epochs/);
  });

  it.each([
    [
      'missing with the offset index',
      (disk: MemoryFileSystem) => ['index', 'txnindex'].forEach((kind) => disk.unlinkSync(path(`${first}.${kind}`))),
    ],
    ['damaged', (disk: MemoryFileSystem) => overwrite(disk, `${first}.txnindex`, Buffer.alloc(34, 1))],
  ])('finds out again what was aborted where that index is %s', (_, damage) => {
    const { open, disk } = fixture();
    const log = open({ config: small });
    const producer = { producerId: 9, producerEpoch: 0 };
    log.appendAsLeader(batchOf(['dropped'], { ...producer, baseSequence: 0, isTransactional: true }), 0);
    const marker = buildEndTransactionBatch({ ...producer, coordinatorEpoch: 0, commit: false }, NOW_MS);
    log.appendAsLeader(marker, 0, { origin: 'coordinator' });
    fill(log);
    log.close();
    damage(disk);
    const again = open({ config: small, hadCleanShutdown: true });
    expect(again.collectAbortedTransactions(0, 2)).toEqual([{ producerId: 9, firstOffset: 0 }]);
    expect([again.logEndOffset, again.activeProducers()]).toEqual([12, log.activeProducers()]);
  });
});

describe('after an unclean stop', () => {
  it('a killed process loses nothing that was written', () => {
    const { open, disk } = fixture();
    const log = open({ config: small });
    fill(log);
    const again = fixture({ disk }).open({ config: small });
    expect(contents(again)).toHaveLength(10);
    again.close();
    const recovered = snapshot(disk);
    const control = fixture();
    const untouched = control.open({ config: small });
    fill(untouched);
    untouched.close();
    expect(recovered).toEqual(snapshot(control.disk));
  });

  it('the torn tail is cut at the last valid batch, wherever it is torn', () => {
    const { open, disk } = fixture();
    fill(open({ config: small }));
    const whole = disk.readFileSync(path(`${third}.log`));
    for (let length = 0; length <= whole.length; length += 7) {
      const damaged = fixture();
      for (const name of disk.paths) damaged.disk.writeFileAtomicSync(name, disk.readFileSync(name));
      overwrite(damaged.disk, `${third}.log`, Buffer.concat([whole.subarray(0, length), Buffer.alloc(length % 5)]));
      const log = damaged.open({ config: small });
      const batches = Math.floor(length / 75);
      expect(contents(log)).toHaveLength(8 + batches);
      expect(damaged.disk.readFileSync(path(`${third}.log`))).toHaveLength(batches * 75);
      log.appendAsLeader(batchOf(['next']), 0);
      log.flushWrites();
      expect(contents(log).at(-1)).toBe(`${8 + batches}:next`);
    }
  });

  it('a damaged batch ends the log, and what follows it goes', () => {
    const { open, disk } = fixture();
    fill(open({ config: small }));
    const bytes = disk.readFileSync(path(`${second}.log`));
    bytes[75 + 70]! ^= 1;
    overwrite(disk, `${second}.log`, bytes);
    const { lines, logger } = warnings();
    const again = fixture({ disk, logger }).open({ config: small });
    expect(contents(again)).toEqual(['0:value 0', '1:value 1', '2:value 2', '3:value 3', '4:value 4']);
    expect(disk.existsSync(path(`${third}.log`))).toBe(false);
    expect(lines.join()).toMatch(/Cut 225 bytes/);
  });

  it('only what lies past the recovery point is read', () => {
    const { open, disk } = fixture();
    const log = open({ config: small });
    fill(log);
    log.flush(8);
    expect(log.recoveryPoint).toBe(8);
    const touched = new Set<string>();
    disk.onCall = (operation, name) => void (operation === 'read' && name.endsWith('.log') && touched.add(name));
    const again = fixture({ disk }).open({ config: small, recoveryPoint: 8 });
    expect([...touched]).toEqual([path(`${third}.log`)]);
    expect(again.logEndOffset).toBe(10);
  });

  it.each([{}, { 'flush.messages': '1' }])(
    '%j: the power takes no index of a segment that was flushed before',
    (raw) => {
      const { open, disk } = fixture();
      const log = open({ config: config(raw) });
      fill(log);
      log.flush();
      log.close();
      const again = open({ config: config(raw), hadCleanShutdown: true });
      if ('flush.messages' in raw) fill(again);
      again.roll();
      const { recoveryPoint, logEndOffset } = again;
      expect(recoveryPoint).toBe(logEndOffset);
      again.abandon();
      disk.losePower(() => 0);
      const back = fixture({ disk }).open({ config: config(raw), recoveryPoint });
      expect([back.logEndOffset, back.segmentCount]).toEqual([logEndOffset, 2]);
      expect(back.fetchOffsetByTimestamp(NOW_MS)).toMatchObject({ offset: 0 });
    },
  );

  it('two segments that overlap: the later one keeps its records', () => {
    const { open, disk } = fixture();
    fill(open({ config: small }));
    const bytes = disk.readFileSync(path(`${first}.log`));
    overwrite(disk, `${first}.log`, Buffer.concat([bytes, disk.readFileSync(path(`${second}.log`)).subarray(0, 75)]));
    const { lines, logger } = warnings();
    const again = fixture({ disk, logger }).open({ config: small });
    expect(contents(again)).toHaveLength(10);
    expect(lines.join()).toMatch(/runs into the next segment/);
  });

  it('a gap between segments is read over', () => {
    const { open, disk } = fixture();
    fill(open({ config: small }));
    for (const suffix of ['log', 'index', 'timeindex']) disk.unlinkSync(path(`${second}.${suffix}`));
    const again = fixture({ disk }).open({ config: small });
    expect(contents(again)).toEqual(['0:value 0', '1:value 1', '2:value 2', '3:value 3', '8:value 8', '9:value 9']);
    expect(again.logEndOffset).toBe(10);
  });

  it('a start past the end empties the log', () => {
    const { open, disk } = fixture();
    fill(open());
    const again = fixture({ disk }).open({ logStartOffset: 50 });
    expect([again.logStartOffset, again.logEndOffset]).toEqual([50, 50]);
    expect(disk.existsSync(path(`${first}.log`))).toBe(false);
  });

  it('what a stop interrupted is finished or taken back', () => {
    const { open, disk } = fixture();
    fill(open({ config: small }));
    const name = (suffix: string): string => `${second}${suffix}`;
    // Compaction had written the first segment anew, and another was still being written.
    disk.renameSync(path(`${first}.log`), path(`${first}.log.swap`));
    overwrite(disk, `${third}.log.cleaned`, Buffer.from('half'));
    overwrite(disk, name('.log.deleted'), Buffer.from('old'));
    overwrite(disk, 'leader-epoch-checkpoint.tmp', Buffer.from('old'));
    overwrite(disk, '00000000000000000999.index', Buffer.from('stray'));
    const again = fixture({ disk }).open({ config: small });
    expect(contents(again)).toHaveLength(10);
    expect(disk.paths.filter((file) => /swap|cleaned|deleted|tmp|999/.test(file))).toEqual([]);
  });
});

describe('a disk that refuses', () => {
  it('full: the appends of the turn fail, nothing of them is seen, and later ones go on', () => {
    const { open, disk } = fixture();
    const log = open();
    fill(log);
    const before = snapshot(disk);
    const results: (number | undefined)[] = [];
    disk.capacityBytes = disk.usedBytes + 100;
    const producer = { producerId: 9, producerEpoch: 0 };
    for (let i = 0; i < 3; i++) {
      log.appendAsLeader(batchOf(['no room'], { ...producer, baseSequence: i }), 1, {
        onWritten: (error) => results.push(error?.code),
      });
    }
    log.flushWrites();
    expect(results).toEqual([56, 56, 56]);
    expect([log.nextOffset, log.logEndOffset, log.latestEpoch, log.activeProducers()]).toEqual([10, 10, 0, []]);
    expect(snapshot(disk)).toEqual(before);

    disk.capacityBytes = Infinity;
    log.appendAsLeader(batchOf(['room'], { ...producer, baseSequence: 0 }), 1);
    log.flushWrites();
    expect(contents(log).slice(9)).toEqual(['9:value 9', '10:room']);
    expect(contents(fixture({ disk }).open()).slice(9)).toEqual(['9:value 9', '10:room']);
  });

  it('full: says so a few times, and then how often', async () => {
    const { lines, logger } = warnings();
    const { open, disk, clock } = fixture({ logger });
    const log = open();
    disk.capacityBytes = disk.usedBytes;
    const refused = (): boolean => {
      log.appendAsLeader(batchOf(['no room']), 0);
      log.flushWrites();
      return log.logEndOffset === 0;
    };
    for (let i = 0; i < 100; i++) expect(refused()).toBe(true);
    expect(lines).toHaveLength(5);
    await clock.advance(10_000);
    expect(lines).toHaveLength(6);
    expect(lines[5]).toMatch(/^95 more like it .*there is no space left for t-0/i);
  });

  it('broken: the log goes out of service and says so', () => {
    const { lines, logger } = warnings();
    const { open, disk } = fixture({ logger });
    const log = open();
    fill(log);
    const failures: string[] = [];
    log.setListener({ onFailed: (_log, error) => failures.push(error.message) });
    disk.onCall = (operation) => {
      if (operation === 'write') throw systemError('EIO', 'write', 'disk');
    };
    const results: (number | undefined)[] = [];
    log.appendAsLeader(batchOf(['x']), 0, { onWritten: (error) => results.push(error?.code) });
    log.flushWrites();
    expect(results).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
    expect(failures).toHaveLength(1);
    expect(lines).toHaveLength(1);
    expect(codeOf(() => log.appendAsLeader(batchOf(['y']), 0))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(codeOf(() => log.read(0, 100))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    disk.onCall = undefined;
    expect(contents(fixture({ disk }).open())).toHaveLength(10);
  });

  it('a flush that fails after the write takes the log out of service', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ 'flush.messages': '1' }) });
    disk.onCall = (operation, name) => {
      if (operation === 'sync' && name.endsWith('.log')) throw systemError('EIO', 'fdatasync', name);
    };
    const results: (number | undefined)[] = [];
    log.appendAsLeader(batchOf(['x']), 0, { onWritten: (error) => results.push(error?.code) });
    log.flushWrites();
    expect(results).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
  });

  it('flush.messages makes what was answered survive a loss of power', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ 'flush.messages': '2' }) });
    for (let i = 0; i < 5; i++) {
      log.appendAsLeader(batchOf([`value ${i}`]), 0);
      log.flushWrites();
    }
    expect(log.recoveryPoint).toBe(4);
    disk.losePower(() => 0);
    expect(contents(fixture({ disk }).open({ recoveryPoint: 4 }))).toHaveLength(4);
  });
});
