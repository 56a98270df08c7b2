import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { recoverLog } from '../../../../extension/engine/log/log-loader.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import type { LogRecoverer } from '../../../../extension/engine/log/log-recovery.ts';
import { writeMetaProperties } from '../../../../extension/engine/log/meta-properties.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, codeOf, config, contents, fixedRandom, NOW_MS } from './log-fixture.ts';

const ID = 'AbCdEfGhIjKlMnOpQrStUv';
const OTHER_ID = 'ZbCdEfGhIjKlMnOpQrStUv';

interface Setup {
  readonly disk: MemoryFileSystem;
  readonly clock: FakeClock;
  readonly manager: LogManager;
  readonly messages: string[];
  /** Directories that went offline. */
  readonly failed: string[];
}

function setup(disk = new MemoryFileSystem(), directories = ['/data']): Setup {
  const clock = new FakeClock(NOW_MS);
  const messages: string[] = [];
  let next = 0;
  const logger = { ...silentLogger, warn: (m: string) => messages.push(m), error: (m: string) => messages.push(m) };
  for (const directory of directories) disk.mkdirSync(directory);
  const environment = new LogEnvironment({
    fileSystem: disk,
    clock,
    random: { int: () => 0, bytes: (length) => Buffer.alloc(length, ++next) },
    logger,
  });
  const failed: string[] = [];
  const manager = new LogManager({
    environment,
    directories,
    config: config(),
    onDirectoryFailed: (directory) => failed.push(directory.path),
  });
  return { disk, clock, messages, failed, manager };
}

const options = { topicId: ID, config: config(), directoryId: undefined };
const text = (disk: MemoryFileSystem, path: string): string => disk.readFileSync(path).toString();

describe('a log directory', () => {
  it('is left as Kafka leaves it, and found again', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    for (let partition = 0; partition < 3; partition++) {
      const log = manager.getOrCreate('orders', partition, options);
      for (let i = 0; i <= partition; i++) log.appendAsLeader(batchOf([`${partition}/${i}`]), 2);
      await clock.advance();
      log.updateHighWatermark(log.logEndOffset);
    }
    manager.get('orders', 2)!.incrementLogStartOffset(1, 'clientDelete');
    await manager.shutdown(11);
    expect(text(disk, '/data/.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":11}');
    expect(text(disk, '/data/recovery-point-offset-checkpoint')).toBe('0\n3\norders 0 1\norders 1 2\norders 2 3\n');
    expect(text(disk, '/data/replication-offset-checkpoint')).toBe('0\n3\norders 0 1\norders 1 2\norders 2 3\n');
    expect(text(disk, '/data/log-start-offset-checkpoint')).toBe('0\n1\norders 2 1\n');
    expect(text(disk, '/data/orders-0/partition.metadata')).toBe(`version: 0\ntopic_id: ${ID}`);
    expect(text(disk, '/data/orders-0/leader-epoch-checkpoint')).toBe('0\n1\n2 0\n');
    expect(disk.paths).toContain('/data/orders-1/00000000000000000002.snapshot');
    expect(disk.openCount).toBe(0);

    const again = setup(disk).manager;
    await again.load();
    expect(again.previousBrokerEpoch).toBe(11);
    expect(disk.existsSync('/data/.kafka_cleanshutdown')).toBe(false);
    const log = again.get('orders', 2)!;
    expect([log.topicId, log.highWatermark, log.logStartOffset]).toEqual([ID, 3, 1]);
    expect(contents(log)).toEqual(['1:2/1', '2:2/2']);
  });

  it('is recovered from its checkpoints after a kill', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const log = manager.getOrCreate('orders', 0, options);
    log.appendAsLeader(batchOf(['a', 'b']), 0);
    await clock.advance();
    log.updateHighWatermark(2);
    await clock.advance(60_000);
    log.appendAsLeader(batchOf(['c']), 0);
    await clock.advance();
    log.appendAsLeader(batchOf(['never written']), 0);
    manager.abandon();
    await clock.advance(60_000);
    const again = setup(disk).manager;
    await again.load();
    expect(again.previousBrokerEpoch).toBe(-1);
    expect(contents(again.get('orders', 0)!)).toEqual(['0:a', '1:b', '2:c']);
    expect(again.get('orders', 0)!.highWatermark).toBe(2);
  });

  it('has nothing to say about checkpoints that are empty yet, as Kafka makes them', async () => {
    const disk = new MemoryFileSystem();
    disk.mkdirSync('/data');
    disk.writeFileAtomicSync('/data/replication-offset-checkpoint', '');
    const { manager, messages } = setup(disk);
    await manager.load();
    expect(messages).toEqual([]);
  });

  it('with damaged checkpoints is checked from the start', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    manager.getOrCreate('orders', 0, options).appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    manager.abandon();
    for (const name of ['recovery-point', 'replication', 'log-start']) {
      disk.writeFileAtomicSync(`/data/${name}-offset-checkpoint`, '0\n5\nhalf a li');
    }
    const { manager: again, messages } = setup(disk);
    await again.load();
    expect(contents(again.get('orders', 0)!)).toEqual(['0:a']);
    expect(messages).toHaveLength(3);
  });

  it('loses one log that cannot be opened, and serves the others', async () => {
    const { disk, manager } = setup();
    await manager.load();
    manager.getOrCreate('orders', 0, options);
    manager.getOrCreate('orders', 1, options);
    await manager.shutdown(1);
    disk.onCall = (operation, path) => {
      if (operation === 'readdir' && path === '/data/orders-0') throw systemError('EACCES', 'scandir', path);
    };
    const { manager: again, messages } = setup(disk);
    await again.load();
    expect(again.get('orders', 1)).toBeDefined();
    expect(codeOf(() => again.getOrCreate('orders', 0, options))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(messages.join()).toMatch(/EACCES.*orders-0/);
  });

  it('skips the metadata log and folders that are none of its own', async () => {
    const { disk, manager } = setup();
    for (const name of ['__cluster_metadata-0', 'not a partition', `old-0.${'0a'.repeat(16)}-stray`]) {
      disk.mkdirSync(`/data/${name}`);
    }
    disk.mkdirSync(`/data/gone-0.${'0a'.repeat(16)}-delete`);
    await manager.load();
    expect([...manager.logs()]).toEqual([]);
    expect(disk.readdirSync('/data').sort()).toEqual([
      '__cluster_metadata-0',
      'not a partition',
      `old-0.${'0a'.repeat(16)}-stray`,
    ]);
  });
});

