import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { FileHandle, FileStat, FileSystem, OpenMode } from './file-system.ts';

const O = fs.constants;

const openFlags: Readonly<Record<OpenMode, number>> = {
  read: O.O_RDONLY,
  readWrite: O.O_RDWR,
  create: O.O_RDWR | O.O_CREAT,
  createNew: O.O_RDWR | O.O_CREAT | O.O_EXCL,
};

class NodeFileHandle implements FileHandle {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const count = fs.readSync(this.#fd, target, targetOffset + done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const count = await this.#readOnce(target, targetOffset + done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  #readOnce(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, targetOffset, length, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    if (chunks.length > 1) {
      const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const written = fs.writevSync(this.#fd, chunks, position);
      if (written === total) return;
      at += written;
      chunks = remaining(chunks, written);
    }
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length;) {
        const count = fs.writeSync(this.#fd, chunk, done, chunk.length - done, at);
        done += count;
        at += count;
      }
    }
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  truncateSync(sizeBytes: number): void {
    fs.ftruncateSync(this.#fd, sizeBytes);
  }

  sizeSync(): number {
    return fs.fstatSync(this.#fd).size;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** What is left of `chunks` after a short write of `written` bytes. */
function remaining(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (written < chunk.length) rest.push(written > 0 ? chunk.subarray(written) : chunk);
    written = Math.max(0, written - chunk.length);
  }
  return rest;
}

/** The machine's disk. */
export const nodeFileSystem: FileSystem = {
  openSync: (path, mode) => new NodeFileHandle(path, fs.openSync(path, openFlags[mode], 0o644)),

  existsSync: (path) => fs.existsSync(path),

  statSync(path): FileStat {
    const stat = fs.statSync(path);
    return {
      isDirectory: stat.isDirectory(),
      sizeBytes: stat.size,
      modifiedMs: stat.mtimeMs,
      inode: stat.ino,
      device: stat.dev,
    };
  },

  readdirSync: (path) => fs.readdirSync(path),
  readdir: (path) => fs.promises.readdir(path),
  mkdirSync: (path) => void fs.mkdirSync(path, { recursive: true }),
  readFileSync: (path) => fs.readFileSync(path),

  writeFileAtomicSync(path, content, durable = true) {
    const temporary = `${path}.tmp`;
    const fd = fs.openSync(temporary, 'w', 0o644);
    try {
      fs.writeFileSync(fd, content);
      if (durable) fs.fdatasyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, path);
    if (durable) nodeFileSystem.syncDirectorySync(dirname(path));
  },

  renameSync: (from, to) => fs.renameSync(from, to),

  unlinkSync(path) {
    try {
      fs.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  },

  removeTreeSync: (path) => fs.rmSync(path, { recursive: true, force: true }),
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true }),

  syncDirectorySync(path) {
    // Windows opens no directories; its file system journals names by itself.
    if (process.platform === 'win32') return;
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },

  syncDirectory(path) {
    if (process.platform === 'win32') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const fd = fs.openSync(path, 'r');
      fs.fsync(fd, (error) => {
        fs.closeSync(fd);
        if (error === null) resolve();
        else reject(error);
      });
    });
  },

  spaceSync(path) {
    const stat = fs.statfsSync(path);
    return { totalBytes: stat.blocks * stat.bsize, usableBytes: stat.bavail * stat.bsize };
  },
};
