import type { FileHandle, FileSystem } from '../common/file-system.ts';

/**
 * Keeps at most so many files open, of however many segments: the one that was used longest ago is closed first and
 * opens again by itself. Files with a read under way stay open until it is done.
 */
export class FileHandleCache {
  readonly fileSystem: FileSystem;
  readonly #limit: number;
  /** Open files, the one used longest ago first. */
  readonly #open = new Set<CachedFile>();
  #latest: CachedFile | undefined;

  constructor(fileSystem: FileSystem, limit: number) {
    this.fileSystem = fileSystem;
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#open.size;
  }

  file(path: string): CachedFile {
    return new CachedFile(this, path);
  }

  /** For CachedFile: it opened, or was used. */
  touch(file: CachedFile): void {
    if (file === this.#latest) return;
    this.#latest = file;
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= this.#limit) return;
    for (const oldest of this.#open) {
      if (oldest === file) return;
      if (oldest.isPinned) continue;
      oldest.close();
      return;
    }
  }

  /** For CachedFile: it closed. */
  forget(file: CachedFile): void {
    this.#open.delete(file);
    if (this.#latest === file) this.#latest = undefined;
  }
}

/** A file that opens when it is used. Errors are the file system's; reading a missing one is ENOENT. */
export class CachedFile {
  readonly #cache: FileHandleCache;
  #path: string;
  #handle: FileHandle | undefined;
  #pins = 0;
  /** Closed by its owner while a read was under way: closes after the last one. */
  #retired: FileHandle | undefined;

  constructor(cache: FileHandleCache, path: string) {
    this.#cache = cache;
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  #open(): FileHandle {
    this.#handle ??= this.#cache.fileSystem.openSync(this.#path, 'readWrite');
    this.#cache.touch(this);
    return this.#handle;
  }

  /** Makes the file, empty; one of that name is emptied. */
  create(): void {
    this.close();
    this.#handle = this.#cache.fileSystem.openSync(this.#path, 'create');
    this.#cache.touch(this);
    if (this.#handle.sizeSync() > 0) this.#handle.truncateSync(0);
  }

  exists(): boolean {
    return this.#handle !== undefined || this.#cache.fileSystem.existsSync(this.#path);
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return this.#open().readSync(target, targetOffset, length, position);
  }

  async read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    const handle = this.#open();
    this.#pins++;
    try {
      return await handle.read(target, targetOffset, length, position);
    } finally {
      this.#pins--;
      this.#closeRetired();
    }
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.#open().writeSync(chunks, position);
  }

  truncateSync(sizeBytes: number): void {
    this.#open().truncateSync(sizeBytes);
  }

  syncSync(): void {
    this.#open().syncSync();
  }

  async sync(): Promise<void> {
    const handle = this.#open();
    this.#pins++;
    try {
      await handle.sync();
    } finally {
      this.#pins--;
      this.#closeRetired();
    }
  }

  sizeSync(): number {
    if (this.#handle !== undefined) return this.#handle.sizeSync();
    return this.#cache.fileSystem.statSync(this.#path).sizeBytes;
  }

  close(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    this.#cache.forget(this);
    if (this.#pins > 0) this.#retired = handle;
    else handle.close();
  }

  #closeRetired(): void {
    if (this.#pins > 0 || this.#retired === undefined) return;
    this.#retired.close();
    this.#retired = undefined;
  }

  /** Closed first, because Windows renames no open files. A file that does not exist keeps its new name only. */
  rename(to: string): void {
    this.close();
    if (this.#cache.fileSystem.existsSync(this.#path)) this.#cache.fileSystem.renameSync(this.#path, to);
    this.#path = to;
  }

  /** The folder was renamed: the file lies at `to` now. */
  moved(to: string): void {
    this.close();
    this.#path = to;
  }

  delete(): void {
    this.close();
    this.#cache.fileSystem.unlinkSync(this.#path);
  }
}
