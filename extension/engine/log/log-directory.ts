import { CheckpointFormatError, checkpointNumber, checkpointText, readCheckpoint } from '../common/checkpoint-file.ts';
import type { FileSystem } from '../common/file-system.ts';
import type { Logger } from '../common/logger.ts';

/** The checkpoints in the root of a log directory: one offset for each partition. */
export const OffsetCheckpoint = {
  recoveryPoint: 'recovery-point-offset-checkpoint',
  logStartOffset: 'log-start-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
  cleaner: 'cleaner-offset-checkpoint',
} as const;

export type OffsetCheckpoint = (typeof OffsetCheckpoint)[keyof typeof OffsetCheckpoint];

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** By `topic-partition`. */
export type OffsetsByPartition = ReadonlyMap<string, number>;

const CLEAN_SHUTDOWN = '.kafka_cleanshutdown';
const PROBE = '.probe';

/** One entry of `log.dirs`: the files in its root, and whether it can be used. */
export class LogDirectory {
  readonly path: string;
  /** As `meta.properties` has it; undefined where that is missing. */
  readonly directoryId: string | undefined;
  /** Why no log of it serves any more; undefined while it is fine. */
  failure: Error | undefined;
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;
  /** What each checkpoint was last written with. */
  readonly #written = new Map<OffsetCheckpoint, { readonly text: string; readonly isDurable: boolean }>();

  constructor(fileSystem: FileSystem, path: string, directoryId: string | undefined, logger: Logger) {
    this.path = path;
    this.directoryId = directoryId;
    this.#fileSystem = fileSystem;
    this.#logger = logger;
  }

  readOffsets(checkpoint: OffsetCheckpoint): OffsetsByPartition {
    const path = `${this.path}/${checkpoint}`;
    try {
      return new Map(
        readCheckpoint(this.#fileSystem, path, 3).map(([topic, partition, offset]) => [
          `${topic}-${partition}`,
          checkpointNumber(path, offset!),
        ]),
      );
    } catch (error) {
      if (!(error instanceof CheckpointFormatError)) throw error;
      this.#logger.warn(`${error.message} It counts as empty; logs are checked from their start.`);
      return new Map();
    }
  }

  /** Writes a checkpoint, unless it holds the same already. */
  writeOffsets(checkpoint: OffsetCheckpoint, offsets: readonly PartitionOffset[], durable = true): void {
    const text = checkpointText(offsets.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
    const written = this.#written.get(checkpoint);
    if (written?.text === text && (written.isDurable || !durable)) return;
    this.#fileSystem.writeFileAtomicSync(`${this.path}/${checkpoint}`, text, durable);
    this.#written.set(checkpoint, { text, isDurable: durable });
  }

  /**
   * Whether the directory was closed cleanly, and by a broker of which epoch (-1: not known). The mark is removed, so
   * that it counts once.
   */
  takeCleanShutdown(): { readonly wasClean: boolean; readonly brokerEpoch: number } {
    const state = this.readCleanShutdown();
    if (state.wasClean) this.#fileSystem.unlinkSync(`${this.path}/${CLEAN_SHUTDOWN}`);
    return state;
  }

  /** Whether the last stop was clean, and the broker epoch of then. Throws what the file system throws. */
  readCleanShutdown(): { readonly wasClean: boolean; readonly brokerEpoch: number } {
    const path = `${this.path}/${CLEAN_SHUTDOWN}`;
    if (!this.#fileSystem.existsSync(path)) return { wasClean: false, brokerEpoch: -1 };
    const text = this.#fileSystem.readFileSync(path).toString('utf8');
    const epoch = /"brokerEpoch"\s*:\s*(-?\d+)/.exec(text)?.[1];
    return { wasClean: true, brokerEpoch: epoch === undefined ? -1 : Number(epoch) };
  }

  /** Whether the directory still takes writes. Throws what the file system throws. */
  probe(): void {
    const path = `${this.path}/${PROBE}`;
    this.#fileSystem.writeFileAtomicSync(path, 'is this disk alive?');
    this.#fileSystem.unlinkSync(path);
  }

  markCleanShutdown(brokerEpoch: number): void {
    const content = JSON.stringify({ version: 0, brokerEpoch });
    this.#fileSystem.writeFileAtomicSync(`${this.path}/${CLEAN_SHUTDOWN}`, content);
  }
}
