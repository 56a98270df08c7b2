import * as batch from '../../records/record-batch.ts';
import { BatchScanner } from './batch-scanner.ts';
import { LeaderEpochFileCache } from './leader-epoch-file-cache.ts';
import { LocalLog } from './local-log.ts';
import type { LogConfig } from './log-config.ts';
import { cleanUpLogDirectory } from './log-directory-cleanup.ts';
import type { LogEnvironment } from './log-environment.ts';
import { fileName, LOG_SUFFIX, OFFSET_INDEX_SUFFIX, offsetOfFile, TRANSACTION_INDEX_SUFFIX } from './log-file-names.ts';
import { chooseJitterMs, LogSegment } from './log-segment.ts';
import { LogSegments } from './log-segments.ts';
import { PartitionMetadataFile } from './partition-metadata-file.ts';
import { ProducerStateManager } from './producer-state-manager.ts';
import { rebuildProducerState } from './producer-state-rebuild.ts';
import { replayBatch } from './producer-update.ts';
import { UnifiedLog } from './unified-log.ts';

export interface OpenLogOptions {
  readonly topic: string;
  readonly partition: number;
  /** The partition's folder; it exists, and may be empty. */
  readonly directory: string;
  readonly config: LogConfig;
  /** From the checkpoints of the log directory; 0 where they say nothing. */
  readonly recoveryPoint?: number;
  readonly logStartOffset?: number;
  readonly highWatermark?: number;
  /** The directory was closed cleanly: everything was flushed and nothing needs checking. */
  readonly hadCleanShutdown?: boolean;
  /** What an unclean stop left was recovered since, and needs no checking again; it is not flushed. */
  readonly isRecovered?: boolean;
  /**
   * False for a log that is not compacted: records that are missing between two segments after an unclean stop then mean
   * that the first one lost its end, and the later ones go too. True unless told, as in Kafka.
   */
  readonly mayHaveGaps?: boolean;
  /** Called when the disk takes the log out of service. */
  readonly onFailed?: () => void;
}

/** Opens the log in a folder, recovering it when it was not closed cleanly. Throws what the file system throws. */
export function openLog(environment: LogEnvironment, options: OpenLogOptions): UnifiedLog {
  return new LogLoader(environment, options).load();
}

/**
 * Only recovers the log in a folder: it opens with `isRecovered` then. What was not flushed still is not. Throws what the file
 * system throws.
 */
export function recoverLog(environment: LogEnvironment, options: OpenLogOptions): void {
  new LogLoader(environment, options).recover();
}

/**
 * Brings a partition's folder into a state that can be served. After an unclean stop every segment from the recovery
 * point on is read: batches checked, the log cut behind the last valid one, indexes and producer state made again.
 */
class LogLoader {
  readonly #environment: LogEnvironment;
  readonly #options: OpenLogOptions;
  readonly #segments = new LogSegments();
  readonly #epochs: LeaderEpochFileCache;
  readonly #producers: ProducerStateManager;

  constructor(environment: LogEnvironment, options: OpenLogOptions) {
    this.#environment = environment;
    this.#options = options;
    const { fileSystem, producerExpirationMs, logger } = environment;
    this.#epochs = new LeaderEpochFileCache(fileSystem, options.directory);
    this.#producers = new ProducerStateManager(fileSystem, options.directory, producerExpirationMs, logger);
  }

