import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';

export interface FileFacts {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Another number means another file under the same name. */
  readonly identity: number;
}

/** A file that is read at any position, never as a whole. */
export interface SegmentBytes {
  /** Of the path, now; null when nothing is there any more. Rejects when it cannot be read. */
  facts(): Promise<FileFacts | null>;
  /** Up to `length` bytes; fewer at the end of the file. */
  read(at: number, length: number): Promise<Buffer>;
  /** Lets go of the file that was open, so that the next read opens what is there now. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Reads through one file handle, which outlives a rename or a deletion. */
export class DiskSegmentBytes implements SegmentBytes {
  readonly #path: string;
  #handle: Promise<FileHandle> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async facts(): Promise<FileFacts | null> {
    try {
      const { size, mtimeMs, ino } = await stat(this.#path);
      return { sizeBytes: size, modifiedMs: mtimeMs, identity: ino };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async read(at: number, length: number): Promise<Buffer> {
    const handle = await this.#open();
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async reopen(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  close(): Promise<void> {
    return this.reopen();
  }

  #open(): Promise<FileHandle> {
    const opening = this.#handle ?? open(this.#path, 'r');
    this.#handle = opening;
    opening.catch(() => {
      if (this.#handle === opening) this.#handle = undefined;
    });
    return opening;
  }
}

/** A file that cannot be read by position, with the reason. */
export class UnreadableBytes implements SegmentBytes {
  readonly #reason: string;

  constructor(reason: string) {
    this.#reason = reason;
  }

  facts(): Promise<FileFacts | null> {
    return Promise.reject(new Error(this.#reason));
  }

  read(): Promise<Buffer> {
    return Promise.reject(new Error(this.#reason));
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
