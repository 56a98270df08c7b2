import type { PartitionLog } from '../../log/partition-log.ts';

/** The metadata log as the driver uses it. */
export interface MetadataLog extends PartitionLog {
  readonly segmentCount: number;
  /** Deletes whole segments below the log start, and nothing else. */
  deleteOldSegments(nowMs: number): number;
  close(): void;
  /** Nothing is written any more. */
  abandon(): void;
}
