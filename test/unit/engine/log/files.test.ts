import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../extension/engine/common/clock.ts';
import type { FileSystem } from '../../../../extension/engine/common/file-system.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { nodeFileSystem } from '../../../../extension/engine/common/node-file-system.ts';
import { systemRandom } from '../../../../extension/engine/common/random.ts';
import { FileHandleCache } from '../../../../extension/engine/log/file-handle-cache.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import {
  directoryName,
  fileName,
  offsetOfFile,
  parseDirectoryName,
  temporaryDirectoryName,
} from '../../../../extension/engine/log/log-file-names.ts';
import { readMetaProperties, writeMetaProperties } from '../../../../extension/engine/log/meta-properties.ts';
import { LentMemory } from '../../../../extension/engine/common/lent-memory.ts';
import { RecentBatchesBudget } from '../../../../extension/engine/log/recent-batches.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { batchOf, config, contents, fixture } from './log-fixture.ts';

const temporary: string[] = [];

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'samsa-log-'));
  temporary.push(path);
  return path;
}

afterEach(() => {
  for (const path of temporary.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** What every file system must do; the log is tested on one and runs on the other. */
describe.each<[string, () => { fileSystem: FileSystem; root: string }]>([
  ['the machine’s disk', () => ({ fileSystem: nodeFileSystem, root: temporaryDirectory() })],
  [
    'the disk in memory',
    () => {
      const fileSystem = new MemoryFileSystem();
      fileSystem.mkdirSync('/root');
      return { fileSystem, root: '/root' };
    },
  ],
])('%s', (_name, make) => {
  const codeOfError = (action: () => unknown): string | undefined => {
    try {
      action();
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  };

  it('reads and writes at positions', async () => {
    const { fileSystem, root } = make();
    const handle = fileSystem.openSync(`${root}/f`, 'create');
    handle.writeSync([Buffer.from('abc'), Buffer.from('defg')], 2);
    expect(handle.sizeSync()).toBe(9);
    const target = Buffer.alloc(10, '.');
    expect(handle.readSync(target, 1, 9, 3)).toBe(6);
    expect(target.toString()).toBe('.bcdefg...');
    expect(await handle.read(target, 0, 4, 7)).toBe(2);
    expect(target.toString()).toBe('fgcdefg...');
    handle.truncateSync(4);
    handle.syncSync();
    await handle.sync();
    expect(fileSystem.statSync(`${root}/f`)).toMatchObject({ isDirectory: false, sizeBytes: 4 });
    handle.close();
    expect(fileSystem.readFileSync(`${root}/f`).toString('latin1')).toBe('\0\0ab');
  });

  it('opens as asked', () => {
    const { fileSystem, root } = make();
    expect(codeOfError(() => fileSystem.openSync(`${root}/f`, 'read'))).toBe('ENOENT');
    expect(codeOfError(() => fileSystem.openSync(`${root}/f`, 'readWrite'))).toBe('ENOENT');
    fileSystem.openSync(`${root}/f`, 'createNew').close();
    expect(codeOfError(() => fileSystem.openSync(`${root}/f`, 'createNew'))).toBe('EEXIST');
    fileSystem.openSync(`${root}/f`, 'create').close();
    expect(codeOfError(() => fileSystem.openSync(`${root}/no/f`, 'create'))).toBe('ENOENT');
  });

  it('keeps names', async () => {
    const { fileSystem, root } = make();
    fileSystem.mkdirSync(`${root}/a/b`);
    fileSystem.writeFileAtomicSync(`${root}/a/b/f`, 'one');
    fileSystem.writeFileAtomicSync(`${root}/a/b/f`, Buffer.from('two'), false);
    expect(fileSystem.readFileSync(`${root}/a/b/f`).toString()).toBe('two');
    expect(fileSystem.readdirSync(`${root}/a/b`)).toEqual(['f']);
    fileSystem.renameSync(`${root}/a/b`, `${root}/a/c`);
    expect(await fileSystem.readdir(`${root}/a`)).toEqual(['c']);
    expect(fileSystem.existsSync(`${root}/a/c/f`)).toBe(true);
    fileSystem.syncDirectorySync(`${root}/a`);
    await fileSystem.syncDirectory(`${root}/a`);
    fileSystem.unlinkSync(`${root}/a/c/f`);
    fileSystem.unlinkSync(`${root}/a/c/f`);
    fileSystem.removeTreeSync(`${root}/a/c`);
    await fileSystem.removeTree(`${root}/a`);
    expect(fileSystem.existsSync(`${root}/a`)).toBe(false);
    expect(codeOfError(() => fileSystem.readdirSync(`${root}/a`))).toBe('ENOENT');
    expect(fileSystem.spaceSync(root).usableBytes).toBeGreaterThan(0);
  });
});

describe('open files', () => {
  it('are bounded, the one used longest ago closing first', () => {
    const disk = new MemoryFileSystem();
    const cache = new FileHandleCache(disk, 2);
    const files = ['/a', '/b', '/c'].map((path) => {
      disk.openSync(path, 'create').close();
      return cache.file(path);
    });
    const opened: string[] = [];
    disk.onCall = (operation, path) => void (operation === 'open' && opened.push(path));
    for (const index of [0, 1, 0, 2, 0, 1]) files[index]!.readSync(Buffer.alloc(1), 0, 1, 0);
    expect(opened).toEqual(['/a', '/b', '/c', '/b']);
    expect([cache.openCount, disk.openCount]).toEqual([2, 2]);
  });

  it('stay open while they are read', async () => {
    const disk = new MemoryFileSystem();
    disk.openSync('/a', 'create').close();
    disk.openSync('/b', 'create').close();
    const cache = new FileHandleCache(disk, 1);
    const file = cache.file('/a');
    file.writeSync([Buffer.from('text')], 0);
    const target = Buffer.alloc(4);
    const reading = file.read(target, 0, 4, 0);
    cache.file('/b').readSync(Buffer.alloc(1), 0, 1, 0);
    file.delete();
    expect(await reading).toBe(4);
    expect(target.toString()).toBe('text');
    expect(disk.openCount).toBe(1);
  });

  it('do not limit how many partitions there are', async () => {
    const root = temporaryDirectory();
    const environment = new LogEnvironment({
      fileSystem: nodeFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      maxOpenFiles: 5,
    });
    const open = (): LogManager => new LogManager({ environment, directories: [root], config: config() });
    const manager = open();
    await manager.load();
    const options = { topicId: 'AbCdEfGhIjKlMnOpQrStUv', config: config(), directoryId: undefined };
    const logs = Array.from({ length: 20 }, (_, partition) => manager.getOrCreate('many', partition, options));
    for (let round = 0; round < 3; round++) {
      for (const log of logs) log.appendAsLeader(batchOf([`${log.partition}/${round}`]), 0);
      environment.writes.flush();
    }
    expect(environment.handles.openCount).toBeLessThanOrEqual(5);
    await manager.shutdown(1);
    const again = open();
    await again.load();
    for (const log of again.logs()) {
      expect(contents(log)).toEqual([0, 1, 2].map((round) => `${round}:${log.partition}/${round}`));
    }
    await again.shutdown(1);
  });
});

describe('recent batches', () => {
  it('stay within their budget, and what is forgotten is read from disk', () => {
    const { open, environment } = fixture({ recentBatchesBytes: 40_000 });
    const log = open({ config: config({ 'internal.segment.bytes': '30000' }) });
    for (let i = 0; i < 60; i++) {
      log.appendAsLeader(batchOf([`${i}:`.padEnd(1500, 'x')]), 0);
      log.flushWrites();
      expect(environment.recentBatches.usedBytes).toBeLessThanOrEqual(40_000);
    }
    expect(contents(log).map((text) => Number.parseInt(text, 10))).toEqual([...Array(60).keys()]);
    log.truncateTo(0);
    expect(environment.recentBatches.usedBytes).toBe(0);
  });

  it('are copies: what they came in may be overwritten before they are written', () => {
    const { open } = fixture({ recentBatchesBytes: 1 << 20 });
    const log = open();
    for (let i = 0; i < 20; i++) {
      const batch = batchOf([`${i}:`.padEnd(i % 2 === 0 ? 20_000 : 100, 'x')]);
      log.appendAsLeader(batch, 0);
      batch.fill(0);
    }
    log.flushWrites();
    expect(contents(log).map((text) => Number.parseInt(text, 10))).toEqual([...Array(20).keys()]);
  });

  it('use memory again, but none that is still to be written, or that somebody reads', () => {
    // Chunks of 8 KiB, of which two are kept.
    const { open, environment } = fixture({ recentBatchesBytes: 16_384 });
    const log = open();
    const append = (name: string, count: number): void => {
      for (let i = 0; i < count; i++) log.appendAsLeader(batchOf([`${name}${i}:`.padEnd(7000, 'x')]), 0);
    };
    append('a', 1);
    log.flushWrites();
    const [held] = log.read(0, 10_000).records;
    const before = Buffer.from(held!);
    const memories = new Set<ArrayBufferLike>();
    append('b', 8);
    log.flushWrites();
    for (let i = 0; i < 20; i++) {
      append('c', 1);
      log.flushWrites();
      const [last] = log.read(log.logEndOffset - 1, 10_000).records;
      memories.add(last!.buffer);
      environment.lentMemory.giveBack(last!);
    }
    expect(memories.size).toBeLessThan(10);
    expect(held!.equals(before)).toBe(true);
    expect(memories.has(held!.buffer)).toBe(false);
    expect(contents(log).map((text) => text.split(':')[1])).toEqual([
      'a0',
      ...Array.from({ length: 8 }, (_, i) => `b${i}`),
      ...Array<string>(20).fill('c0'),
    ]);
  });

  it('do not keep a large read alive for the few records that came with it', () => {
    const { open, environment } = fixture({ recentBatchesBytes: 1 << 20 });
    const log = open();
    const batch = batchOf(['x'.repeat(10_000)]);
    const read = Buffer.alloc(500_000);
    batch.copy(read, 1000);
    log.appendAsLeader(read.subarray(1000, 1000 + batch.length), 0);
    log.flushWrites();
    expect(environment.recentBatches.usedBytes).toBeLessThan(20_000);
  });

  it('keep the newest, however large', () => {
    expect(new RecentBatchesBudget(10, new LentMemory()).usedBytes).toBe(0);
    const { open, disk } = fixture({ recentBatchesBytes: 10 });
    const log = open();
    log.appendAsLeader(batchOf(['x'.repeat(50_000)]), 0);
    log.flushWrites();
    const reads: string[] = [];
    disk.onCall = (operation) => void (operation === 'read' && reads.push(operation));
    expect(log.read(0, 100).sizeBytes).toBeGreaterThan(50_000);
    expect(reads).toEqual([]);
  });
});

describe('names', () => {
  it('of files', () => {
    expect(fileName(17, '.log')).toBe('00000000000000000017.log');
    expect(offsetOfFile('00000000000000000017.timeindex.swap')).toBe(17);
    expect(offsetOfFile('partition.metadata')).toBeUndefined();
    expect(offsetOfFile('99999999999999999999.log')).toBeUndefined();
  });

  it('of folders', () => {
    const unique = '0123456789abcdef'.repeat(2);
    expect(parseDirectoryName('a-b-12')).toEqual({ topic: 'a-b', partition: 12, state: 'current' });
    expect(parseDirectoryName('a-1-2')).toEqual({ topic: 'a-1', partition: 2, state: 'current' });
    for (const state of ['delete', 'stray', 'future'] as const) {
      const name = temporaryDirectoryName('a-1', 2, state, unique);
      expect(name).toBe(`a-1-2.${unique}-${state}`);
      expect(parseDirectoryName(name)).toEqual({ topic: 'a-1', partition: 2, state });
    }
    const long = temporaryDirectoryName('t'.repeat(249), 3, 'delete', unique);
    expect(long).toHaveLength(255);
    expect(parseDirectoryName(long)).toMatchObject({ partition: 3, state: 'delete' });
    for (const name of ['lost+found', 'topic', 'topic-', '-1', 'topic-x', 'topic-99999999999', `a-1.${unique}-gone`]) {
      expect(parseDirectoryName(name)).toBeUndefined();
    }
    expect(directoryName('a', 1)).toBe('a-1');
  });
});

describe('meta.properties', () => {
  it('is read as Java writes it', () => {
    const disk = new MemoryFileSystem();
    expect(readMetaProperties(disk, '/')).toBeUndefined();
    disk.writeFileAtomicSync(
      '//meta.properties',
      '#\n#Mon Nov 23 00:00:00 UTC 2026\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\ndirectory.id=AAAA\\=B\nnode.id=3\nversion=1\n',
    );
    expect(readMetaProperties(disk, '/')).toEqual({
      clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
      nodeId: 3,
      directoryId: 'AAAA=B',
    });
  });

  it('comes back as written, and what is missing is said', () => {
    const disk = new MemoryFileSystem();
    disk.mkdirSync('/d');
    const written = { clusterId: 'c', nodeId: 0, directoryId: undefined };
    writeMetaProperties(disk, '/d', written);
    expect(readMetaProperties(disk, '/d')).toEqual(written);
    for (const [text, missing] of [
      ['version=0\ncluster.id=c\nnode.id=1', /version/],
      ['version=1\nnode.id=1', /cluster\.id/],
      ['version=1\ncluster.id=c\nnode.id=x', /node\.id/],
    ] as const) {
      disk.writeFileAtomicSync('/d/meta.properties', text);
      expect(() => readMetaProperties(disk, '/d')).toThrow(missing);
    }
  });
});
