import { cleanableRange, dirtyRatio, isWorthCleaning } from './cleanable-log.ts';
import type { CleanableRange } from './cleanable-log.ts';
import { Cleaner, CleaningInterrupted } from './cleaner.ts';
import type { CleaningResult } from './cleaner.ts';
import { OffsetCheckpoint } from './log-directory.ts';
import type { LogDirectory } from './log-directory.ts';
import type { LogEnvironment } from './log-environment.ts';
import { isOutOfSpace, storageError } from './log-errors.ts';
import type { PlacedLog } from './placed-logs.ts';
import type { UnifiedLog } from './unified-log.ts';

/** `log.cleaner.dedupe.buffer.size`. */
const DEFAULT_MAP_BYTES = 128 * 1024 * 1024;

export interface LogCleanerOptions {
  readonly environment: LogEnvironment;
  /** Every log there is, at the time of the call. */
  readonly logs: () => Iterable<PlacedLog>;
  readonly directories: readonly LogDirectory[];
  /** Memory for keys, for one log at a time. */
  readonly mapBytes?: number;
  /** A log can't be compacted and is left alone from now on. */
  readonly onUncleanable?: (log: UnifiedLog, reason: string) => void;
}

/**
 * Compacts the logs whose `cleanup.policy` says so, the dirtiest first, one at a time. A log at which it fails is
 * reported and left alone until the next start; the others go on.
 */
export class LogCleaner {
  readonly #options: LogCleanerOptions;
  readonly #cleaner: Cleaner;
  /** Where the last round of each log ended. */
  readonly #endOffsets = new Map<string, number>();
  /** Why logs are left alone. */
  readonly #uncleanable = new Map<string, string>();
  /** Logs that must not be compacted for now. */
  readonly #paused = new Set<string>();
  /** The round under way. */
  #round: { readonly name: string; readonly done: Promise<void> } | undefined;
  /** Logs for which there was no room on the disk in this run. */
  readonly #postponed = new Set<string>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LogCleanerOptions) {
    this.#options = options;
    this.#cleaner = new Cleaner(options.environment, options.mapBytes ?? DEFAULT_MAP_BYTES);
    for (const directory of options.directories) {
      if (directory.failure !== undefined) continue;
      for (const [name, offset] of directory.readOffsets(OffsetCheckpoint.cleaner)) this.#endOffsets.set(name, offset);
    }
  }

  /** By `topic-partition`: logs that can't be compacted, and why. */
  get uncleanable(): ReadonlyMap<string, string> {
    return this.#uncleanable;
  }

  /** Where the last round of a log ended; undefined before the first. */
  cleanedUpTo(name: string): number | undefined {
    return this.#endOffsets.get(name);
  }

  /** The log is gone: what comes under its name starts anew. */
  forget(name: string): void {
    this.#endOffsets.delete(name);
    this.#uncleanable.delete(name);
    this.#paused.delete(name);
  }

  /** No round of this log begins; resolves when one that is under way is over. Never rejects. */
  async pause(name: string): Promise<void> {
    this.#paused.add(name);
    if (this.#round?.name === name) await this.#round.done;
  }

  resume(name: string): void {
    this.#paused.delete(name);
  }

  /** The log lies in another directory now, whose checkpoint has to say how far it is compacted. Never throws. */
  placeChanged(name: string): void {
    if (!this.#endOffsets.has(name)) return;
    for (const directory of this.#options.directories) {
      if (directory.failure !== undefined) continue;
      try {
        this.#writeCheckpoint(directory);
      } catch (error) {
        this.#options.environment.logger.error(`Could not write the cleaner's checkpoint in ${directory.path}`, error);
      }
    }
  }

  /** Compacts until no log is worth it. Calls while it runs join it. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** No further round begins. Resolves when the one under way has ended, which closing its log hastens. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#postponed.clear();
    for (let found = this.#filthiest(); found !== undefined && !this.#stopped; found = this.#filthiest()) {
      const done = this.#clean(found.placed, found.range);
      this.#round = { name: found.placed.log.name, done };
      await done;
      this.#round = undefined;
    }
  }

  #filthiest(): { placed: PlacedLog; range: CleanableRange } | undefined {
    const nowMs = this.#options.environment.clock.nowMs();
    let filthiest: { placed: PlacedLog; range: CleanableRange } | undefined;
    for (const placed of this.#options.logs()) {
      const { log } = placed;
      if (!log.config.isCompacted || !log.isInService) continue;
      if (this.#uncleanable.has(log.name) || this.#paused.has(log.name) || this.#postponed.has(log.name)) continue;
      try {
        const range = cleanableRange(log, this.#checkpointOf(log), nowMs);
        if (!isWorthCleaning(range, log.config)) continue;
        if (filthiest === undefined || dirtyRatio(range) > dirtyRatio(filthiest.range)) filthiest = { placed, range };
      } catch (error) {
        this.#leaveAlone(log, error);
      }
    }
    return filthiest;
  }

  #checkpointOf(log: UnifiedLog): number | undefined {
    const known = this.#endOffsets.get(log.name);
    const truncatedTo = log.takeTruncation();
    if (known === undefined || truncatedTo >= known) return known;
    this.#endOffsets.set(log.name, truncatedTo);
    return truncatedTo;
  }

  async #clean({ log, directory }: PlacedLog, range: CleanableRange): Promise<void> {
    const { logger } = this.#options.environment;
    try {
      const result = await this.#cleaner.clean(log, range);
      this.#endOffsets.set(log.name, result.endOffset);
      this.#writeCheckpoint(directory);
      logger.info(describe(log, range, result));
    } catch (error) {
      if (error instanceof CleaningInterrupted) {
        if (log.isInService) logger.debug(error.message);
      } else if (isOutOfSpace(error)) this.#postpone(log, error);
      else this.#leaveAlone(log, error);
    }
  }

  /** Somebody may make room. */
  #postpone(log: UnifiedLog, error: unknown): void {
    this.#postponed.add(log.name);
    const failure = storageError(`there is no space left to compact ${log.name}; it is tried again later`, error);
    this.#options.environment.limitedLogger.error(failure.message);
  }

  #leaveAlone(log: UnifiedLog, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#uncleanable.set(log.name, reason);
    this.#options.environment.logger.error(
      `${log.name} cannot be compacted and is left alone until the next start: ${reason}`,
      error,
    );
    this.#options.onUncleanable?.(log, reason);
  }

  #writeCheckpoint(directory: LogDirectory): void {
    const offsets = [...this.#options.logs()]
      .filter((placed) => placed.directory === directory)
      .flatMap(({ log: { topic, partition, name } }) => {
        const offset = this.#endOffsets.get(name);
        return offset === undefined ? [] : [{ topic, partition, offset }];
      });
    directory.writeOffsets(OffsetCheckpoint.cleaner, offsets);
  }
}

function describe(log: UnifiedLog, range: CleanableRange, result: CleaningResult): string {
  const { readBytes, writtenBytes, endOffset, tookMs } = result;
  return (
    `${log.name}: compacted offsets ${range.firstDirtyOffset} to ${endOffset}, ` +
    `${readBytes} bytes to ${writtenBytes} in ${Math.round(tookMs)} ms`
  );
}