  recover(): void {
    try {
      this.#loadSegments();
    } finally {
      for (const segment of this.#segments.all) segment.closeFiles();
    }
  }

  load(): UnifiedLog {
    const { topic, partition, directory, config, highWatermark = 0 } = this.#options;
    this.#loadSegments();
    const endOffset = this.#endOffset();
    const first = this.#segments.count > 0 ? this.#segments.first.baseOffset : 0;
    const logStartOffset = Math.max(this.#options.logStartOffset ?? 0, first);
    const local = this.#openLocalLog(endOffset, logStartOffset);
    this.#epochs.truncateFromEnd(local.nextOffset);
    this.#epochs.truncateFromStart(logStartOffset);
    this.#producers.removeStraySnapshots(new Set(this.#segments.all.map((segment) => segment.baseOffset)));
    rebuildProducerState(this.#producers, local, logStartOffset, this.#environment.clock.nowMs());
    const metadataFile = new PartitionMetadataFile(this.#environment.fileSystem, directory);
    metadataFile.load();
    return new UnifiedLog(this.#environment, {
      topic,
      partition,
      directory,
      config,
      local,
      producers: this.#producers,
      epochs: this.#epochs,
      metadataFile,
      logStartOffset,
      highWatermark,
      onFailed: this.#options.onFailed,
    });
  }

  /** Of an unclean stop, they are recovered on the way. */
  #loadSegments(): void {
    const { recoveryPoint = 0, hadCleanShutdown = false, isRecovered = false } = this.#options;
    const names = this.#findSegments();
    this.#producers.loadSnapshotNames(names);
    const knowsEpochs = this.#epochs.load();
    if (!knowsEpochs) this.#learnEpochs();
    const unflushed = hadCleanShutdown || isRecovered ? [] : this.#segments.from(recoveryPoint);
    this.#recover(new Set(unflushed), new Set(names));
  }

  #findSegments(): string[] {
    const { fileSystem } = this.#environment;
    const { directory } = this.#options;
    const names = cleanUpLogDirectory(fileSystem, directory, (path, baseOffset) => this.#scanEnd(path, baseOffset));
    for (const name of names) {
      const baseOffset = offsetOfFile(name);
      if (baseOffset === undefined || name !== fileName(baseOffset, LOG_SUFFIX)) continue;
      const { sizeBytes } = fileSystem.statSync(`${directory}/${name}`);
      this.#segments.add(this.#open(baseOffset, sizeBytes));
    }
    return names;
  }

  #open(baseOffset: number, sizeBytes: number): LogSegment {
    const { handles, clock, random } = this.#environment;
    const { directory, config } = this.#options;
    const jitterMs = chooseJitterMs(config, random);
    return LogSegment.open(handles, directory, baseOffset, config, clock, sizeBytes, jitterMs);
  }

  /** The offset after the last record of a log file that is no segment yet. */
  #scanEnd(path: string, baseOffset: number): number {
    const file = this.#environment.handles.file(path);
    const headers = new BatchScanner(file, 0, file.sizeSync());
    let end = baseOffset;
    while (headers.next()) end = batch.lastOffset(headers.bytes, headers.at) + 1;
    file.close();
    return end;
  }

