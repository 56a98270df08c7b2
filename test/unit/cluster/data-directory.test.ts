import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  diskError,
  prepareDataDirectory,
  readableLogDirs,
  readClusterId,
  removeDataDirectory,
  takeLogDirectory,
} from '../../../extension/cluster/data-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('data');
});

afterEach(() => directory.remove());

function logDir(name: string, properties?: string): string {
  const path = join(directory.path, name);
  mkdirSync(path);
  if (properties !== undefined) writeFileSync(join(path, 'meta.properties'), properties);
  return path;
}

describe('data directory', () => {
  test('is made with its parents, and known by its real name', () => {
    const path = join(directory.path, 'a', 'b');
    expect(prepareDataDirectory(path)).toEqual({ path: realpathSync(path), temporary: false });
    symlinkSync(path, join(directory.path, 'link'));
    expect(prepareDataDirectory(join(directory.path, 'link')).path).toBe(realpathSync(path));
  });

  test('is a temporary one by default, and only that is removed', () => {
    const temporary = prepareDataDirectory(undefined);
    expect(temporary.temporary).toBe(true);
    expect(statSync(temporary.path).isDirectory()).toBe(true);
    removeDataDirectory(temporary);
    expect(existsSync(temporary.path)).toBe(false);

    const kept = prepareDataDirectory(join(directory.path, 'kept'));
    removeDataDirectory(kept);
    expect(existsSync(kept.path)).toBe(true);
  });

  test('says in one line why it cannot be', () => {
    writeFileSync(join(directory.path, 'file'), '');
    expect(() => prepareDataDirectory(join(directory.path, 'file', 'data'))).toThrow(
      expect.objectContaining({
        code: 'DIRECTORY_UNWRITABLE',
        message: `Cannot write to ${directory.path}/file/data: a part of the path is no directory`,
      }),
    );
    expect(() => prepareDataDirectory(join(directory.path, 'file'))).toThrow('a file of that name is in the way');
  });

  test.runIf(process.platform === 'linux')('says so where no folder can be made', () => {
    expect(() => prepareDataDirectory('/proc/none/data')).toThrow(
      expect.objectContaining({ code: 'DIRECTORY_UNWRITABLE' }),
    );
  });

  test('a full disk has a code of its own', () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(diskError(full, '/data')).toMatchObject({
      code: 'DISK_FULL',
      message: 'No space is left on the disk that holds /data',
    });
  });
});

describe('log directories', () => {
  test('get a lock file, whose presence means nothing', () => {
    const path = join(directory.path, 'broker-1');
    takeLogDirectory(path);
    takeLogDirectory(path);
    expect(existsSync(join(path, '.lock'))).toBe(true);
  });

  test('tell the cluster id, new ones aside', () => {
    const dirs = [logDir('broker-1'), logDir('broker-2', '#\nversion=1\ncluster.id=abc_D-1\nnode.id=2\n')];
    expect(readClusterId(dirs)).toBe('abc_D-1');
    expect(readClusterId([join(directory.path, 'missing')])).toBeUndefined();
    expect(readClusterId([logDir('broker-3', 'version=1\ncluster.id = spaced\r\n')])).toBe('spaced');
  });

  test('that cannot be read count for nothing, but for the first', () => {
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    const dirs = [logDir('broker-1'), file, join(directory.path, 'missing')];
    expect(readableLogDirs(dirs)).toEqual([dirs[0], dirs[2]]);
    expect(readableLogDirs([file])).toEqual([file]);
    expect(() => readClusterId([file])).toThrow(expect.objectContaining({ code: 'DIRECTORY_UNWRITABLE' }));
  });

  test('of two clusters do not go together', () => {
    const dirs = [logDir('broker-1', 'cluster.id=one\n'), logDir('broker-2', 'cluster.id=two\n')];
    expect(() => readClusterId(dirs)).toThrow(
      expect.objectContaining({
        code: 'CLUSTER_ID_MISMATCH',
        message: `${dirs[1]} belongs to cluster two, but ${dirs[0]} to cluster one`,
      }),
    );
  });
});
