import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { Logger } from '../../common/logger.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type { OffsetAndEpoch } from '../raft-ports.ts';
import type { MetadataLog } from './metadata-log.ts';
import { deleteSnapshot, listSnapshots, readSnapshot, snapshotName, writeSnapshot } from './snapshots.ts';
import type { LoadedSnapshot, SnapshotOptions } from './snapshots.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';

export interface SnapshotStoreOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMaxBytes: number;
  readonly retentionMaxMs: number;
}

/** The snapshots in a metadata log's folder. */
export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  readonly #directory: string;
  /** Oldest first. */
  #ids: OffsetAndEpoch[];

  constructor(options: SnapshotStoreOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#ids = listSnapshots(options.fileSystem, directory);
  }

  latest(): OffsetAndEpoch | undefined {
    return this.#ids.at(-1);
  }

  earliest(): OffsetAndEpoch | undefined {
    return this.#ids[0];
  }

  has(id: OffsetAndEpoch): boolean {
    return this.#ids.some(({ offset, epoch }) => offset === id.offset && epoch === id.epoch);
  }

  sizeOf(id: OffsetAndEpoch): number {
    return this.#options.fileSystem.statSync(this.#path(id)).sizeBytes;
  }

  /** Up to `maxBytes` from `position` on. */
  async readPart(id: OffsetAndEpoch, position: number, maxBytes: number): Promise<Buffer> {
    const file = this.#options.fileSystem.openSync(this.#path(id), 'read');
    try {
      const bytes = Buffer.alloc(Math.min(maxBytes, Math.max(file.sizeSync() - position, 0)));
      const read = await file.read(bytes, 0, bytes.length, position);
      return bytes.subarray(0, read);
    } finally {
      file.close();
    }
  }

  /** Opens the file that a snapshot from elsewhere is gathered in. Resumes what an earlier attempt of this life left. */
  receive(id: OffsetAndEpoch): SnapshotReceiver {
    return new SnapshotReceiver(this.#options.fileSystem, this.#directory, id);
  }

  /**
   * Takes in a snapshot that was received, as the only one.
   *
   * @throws RaftError CORRUPT_METADATA; the file is gone then
   */
  adopt(received: SnapshotReceiver): LoadedSnapshot {
    const { fileSystem } = this.#options;
    const snapshot = received.complete();
    for (const old of this.#ids) {
      if (old.offset !== snapshot.id.offset || old.epoch !== snapshot.id.epoch)
        deleteSnapshot(fileSystem, this.#directory, old);
    }
    this.#ids = [snapshot.id];
    return snapshot;
  }

  /**
   * The latest snapshot. Where that is damaged but the log still reaches back to an older one, the older one, with a
   * warning.
   *
   * @throws RaftError CORRUPT_METADATA
   */
  load(logStartOffset: number): LoadedSnapshot | undefined {
    const { fileSystem, logger } = this.#options;
    let damage: RaftError | undefined;
    for (const id of this.#ids.toReversed()) {
      if (id.offset < logStartOffset) break;
      try {
        return readSnapshot(fileSystem, this.#path(id), id);
      } catch (error) {
        damage ??= error as RaftError;
        logger.warn((error as Error).message);
      }
    }
    if (damage !== undefined) throw damage;
    if (logStartOffset > 0) throw this.#missing(logStartOffset);
    return undefined;
  }

  async write(
    id: OffsetAndEpoch,
    options: Omit<SnapshotOptions, 'epoch' | 'nowMs'>,
    batches: Iterable<readonly Buffer[]>,
  ): Promise<void> {
    const { clock, logger } = this.#options;
    const all = { ...options, epoch: id.epoch, nowMs: clock.nowMs() };
    await writeSnapshot(this.#options, this.#directory, id, all, batches);
    this.#ids.push(id);
    logger.info(`Wrote metadata snapshot ${snapshotName(id)}, ${this.sizeOf(id)} bytes.`);
  }

  /** Lets go of old snapshots and of the log before the oldest one that stays. The latest always stays. */
  clean(log: MetadataLog): void {
    const { fileSystem, clock, retentionMaxBytes, retentionMaxMs } = this.#options;
    while (this.#ids.length > 1) {
      const [oldest, next] = this.#ids as [OffsetAndEpoch, OffsetAndEpoch];
      const total = this.#ids.reduce((sum, id) => sum + this.sizeOf(id), log.sizeBytes);
      const ageMs = clock.nowMs() - fileSystem.statSync(this.#path(oldest)).modifiedMs;
      if (total <= retentionMaxBytes && ageMs <= retentionMaxMs) return;
      log.incrementLogStartOffset(next.offset, 'snapshot');
      log.deleteOldSegments(clock.nowMs());
      deleteSnapshot(fileSystem, this.#directory, oldest);
      this.#ids.shift();
    }
  }

  #missing(logStartOffset: number): RaftError {
    return new RaftError(
      RaftErrorCode.CORRUPT_METADATA,
      `The metadata log in ${this.#directory} begins at offset ${logStartOffset}, and no snapshot holds what came before. ` +
        'Restore the folder from a copy.',
    );
  }

  #path(id: OffsetAndEpoch): string {
    return `${this.#directory}/${snapshotName(id)}`;
  }
}
