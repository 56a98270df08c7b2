import type { FileSystem } from '../../common/file-system.ts';
import type { OffsetAndEpoch } from '../raft-ports.ts';
import { PART_SUFFIX, readSnapshot, snapshotName } from './snapshots.ts';
import type { LoadedSnapshot } from './snapshots.ts';

/** A snapshot that comes in pieces from the leader: `….checkpoint.part` until it is whole. */
export class SnapshotReceiver {
  readonly id: OffsetAndEpoch;
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #path: string;
  #sizeBytes = 0;

  constructor(fileSystem: FileSystem, directory: string, id: OffsetAndEpoch) {
    this.id = id;
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#path = `${directory}/${snapshotName(id)}`;
    this.restart();
  }

  /** Where the next piece goes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Buffer): void {
    const file = this.#fileSystem.openSync(this.#path + PART_SUFFIX, 'readWrite');
    try {
      file.writeSync([bytes], this.#sizeBytes);
      this.#sizeBytes += bytes.length;
    } finally {
      file.close();
    }
  }

  /** Forgets what came so far. */
  restart(): void {
    const file = this.#fileSystem.openSync(this.#path + PART_SUFFIX, 'create');
    file.truncateSync(0);
    file.close();
    this.#sizeBytes = 0;
  }

  /**
   * Makes the file a snapshot, durably.
   *
   * @throws RaftError CORRUPT_METADATA when what came is not a whole snapshot
   */
  complete(): LoadedSnapshot {
    const part = this.#path + PART_SUFFIX;
    const snapshot = readSnapshot(this.#fileSystem, part, this.id);
    const file = this.#fileSystem.openSync(part, 'readWrite');
    file.syncSync();
    file.close();
    this.#fileSystem.renameSync(part, this.#path);
    this.#fileSystem.syncDirectorySync(this.#directory);
    return snapshot;
  }

  discard(): void {
    this.#fileSystem.unlinkSync(this.#path + PART_SUFFIX);
  }
}
