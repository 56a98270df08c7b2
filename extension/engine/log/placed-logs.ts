import type { LogDirectory } from './log-directory.ts';
import type { UnifiedLog } from './unified-log.ts';

/** A log and the log directory it lies in. */
export interface PlacedLog {
  readonly log: UnifiedLog;
  readonly directory: LogDirectory;
}

/** Logs by `topic-partition`, counted by directory. */
export class PlacedLogs {
  readonly #byName = new Map<string, PlacedLog>();
  readonly #counts = new Map<LogDirectory, number>();

  get(name: string): PlacedLog | undefined {
    return this.#byName.get(name);
  }

  set(name: string, placed: PlacedLog): void {
    this.delete(name);
    this.#byName.set(name, placed);
    this.#count(placed.directory, 1);
  }

  delete(name: string): void {
    const placed = this.#byName.get(name);
    if (placed === undefined) return;
    this.#byName.delete(name);
    this.#count(placed.directory, -1);
  }

  entries(): IterableIterator<[string, PlacedLog]> {
    return this.#byName.entries();
  }

  values(): IterableIterator<PlacedLog> {
    return this.#byName.values();
  }

  countIn(directory: LogDirectory): number {
    return this.#counts.get(directory) ?? 0;
  }

  #count(directory: LogDirectory, change: number): void {
    this.#counts.set(directory, this.countIn(directory) + change);
  }
}
