import type { FileSystem } from '../common/file-system.ts';
import type { LogSegment } from './log-segment.ts';
import type { SegmentInfo } from './partition-log.ts';

/** The files of a segment with their sizes on disk. */
export function describeSegment(fileSystem: FileSystem, segment: LogSegment, isActive: boolean): SegmentInfo {
  const paths = [
    segment.log.path,
    segment.offsetIndex.file.path,
    segment.timeIndex.file.path,
    segment.transactionIndex.file.path,
    segment.log.path.replace(/\.log$/, '.snapshot'),
  ];
  const files = paths
    .filter((path) => fileSystem.existsSync(path))
    .map((path) => ({ name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: fileSystem.statSync(path).sizeBytes }));
  const largestTimestampMs = segment.maxTimestamp.timestampMs;
  return { baseOffset: segment.baseOffset, sizeBytes: segment.writtenBytes, largestTimestampMs, isActive, files };
}
