import type { Logger } from '../common/logger.ts';
import { OffsetCheckpoint } from './log-directory.ts';
import type { LogDirectory, PartitionOffset } from './log-directory.ts';
import type { PlacedLog } from './placed-logs.ts';
import type { UnifiedLog } from './unified-log.ts';

/** What a checkpoint was last written with: logs in their order, and their offsets. */
interface WrittenOffsets {
  readonly logs: readonly PlacedLog[];
  readonly offsets: readonly number[];
  readonly isDurable: boolean;
}

/**
 * Writes what the next start must know of logs into the roots of their directories. Most of the time nothing has changed:
 * that is found out without making anything, since with thousands of logs the garbage would cost more than the work.
 */
export class LogCheckpoints {
  readonly #directories: readonly LogDirectory[];
  readonly #logs: () => Iterable<PlacedLog>;
  readonly #logger: Logger;
  readonly #written = new Map<OffsetCheckpoint, WrittenOffsets>();

  constructor(directories: readonly LogDirectory[], logs: () => Iterable<PlacedLog>, logger: Logger) {
    this.#directories = directories;
    this.#logs = logs;
    this.#logger = logger;
  }

  /** `replication-offset-checkpoint`; stale ones only cost a while until the leader has told again. */
  highWatermarks(durable: boolean): void {
    this.#write(OffsetCheckpoint.highWatermark, (log) => log.highWatermark, durable);
  }

  /** Recovery points, and the log starts that are not those of the first segment. */
  offsets(): void {
    this.#write(OffsetCheckpoint.recoveryPoint, (log) => log.recoveryPoint, true);
    this.#write(
      OffsetCheckpoint.logStartOffset,
      (log) => (log.logStartOffset > log.local.segments.first.baseOffset ? log.logStartOffset : undefined),
      true,
    );
  }

  #write(checkpoint: OffsetCheckpoint, offsetOf: (log: UnifiedLog) => number | undefined, durable: boolean): void {
    if (this.#isWritten(checkpoint, offsetOf, durable)) return;
    const logs: PlacedLog[] = [];
    const offsets: number[] = [];
    const byDirectory = new Map<LogDirectory, PartitionOffset[]>(this.#directories.map((each) => [each, []]));
    for (const placed of this.#logs()) {
      const { topic, partition } = placed.log;
      const offset = offsetOf(placed.log);
      if (offset === undefined) continue;
      logs.push(placed);
      offsets.push(offset);
      byDirectory.get(placed.directory)?.push({ topic, partition, offset });
    }
    this.#written.set(checkpoint, { logs, offsets, isDurable: durable });
    for (const [directory, list] of byDirectory) {
      if (directory.failure !== undefined) continue;
      try {
        directory.writeOffsets(checkpoint, list, durable);
      } catch (error) {
        this.#written.delete(checkpoint);
        this.#logger.error(`Could not write ${directory.path}/${checkpoint}`, error);
      }
    }
  }

  #isWritten(
    checkpoint: OffsetCheckpoint,
    offsetOf: (log: UnifiedLog) => number | undefined,
    durable: boolean,
  ): boolean {
    const written = this.#written.get(checkpoint);
    if (written === undefined || (durable && !written.isDurable)) return false;
    let count = 0;
    for (const placed of this.#logs()) {
      const offset = offsetOf(placed.log);
      if (offset === undefined) continue;
      if (written.logs[count] !== placed || written.offsets[count] !== offset) return false;
      count++;
    }
    return count === written.logs.length;
  }
}
