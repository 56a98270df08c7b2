import type { FileHandleCache, CachedFile } from './file-handle-cache.ts';

const INITIAL_ENTRIES = 64;
/** Entries that may wait for their way to disk; a crash loses them and recovery makes them again. */
const UNSAVED_LIMIT = 512;

/**
 * A sorted file of entries of one size, shared by the offset and the time index. A segment that is being written keeps
 * the entries in memory and saves them in lots; one that is only read looks them up on disk and costs no memory.
 */
export class IndexFile {
  readonly entrySizeBytes: number;
  readonly #file: CachedFile;
  #scratch: Buffer | undefined;
  /** All entries, once the index is written to; undefined while it is only read. */
  #memory: Buffer | undefined;
  /** -1 until the size of the file was looked at. */
  #count = -1;
  #savedCount = 0;
  #isTorn = false;

  /** Nothing is opened or asked of the disk before the index is used. */
  constructor(handles: FileHandleCache, path: string, entrySizeBytes: number) {
    this.#file = handles.file(path);
    this.entrySizeBytes = entrySizeBytes;
  }

  get path(): string {
    return this.#file.path;
  }

  get count(): number {
    if (this.#count < 0) {
      const sizeBytes = this.#file.exists() ? this.#file.sizeSync() : 0;
      this.#count = Math.floor(sizeBytes / this.entrySizeBytes);
      this.#isTorn = sizeBytes % this.entrySizeBytes > 0;
      this.#savedCount = this.#count;
    }
    return this.#count;
  }

  get sizeBytes(): number {
    return this.count * this.entrySizeBytes;
  }

  /** The file ended in half an entry when it was first looked at. */
  get isTorn(): boolean {
    return this.count >= 0 && this.#isTorn;
  }

  exists(): boolean {
    return this.#file.exists();
  }

  /** Makes the file, empty. */
  create(): void {
    this.#file.create();
    this.#memory = undefined;
    this.#count = 0;
    this.#savedCount = 0;
  }

  /**
   * Forgets all entries; what the file has is overwritten by {@link save} and cut off by {@link seal}. Cheaper than to
   * empty it: file systems flush a file that was emptied and written anew when it is closed.
   */
  restart(): void {
    if (!this.#file.exists()) return this.create();
    this.#memory = Buffer.allocUnsafeSlow(INITIAL_ENTRIES * this.entrySizeBytes);
    this.#count = 0;
    this.#savedCount = 0;
  }

  /** The bytes of entry `index`, valid until the next call. The caller keeps to 0 ≤ index < count. */
  entry(index: number): Buffer {
    const size = this.entrySizeBytes;
    if (this.#memory !== undefined) return this.#memory.subarray(index * size, (index + 1) * size);
    this.#scratch ??= Buffer.alloc(size);
    if (this.#file.readSync(this.#scratch, 0, size, index * size) < size) this.#scratch.fill(0);
    return this.#scratch;
  }

  /** Room for one more entry, to be filled by the caller at once. */
  append(): Buffer {
    const size = this.entrySizeBytes;
    let memory = this.#memory ?? this.#load();
    if ((this.#count + 1) * size > memory.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(memory.length * 2, INITIAL_ENTRIES * size));
      memory.copy(grown, 0, 0, this.#count * size);
      memory = grown;
      this.#memory = grown;
    }
    const at = this.#count * size;
    this.#count++;
    return memory.subarray(at, at + size);
  }

  #load(): Buffer {
    const length = this.count * this.entrySizeBytes;
    const memory = Buffer.allocUnsafeSlow(Math.max(length, 8 * this.entrySizeBytes));
    if (length > 0 && this.#file.readSync(memory, 0, length, 0) < length) memory.fill(0, 0, length);
    this.#memory = memory;
    return memory;
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    if (count >= this.count) return;
    this.#count = count;
    if (this.#savedCount > count) {
      this.#file.truncateSync(count * this.entrySizeBytes);
      this.#savedCount = count;
    }
  }

  get needsSave(): boolean {
    return this.#count - this.#savedCount >= UNSAVED_LIMIT;
  }

  /** Hands the entries that are in memory only to the operating system. */
  save(): void {
    if (this.#savedCount === this.#count || this.#memory === undefined) return;
    const size = this.entrySizeBytes;
    const unsaved = this.#memory.subarray(this.#savedCount * size, this.#count * size);
    this.#file.writeSync([unsaved], this.#savedCount * size);
    this.#savedCount = this.#count;
  }

  /** The segment is full: what is left is saved, and the memory given back. */
  seal(): void {
    this.save();
    // A preallocated tail, or one left by a longer run, is cut off.
    if (this.#file.sizeSync() !== this.sizeBytes) this.#file.truncateSync(this.sizeBytes);
    this.#memory = undefined;
  }

  syncSync(): void {
    this.#file.syncSync();
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  rename(to: string): void {
    this.#file.rename(to);
  }

  moved(to: string): void {
    this.#file.moved(to);
  }

  close(): void {
    this.#file.close();
    this.#memory = undefined;
  }

  delete(): void {
    this.#file.delete();
    this.#memory = undefined;
  }
}
