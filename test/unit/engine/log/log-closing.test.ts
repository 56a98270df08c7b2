import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../extension/engine/common/clock.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { closeLogs } from '../../../../extension/engine/log/log-closing.ts';
import { LogDirectory } from '../../../../extension/engine/log/log-directory.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, contents, fixture, NOW_MS } from './log-fixture.ts';

function setup(disk = new MemoryFileSystem()) {
  const { open, clock } = fixture({ disk });
  const directory = new LogDirectory(disk, '/data', undefined, silentLogger);
  const logOf = (partition: number): UnifiedLog => {
    disk.mkdirSync(`/data/t-${partition}`);
    return open({ partition, directory: `/data/t-${partition}`, hadCleanShutdown: true });
  };
  const messages: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => messages.push(message) };
  const close = (logs: readonly UnifiedLog[], on: Clock = clock) =>
    closeLogs(
      logs.map((log) => ({ log, directory })),
      on,
      logger,
    );
  return { disk, clock, directory, logOf, close, messages };
}

function write(log: UnifiedLog, count = 1): void {
  for (let i = 0; i < count; i++) log.appendAsLeader(batchOf([`${i}`]), 0);
  log.flushWrites();
}

describe('closing many logs', () => {
  it('makes all files before the first of them is flushed', async () => {
    const { disk, logOf, close } = setup();
    const logs = [0, 1, 2, 3, 4, 5].map(logOf);
    logs.forEach((log) => write(log));
    const calls: string[] = [];
    disk.onCall = (operation, path) => {
      if (operation === 'sync' || path.endsWith('.snapshot')) calls.push(operation);
    };
    await close(logs);
    expect(calls.indexOf('sync')).toBeGreaterThan(calls.lastIndexOf('open'));
    expect(calls.filter((operation) => operation === 'open')).toHaveLength(6);
    // The file and, since it is new, its directory.
    expect(calls.filter((operation) => operation === 'sync')).toHaveLength(12);
    expect(disk.openCount).toBe(0);
  });

  it('asks nothing of the disk for a log that was only opened', async () => {
    const { disk, logOf, close } = setup();
    const log = logOf(0);
    write(log, 3);
    await close([log]);
    const again = logOf(0);
    const calls: string[] = [];
    disk.onCall = (operation, path) => void calls.push(`${operation} ${path}`);
    await close([again]);
    expect(calls).toEqual([]);
  });

  it('notes the largest timestamp of a log that was opened and appended to', async () => {
    const { disk, logOf, close } = setup();
    const log = logOf(0);
    write(log);
    await close([log]);
    const again = logOf(0);
    again.appendAsLeader(batchOf([{ value: null, timestamp: NOW_MS + 1000 }]), 0);
    await close([again]);
    expect(disk.readFileSync('/data/t-0/00000000000000000000.timeindex').readBigInt64BE(12)).toBe(
      BigInt(NOW_MS + 1000),
    );
  });

  it('notes the largest timestamp anew of a log that was opened and cut', async () => {
    const { disk, logOf, close } = setup();
    const log = logOf(0);
    write(log);
    log.appendAsLeader(batchOf([{ value: null, timestamp: NOW_MS + 1000 }]), 0);
    await close([log]);
    const again = logOf(0);
    again.truncateTo(1);
    await close([again]);
    const timeIndex = disk.readFileSync('/data/t-0/00000000000000000000.timeindex');
    expect([timeIndex.length, timeIndex.readBigInt64BE(0)]).toEqual([12, BigInt(NOW_MS)]);
  });

  it('goes on with the others where one fails, and names the directory', async () => {
    const { disk, directory, logOf, close, messages } = setup();
    const logs = [0, 1, 2].map(logOf);
    logs.forEach((log) => write(log));
    disk.onCall = (operation, path) => {
      if (path.endsWith('t-1/00000000000000000001.snapshot')) throw systemError('EIO', operation, path);
    };
    expect([...(await close(logs))]).toEqual([directory]);
    expect(messages).toEqual(['Closing the log of t-1 failed']);
    expect(disk.paths).toContain('/data/t-0/00000000000000000001.snapshot');
    expect(disk.paths).toContain('/data/t-2/00000000000000000001.snapshot');
    expect(disk.openCount).toBe(0);
  });

  it('lets others run in between', async () => {
    const { clock, logOf, close } = setup();
    const logs = [0, 1, 2].map(logOf);
    let nowMs = 0;
    let turns = 0;
    const slow: Clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => (nowMs += 20),
      schedule: (delayMs, fn) => clock.schedule(delayMs, fn),
      defer: (fn) => {
        turns++;
        queueMicrotask(fn);
      },
    };
    await close(logs, slow);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('completing the files of a log', () => {
  it('lets it serve on', async () => {
    const { disk, logOf, close } = setup();
    const log = logOf(0);
    write(log, 2);
    log.complete();
    write(log, 1);
    expect(contents(log)).toEqual(['0:0', '1:1', '2:0']);
    await close([log]);
    expect(disk.paths).toContain('/data/t-0/00000000000000000003.snapshot');
    expect(contents(logOf(0))).toEqual(['0:0', '1:1', '2:0']);
  });
});

describe('flushing a log off the event loop', () => {
  const directorySyncs = (disk: MemoryFileSystem): string[] => {
    const syncs: string[] = [];
    disk.onCall = (operation, path) => {
      if (operation === 'sync' && path === '/data/t-0') syncs.push(path);
    };
    return syncs;
  };

  it('makes the names of new files durable, once', async () => {
    const { disk, logOf } = setup();
    const log = logOf(0);
    const syncs = directorySyncs(disk);
    write(log);
    await log.flushAsync();
    write(log);
    await log.flushAsync();
    expect([syncs.length, log.recoveryPoint]).toEqual([1, 2]);
  });

  it('does not let another flush believe that the names are durable already', async () => {
    const { disk, logOf } = setup();
    const log = logOf(0);
    const syncs = directorySyncs(disk);
    write(log);
    const flushed = log.flushAsync();
    log.flush();
    expect([syncs.length, log.recoveryPoint]).toEqual([1, 1]);
    await flushed;
    expect(log.recoveryPoint).toBe(1);
  });

  it('flushes nothing where the directory refuses', async () => {
    const { disk, logOf } = setup();
    const log = logOf(0);
    write(log);
    disk.onCall = (operation, path) => {
      if (operation === 'sync' && path === '/data/t-0') throw systemError('EIO', 'fsync', path);
    };
    await expect(log.flushAsync()).rejects.toThrow('Flushing t-0 failed');
    expect(log.recoveryPoint).toBe(0);
  });
});
