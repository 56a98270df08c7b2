import type { Logger } from '../common/logger.ts';
import { baseOffset, batchSize, isControl, lastOffset, producerId } from '../../records/record-batch.ts';
import { isTransactional } from '../../records/record-batch.ts';
import { checkBatchBounds } from '../../records/record-batch-validator.ts';
import { ControlRecordType, readControlRecords } from '../../records/control-record.ts';
import { RecordReader } from '../../records/record-reader.ts';
import type { CoordinatorLog } from './coordinator-log.ts';
import type { CoordinatorRecordSerde, CoordinatorShard } from './coordinator-shard.ts';

export interface LoadSummary {
  /** -1 where the log is empty. */
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly sizeBytes: number;
}

/**
 * Replays a whole partition into a shard. A record that can't be read is skipped and said in the log: the rest of the
 * groups are worth more than one of them.
 */
export async function loadPartition<R>(
  partition: number,
  log: CoordinatorLog,
  serde: CoordinatorRecordSerde<R>,
  shard: CoordinatorShard<R>,
  logger: Logger,
  isWanted: () => boolean,
): Promise<LoadSummary> {
  const summary = { lastOffset: -1, recordCount: 0, sizeBytes: 0 };
  for await (const chunk of log.read(partition)) {
    if (!isWanted()) break;
    for (let at = 0; at < chunk.length; at += batchSize(chunk, at)) {
      checkBatchBounds(chunk, at, chunk.length);
      try {
        summary.recordCount += replayBatch(chunk, at, serde, shard, logger);
      } catch (error) {
        logger.error(
          `Skipped the rest of the batch at offset ${baseOffset(chunk, at)} of coordinator partition ${partition}.`,
          error,
        );
      }
      summary.lastOffset = lastOffset(chunk, at);
    }
    summary.sizeBytes += chunk.length;
  }
  return summary;
}

function replayBatch<R>(
  chunk: Buffer,
  at: number,
  serde: CoordinatorRecordSerde<R>,
  shard: CoordinatorShard<R>,
  logger: Logger,
): number {
  if (isControl(chunk, at)) {
    for (const { type } of readControlRecords(chunk, at)) {
      const isCommit = type === ControlRecordType.commit;
      if (isCommit || type === ControlRecordType.abort)
        shard.replayEndTransactionMarker(producerId(chunk, at), isCommit);
    }
    return 0;
  }
  const producer = isTransactional(chunk, at) ? producerId(chunk, at) : -1;
  const reader = new RecordReader(chunk, at);
  let count = 0;
  while (reader.next()) {
    let record: R | undefined;
    try {
      record = serde.decode(reader.key(), reader.value());
    } catch (error) {
      logger.error(`Skipped the coordinator record at offset ${reader.offset}: it can't be read.`, error);
    }
    if (record === undefined) continue;
    shard.replay(reader.offset, producer, record);
    count++;
  }
  return count;
}
