import type { LogConfig } from './log-config.ts';
import type { LogDirectory } from './log-directory.ts';
import type { FoundLog } from './log-discovery.ts';
import type { LogEnvironment } from './log-environment.ts';
import { fileName, LOG_SUFFIX, offsetOfFile } from './log-file-names.ts';
import { openLog } from './log-loader.ts';
import type { LogToRecover } from './log-recovery.ts';
import type { UnifiedLog } from './unified-log.ts';

/** What is known of logs before they are opened. */
export interface LogOpenerOptions {
  /** For logs that are found on disk, unless {@link topicConfig} knows better. */
  readonly config: LogConfig;
  /** The configs of a topic where they are known at load already; else the broker sets them with `updateConfig`. */
  readonly topicConfig?: (topic: string) => LogConfig | undefined;
  /**
   * Whether other brokers have copies of a partition: then what lies behind a hole that a loss of power made is fetched
   * again, hole included. The only copy keeps it.
   */
  readonly hasOtherReplicas?: (topic: string, partition: number) => boolean;
}

/** Opens the logs of a broker: those that are found, and new ones. */
export class LogOpener {
  readonly #environment: LogEnvironment;
  readonly #options: LogOpenerOptions;
  readonly #onLogFailed: (directory: LogDirectory) => void;

  /** `onLogFailed`: the disk took a log of that directory out of service. */
  constructor(environment: LogEnvironment, options: LogOpenerOptions, onLogFailed: (directory: LogDirectory) => void) {
    this.#environment = environment;
    this.#options = options;
    this.#onLogFailed = onLogFailed;
  }

  /** Recovers it where it was not closed cleanly, nor recovered since. Throws what the file system throws. */
  openFound(found: FoundLog, isRecovered: boolean): UnifiedLog {
    const { directory, hadCleanShutdown } = found.state;
    const onFailed = (): void => this.#onLogFailed(directory);
    return openLog(this.#environment, { ...this.describe(found), hadCleanShutdown, isRecovered, onFailed });
  }

  /** What must be known of a log to recover it. */
  describe({ topic, partition, name, path, state }: FoundLog): LogToRecover {
    const { recoveryPoints, logStartOffsets, highWatermarks } = state;
    const config = this.#options.topicConfig?.(topic);
    return {
      topic,
      partition,
      directory: path,
      config: config ?? this.#options.config,
      mayHaveGaps: (config?.isCompacted ?? true) || this.#options.hasOtherReplicas?.(topic, partition) !== true,
      recoveryPoint: recoveryPoints.get(name) ?? 0,
      logStartOffset: logStartOffsets.get(name) ?? 0,
      highWatermark: highWatermarks.get(name) ?? 0,
    };
  }

  /** How many bytes of a log lie behind its recovery point, by whole segments; 0 where it was closed cleanly. */
  bytesToRecover({ name, path, state }: FoundLog): number {
    if (state.hadCleanShutdown || state.directory.failure !== undefined) return 0;
    const { fileSystem } = this.#environment;
    const recoveryPoint = state.recoveryPoints.get(name) ?? 0;
    try {
      const baseOffsets = fileSystem
        .readdirSync(path)
        .flatMap((file) => (file.endsWith(LOG_SUFFIX) ? [offsetOfFile(file) ?? []].flat() : []))
        .sort((a, b) => a - b);
      const first = baseOffsets.findLast((baseOffset) => baseOffset <= recoveryPoint) ?? 0;
      return baseOffsets
        .filter((baseOffset) => baseOffset >= first)
        .reduce((sum, offset) => sum + fileSystem.statSync(`${path}/${fileName(offset, LOG_SUFFIX)}`).sizeBytes, 0);
    } catch {
      // Opening it finds the same, and says so.
      return 0;
    }
  }

  /** In a folder that is there and empty. Throws what the file system throws. */
  openNew(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    config: LogConfig,
    directory: LogDirectory,
    path: string,
  ): UnifiedLog {
    return openLog(this.#environment, {
      topic,
      partition,
      directory: path,
      config,
      hadCleanShutdown: true,
      onFailed: () => this.#onLogFailed(directory),
    });
  }
}
