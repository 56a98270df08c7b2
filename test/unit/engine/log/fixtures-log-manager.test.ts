import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import type { KafkaRecord } from '../../../../extension/records/record.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { fixtureFiles, fixtureMadeMs, fixtureTopics } from './kafka-fixtures.ts';
import { config, fixedRandom, recordsIn } from './log-fixture.ts';

/** A whole log directory that Apache Kafka closed, and a broker over it. */
function setup(): { disk: MemoryFileSystem; clock: FakeClock; manager: LogManager; warnings: string[] } {
  const disk = new MemoryFileSystem();
  for (const [path, bytes] of fixtureFiles) {
    if (!path.startsWith('closed/')) continue;
    disk.mkdirSync(`/data/${path.slice(0, path.lastIndexOf('/'))}`);
    disk.writeFileAtomicSync(`/data/${path}`, bytes);
  }
  const warnings: string[] = [];
  const warn = (line: string): void => void warnings.push(line);
  const clock = new FakeClock(fixtureMadeMs);
  const logger = { ...silentLogger, warn, error: warn };
  const environment = new LogEnvironment({ fileSystem: disk, clock, random: fixedRandom, logger });
  const manager = new LogManager({
    environment,
    directories: ['/data/closed'],
    config: config({ 'retention.ms': '-1' }),
  });
  return { disk, clock, manager, warnings };
}

/** `topic partition offset` lines of a checkpoint, in any order. */
function offsets(disk: MemoryFileSystem, name: string): string[] {
  return disk.readFileSync(`/data/closed/${name}`).toString('utf8').trim().split('\n').slice(2).sort();
}

describe('a log directory that Apache Kafka closed', () => {
  it('is opened without a check, and closed with the same offsets', async () => {
    const { disk, manager, warnings } = setup();
    const names = ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint', 'cleaner-offset-checkpoint'];
    const before = names.map((name) => offsets(disk, name));
    const reads: string[] = [];
    disk.onCall = (operation, path) => void (operation === 'read' && path.endsWith('.log') && reads.push(path));
    await manager.load();
    disk.onCall = undefined;
    const active = new Set(fixtureTopics.map((topic) => manager.get(topic, 0)!.local.segments.active.log.path));
    expect(reads.filter((path) => !active.has(path))).toEqual([]);
    for (const topic of fixtureTopics) {
      const log = manager.get(topic, 0)!;
      expect([log.highWatermark, log.recoveryPoint]).toEqual([log.logEndOffset, log.logEndOffset]);
      expect(log.topicId).toMatch(/^[\w-]{22}$/);
    }
    await manager.shutdown(7);
    expect(names.map((name) => offsets(disk, name))).toEqual(before);
    expect(warnings).toEqual([]);
  });

  it('loses the topics that were being deleted, and compacted segments that were replaced', async () => {
    const { disk, clock, manager } = setup();
    const isLeft = (path: string): boolean => path.includes('-delete/') || path.endsWith('.deleted');
    expect(disk.paths.some((path) => path.includes('-delete/'))).toBe(true);
    expect(disk.paths.some((path) => path.endsWith('.log.deleted'))).toBe(true);
    await manager.load();
    await clock.advance(120_000);
    expect(disk.paths.filter(isLeft)).toEqual([]);
    expect(manager.get('short-lived-1', 0)).toBeUndefined();
    await manager.shutdown(7);
  });

  it('goes on with compaction where Kafka stopped', async () => {
    const { disk, manager, warnings } = setup();
    await manager.load();
    const log = manager.get('compacted', 0)!;
    log.updateConfig(config({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' }));
    const segments = log.segmentCount;
    await manager.compact();
    // Nothing but the active segment is dirty.
    expect(log.segmentCount).toBe(segments);
    expect(offsets(disk, 'cleaner-offset-checkpoint')).toEqual([`compacted 0 ${log.local.segments.active.baseOffset}`]);

    const before = latestByKey(log);
    log.roll();
    await manager.compact();
    expect(offsets(disk, 'cleaner-offset-checkpoint')).toEqual([`compacted 0 ${log.logEndOffset}`]);
    const after = recordsOf(log);
    expect(after).toHaveLength(before.size);
    expect(latestByKey(log)).toEqual(before);
    expect(warnings).toEqual([]);
    await manager.shutdown(7);
  });
});

const recordsOf = (log: UnifiedLog): KafkaRecord[] =>
  log.local.segments.all.flatMap(({ baseOffset }) => recordsIn(log.read(baseOffset, 1 << 20).records));

/** `offset value` by key, of what was not aborted. The one producer with transactions did nothing else meanwhile. */
function latestByKey(log: UnifiedLog): Map<string, string> {
  const aborted = log.local.segments.all.flatMap((segment) => segment.transactionIndex.entries());
  const isAborted = (offset: number): boolean =>
    aborted.some(({ firstOffset, lastOffset }) => firstOffset <= offset && offset <= lastOffset);
  const kept = recordsOf(log).filter(({ offset }) => !isAborted(offset));
  return new Map(kept.map(({ offset, key, value }) => [String(key), `${offset} ${String(value)}`]));
}
