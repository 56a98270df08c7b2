import type { FileHandle, FileStat, FileSystem, OpenMode } from '../../extension/engine/common/file-system.ts';

/** What a call does, for {@link MemoryFileSystem.onCall}. */
export type FileOperation = 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'rename' | 'unlink' | 'readdir' | 'mkdir';

/** Bytes that were written but not flushed, in order. */
interface UnflushedWrite {
  readonly position: number;
  readonly bytes: Buffer;
}

class MemoryFile {
  content = Buffer.alloc(0);
  /** What a loss of power leaves for certain. */
  durable = Buffer.alloc(0);
  unflushed: (UnflushedWrite | { readonly truncateTo: number })[] = [];
  modifiedMs = 0;
  readonly inode: number;

  constructor(inode: number) {
    this.inode = inode;
  }

  write(bytes: Buffer, position: number): void {
    this.content = patched(this.content, bytes, position);
    this.unflushed.push({ position, bytes: Buffer.from(bytes) });
  }

  truncate(sizeBytes: number): void {
    this.content = resized(this.content, sizeBytes);
    this.unflushed.push({ truncateTo: sizeBytes });
  }

  sync(): void {
    this.durable = Buffer.from(this.content);
    this.unflushed = [];
  }

  /** Keeps the first `count` unflushed changes, and `tornBytes` of the next one. */
  losePower(count: number, tornBytes: number): void {
    let content = this.durable;
    this.unflushed.slice(0, count + 1).forEach((change, index) => {
      if ('truncateTo' in change) {
        if (index < count) content = resized(content, change.truncateTo);
      } else {
        const kept = index < count ? change.bytes : change.bytes.subarray(0, tornBytes);
        if (kept.length > 0) content = patched(content, kept, change.position);
      }
    });
    this.content = Buffer.from(content);
    this.sync();
  }
}

function patched(content: Buffer, bytes: Buffer, position: number): Buffer<ArrayBuffer> {
  const size = Math.max(content.length, position + bytes.length);
  const result = resized(content, size);
  bytes.copy(result, position);
  return result;
}

function resized(content: Buffer, sizeBytes: number): Buffer<ArrayBuffer> {
  const result = Buffer.alloc(sizeBytes);
  content.copy(result, 0, 0, Math.min(sizeBytes, content.length));
  return result;
}

