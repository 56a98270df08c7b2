import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectToOwner, DirectoryLock } from '../../../extension/cluster/directory-lock.ts';
import { root } from '../../../scripts/support/paths.ts';
import { Child } from '../../support/child.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';

let directory: TemporaryDirectory;
const locks: DirectoryLock[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory('lock');
});

afterEach(async () => {
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  await directory.remove();
});

async function acquire(path = directory.path, inside = true): Promise<boolean> {
  const lock = await DirectoryLock.acquire(path, inside, (socket) => socket.end('hello\n'));
  if (lock !== undefined) locks.push(lock);
  return lock !== undefined;
}

async function releaseAll(): Promise<void> {
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
}

/** What a process that was killed leaves behind: a socket on which nobody listens. */
async function plantDeadSocket(name: string): Promise<void> {
  const folder = join(directory.path, '.samsa');
  mkdirSync(folder, { recursive: true });
  const server = createServer();
  const path = join(directory.path, 'bound');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  renameSync(path, join(folder, name));
  await new Promise((resolve) => server.close(resolve));
}

describe('DirectoryLock', () => {
  test('has one owner at a time', async () => {
    expect(await acquire()).toBe(true);
    expect(await acquire()).toBe(false);
    await releaseAll();
    expect(await acquire()).toBe(true);
  });

  test('leaves nothing behind', async () => {
    await acquire();
    await acquire();
    await releaseAll();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('knows a directory by whatever name', async () => {
    const other = join(directory.path, 'data');
    mkdirSync(other);
    symlinkSync(other, join(directory.path, 'link'));
    expect(await acquire(join(directory.path, 'link'))).toBe(true);
    expect(await acquire(`${other}/../data`)).toBe(false);
  });

  test('takes over from the dead', async () => {
    await plantDeadSocket('4711-dead');
    await plantDeadSocket('4712-dead');
    expect(await connectToOwner(directory.path, true)).toBeUndefined();
    expect(await acquire()).toBe(true);
    expect(readdirSync(join(directory.path, '.samsa'))).toHaveLength(1);
  });

  test('has one winner when many find the same dead owner', async () => {
    for (let round = 0; round < 30; round++) {
      await plantDeadSocket(`4711-dead${round}`);
      const results = await Promise.all(Array.from({ length: 8 }, () => acquire()));
      expect(results.filter(Boolean)).toHaveLength(1);
      await releaseAll();
    }
  });

  test('has one winner among processes', async () => {
    const script = `${root}/test/unit/cluster/fakes/lock-contender.ts`;
    const contenders = Array.from({ length: 3 }, () => new Child(process.execPath, [script, directory.path]));
    const say = async (text: string, expected: number): Promise<string[]> => {
      for (const child of contenders) child.write(`${text}\n`);
      const linesOf = (child: Child): string[] => child.stdout.split('\n').slice(0, -1);
      await Promise.all(contenders.map((child) => child.waitForOutput(() => linesOf(child).length === expected)));
      return contenders.map((child) => linesOf(child).at(-1) ?? '');
    };
    for (let round = 0; round < 15; round++) {
      await plantDeadSocket(`4711-dead${round}`);
      expect((await say('acquire', 2 * round + 1)).sort()).toEqual(['held', 'held', 'owned']);
      await say('release', 2 * round + 2);
    }
    for (const child of contenders) child.endInput();
    await Promise.all(contenders.map((child) => child.finished));
  });

  test('is free after its owner was killed', async () => {
    const owner = new Child(process.execPath, [`${root}/test/unit/cluster/fakes/lock-contender.ts`, directory.path]);
    owner.write('acquire\n');
    await owner.waitForOutput((stdout) => stdout.includes('owned'));
    expect(await acquire()).toBe(false);
    await owner.kill();
    expect(await acquire()).toBe(true);
  });

  test('reaches the owner, also where the path is too long for a socket', async () => {
    const long = join(directory.path, 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(long, { recursive: true });
    expect(await acquire(long)).toBe(true);
    expect(await acquire(long)).toBe(false);
    const socket = await connectToOwner(long, true);
    const [text] = await new Promise<[Buffer]>((resolve) => socket?.once('data', (data) => resolve([data])));
    expect(text.toString()).toBe('hello\n');
    socket?.destroy();
  });

  test('lies outside of a Kafka log directory, where Kafka would stumble over it', async () => {
    expect(await acquire(directory.path, false)).toBe(true);
    expect(readdirSync(directory.path)).toEqual([]);
    expect(await acquire(directory.path, false)).toBe(false);
    expect(await acquire(directory.path, true)).toBe(true);
  });

  test('says when it cannot be made', async () => {
    writeFileSync(join(directory.path, '.samsa'), '');
    await expect(acquire()).rejects.toMatchObject({ code: 'DIRECTORY_UNWRITABLE' });
  });

  test('finds no owner where there is no directory', async () => {
    expect(await connectToOwner(join(directory.path, 'missing'), true)).toBeUndefined();
  });
});
