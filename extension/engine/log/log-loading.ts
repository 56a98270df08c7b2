import type { Clock } from '../common/clock.ts';
import type { FoundLog } from './log-discovery.ts';
import type { LogRecoverer, LogToRecover, RecoveryRun, RecoverySettings } from './log-recovery.ts';

/** How long loading may go on without letting anything else run. */
const LOAD_SLICE_MS = 25;
/** People who wait for thousands of logs want to see that something happens. */
const PROGRESS_INTERVAL_MS = 1000;
/** Checking this much takes longer than opening a log a second time does. */
const LARGE_BYTES = 1024 * 1024;
/** Checking this much takes longer than starting threads does. */
const WORTH_THREADS_BYTES = 128 * 1024 * 1024;

export interface LogLoadingOptions {
  readonly clock: Clock;
  /** Opens a log, recovering it first where `isRecovered` is false and it was not closed cleanly. Must not throw. */
  readonly open: (found: FoundLog, isRecovered: boolean) => void;
  /** What must be checked of a log; 0 where it was closed cleanly. */
  readonly bytesToRecover: (found: FoundLog) => number;
  readonly describe: (found: FoundLog) => LogToRecover;
  /** Undefined: everything is done on this thread. */
  readonly recoverer: LogRecoverer | undefined;
  readonly recovery: RecoverySettings;
  readonly onProgress: ((loaded: number, total: number) => void) | undefined;
}

interface RecoveredLog {
  readonly found: FoundLog;
  readonly isRecovered: boolean;
}

/**
 * Opens the logs of a broker at its start, recovering those that were not closed cleanly. Where much has to be checked, other
 * threads check the large ones, several at once, while this one opens the rest; then it opens what they are through with.
 */
export class LogLoading {
  readonly #options: LogLoadingOptions;
  /** Those that others are through with. */
  readonly #recovered: RecoveredLog[] = [];
  #isStopped = false;
  #total = 0;
  #loaded = 0;
  #startMs = 0;
  #sliceStartMs = 0;
  #reportedMs = 0;
  #run: RecoveryRun | undefined;
  #wake: (() => void) | undefined;

  constructor(options: LogLoadingOptions) {
    this.#options = options;
  }

  /** Resolves when every log was opened, or after {@link stop}; says whether they all were. */
  async load(logs: readonly FoundLog[]): Promise<boolean> {
    const { clock, onProgress } = this.#options;
    this.#total = logs.length;
    this.#startMs = clock.monotonicMs();
    this.#sliceStartMs = this.#startMs;
    this.#reportedMs = this.#startMs;
    const others = await this.#handOver(logs);
    for (const found of logs) {
      if (this.#isStopped) return false;
      if (!others.has(found)) await this.#open(found, false);
    }
    for (let opened = 0; opened < others.size; opened++) {
      if (opened === this.#recovered.length) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#isStopped) return false;
      const { found, isRecovered } = this.#recovered[opened]!;
      await this.#open(found, isRecovered);
    }
    if (this.#reportedMs > this.#startMs) onProgress?.(this.#total, this.#total);
    return !this.#isStopped;
  }

  /** Opens no more logs, and has nobody else recover any. */
  stop(): void {
    this.#isStopped = true;
    this.#run?.stop();
    this.#wake?.();
  }

  /** Has others begin with the large logs, if they are worth it; answers which those are. */
  async #handOver(logs: readonly FoundLog[]): Promise<ReadonlySet<FoundLog>> {
    const { recoverer, recovery, bytesToRecover, describe } = this.#options;
    const none = new Set<FoundLog>();
    if (recoverer === undefined) return none;
    const large: { readonly found: FoundLog; readonly sizeBytes: number }[] = [];
    let total = 0;
    for (const found of logs) {
      const sizeBytes = bytesToRecover(found);
      if (sizeBytes >= LARGE_BYTES) {
        large.push({ found, sizeBytes });
        total += sizeBytes;
      }
      await this.#letOthersRun();
      if (this.#isStopped) return none;
    }
    if (total < WORTH_THREADS_BYTES) return none;
    // The largest first: at the end all threads are busy with small ones, not one of them with the largest.
    const ordered = large.sort((a, b) => b.sizeBytes - a.sizeBytes).map(({ found }) => found);
    recovery.logger.info(`Recovering ${large.length} logs, ${Math.round(total / 1024 ** 2)} MiB, beside the others`);
    this.#run = recoverer.start(ordered.map(describe), recovery, (index, isRecovered) => {
      this.#recovered.push({ found: ordered[index]!, isRecovered });
      this.#wake?.();
    });
    return new Set(ordered);
  }

  async #open(found: FoundLog, isRecovered: boolean): Promise<void> {
    this.#options.open(found, isRecovered);
    this.#loaded++;
    await this.#letOthersRun();
  }

  /** Nothing, unless this has gone on for a slice of time. */
  async #letOthersRun(): Promise<void> {
    const { clock, onProgress } = this.#options;
    if (clock.monotonicMs() - this.#sliceStartMs < LOAD_SLICE_MS) return;
    if (clock.monotonicMs() - this.#reportedMs >= PROGRESS_INTERVAL_MS) {
      this.#reportedMs = clock.monotonicMs();
      onProgress?.(this.#loaded, this.#total);
    }
    await new Promise<void>((resolve) => clock.defer(resolve));
    this.#sliceStartMs = clock.monotonicMs();
  }
}