/** Time passes by looking at it: every look takes 10 ms. */
class TickingClock extends FakeClock {
  #looks = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + 10 * this.#looks++;
  }
}

describe('a log directory of many partitions', () => {
  it.each(['closed', 'killed'])(
    'that was %s tells how far its opening is, and lets others run meanwhile',
    async (end) => {
      const first = setup();
      await first.manager.load();
      for (let partition = 0; partition < 200; partition++) {
        first.manager.getOrCreate('orders', partition, options).appendAsLeader(batchOf(['a']), 0);
      }
      await first.clock.advance();
      if (end === 'closed') await first.manager.shutdown(1);
      else first.manager.abandon();

      const clock = new TickingClock(NOW_MS);
      const progress: (readonly [loaded: number, total: number])[] = [];
      const environment = new LogEnvironment({
        fileSystem: first.disk,
        clock,
        random: { int: () => 0, bytes: Buffer.alloc },
        logger: silentLogger,
      });
      const manager = new LogManager({
        environment,
        directories: ['/data'],
        config: config(),
        onProgress: (loaded, total) => progress.push([loaded, total]),
      });
      let isLoaded = false;
      let turns = 0;
      const loading = manager.load().then(() => (isLoaded = true));
      const turn = (): void => {
        turns++;
        if (!isLoaded) clock.defer(turn);
      };
      clock.defer(turn);
      await clock.advance();
      await loading;
      expect(turns).toBeGreaterThan(20);
      expect(progress.length).toBeGreaterThan(3);
      expect(progress.length).toBeLessThan(turns);
      expect(progress.at(-1)).toEqual([200, 200]);
      const loaded = progress.map(([count]) => count);
      expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
      for (const partition of [0, 100, 199]) expect(contents(manager.get('orders', partition)!)).toEqual(['0:a']);
    },
  );
});

