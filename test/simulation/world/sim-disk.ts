import type { FileHandle, FileStat, FileSystem, OpenMode } from '../../../extension/engine/common/file-system.ts';
import { systemError } from '../../support/memory-file-system.ts';
import type { SimRandom } from './sim-random.ts';

/** A change that was not flushed, with what undoes it. */
interface UnflushedChange {
  readonly number: number;
  readonly position: number;
  readonly length: number;
  readonly sizeBefore: number;
  /** What was there from `position` on, as far as the file reached. */
  readonly before: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** A file that grows at its end without being copied; what was cut or preallocated costs nothing. */
class SimFile {
  /** Bytes past `#bytes` and below `sizeBytes` are zeros. */
  #bytes = NOTHING;
  sizeBytes = 0;
  modifiedMs = 0;
  readonly inode: number;
  #unflushed: UnflushedChange[] = [];
  #changes = 0;

  constructor(inode: number) {
    this.inode = inode;
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const end = Math.min(position + length, this.sizeBytes);
    if (end <= position) return 0;
    const copied = this.#bytes.copy(target, targetOffset, position, Math.min(end, this.#bytes.length));
    const count = end - position;
    if (copied < count) target.fill(0, targetOffset + copied, targetOffset + count);
    return count;
  }

  content(): Buffer {
    const content = Buffer.alloc(this.sizeBytes);
    this.read(content, 0, this.sizeBytes, 0);
    return content;
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    this.#remember(position, length);
    this.#reserve(position + length);
    let at = position;
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at);
      at += chunk.length;
    }
    this.sizeBytes = Math.max(this.sizeBytes, at);
  }

  truncate(sizeBytes: number): void {
    this.#remember(sizeBytes, Math.max(0, this.sizeBytes - sizeBytes));
    this.#bytes.fill(0, Math.min(sizeBytes, this.#bytes.length));
    this.sizeBytes = sizeBytes;
  }

  /** The number of the last change; a flush that begins now covers it and none that follows. */
  get lastChange(): number {
    return this.#changes;
  }

  sync(upTo = this.#changes): void {
    if (this.#unflushed.length > 0) this.#unflushed = this.#unflushed.filter(({ number }) => number > upTo);
  }

  /** Undoes unflushed changes from the last one on; the first one that survives may be torn. */
  losePower(random: SimRandom): boolean {
    const changes = this.#unflushed;
    if (changes.length === 0) return false;
    const kept = random.int(changes.length + 1);
    for (let i = changes.length - 1; i >= kept; i--) {
      const { position, length, sizeBefore, before } = changes[i]!;
      const tornAt = i === kept && before.length === 0 && position === sizeBefore ? random.int(length + 1) : 0;
      this.#reserve(position + before.length);
      before.copy(this.#bytes, position);
      this.sizeBytes = sizeBefore + tornAt;
      this.#bytes.fill(0, Math.min(this.sizeBytes, this.#bytes.length));
    }
    this.#unflushed = [];
    return kept < changes.length;
  }

  #remember(position: number, length: number): void {
    const end = Math.min(position + length, this.sizeBytes, this.#bytes.length);
    const before = end > position ? Buffer.from(this.#bytes.subarray(position, end)) : NOTHING;
    this.#unflushed.push({ number: ++this.#changes, position, length, sizeBefore: this.sizeBytes, before });
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(sizeBytes, this.#bytes.length * 2, 256));
    this.#bytes.copy(grown);
    this.#bytes = grown;
  }
}

type Directory = Map<string, SimFile | Directory>;

/** Who uses a disk: once it is dead, nothing that it still does reaches the disk. */
export interface DiskUser {
  readonly alive: boolean;
}

/** Calls `fn` after a while that a device takes. */
export type DiskDelay = (fn: () => void) => void;

/** One machine's disk. Names are durable at once, as a journaling file system keeps them. */
export class SimDisk {
  readonly #root: Directory = new Map();
  #nextInode = 1;

  /** Drops what was not flushed, wholly or from some write on, and tears the write at the edge. Answers how many files lost. */
  losePower(random: SimRandom): number {
    return [...this.#files(this.#root)].filter((file) => file.losePower(random)).length;
  }

  *#files(directory: Directory): Generator<SimFile> {
    for (const entry of directory.values()) {
      if (entry instanceof SimFile) yield entry;
      else yield* this.#files(entry);
    }
  }

  /** What a file holds now, as the operating system sees it; undefined where there is none. */
  contentOf(path: string): Buffer | undefined {
    const found = this.#find(path);
    return found instanceof SimFile ? found.content() : undefined;
  }

  names(path: string): string[] {
    const found = this.#find(path);
    return found === undefined || found instanceof SimFile ? [] : [...found.keys()];
  }

  #find(path: string): SimFile | Directory | undefined {
    let at: SimFile | Directory | undefined = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (at === undefined || at instanceof SimFile) return undefined;
      at = at.get(name);
    }
    return at;
  }

  #parent(path: string, operation: string): { directory: Directory; name: string } {
    const slash = path.lastIndexOf('/');
    const directory = this.#find(path.slice(0, slash));
    if (directory === undefined || directory instanceof SimFile) throw systemError('ENOENT', operation, path);
    return { directory, name: path.slice(slash + 1) };
  }

  #file(path: string, operation: string): SimFile {
    const found = this.#find(path);
    if (found === undefined) throw systemError('ENOENT', operation, path);
    if (!(found instanceof SimFile)) throw systemError('EISDIR', operation, path);
    return found;
  }

  /** The disk as one process sees it. */
  fileSystem(user: DiskUser, nowMs: () => number, delay: DiskDelay): FileSystem {
    const check = (operation: string, path: string): void => {
      if (!user.alive) throw systemError('EIO', operation, path);
    };
    const later = <T>(work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        delay(() => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        });
      });

    const handle = (path: string, file: SimFile): FileHandle => {
      let isOpen = true;
      const use = (operation: string): SimFile => {
        check(operation, path);
        if (!isOpen) throw systemError('EBADF', operation, path);
        return file;
      };
      return {
        path,
        readSync: (target, targetOffset, length, position) => use('read').read(target, targetOffset, length, position),
        read: (target, targetOffset, length, position) =>
          later(() => use('read').read(target, targetOffset, length, position)),
        writeSync: (chunks, position) => {
          use('write').write(chunks, position);
          file.modifiedMs = nowMs();
        },
        syncSync: () => use('sync').sync(),
        sync: () => {
          const upTo = use('sync').lastChange;
          return later(() => use('sync').sync(upTo));
        },
        truncateSync: (sizeBytes) => use('truncate').truncate(sizeBytes),
        sizeSync: () => use('stat').sizeBytes,
        close: () => void (isOpen = false),
      };
    };

    const fileSystem: FileSystem = {
      openSync: (path: string, mode: OpenMode) => {
        check('open', path);
        const { directory, name } = this.#parent(path, 'open');
        let file = directory.get(name);
        if (file !== undefined && !(file instanceof SimFile)) throw systemError('EISDIR', 'open', path);
        if (file !== undefined && mode === 'createNew') throw systemError('EEXIST', 'open', path);
        if (file === undefined) {
          if (mode === 'read' || mode === 'readWrite') throw systemError('ENOENT', 'open', path);
          file = new SimFile(this.#nextInode++);
          directory.set(name, file);
        }
        return handle(path, file);
      },
      existsSync: (path) => {
        check('stat', path);
        return this.#find(path) !== undefined;
      },
      statSync: (path): FileStat => {
        check('stat', path);
        const found = this.#find(path);
        if (found === undefined) throw systemError('ENOENT', 'stat', path);
        if (!(found instanceof SimFile)) return { isDirectory: true, sizeBytes: 0, modifiedMs: 0, inode: 0, device: 1 };
        const { sizeBytes, modifiedMs, inode } = found;
        return { isDirectory: false, sizeBytes, modifiedMs, inode, device: 1 };
      },
      readdirSync: (path) => {
        check('readdir', path);
        const found = this.#find(path);
        if (found === undefined || found instanceof SimFile) throw systemError('ENOENT', 'readdir', path);
        return [...found.keys()];
      },
      readdir: (path) => later(() => fileSystem.readdirSync(path)),
      mkdirSync: (path) => {
        check('mkdir', path);
        let at = this.#root;
        for (const name of path.split('/')) {
          if (name === '') continue;
          const next = at.get(name) ?? (new Map() as Directory);
          if (next instanceof SimFile) throw systemError('EEXIST', 'mkdir', path);
          at.set(name, next);
          at = next;
        }
      },
      readFileSync: (path) => {
        check('read', path);
        return this.#file(path, 'open').content();
      },
      writeFileAtomicSync: (path, content, durable = true) => {
        const temporary = fileSystem.openSync(`${path}.tmp`, 'create');
        temporary.truncateSync(0);
        temporary.writeSync([Buffer.from(content as Uint8Array)], 0);
        if (durable) temporary.syncSync();
        temporary.close();
        fileSystem.renameSync(`${path}.tmp`, path);
      },
      renameSync: (from, to) => {
        check('rename', from);
        const source = this.#parent(from, 'rename');
        const entry = source.directory.get(source.name);
        if (entry === undefined) throw systemError('ENOENT', 'rename', from);
        const target = this.#parent(to, 'rename');
        source.directory.delete(source.name);
        target.directory.set(target.name, entry);
      },
      unlinkSync: (path) => {
        check('unlink', path);
        if (this.#find(path) === undefined) return;
        const { directory, name } = this.#parent(path, 'unlink');
        directory.delete(name);
      },
      removeTreeSync: (path) => {
        check('rm', path);
        if (this.#find(path) === undefined) return;
        const { directory, name } = this.#parent(path, 'rm');
        directory.delete(name);
      },
      removeTree: (path) => later(() => fileSystem.removeTreeSync(path)),
      syncDirectorySync: (path) => check('sync', path),
      syncDirectory: (path) => later(() => check('sync', path)),
      spaceSync: () => ({ totalBytes: 2 ** 40, usableBytes: 2 ** 39 }),
    };
    return fileSystem;
  }
}
