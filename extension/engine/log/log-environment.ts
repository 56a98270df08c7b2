import type { Clock } from '../common/clock.ts';
import type { FileSystem } from '../common/file-system.ts';
import { LentMemory } from '../common/lent-memory.ts';
import { LineLimiter } from '../common/line-limiter.ts';
import type { Logger } from '../common/logger.ts';
import type { Random } from '../common/random.ts';
import { FileHandleCache } from './file-handle-cache.ts';
import { ReadAheadSlots } from './read-ahead.ts';
import { ReadBuffers } from './read-buffers.ts';
import { RecentBatchesBudget } from './recent-batches.ts';
import { WriteQueue } from './write-queue.ts';

export interface LogEnvironmentOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Files that may be open at once, over all partitions. */
  readonly maxOpenFiles?: number;
  /** Recent batches in memory, over all partitions. */
  readonly recentBatchesBytes?: number;
  /** `producer.id.expiration.ms`. */
  readonly producerExpirationMs?: number;
  /** `transaction.partition.verification.enable`: false until there is a coordinator that can be asked. */
  readonly verifiesTransactions?: boolean;
}

/** Each holds what one fetch may ask of one partition: 1 MiB by default. */
const MAX_READ_AHEADS = 8;
const DEFAULT_MAX_OPEN_FILES = 1000;
const DEFAULT_RECENT_BATCHES_BYTES = 16 * 1024 * 1024;
const DEFAULT_PRODUCER_EXPIRATION_MS = 86_400_000;

/** What the logs of one broker share: the outside world, open files, memory for recent batches, the queue of writes. */
export class LogEnvironment {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For what every append may run into: a full disk. */
  readonly limitedLogger: Logger;
  readonly handles: FileHandleCache;
  /** Slices of records that are given back when they were sent let their memory be used again. */
  readonly lentMemory = new LentMemory();
  readonly recentBatches: RecentBatchesBudget;
  readonly readBuffers = new ReadBuffers(this.lentMemory);
  readonly readAheads: ReadAheadSlots;
  readonly writes: WriteQueue;
  readonly producerExpirationMs: number;
  readonly verifiesTransactions: boolean;

  constructor(options: LogEnvironmentOptions) {
    this.fileSystem = options.fileSystem;
    this.clock = options.clock;
    this.random = options.random;
    this.logger = options.logger;
    this.limitedLogger = new LineLimiter(options.logger, options.clock);
    this.handles = new FileHandleCache(options.fileSystem, options.maxOpenFiles ?? DEFAULT_MAX_OPEN_FILES);
    const recentBytes = options.recentBatchesBytes ?? DEFAULT_RECENT_BATCHES_BYTES;
    this.recentBatches = new RecentBatchesBudget(recentBytes, this.lentMemory);
    this.readAheads = new ReadAheadSlots(MAX_READ_AHEADS);
    this.writes = new WriteQueue(options.clock);
    this.producerExpirationMs = options.producerExpirationMs ?? DEFAULT_PRODUCER_EXPIRATION_MS;
    this.verifiesTransactions = options.verifiesTransactions ?? false;
  }

  /** Deletes files after a while (`file.delete.delay.ms`); readers that are under way finish before. */
  deleteLater(delayMs: number, what: string, deletion: () => void): void {
    this.clock.schedule(delayMs, () => {
      try {
        deletion();
      } catch (error) {
        this.logger.error(`Could not delete ${what}; the next start will.`, error);
      }
    });
  }
}