it('a stop while logs are opened leaves the checkpoints alone, and no mark of a clean stop', async () => {
  const first = setup();
  await first.manager.load();
  for (let partition = 0; partition < 20; partition++) {
    first.manager.getOrCreate('orders', partition, options).appendAsLeader(batchOf(['a', 'b']), 0);
  }
  await first.clock.advance();
  await first.manager.shutdown(1);
  const before = text(first.disk, '/data/recovery-point-offset-checkpoint');

  const clock = new TickingClock(NOW_MS);
  const environment = new LogEnvironment({ fileSystem: first.disk, clock, random: fixedRandom, logger: silentLogger });
  const manager = new LogManager({ environment, directories: ['/data'], config: config() });
  const loading = manager.load();
  await manager.shutdown(2);
  await clock.advance();
  await loading;
  expect([...manager.logs()].length).toBeLessThan(20);
  expect(text(first.disk, '/data/recovery-point-offset-checkpoint')).toBe(before);
  expect(first.disk.existsSync('/data/.kafka_cleanshutdown')).toBe(false);
});

it('large logs are recovered by others where there is somebody', async () => {
  const first = setup();
  await first.manager.load();
  for (const partition of [0, 1]) first.manager.getOrCreate('orders', partition, options);
  first.manager.abandon();
  // Sizes are all that is looked at before they are given away.
  for (const partition of [0, 1]) {
    const file = first.disk.openSync(`/data/orders-${partition}/00000000000000000000.log`, 'readWrite');
    file.truncateSync(70 * 1024 * 1024);
    file.close();
  }
  const given: string[] = [];
  const recoverer: LogRecoverer = {
    start(logs, { threads }, onDone) {
      given.push(`${threads} threads`, ...logs.map(({ directory }) => directory));
      logs.forEach((log, index) => {
        recoverLog(environment, log);
        onDone(index, true);
      });
      return { stop() {} };
    },
  };
  const clock = new FakeClock(NOW_MS);
  const environment = new LogEnvironment({ fileSystem: first.disk, clock, random: fixedRandom, logger: silentLogger });
  const more = { recoverer, recoveryThreadsPerDirectory: 3 };
  const manager = new LogManager({ environment, directories: ['/data'], config: config(), ...more });
  const loading = manager.load();
  await clock.advance();
  await loading;
  expect(given).toEqual(['3 threads', '/data/orders-0', '/data/orders-1']);
  expect([...manager.logs()].map(({ logEndOffset }) => logEndOffset)).toEqual([0, 0]);
});

