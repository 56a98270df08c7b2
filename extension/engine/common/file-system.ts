/** What `stat` tells of one path. */
export interface FileStat {
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Inode and device; 0 where the platform has none. */
  readonly inode: number;
  readonly device: number;
}

/**
 * An open file. Reads and writes are positional and complete: a short read means end of file, a short write is retried
 * inside. Synchronous calls are for the append path and for start-up; the asynchronous ones keep a long transfer off
 * the event loop.
 */
export interface FileHandle {
  readonly path: string;
  /** Reads up to `length` bytes at `position` into `target` at `targetOffset`; the count read, less at end of file. */
  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number;
  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number>;
  /** Writes all of `chunks`, one after the other, from `position` on. */
  writeSync(chunks: readonly Uint8Array[], position: number): void;
  /** Flushes data and size to the device (fdatasync or stronger). */
  syncSync(): void;
  sync(): Promise<void>;
  truncateSync(sizeBytes: number): void;
  sizeSync(): number;
  close(): void;
}

/** `read`: must exist. `readWrite`: must exist. `create`: made when missing. `createNew`: must not exist. */
export type OpenMode = 'read' | 'readWrite' | 'create' | 'createNew';

/**
 * The disk as the engine sees it. Errors are Node's `ErrnoException` (`code` is `ENOENT`, `ENOSPC`, `EIO`, …) from every
 * implementation. Paths are absolute. Implementations: `node-file-system.ts` and, for tests, an in-memory one that can
 * lose what was not flushed.
 */
export interface FileSystem {
  openSync(path: string, mode: OpenMode): FileHandle;
  existsSync(path: string): boolean;
  statSync(path: string): FileStat;
  /** Names in a directory, unsorted. */
  readdirSync(path: string): string[];
  readdir(path: string): Promise<string[]>;
  /** Makes the directory and its parents; an existing one is fine. */
  mkdirSync(path: string): void;
  readFileSync(path: string): Buffer;
  /**
   * Writes to `path + '.tmp'`, flushes, renames over `path`, flushes the directory: all of it or the old content. With
   * `durable` false nothing is flushed: whole after a crash of this process, perhaps empty after a loss of power.
   */
  writeFileAtomicSync(path: string, content: Uint8Array | string, durable?: boolean): void;
  renameSync(from: string, to: string): void;
  /** Removes a file; one that is gone already is fine. */
  unlinkSync(path: string): void;
  /** Removes a directory and what is in it; one that is gone already is fine. */
  removeTreeSync(path: string): void;
  removeTree(path: string): Promise<void>;
  /** Makes renames and creations in a directory durable; a no-op where the platform can't. */
  syncDirectorySync(path: string): void;
  /** The same off the event loop. The directory is the one that has the name now. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes in all and bytes free for us on the file system that holds `path`. */
  spaceSync(path: string): { totalBytes: number; usableBytes: number };
}
