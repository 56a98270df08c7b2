import { CheckpointFormatError, checkpointNumber, readCheckpoint, writeCheckpoint } from '../common/checkpoint-file.ts';
import type { FileSystem } from '../common/file-system.ts';
import { LEADER_EPOCH_CHECKPOINT } from './log-file-names.ts';
import type { EpochEndOffset } from './partition-log.ts';

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

const UNKNOWN: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 };

/**
 * Which leader epoch began at which offset, `leader-epoch-checkpoint`: epochs and offsets both grow. Followers find with
 * it where their log parts from the leader's. Not flushed: recovery learns the epochs from the batches again.
 */
export class LeaderEpochFileCache {
  readonly #fileSystem: FileSystem;
  #directory: string;
  /** Never changed in place, so that it can be kept and put back. */
  #entries: readonly EpochEntry[] = [];
  /** The file lacks what was noted since. */
  #isUnsaved = false;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** Reads the checkpoint; false when it is damaged and the epochs must be learnt from the log. */
  load(): boolean {
    const path = this.#path;
    try {
      this.#entries = readCheckpoint(this.#fileSystem, path, 2).map(([epoch, startOffset]) => ({
        epoch: checkpointNumber(path, epoch!),
        startOffset: checkpointNumber(path, startOffset!),
      }));
    } catch (error) {
      if (!(error instanceof CheckpointFormatError)) throw error;
      this.#entries = [];
      return false;
    }
    const isSorted = this.#entries.every((entry, index) => {
      const previous = this.#entries[index - 1];
      return previous === undefined || (entry.epoch > previous.epoch && entry.startOffset > previous.startOffset);
    });
    if (!isSorted) this.#entries = [];
    return isSorted;
  }

  get #path(): string {
    return `${this.#directory}/${LEADER_EPOCH_CHECKPOINT}`;
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  get latestEpoch(): number | undefined {
    return this.#entries.at(-1)?.epoch;
  }

  /**
   * `epoch` begins at `startOffset`; false when that was known. What contradicts it is dropped. Kept in memory until
   * {@link saveNoted}, which is due before the first record of the epoch is written: of an epoch without records a file
   * need say nothing, and the next load would drop it.
   */
  note(epoch: number, startOffset: number): boolean {
    const last = this.#entries.at(-1);
    if (last !== undefined && epoch === last.epoch && startOffset >= last.startOffset) return false;
    const kept = this.#entries.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset);
    this.#entries = [...kept, { epoch, startOffset }];
    this.#isUnsaved = true;
    return true;
  }

  /** Writes the file where it lacks something. */
  saveNoted(): void {
    if (this.#isUnsaved) this.save();
  }

  /**
   * Puts entries back that were taken before. Not saved: what the file has more lies past the log end, where the next
   * load drops it.
   */
  restore(entries: readonly EpochEntry[]): void {
    this.#entries = entries;
    this.#isUnsaved = true;
  }

  save(): void {
    const fields = this.#entries.map(({ epoch, startOffset }) => [epoch, startOffset]);
    writeCheckpoint(this.#fileSystem, this.#path, fields, false);
    this.#isUnsaved = false;
  }

  /**
   * Where `leaderEpoch` ends: the start of the next larger epoch, or the log end for the latest. For an epoch before all
   * known ones, where the first known one starts.
   */
  endOffsetFor(leaderEpoch: number, logEndOffset: number): EpochEndOffset {
    if (leaderEpoch < 0) return UNKNOWN;
    if (leaderEpoch === this.latestEpoch) return { leaderEpoch, endOffset: logEndOffset };
    const higher = this.#entries.findIndex((entry) => entry.epoch > leaderEpoch);
    if (higher < 0) return UNKNOWN;
    const endOffset = this.#entries[higher]!.startOffset;
    return { leaderEpoch: this.#entries[higher - 1]?.epoch ?? leaderEpoch, endOffset };
  }

  /** The epoch that `offset` belongs to. */
  epochOf(offset: number): number | undefined {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch;
  }

  /** The log ends at `endOffset` now. */
  truncateFromEnd(endOffset: number): void {
    if ((this.#entries.at(-1)?.startOffset ?? -1) < endOffset) return;
    this.#entries = this.#entries.filter((entry) => entry.startOffset < endOffset);
    this.save();
  }

  /** The log starts at `startOffset` now: the epoch there starts with it. */
  truncateFromStart(startOffset: number): void {
    const epoch = this.epochOf(startOffset);
    if (epoch === undefined || this.#entries[0]!.startOffset === startOffset) return;
    const later = this.#entries.filter((entry) => entry.startOffset > startOffset);
    this.#entries = [{ epoch, startOffset }, ...later];
    this.save();
  }

  clear(): void {
    if (this.#entries.length === 0) return;
    this.#entries = [];
    this.save();
  }

  moved(directory: string): void {
    this.#directory = directory;
  }
}
