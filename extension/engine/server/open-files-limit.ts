import type { FileSystem } from '../common/file-system.ts';

/** Assumed where the system does not tell. Windows has no such limit; macOS lets Node raise its own to about that. */
const UNKNOWN_LIMIT = 8192;

/** How many files and sockets this process may have open: RLIMIT_NOFILE, which Node raises to its hard limit at start. */
export function openFilesLimit(fileSystem: FileSystem): number {
  const path = '/proc/self/limits';
  try {
    const match = /^Max open files\s+(\d+|unlimited)/m.exec(fileSystem.readFileSync(path).toString());
    if (match !== null) return match[1] === 'unlimited' ? UNKNOWN_LIMIT : Number(match[1]);
  } catch {
    // Not Linux.
  }
  return UNKNOWN_LIMIT;
}

/** How a process shares what it may open between clients and log files; the rest is for itself and what it loads. */
export function shareOpenFiles(limit: number): { connections: number; logFiles: number } {
  return {
    connections: Math.max(16, Math.floor(limit * 0.5)),
    logFiles: Math.max(16, Math.min(1024, Math.floor(limit * 0.2))),
  };
}
