import { checkBatchBounds, checkCrc } from '../../../records/record-batch-validator.ts';
import * as batch from '../../../records/record-batch.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { Logger } from '../../common/logger.ts';
import type { PartitionLog } from '../../log/partition-log.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type { CommittedBatch } from '../raft-ports.ts';
import { quorumChange } from './control-records.ts';
import type { QuorumChange } from './control-records.ts';
import { checkMetadataLog } from './metadata-log-check.ts';
import { recordValues } from './snapshots.ts';

const READ_BYTES = 1024 * 1024;

/** Reads the metadata log, and takes nothing in it for granted. */
export class MetadataLogReader {
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;
  readonly #directory: string;

  constructor(fileSystem: FileSystem, logger: Logger, directory: string) {
    this.#fileSystem = fileSystem;
    this.#logger = logger;
    this.#directory = directory;
  }

  /** To be called before the log is opened. Throws RaftError CORRUPT_METADATA for more than what a crash leaves. */
  check(): void {
    const { tail, emptySegments } = checkMetadataLog(this.#fileSystem, this.#directory);
    for (const path of emptySegments) this.#fileSystem.unlinkSync(path);
    if (tail === undefined) return;
    this.#logger.warn(
      `The last write to the metadata log was cut short: ${tail.sizeBytes} bytes of ${tail.path} from byte ${tail.position} on go.`,
    );
    const file = this.#fileSystem.openSync(tail.path, 'readWrite');
    file.truncateSync(tail.position);
    file.close();
  }

  /** What the control batches in [`from`, `to`) change of the quorum, in order. */
  *quorumChanges(log: PartitionLog, from: number, to: number): Generator<QuorumChange, void> {
    for (const { bytes, at } of this.#batches(log, from, to)) {
      const change = quorumChange(bytes, at);
      if (change !== undefined) yield change;
    }
  }

  /** Batches of metadata records in [`from`, `to`), both at batch boundaries. Throws RaftError CORRUPT_METADATA. */
  *read(log: PartitionLog, from: number, to: number): Generator<CommittedBatch, void> {
    for (const { bytes, at } of this.#batches(log, from, to)) {
      if (batch.isControl(bytes, at)) continue;
      yield {
        baseOffset: batch.baseOffset(bytes, at),
        lastOffset: batch.lastOffset(bytes, at),
        epoch: batch.partitionLeaderEpoch(bytes, at),
        appendTimestampMs: batch.maxTimestamp(bytes, at),
        sizeBytes: batch.batchSize(bytes, at),
        records: recordValues(bytes, at),
      };
    }
  }

  *#batches(log: PartitionLog, from: number, to: number): Generator<{ bytes: Buffer; at: number }, void> {
    let next = Math.max(from, log.logStartOffset);
    while (next < to) {
      const { records } = log.read(next, READ_BYTES, { isolation: 'logEnd' });
      const bytes = records.length === 1 ? records[0]! : Buffer.concat(records);
      const before = next;
      for (let at = 0; at < bytes.length && next < to;) {
        const size = wholeBatchSize(bytes, at);
        if (size === undefined) break;
        this.#verify(bytes, at, next);
        if (batch.lastOffset(bytes, at) >= next) {
          yield { bytes, at };
          next = batch.lastOffset(bytes, at) + 1;
        }
        at += size;
      }
      if (next === before) throw this.#damaged(next, 'it can not be read');
    }
  }

  #verify(bytes: Buffer, at: number, next: number): void {
    try {
      checkBatchBounds(bytes, at, bytes.length);
      checkCrc(bytes, at);
    } catch (error) {
      throw this.#damaged(next, (error as Error).message, error);
    }
  }

  #damaged(offset: number, what: string, cause?: unknown): RaftError {
    return new RaftError(
      RaftErrorCode.CORRUPT_METADATA,
      `The metadata log in ${this.#directory} is damaged at offset ${offset}: ${what}. Restore the folder from a copy.`,
      { cause },
    );
  }
}

/** Bytes of the batch at `at`; undefined where the read cut it off. */
function wholeBatchSize(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < 12) return undefined;
  const size = batch.batchSize(bytes, at);
  return size > bytes.length - at ? undefined : size;
}