/** An error as Node's file system throws it. */
export function systemError(code: string, operation: string, path: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${operation} '${path}'`);
  error.code = code;
  error.path = path;
  return error;
}

/**
 * A disk in memory that can go wrong. {@link losePower} drops what was not flushed, tearing the write at the edge;
 * {@link onCall} fails any call; {@link capacityBytes} lets the disk be full. Names are durable at once, as a journaling
 * file system keeps them.
 */
export class MemoryFileSystem implements FileSystem {
  readonly #files = new Map<string, MemoryFile>();
  readonly #directories = new Set<string>(['/']);
  #nextInode = 1;
  #openCount = 0;
  /** Called before every operation; what it throws, the operation throws. */
  onCall: ((operation: FileOperation, path: string) => void) | undefined;
  /** All files together; writes past it are cut and fail with ENOSPC. */
  capacityBytes = Infinity;
  nowMs = 0;

  /** Handles that were opened and not closed. */
  get openCount(): number {
    return this.#openCount;
  }

  get usedBytes(): number {
    let used = 0;
    for (const file of this.#files.values()) used += file.content.length;
    return used;
  }

  /** Paths of all files, sorted. */
  get paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /**
   * The power goes. Of what was written since the last flush, each file keeps a beginning: `choose(n)` answers a number in
   * [0, n] for how many changes survive, and for how many bytes of the next one do.
   */
  losePower(choose: (bound: number) => number): void {
    for (const file of this.#files.values()) {
      const count = choose(file.unflushed.length);
      const next = file.unflushed[count];
      const tornBytes = next !== undefined && 'bytes' in next ? choose(next.bytes.length) : 0;
      file.losePower(count, tornBytes);
    }
    this.#openCount = 0;
  }

  #call(operation: FileOperation, path: string): void {
    this.onCall?.(operation, path);
  }

  #file(path: string, operation: string): MemoryFile {
    const file = this.#files.get(path);
    if (file === undefined) throw systemError('ENOENT', operation, path);
    return file;
  }

  openSync(path: string, mode: OpenMode): FileHandle {
    this.#call('open', path);
    let file = this.#files.get(path);
    if (file !== undefined && mode === 'createNew') throw systemError('EEXIST', 'open', path);
    if (file === undefined) {
      if (mode === 'read' || mode === 'readWrite') throw systemError('ENOENT', 'open', path);
      if (!this.#directories.has(parentOf(path))) throw systemError('ENOENT', 'open', path);
      file = new MemoryFile(this.#nextInode++);
      this.#files.set(path, file);
    }
    this.#openCount++;
    return this.#handle(path, file);
  }

  #handle(path: string, file: MemoryFile): FileHandle {
    let isOpen = true;
    const call = (operation: FileOperation): void => {
      if (!isOpen) throw systemError('EBADF', operation, path);
      this.#call(operation, path);
    };
    const readSync = (target: Uint8Array, targetOffset: number, length: number, position: number): number => {
      call('read');
      return file.content.copy(target, targetOffset, position, position + length);
    };
    const syncSync = (): void => {
      call('sync');
      file.sync();
    };
    return {
      path,
      readSync,
      read: async (target, targetOffset, length, position) => {
        await Promise.resolve();
        return readSync(target, targetOffset, length, position);
      },
      writeSync: (chunks, position) => {
        call('write');
        this.#write(path, file, Buffer.concat(chunks), position);
      },
      syncSync,
      sync: async () => {
        await Promise.resolve();
        syncSync();
      },
      truncateSync: (sizeBytes) => {
        call('truncate');
        file.truncate(sizeBytes);
      },
      sizeSync: () => file.content.length,
      close: () => {
        if (isOpen) this.#openCount--;
        isOpen = false;
      },
    };
  }

  #write(path: string, file: MemoryFile, bytes: Buffer, position: number): void {
    const grows = Math.max(0, position + bytes.length - file.content.length);
    const over = this.usedBytes + grows - this.capacityBytes;
    file.modifiedMs = this.nowMs;
    if (over <= 0) return file.write(bytes, position);
    const fitting = Math.max(0, bytes.length - over);
    if (fitting > 0) file.write(bytes.subarray(0, fitting), position);
    throw systemError('ENOSPC', 'write', path);
  }

  existsSync(path: string): boolean {
    return this.#files.has(path) || this.#directories.has(path);
  }

  statSync(path: string): FileStat {
    if (this.#directories.has(path)) {
      return { isDirectory: true, sizeBytes: 0, modifiedMs: 0, inode: 0, device: 0 };
    }
    const file = this.#file(path, 'stat');
    const { modifiedMs, inode } = file;
    return { isDirectory: false, sizeBytes: file.content.length, modifiedMs, inode, device: 1 };
  }

  readdirSync(path: string): string[] {
    this.#call('readdir', path);
    if (!this.#directories.has(path)) throw systemError('ENOENT', 'readdir', path);
    const names: string[] = [];
    for (const known of [...this.#files.keys(), ...this.#directories]) {
      if (known !== '/' && parentOf(known) === path) names.push(known.slice(known.lastIndexOf('/') + 1));
    }
    return names;
  }

  async readdir(path: string): Promise<string[]> {
    await Promise.resolve();
    return this.readdirSync(path);
  }

  mkdirSync(path: string): void {
    this.#call('mkdir', path);
    for (let at = path; at !== '/' && at !== ''; at = parentOf(at)) this.#directories.add(at);
  }

  readFileSync(path: string): Buffer {
    this.#call('read', path);
    return Buffer.from(this.#file(path, 'open').content);
  }

  writeFileAtomicSync(path: string, content: Uint8Array | string, durable = true): void {
    const temporary = `${path}.tmp`;
    const handle = this.openSync(temporary, 'create');
    try {
      handle.truncateSync(0);
      handle.writeSync([Buffer.from(content as Uint8Array)], 0);
      if (durable) handle.syncSync();
    } finally {
      handle.close();
    }
    this.renameSync(temporary, path);
  }

  renameSync(from: string, to: string): void {
    this.#call('rename', from);
    if (this.#directories.has(from)) return this.#renameDirectory(from, to);
    const file = this.#file(from, 'rename');
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  #renameDirectory(from: string, to: string): void {
    this.#directories.delete(from);
    this.#directories.add(to);
    for (const [path, file] of [...this.#files]) {
      if (!path.startsWith(`${from}/`)) continue;
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), file);
    }
  }

  unlinkSync(path: string): void {
    this.#call('unlink', path);
    this.#files.delete(path);
  }

  removeTreeSync(path: string): void {
    this.#call('unlink', path);
    for (const known of [...this.#files.keys()]) if (known.startsWith(`${path}/`)) this.#files.delete(known);
    for (const known of [...this.#directories]) {
      if (known === path || known.startsWith(`${path}/`)) this.#directories.delete(known);
    }
  }

  async removeTree(path: string): Promise<void> {
    await Promise.resolve();
    this.removeTreeSync(path);
  }

  syncDirectorySync(path: string): void {
    this.#call('sync', path);
  }

  async syncDirectory(path: string): Promise<void> {
    await Promise.resolve();
    this.syncDirectorySync(path);
  }

  spaceSync(): { totalBytes: number; usableBytes: number } {
    const totalBytes = Math.min(this.capacityBytes, 2 ** 40);
    return { totalBytes, usableBytes: totalBytes - this.usedBytes };
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
