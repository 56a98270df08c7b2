import type { Logger } from '../common/logger.ts';
import { OffsetCheckpoint } from './log-directory.ts';
import type { LogDirectory, PartitionOffset } from './log-directory.ts';
import type { PlacedLog } from './placed-logs.ts';
import type { UnifiedLog } from './unified-log.ts';

/** Writes what the next start must know of logs into the roots of their directories. */
export class LogCheckpoints {
  readonly #directories: readonly LogDirectory[];
  readonly #logs: () => Iterable<PlacedLog>;
  readonly #logger: Logger;

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
    const offsets = new Map<LogDirectory, PartitionOffset[]>(this.#directories.map((directory) => [directory, []]));
    for (const { log, directory } of this.#logs()) {
      const offset = offsetOf(log);
      if (offset === undefined) continue;
      offsets.get(directory)?.push({ topic: log.topic, partition: log.partition, offset });
    }
    for (const [directory, list] of offsets) {
      if (directory.failure !== undefined) continue;
      try {
        directory.writeOffsets(checkpoint, list, durable);
      } catch (error) {
        this.#logger.error(`Could not write ${directory.path}/${checkpoint}`, error);
      }
    }
  }
}
