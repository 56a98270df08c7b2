import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `sun_path` has 104 bytes on macOS, 108 on Linux, with a zero at the end. */
const maxSocketPathBytes = 100;

/** Where a directory's lock may lie: a Windows pipe by name, or folders to hold a Unix socket, the first usable one. */
export type LockPlace =
  { readonly kind: 'pipe'; readonly path: string } | { readonly kind: 'folders'; readonly paths: readonly string[] };

/**
 * The lock lies in the data directory itself, so that whoever has the directory finds it, whatever their environment says
 * about temporary files. A folder of the system's temporary directory takes its place where the file system has no sockets
 * (shares, some mounts), and for a Kafka log directory (`inside` is false), in which Kafka takes no folder but its own.
 */
export function lockPlace(directory: string, inside: boolean): LockPlace {
  const real = realpathSync(directory);
  const hash = createHash('sha256')
    .update(process.platform === 'win32' ? real.toLowerCase() : real)
    .digest('hex')
    .slice(0, 16);
  if (process.platform === 'win32') return { kind: 'pipe', path: `\\\\.\\pipe\\samsa-${hash}` };
  const outside = join(shortTemporaryDirectory(), `samsa-lock-${hash}`);
  return { kind: 'folders', paths: inside ? [join(real, '.samsa'), outside] : [outside] };
}

/** Calls `use` with a path to `folder/name` that is short enough for a socket: through a symbolic link when it must be. */
export async function withSocketPath<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return use(path);
  const short = mkdtempSync(join(shortTemporaryDirectory(), 'samsa-'));
  try {
    symlinkSync(folder, join(short, 'd'));
    return await use(join(short, 'd', name));
  } finally {
    rmSync(short, { recursive: true, force: true });
  }
}

function shortTemporaryDirectory(): string {
  const directory = tmpdir();
  return Buffer.byteLength(directory) <= 50 ? directory : '/tmp';
}
