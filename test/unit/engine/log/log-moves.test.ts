import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { UNASSIGNED_DIRECTORY } from '../../../../extension/engine/common/random.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import type { LogManagerOptions } from '../../../../extension/engine/log/log-manager.ts';
import { writeMetaProperties } from '../../../../extension/engine/log/meta-properties.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, codeOf, config, contents, NOW_MS } from './log-fixture.ts';

const TOPIC_ID = 'AbCdEfGhIjKlMnOpQrStUv';
const OTHER_ID = 'ZbCdEfGhIjKlMnOpQrStUv';
const A = '/a';
const B = '/b';
const A_ID = 'directory-of-aaaaaaaaa';
const B_ID = 'directory-of-bbbbbbbbb';

interface Setup {
  readonly disk: MemoryFileSystem;
  readonly clock: FakeClock;
  readonly manager: LogManager;
  readonly messages: string[];
  readonly failed: string[];
}

/** A broker with two log directories, on a disk that an earlier one may have left. */
async function start(disk = new MemoryFileSystem(), more: Partial<LogManagerOptions> = {}): Promise<Setup> {
  for (const [path, directoryId] of [
    [A, A_ID],
    [B, B_ID],
  ] as const) {
    // prettier-ignore
    disk.mkdirSync(path);
    if (!disk.existsSync(`${path}/meta.properties`)) {
      writeMetaProperties(disk, path, { clusterId: 'c', nodeId: 1, directoryId });
    }
  }
  const clock = new FakeClock(NOW_MS);
  const messages: string[] = [];
  const failed: string[] = [];
  let next = disk.paths.length;
  const environment = new LogEnvironment({
    fileSystem: disk,
    clock,
    random: { int: () => 0, bytes: (length) => Buffer.alloc(length, ++next) },
    logger: { ...silentLogger, warn: (m: string) => messages.push(m), error: (m: string) => messages.push(m) },
  });
  const manager = new LogManager({
    environment,
    directories: [A, B],
    config: config(),
    onDirectoryFailed: ({ path }) => failed.push(path),
    ...more,
  });
  await manager.load();
  return { disk, clock, messages, failed, manager };
}

const options = (directoryId: string | undefined = undefined, topicId = TOPIC_ID) => ({
  topicId,
  config: config(),
  directoryId,
});

/** Folders of partitions, without the unique part of their names. */
function folders(disk: MemoryFileSystem): string[] {
  return [A, B].flatMap((directory) =>
    disk
      .readdirSync(directory)
      .filter((name) => disk.statSync(`${directory}/${name}`).isDirectory)
      .map((name) => `${directory}/${name.replace(/[0-9a-f]{32}/, '*')}`),
  );
}

const directoryB = (manager: LogManager) => manager.directories[1]!;