  /** The checkpoint is damaged: the batches themselves say when which epoch began. */
  #learnEpochs(): void {
    const { logger } = this.#environment;
    logger.warn(`The leader epochs of ${this.#options.directory} cannot be read and are taken from the log`);
    for (const segment of this.#segments.all) {
      const headers = segment.scan(0);
      while (headers.next()) this.#noteEpoch(headers.bytes, headers.at);
    }
    this.#epochs.save();
  }

  #noteEpoch(bytes: Buffer, at: number): void {
    const epoch = batch.partitionLeaderEpoch(bytes, at);
    if (epoch > (this.#epochs.latestEpoch ?? -1)) this.#epochs.note(epoch, batch.baseOffset(bytes, at));
  }

  /** Checks the unflushed segments, and those before whose indexes cannot tell what was aborted. */
  #recover(unflushed: ReadonlySet<LogSegment>, names: ReadonlySet<string>): void {
    const { logStartOffset = 0, directory } = this.#options;
    const { logger, clock } = this.#environment;
    const checked = this.#segments.all.filter((segment) => unflushed.has(segment) || isDamaged(segment, names));
    if (checked.length === 0) return;
    const startedMs = clock.monotonicMs();
    const knownEpochs = this.#epochs.entries;
    const start = Math.max(logStartOffset, this.#segments.first.baseOffset);
    let checkedBytes = 0;
    for (const [index, segment] of checked.entries()) {
      if (index === 0 || this.#segments.higher(checked[index - 1]!.baseOffset) !== segment) {
        this.#restoreProducersAt(segment, start);
      }
      this.#producers.updateMapEndOffset(segment.baseOffset);
      this.#producers.takeSnapshot();
      this.#cutOverlap(segment);
      const cutBytes = segment.recover((bytes, at) => {
        this.#noteEpoch(bytes, at);
        replayBatch(this.#producers, bytes, at, segment.transactionIndex);
      });
      checkedBytes += segment.sizeBytes;
      if (cutBytes > 0) {
        logger.warn(`Cut ${cutBytes} bytes off ${segment.log.path}: they are no valid record batches`);
      }
      if (!unflushed.has(segment) || (cutBytes === 0 && !this.#lostItsEnd(segment))) continue;
      this.#dropAfter(segment);
      break;
    }
    if (this.#epochs.entries !== knownEpochs) this.#epochs.save();
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    logger.debug(`Recovered ${directory}: ${checked.length} segments, ${checkedBytes} bytes in ${tookMs} ms`);
  }

  /** Producer state as of the start of `segment`, from the latest snapshot before it. */
  #restoreProducersAt(segment: LogSegment, logStartOffset: number): void {
    const earlier = new LogSegments();
    for (const candidate of this.#segments.all) if (candidate.baseOffset < segment.baseOffset) earlier.add(candidate);
    const nowMs = this.#environment.clock.nowMs();
    if (earlier.count === 0) return this.#producers.truncateAndReload(logStartOffset, segment.baseOffset, nowMs);
    const local = this.#localLog(earlier, segment.baseOffset);
    rebuildProducerState(this.#producers, local, logStartOffset, nowMs);
  }

  /** What the next segment starts with belongs to it; the same offsets at the end of this one are dropped. */
  #cutOverlap(segment: LogSegment): void {
    const next = this.#segments.higher(segment.baseOffset);
    if (next === undefined || segment.readNextOffset() <= next.baseOffset) return;
    this.#environment.logger.warn(`${segment.log.path} runs into the next segment and is cut at ${next.baseOffset}`);
    segment.truncateTo(next.baseOffset);
  }

  #lostItsEnd(segment: LogSegment): boolean {
    if (this.#options.mayHaveGaps ?? true) return false;
    const next = this.#segments.higher(segment.baseOffset);
    return next !== undefined && this.#producers.mapEndOffset < next.baseOffset;
  }

  #dropAfter(segment: LogSegment): void {
    for (const later of this.#segments.all) {
      if (later.baseOffset <= segment.baseOffset) continue;
      this.#environment.logger.warn(`Dropped ${later.log.path}: the end of the log before it is missing`);
      this.#segments.remove(later);
      later.deleteFiles();
    }
  }

  #endOffset(): number {
    if (this.#segments.count === 0) return 0;
    const { active } = this.#segments;
    return active.sizeBytes === 0 ? active.baseOffset : active.readNextOffset();
  }

  #openLocalLog(endOffset: number, logStartOffset: number): LocalLog {
    const { logger } = this.#environment;
    const { hadCleanShutdown = false, recoveryPoint = 0, directory } = this.#options;
    if (endOffset < logStartOffset) {
      if (this.#segments.count > 0) {
        logger.warn(`${directory} ends at ${endOffset}, before its start ${logStartOffset}: it is emptied`);
      }
      for (const segment of this.#segments.all) segment.deleteFiles();
      this.#segments.clear();
      this.#producers.truncateFullyAndStartAt(logStartOffset);
      this.#epochs.clear();
    }
    const end = Math.max(endOffset, logStartOffset);
    const flushed = hadCleanShutdown ? end : Math.min(recoveryPoint, end);
    const local = this.#localLog(this.#segments, end, flushed);
    if (this.#segments.count === 0) local.createFirstSegment(logStartOffset);
    return local;
  }

  #localLog(segments: LogSegments, nextOffset: number, recoveryPoint = nextOffset): LocalLog {
    const { directory, config } = this.#options;
    return new LocalLog(this.#environment, directory, config, segments, nextOffset, recoveryPoint);
  }
}

/**
 * Offset and time index are made again when they are used; aborted transactions must be known before. Where the offset
 * index is missing, that of aborted transactions may be too.
 */
function isDamaged(segment: LogSegment, names: ReadonlySet<string>): boolean {
  if (!names.has(fileName(segment.baseOffset, OFFSET_INDEX_SUFFIX))) return true;
  const hasAborted = names.has(fileName(segment.baseOffset, TRANSACTION_INDEX_SUFFIX));
  return hasAborted && !segment.transactionIndex.looksSane();
}