describe('logs', () => {
  it('are deleted at once, and their files later', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const log = manager.getOrCreate('orders', 0, options);
    const results: unknown[] = [];
    log.appendAsLeader(batchOf(['a']), 0, { onWritten: (error) => results.push(error?.code) });
    manager.delete('orders', 0);
    expect(manager.get('orders', 0)).toBeUndefined();
    expect(results).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
    expect(codeOf(() => log.read(0, 100))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(disk.readdirSync('/data')).toEqual([`orders-0.${'01'.repeat(16)}-delete`]);
    const reborn = manager.getOrCreate('orders', 0, { ...options, topicId: OTHER_ID });
    expect([reborn.topicId, reborn.logEndOffset]).toEqual([OTHER_ID, 0]);
    await clock.advance(60_000);
    expect(disk.readdirSync('/data').filter((name) => name.startsWith('orders'))).toEqual(['orders-0']);
  });

  it('of another topic id are set aside', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    manager.getOrCreate('orders', 0, options).appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    const log = manager.getOrCreate('orders', 0, { ...options, topicId: OTHER_ID });
    expect([log.topicId, log.logEndOffset]).toEqual([OTHER_ID, 0]);
    const aside = `/data/orders-0.${'01'.repeat(16)}-stray`;
    expect(disk.readFileSync(`${aside}/00000000000000000000.log`).length).toBeGreaterThan(60);
  });

  it('without an id take the one that the controller names', async () => {
    const { disk, manager } = setup();
    disk.mkdirSync('/data/orders-0');
    disk.writeFileAtomicSync('/data/orders-0/partition.metadata', '');
    await manager.load();
    expect(manager.get('orders', 0)!.topicId).toBeUndefined();
    expect(manager.getOrCreate('orders', 0, options).topicId).toBe(ID);
  });

  it('go to the directory they were placed in, or to the emptiest', async () => {
    const disk = new MemoryFileSystem();
    for (const [path, directoryId] of [
      ['/one', ID],
      ['/two', OTHER_ID],
    ] as const) {
      disk.mkdirSync(path);
      writeMetaProperties(disk, path, { clusterId: 'c', nodeId: 1, directoryId });
    }
    const { manager } = setup(disk, ['/one', '/two']);
    await manager.load();
    const place = (partition: number, directoryId?: string): string | undefined => {
      manager.getOrCreate('orders', partition, { ...options, directoryId });
      return manager.directoryOf('orders', partition)?.path;
    };
    expect(place(0, OTHER_ID)).toBe('/two');
    expect(place(1)).toBe('/one');
    expect(place(2, OTHER_ID)).toBe('/two');
    expect(place(3)).toBe('/one');
  });

  it('have their index entries on disk a second after they were written', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const log = manager.getOrCreate('orders', 0, { ...options, config: config({ 'index.interval.bytes': '10' }) });
    for (let i = 0; i < 4; i++) log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    const index = '/data/orders-0/00000000000000000000.index';
    expect(disk.readFileSync(index)).toHaveLength(0);
    await clock.advance(1000);
    expect(disk.readFileSync(index)).toHaveLength(24);
  });

  it('have their index entries on disk when there is room again, whatever befell another log', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const dense = { ...options, config: config({ 'index.interval.bytes': '10' }) };
    const logs = [0, 1, 2].map((partition) => manager.getOrCreate('orders', partition, dense));
    for (const log of logs) for (let i = 0; i < 4; i++) log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    const sizes = (): number[] =>
      [0, 1, 2].map((partition) => disk.readFileSync(`/data/orders-${partition}/00000000000000000000.index`).length);
    disk.onCall = (operation, path) => {
      if (operation !== 'write' || !path.endsWith('.index')) return;
      if (path.includes('orders-0')) throw systemError('EIO', 'write', path);
      if (path.includes('orders-1')) throw systemError('ENOSPC', 'write', path);
    };
    await clock.advance(1000);
    expect(sizes()).toEqual([0, 0, 24]);
    disk.onCall = undefined;
    await clock.advance(1000);
    expect(sizes()).toEqual([0, 24, 24]);
    expect(logs.map((log) => log.isInService)).toEqual([false, true, true]);
  });

  it('are flushed after flush.ms', async () => {
    const { manager, clock } = setup();
    await manager.load();
    const log = manager.getOrCreate('orders', 0, { ...options, config: config({ 'flush.ms': '3000' }) });
    log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance(2000);
    expect(log.recoveryPoint).toBe(0);
    await clock.advance(3000);
    expect(log.recoveryPoint).toBe(1);
  });

  it('that failed keep their directory from counting as closed cleanly', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const log = manager.getOrCreate('orders', 0, options);
    disk.onCall = (operation, path) => {
      if (operation === 'write' && path.endsWith('.log')) throw systemError('EIO', 'write', path);
    };
    log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    await manager.shutdown(4);
    expect(disk.existsSync('/data/.kafka_cleanshutdown')).toBe(false);
  });

  it('fail alone when only a file is bad, and with their directory when that takes no writes', async () => {
    const disk = new MemoryFileSystem();
    const { manager, clock, failed } = setup(disk, ['/one', '/two']);
    await manager.load();
    const logs = [0, 1, 2, 3].map((partition) => manager.getOrCreate('orders', partition, options));
    const breakWrites = (pattern: RegExp): void => {
      disk.onCall = (operation, path) => {
        if (operation === 'write' && pattern.test(path)) throw systemError('EIO', 'write', path);
      };
    };
    const append = async (): Promise<boolean[]> => {
      for (const log of logs) if (log.isInService) log.appendAsLeader(batchOf(['a']), 0);
      await clock.advance();
      return logs.map((log) => log.isInService);
    };
    breakWrites(/^\/one\/orders-0\/.*\.log$/);
    expect(await append()).toEqual([false, true, true, true]);
    expect(failed).toEqual([]);
    breakWrites(/^\/one\//);
    expect(await append()).toEqual([false, true, false, true]);
    expect(failed).toEqual(['/one']);
    expect(manager.getOrCreate('orders', 9, options).directory).toBe('/two/orders-9');
  });

  it('may be preallocated, and are trimmed when they are closed', async () => {
    const { disk, manager, clock } = setup();
    await manager.load();
    const raw = { preallocate: 'true', 'internal.segment.bytes': '500' };
    const log = manager.getOrCreate('orders', 0, { ...options, config: config(raw) });
    log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    const path = '/data/orders-0/00000000000000000000.log';
    expect(disk.readFileSync(path)).toHaveLength(500);
    expect(contents(log)).toEqual(['0:a']);
    await manager.shutdown(1);
    expect(disk.readFileSync(path)).toHaveLength(69);
  });
});
