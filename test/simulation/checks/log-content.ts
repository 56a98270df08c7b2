import * as batch from '../../../extension/records/record-batch.ts';
import { BATCH_HEADER_SIZE, LOG_OVERHEAD } from '../../../extension/records/record-batch-layout.ts';
import { RecordReader } from '../../../extension/records/record-reader.ts';
import type { SimDisk } from '../world/sim-disk.ts';

/** A batch as it lies in a file. */
export interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly crc: number;
  readonly isControl: boolean;
  readonly bytes: Buffer;
}

/** One partition on one disk. */
export interface StoredLog {
  /** Folder below the log directory. */
  readonly name: string;
  /** Empty for the metadata log. */
  readonly topicId: string;
  readonly batches: readonly StoredBatch[];
}

/** The batches of a file or of an answer, up to the first that is cut short or damaged. */
export function* batchesOf(bytes: Buffer): Generator<StoredBatch> {
  let at = 0;
  while (at + BATCH_HEADER_SIZE <= bytes.length) {
    const size = batch.batchLength(bytes, at) + LOG_OVERHEAD;
    if (size < BATCH_HEADER_SIZE || at + size > bytes.length || !batch.hasValidCrc(bytes, at)) return;
    yield {
      baseOffset: batch.baseOffset(bytes, at),
      lastOffset: batch.lastOffset(bytes, at),
      epoch: batch.partitionLeaderEpoch(bytes, at),
      crc: batch.storedCrc(bytes, at),
      isControl: batch.isControl(bytes, at),
      bytes: bytes.subarray(at, at + size),
    };
    at += size;
  }
}

/** Records with their values as text. */
export function* valuesOf(bytes: Buffer): Generator<{ offset: number; value: string }> {
  for (const stored of batchesOf(bytes)) {
    const reader = new RecordReader(stored.bytes, 0);
    while (reader.next()) yield { offset: reader.offset, value: reader.value()?.toString() ?? '' };
  }
}

/** All partitions in a log directory, those that are on their way out left aside. */
export function* storedLogs(disk: SimDisk, logDir: string): Generator<StoredLog> {
  for (const name of disk.names(logDir)) {
    if (!/-\d+$/.test(name) || name.endsWith('-delete')) continue;
    const directory = `${logDir}/${name}`;
    const metadata = disk.contentOf(`${directory}/partition.metadata`)?.toString() ?? '';
    const topicId = /topic_id: (\S+)/.exec(metadata)?.[1] ?? '';
    const files = disk.names(directory).filter((file) => file.endsWith('.log'));
    const batches = files.sort().flatMap((file) => [...batchesOf(disk.contentOf(`${directory}/${file}`)!)]);
    yield { name, topicId, batches };
  }
}
