import { parseLogConfig } from '../log/log-config.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import { openLog } from '../log/log-loader.ts';
import type { UnifiedLog } from '../log/unified-log.ts';
import { METADATA_TOPIC } from '../raft/driver/format-directory.ts';

/** Batches of metadata may be as large as Kafka lets them be: a transaction's worth of records. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Opens the log of the quorum. Nothing but the quorum deletes from it: what a snapshot holds goes as whole segments, when
 * the quorum says so.
 */
export function openMetadataLog(environment: LogEnvironment, directory: string, segmentSizeBytes: number): UnifiedLog {
  const config = parseLogConfig({
    'segment.bytes': String(segmentSizeBytes),
    'max.message.bytes': String(MAX_BATCH_BYTES),
    'retention.ms': '-1',
    'retention.bytes': '-1',
  });
  return openLog(environment, { topic: METADATA_TOPIC, partition: 0, directory, config, mayHaveGaps: false });
}
