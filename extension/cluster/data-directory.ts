import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ClusterError, messageOf } from './cluster-error.ts';
import { lockHolder } from './java-lock.ts';

export interface DataDirectory {
  /** Absolute, without symbolic links: two names of one directory are one lock. */
  readonly path: string;
  readonly temporary: boolean;
}

/** Makes the data directory, a temporary one without a `path`. Throws `DIRECTORY_UNWRITABLE` or `DISK_FULL`. */
export function prepareDataDirectory(path: string | undefined): DataDirectory {
  try {
    if (path === undefined) {
      return { path: realpathSync(mkdtempSync(join(tmpdir(), 'samsa-'))), temporary: true };
    }
    makeDirectory(path);
    return { path: realpathSync(path), temporary: false };
  } catch (error) {
    throw diskError(error, path ?? tmpdir());
  }
}

/** With its parents. Node's own recursive way never returns below /proc, where a folder stays missing. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    makeDirectory(parent);
    mkdirSync(path);
  }
}

/** Throws `BAD_ARGUMENT` for what was meant to lie one level deeper, before anything is written into it. */
export function refuseLogDirectory(path: string): void {
  if (!existsSync(join(path, 'meta.properties'))) return;
  throw new ClusterError(
    'BAD_ARGUMENT',
    `${path} is a log directory of one broker; the data directory holds it as 'broker-<id>'`,
  );
}

/** Removes what a temporary directory holds; what can't be removed is left to the system. */
export function removeDataDirectory(directory: DataDirectory): void {
  if (!directory.temporary) return;
  try {
    rmSync(directory.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {
    // A virus scanner or an editor that holds a file must not turn a clean end into a failure.
  }
}

/** Removes the directory of a broker that has left; what can't be removed is left, as it is of no cluster any more. */
export function removeLogDirectory(logDir: string): void {
  try {
    rmSync(join(logDir, 'meta.properties'), { force: true });
    rmSync(logDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {
    // As with a temporary directory.
  }
}

/**
 * Takes a Kafka log directory: makes it, and its `.lock` file, on which a Java broker holds a POSIX lock while it lives.
 * Throws `DIRECTORY_LOCKED` when one does; that the file exists means nothing.
 */
export function takeLogDirectory(logDir: string): void {
  const lockFile = join(logDir, '.lock');
  try {
    makeDirectory(logDir);
    closeSync(openSync(lockFile, 'a'));
  } catch (error) {
    throw diskError(error, logDir);
  }
  const pid = lockHolder(lockFile);
  if (pid === undefined) return;
  const holder = pid > 0 ? `process ${pid}` : 'another process';
  throw new ClusterError('DIRECTORY_LOCKED', `${logDir} is in use by a Kafka broker: ${holder} holds its .lock file`);
}

/**
 * The cluster id that the log directories were formatted with, undefined when all are new. Throws `CLUSTER_ID_MISMATCH`
 * when they belong to different clusters.
 */
export function readClusterId(logDirs: readonly string[]): string | undefined {
  let first: { readonly logDir: string; readonly clusterId: string } | undefined;
  for (const logDir of logDirs) {
    const clusterId = clusterIdOf(logDir);
    if (clusterId === undefined) continue;
    first ??= { logDir, clusterId };
    if (first.clusterId !== clusterId) {
      throw new ClusterError(
        'CLUSTER_ID_MISMATCH',
        `${logDir} belongs to cluster ${clusterId}, but ${first.logDir} to cluster ${first.clusterId}`,
      );
    }
  }
  return first?.clusterId;
}

/** One broker's log directories without those, past the first, that cannot be read: it starts without them. */
export function readableLogDirs(logDirs: readonly string[]): string[] {
  return logDirs.filter((logDir, index) => {
    if (index === 0) return true;
    try {
      readMeta(logDir);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether something was ever kept there. */
export function isFormatted(logDir: string): boolean {
  return readMeta(logDir) !== undefined;
}

function clusterIdOf(logDir: string): string | undefined {
  // Java writes colons and equals signs in values with a backslash; a base64 uuid has neither.
  return /^\s*cluster\.id\s*[=:]\s*(\S+)\s*$/m.exec(readMeta(logDir) ?? '')?.[1];
}

function readMeta(logDir: string): string | undefined {
  const path = join(logDir, 'meta.properties');
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskError(error, path);
  }
}

export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is no directory',
  EEXIST: 'a file of that name is in the way',
  ENOENT: 'the path does not exist',
};

/** A failed file operation, for people. */
export function diskError(error: unknown, path: string): ClusterError {
  if (error instanceof ClusterError) return error;
  const code = errnoOf(error) ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ClusterError('DISK_FULL', `No space is left on the disk that holds ${path}`, { cause: error });
  }
  const reason = reasons[code] ?? messageOf(error);
  return new ClusterError('DIRECTORY_UNWRITABLE', `Cannot write to ${path}: ${reason}`, { cause: error });
}
