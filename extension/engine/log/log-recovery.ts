import type { Logger } from '../common/logger.ts';
import type { OpenLogOptions } from './log-loader.ts';

/** A log that was not closed cleanly, for whoever recovers it. Plain data, which another thread can be given. */
export type LogToRecover = Omit<OpenLogOptions, 'hadCleanShutdown' | 'isRecovered' | 'onFailed'>;

/** Recovers many logs beside the thread that opens them. */
export interface LogRecoverer {
  /**
   * Starts at once. `onDone` is called for each log in any order, at the latest when nothing can recover it any more: false then,
   * and whoever opens it recovers it. Nothing of a log is touched after its call, nor is there a call after the end of `stop`.
   */
  start(
    logs: readonly LogToRecover[],
    settings: RecoverySettings,
    onDone: (index: number, isRecovered: boolean) => void,
  ): RecoveryRun;
}

export interface RecoverySettings {
  /** At most: there may be fewer processors. */
  readonly threads: number;
  /** `producer.id.expiration.ms`. */
  readonly producerExpirationMs: number;
  readonly logger: Logger;
}

export interface RecoveryRun {
  /** As if the process had died: logs that are begun may stay half recovered, and are recovered again by the next start. */
  stop(): void;
}
