import { readFileSync, readlinkSync, readdirSync, realpathSync, statSync } from 'node:fs';

/**
 * The process that holds a lock on a file, as Linux's `/proc/locks` tells: undefined when there is none, and on other
 * systems, where it can't be known without a native module. 0 or below: a process that is not visible from here.
 *
 *     /proc/locks: `1: POSIX  ADVISORY  WRITE 3548 08:02:136977 0 EOF`   (pid, device major:minor in hex, inode)
 */
export function lockHolder(path: string): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let locks: string;
  let file: { readonly ino: bigint; readonly dev: bigint };
  try {
    locks = readFileSync('/proc/locks', 'utf8');
    file = statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
  const sameInode = parseLocks(locks).filter(({ inode }) => inode === file.ino);
  const device = deviceName(file.dev);
  // Overlay and btrfs show another device here than stat does; then the open file tells.
  return sameInode.find((lock) => lock.device === device || hasOpen(lock.pid, path))?.pid;
}

export interface FileLock {
  readonly pid: number;
  /** `major:minor` in hex. */
  readonly device: string;
  readonly inode: bigint;
}

/** Locks that are held; those that wait (`->`) hold nothing. */
export function parseLocks(text: string): FileLock[] {
  const held = /^\d+:\s+\w+\s+\w+\s+\w+\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/gm;
  return [...text.matchAll(held)].map(([, pid, major, minor, inode]) => ({
    pid: Number(pid),
    device: `${major}:${minor}`,
    inode: BigInt(inode ?? 0),
  }));
}

/** As `/proc/locks` writes it; the number is packed as glibc's `makedev` does. */
export function deviceName(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  const hex = (value: bigint): string => value.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}`;
}

function hasOpen(pid: number, path: string): boolean {
  try {
    const real = realpathSync(path);
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkTarget(`/proc/${pid}/fd/${fd}`) === real);
  } catch {
    return false;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
