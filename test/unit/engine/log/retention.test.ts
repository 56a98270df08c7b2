import { describe, expect, it } from 'vitest';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { batchOf, config, contents, DIRECTORY, fixture, NOW_MS } from './log-fixture.ts';

const small = { 'internal.segment.bytes': '150', 'retention.ms': '-1' };

/** One batch of 71 bytes for each time (relative to {@link NOW_MS}), two to a segment. */
function fill(log: UnifiedLog, times: readonly number[]): void {
  for (const time of times) {
    log.appendAsLeader(batchOf([{ value: Buffer.from('vvv'), timestamp: NOW_MS + time }]), 0);
    log.flushWrites();
  }
  log.updateHighWatermark(log.logEndOffset);
}

const bases = (log: UnifiedLog): number[] => log.segments().map((segment) => segment.baseOffset);

describe('retention', () => {
  it('by size keeps at least that much', () => {
    const log = fixture().open({ config: config({ ...small, 'retention.bytes': '300' }) });
    fill(log, [0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bases(log)).toEqual([0, 2, 4, 6]);
    expect(log.deleteOldSegments(NOW_MS)).toBe(1);
    expect([bases(log), log.logStartOffset, log.sizeBytes]).toEqual([[2, 4, 6], 2, 6 * 71]);
    expect(contents(log)).toHaveLength(6);
    log.updateConfig(config({ ...small, 'retention.bytes': '0' }));
    expect(log.deleteOldSegments(NOW_MS)).toBe(3);
    expect([bases(log), log.logStartOffset, log.logEndOffset]).toEqual([[8], 8, 8]);
    expect(log.deleteOldSegments(NOW_MS)).toBe(0);
    fill(log, [0]);
    expect(contents(log)).toEqual(['8:vvv']);
  });

  it('by age counts from the newest record of a segment', () => {
    const log = fixture().open({ config: config({ ...small, 'retention.ms': '1000' }) });
    fill(log, [-9000, -500, -9000, -9000, -200, -9000]);
    expect(log.deleteOldSegments(NOW_MS)).toBe(0);
    expect(log.deleteOldSegments(NOW_MS + 501)).toBe(2);
    expect([bases(log), log.logStartOffset]).toEqual([[4], 4]);
    expect(log.deleteOldSegments(NOW_MS + 801)).toBe(1);
    expect([bases(log), log.logStartOffset]).toEqual([[6], 6]);
  });

  it('by age of the file where records have no time', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ ...small, 'retention.ms': '1000' }) });
    disk.nowMs = NOW_MS;
    fill(log, [-NOW_MS - 1, -NOW_MS - 1, -NOW_MS - 1]);
    expect(log.deleteOldSegments(NOW_MS + 1000)).toBe(0);
    expect(log.deleteOldSegments(NOW_MS + 1001)).toBe(2);
  });

  it('goes by the log start under every policy, by size and age only where records may be deleted', () => {
    for (const policy of ['compact', 'delete', 'compact,delete', '']) {
      const raw = { ...small, 'cleanup.policy': policy, 'retention.bytes': '100' };
      const log = fixture().open({ config: config({ ...raw, 'cleanup.policy': 'delete' }) });
      fill(log, [0, 0, 0, 0, 0, 0, 0, 0]);
      log.updateConfig(config(raw));
      log.incrementLogStartOffset(3, 'clientDelete');
      log.deleteOldSegments(NOW_MS);
      expect(bases(log)).toEqual(policy.includes('delete') ? [6] : [2, 4, 6]);
    }
  });

  it('stops at the high watermark', () => {
    const log = fixture().open({ config: config({ ...small, 'retention.bytes': '0' }) });
    fill(log, [0, 0]);
    const mark = log.highWatermark;
    for (let i = 0; i < 4; i++) log.appendAsLeader(batchOf(['vvv']), 0);
    log.flushWrites();
    expect(log.deleteOldSegments(NOW_MS)).toBe(1);
    expect([log.logStartOffset, log.highWatermark]).toEqual([mark, mark]);
  });

  it('keeps files for readers under way, then deletes them, snapshots at once', async () => {
    const { open, disk, clock } = fixture({ recentBatchesBytes: 1 });
    const log = open({ config: config({ ...small, 'retention.bytes': '0', 'file.delete.delay.ms': '500' }) });
    fill(log, [0, 0, 0, 0]);
    const reading = log.readAsync(0, 100);
    log.deleteOldSegments(NOW_MS);
    expect((await reading).sizeBytes).toBeGreaterThan(0);
    const names = (): string[] => disk.paths.map((path) => path.slice(DIRECTORY.length + 1));
    expect(names()).toContain('00000000000000000000.log.deleted');
    expect(names().filter((name) => name.endsWith('.snapshot'))).toEqual(['00000000000000000004.snapshot']);
    await clock.advance(500);
    expect(names().filter((name) => name.endsWith('.deleted'))).toEqual([]);
  });
});
