import { createHash } from 'node:crypto';
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `sun_path` has 104 bytes on macOS, 108 on Linux, with a zero at the end. */
const maxSocketPathBytes = 100;

/**
 * Where a directory's lock may lie. A name: a Windows pipe or an abstract Linux socket, which vanish with their process. Or
 * folders to hold a Unix socket, the first usable one.
 */
export type LockPlace =
  { readonly kind: 'name'; readonly name: string } | { readonly kind: 'folders'; readonly paths: readonly string[] };

/**
 * A data directory (`inside`) holds its lock itself, so that whoever has the directory finds it, whatever their environment
 * says, and only its user reaches the owner; a folder for temporary files takes its place where the file system has no
 * sockets (shares, some mounts). A Kafka log directory is locked from outside: Kafka takes no folder in it but its own.
 */
export function lockPlace(directory: string, inside: boolean): LockPlace {
  const real = realpathSync(directory);
  const hash = createHash('sha256')
    .update(process.platform === 'win32' ? real.toLowerCase() : real)
    .digest('hex')
    .slice(0, 16);
  if (process.platform === 'win32') return { kind: 'name', name: `\\\\.\\pipe\\samsa-${hash}` };
  if (process.platform === 'linux' && !inside) return { kind: 'name', name: `\0samsa-${hash}` };
  const outside = join(commonTemporaryDirectory(), `samsa-lock-${hash}`);
  return { kind: 'folders', paths: inside ? [join(real, '.samsa'), outside] : [outside] };
}

/** Calls `use` with a path to `folder/name` that is short enough for a socket: through a symbolic link when it must be. */
export async function withSocketPath<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return use(path);
  const short = mkdtempSync(join(commonTemporaryDirectory(), 'samsa-'));
  try {
    symlinkSync(folder, join(short, 'd'));
    return await use(join(short, 'd', name));
  } finally {
    rmSync(short, { recursive: true, force: true });
  }
}

/** The same for everybody, whatever `TMPDIR` says in their environment, and short. */
function commonTemporaryDirectory(): string {
  try {
    accessSync('/tmp', constants.W_OK | constants.X_OK);
    return '/tmp';
  } catch {
    return tmpdir();
  }
}