describe('a new log', () => {
  it('goes to the directory with the fewest, copies counted', async () => {
    const { manager } = await start();
    for (let partition = 0; partition < 4; partition++) manager.getOrCreate('t', partition, options());
    const placed = [0, 1, 2, 3].map((partition) => manager.directoryOf('t', partition)?.path);
    expect(placed).toEqual([A, B, A, B]);
    manager.moves.create('t', 0, directoryB(manager));
    manager.getOrCreate('t', 4, options(UNASSIGNED_DIRECTORY));
    expect(manager.directoryOf('t', 4)?.path).toBe(A);
  });

  it('goes where the controller knows it, or where somebody wants it', async () => {
    const { manager } = await start();
    manager.getOrCreate('t', 0, options(B_ID));
    manager.getOrCreate('t', 1, options(B_ID));
    expect(manager.directoryOf('t', 1)?.path).toBe(B);
    manager.moves.wish('t', 2, directoryB(manager));
    manager.getOrCreate('t', 2, options(A_ID));
    expect(manager.directoryOf('t', 2)?.path).toBe(B);
    manager.getOrCreate('t', 3, options('unknown-aaaaaaaaaaaaaa'));
    expect(manager.directoryOf('t', 3)?.path).toBe(A);
  });

  it('is not made in another directory while the one that it may lie in is offline', async () => {
    const { manager } = await start(undefined, { unusable: new Map([[B, new Error('input/output error')]]) });
    expect(codeOf(() => manager.getOrCreate('t', 0, options(B_ID)))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    manager.getOrCreate('t', 1, options(UNASSIGNED_DIRECTORY));
    expect(manager.directoryOf('t', 1)?.path).toBe(A);
  });
});

describe('a move', () => {
  it('ends with the copy in the place of the log, and the old folder deleted after a while', async () => {
    const { disk, clock, manager } = await start();
    const log = manager.getOrCreate('t', 0, options(A_ID));
    log.appendAsLeader(batchOf(['a']), 3);
    await clock.advance();
    log.updateHighWatermark(1);
    const future = manager.moves.create('t', 0, directoryB(manager));
    expect(folders(disk)).toEqual(['/a/t-0', '/b/t-0.*-future']);
    expect([future.topicId, future.logEndOffset]).toEqual([TOPIC_ID, 0]);
    future.appendAsFollower(Buffer.concat(log.read(0, 1000).records), 3);
    await clock.advance();

    expect(manager.moves.promote('t', 0)).toBe(future);
    expect(manager.get('t', 0)).toBe(future);
    expect(manager.directoryOf('t', 0)?.path).toBe(B);
    expect([future.directory, future.highWatermark, contents(future)]).toEqual(['/b/t-0', 1, ['0:a']]);
    expect(codeOf(() => log.read(0, 100))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(folders(disk)).toEqual(['/a/t-0.*-delete', '/b/t-0']);
    future.appendAsLeader(batchOf(['b']), 3);
    await clock.advance(60_000);
    await settle();
    expect(folders(disk)).toEqual(['/b/t-0']);
    expect(contents(future)).toEqual(['0:a', '1:b']);
    await manager.shutdown(1);
    expect(disk.readFileSync('/a/recovery-point-offset-checkpoint').toString()).toBe('0\n0\n');
    expect(disk.readFileSync('/b/recovery-point-offset-checkpoint').toString()).toBe('0\n1\nt 0 2\n');
    expect(disk.openCount).toBe(0);
  });

  it('starts where the log does', async () => {
    const { clock, manager } = await start();
    const log = manager.getOrCreate('t', 0, options(A_ID));
    log.appendAsLeader(batchOf(['a', 'b', 'c']), 0);
    await clock.advance();
    log.updateHighWatermark(3);
    log.incrementLogStartOffset(2, 'clientDelete');
    const future = manager.moves.create('t', 0, directoryB(manager));
    expect([future.logStartOffset, future.logEndOffset]).toEqual([2, 2]);
  });

  it('can be given up', async () => {
    const { disk, clock, manager } = await start();
    manager.getOrCreate('t', 0, options(A_ID));
    manager.moves.create('t', 0, directoryB(manager));
    manager.moves.cancel('t', 0);
    expect(manager.moves.get('t', 0)).toBeUndefined();
    expect(folders(disk)).toEqual(['/a/t-0', '/b/t-0.*-delete']);
    await clock.advance(60_000);
    expect(folders(disk)).toEqual(['/a/t-0']);
  });

  it('is refused where it makes no sense', async () => {
    const { manager } = await start();
    const [a, b] = manager.directories;
    expect(codeOf(() => manager.moves.create('t', 0, b!))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    manager.getOrCreate('t', 0, options(A_ID));
    expect(codeOf(() => manager.moves.create('t', 0, a!))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    manager.moves.create('t', 0, b!);
    expect(codeOf(() => manager.moves.create('t', 0, b!))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  it('ends with the topic', async () => {
    const { disk, manager } = await start();
    manager.getOrCreate('t', 0, options(A_ID));
    manager.moves.create('t', 0, directoryB(manager));
    manager.delete('t', 0);
    expect(folders(disk)).toEqual(['/a/t-0.*-delete', '/b/t-0.*-delete']);
  });

  it('is found again after a stop, clean or not', async () => {
    for (const clean of [true, false]) {
      const { disk, clock, manager } = await start();
      const log = manager.getOrCreate('t', 0, options(A_ID));
      log.appendAsLeader(batchOf(['a']), 0);
      await clock.advance();
      const future = manager.moves.create('t', 0, directoryB(manager));
      future.appendAsFollower(Buffer.concat(log.read(0, 1000).records), 0);
      await clock.advance();
      if (clean) await manager.shutdown(1);
      else manager.abandon();
      const { manager: again, messages } = await start(disk);
      expect(messages).toEqual([]);
      expect(contents(again.get('t', 0)!)).toEqual(['0:a']);
      expect(contents(again.moves.get('t', 0)!.log)).toEqual(['0:a']);
      expect(again.moves.get('t', 0)!.directory.path).toBe(B);
    }
  });
});

describe('a stop between the two renames of a move', () => {
  async function stopped(): Promise<MemoryFileSystem> {
    const { disk, clock, manager } = await start();
    const log = manager.getOrCreate('t', 0, options(A_ID));
    log.appendAsLeader(batchOf(['a']), 0);
    await clock.advance();
    const future = manager.moves.create('t', 0, directoryB(manager));
    future.appendAsFollower(Buffer.concat(log.read(0, 1000).records), 0);
    await clock.advance();
    disk.onCall = (operation, path) => {
      if (operation === 'rename' && path === '/a/t-0') throw systemError('EIO', 'rename', path);
    };
    manager.moves.promote('t', 0);
    manager.abandon();
    disk.onCall = undefined;
    expect(folders(disk)).toEqual(['/a/t-0', '/b/t-0']);
    return disk;
  }

  it('keeps the copy, which the controller knows, and sets the other aside', async () => {
    const disk = await stopped();
    const { manager, messages } = await start(disk, { assignedDirectory: () => B_ID });
    expect(manager.directoryOf('t', 0)?.path).toBe(B);
    expect(contents(manager.get('t', 0)!)).toEqual(['0:a']);
    expect(folders(disk)).toEqual(['/a/t-0.*-stray', '/b/t-0']);
    expect(messages.join()).toContain('/a/t-0 is set aside');
  });

  it('leaves both alone where nobody knows', async () => {
    const disk = await stopped();
    const { manager, messages } = await start(disk);
    expect(codeOf(() => manager.getOrCreate('t', 0, options(A_ID)))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(folders(disk)).toEqual(['/a/t-0', '/b/t-0']);
    expect(messages.join()).toContain('holds the same partition');
  });
});

describe('a directory that fails', () => {
  /** t-0 in A and on its way to B, t-1 in B. */
  async function moving(): Promise<Setup> {
    const all = await start();
    all.manager.getOrCreate('t', 0, options(A_ID)).appendAsLeader(batchOf(['a']), 0);
    all.manager.getOrCreate('t', 1, options(B_ID));
    all.manager.moves.create('t', 0, directoryB(all.manager));
    await all.clock.advance();
    return all;
  }

  it('takes its logs and copies with it, and the other serves on', async () => {
    const { disk, clock, manager, failed } = await moving();
    disk.onCall = (operation, path) => {
      if (path.startsWith(B)) throw systemError('EIO', operation, path);
    };
    manager.get('t', 1)!.appendAsLeader(batchOf(['lost']), 0);
    await clock.advance();
    expect(failed).toEqual([B]);
    expect(manager.get('t', 1)).toBeUndefined();
    expect(manager.moves.get('t', 0)).toBeUndefined();
    expect(codeOf(() => manager.getOrCreate('t', 1, options(B_ID)))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const log = manager.get('t', 0)!;
    log.appendAsLeader(batchOf(['b']), 0);
    await clock.advance();
    expect(contents(log)).toEqual(['0:a', '1:b']);
    // A topic of the same name that comes later has nothing to do with what is lost.
    expect(manager.getOrCreate('t', 1, options(UNASSIGNED_DIRECTORY, OTHER_ID)).directory).toBe('/a/t-1');
    await manager.shutdown(4);
    expect(disk.existsSync('/a/.kafka_cleanshutdown')).toBe(true);
    expect(disk.existsSync('/b/.kafka_cleanshutdown')).toBe(false);
  });

  it('has a move go on when it is back at the next start', async () => {
    const { disk, manager } = await moving();
    manager.abandon();
    const { manager: without } = await start(disk, { unusable: new Map([[B, systemError('EIO', 'open', B)]]) });
    expect(without.directories.map(({ failure }) => failure !== undefined)).toEqual([false, true]);
    expect(without.moves.get('t', 0)).toBeUndefined();
    expect(contents(without.get('t', 0)!)).toEqual(['0:a']);
    without.abandon();
    const { manager: back } = await start(disk);
    expect(back.moves.get('t', 0)?.directory.path).toBe(B);
    expect(back.get('t', 1)).toBeDefined();
  });

  it('is found at start when it cannot be read', async () => {
    const { disk, manager } = await moving();
    manager.abandon();
    disk.onCall = (operation, path) => {
      if (operation === 'readdir' && path === B) throw systemError('EIO', operation, path);
    };
    const again = await start(disk);
    expect(again.failed).toEqual([B]);
    expect(contents(again.manager.get('t', 0)!)).toEqual(['0:a']);
  });
});

it('a log that moves is not compacted meanwhile, and its checkpoint goes with it', async () => {
  const compacted = { topicId: TOPIC_ID, config: config({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0' }), directoryId: A_ID }; // prettier-ignore
  const { disk, clock, manager } = await start();
  const log = manager.getOrCreate('t', 0, compacted);
  const write = async (value: string): Promise<void> => {
    log.appendAsLeader(batchOf([{ key: Buffer.from('k'), value: Buffer.from(value), timestamp: NOW_MS }]), 0);
    await clock.advance();
    log.updateHighWatermark(log.logEndOffset);
    log.roll();
  };
  const compact = async (): Promise<void> => {
    const done = manager.compact();
    await clock.advance(10);
    await done;
  };
  await write('1');
  await write('2');
  await compact();
  expect(contents(log)).toEqual(['1:2']);
  await manager.moves.pauseCompaction('t', 0);
  await write('3');
  await compact();
  expect(contents(log)).toEqual(['1:2', '2:3']);

  const future = manager.moves.create('t', 0, directoryB(manager));
  for (let at = 0; at < 3; at = future.nextOffset) {
    future.appendAsFollower(Buffer.concat(log.read(at, 1).records), 0);
  }
  await clock.advance();
  manager.moves.promote('t', 0);
  manager.moves.resumeCompaction('t', 0);
  expect(disk.readFileSync('/a/cleaner-offset-checkpoint').toString()).toBe('0\n0\n');
  expect(disk.readFileSync('/b/cleaner-offset-checkpoint').toString()).toBe('0\n1\nt 0 2\n');
  future.roll();
  await compact();
  expect(contents(future)).toEqual(['2:3']);
});
