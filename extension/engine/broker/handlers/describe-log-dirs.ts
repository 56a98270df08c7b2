import { ErrorCode } from '../../../protocol/errors.ts';
import {
  type DescribeLogDirsRequest,
  describeLogDirsRequest,
} from '../../../protocol/generated/describe-log-dirs-request.ts';
import {
  describeLogDirsResponse,
  type DescribeLogDirsPartitionInput,
  type DescribeLogDirsResultInput,
} from '../../../protocol/generated/describe-log-dirs-response.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { LogDirectory } from '../../log/log-directory.ts';
import type { LogManager } from '../../log/log-manager.ts';
import type { UnifiedLog } from '../../log/unified-log.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** DescribeLogDirs, versions 1–5 (KIP-113). 4: bytes of the volume (KIP-827). 5: cordoned directories (KIP-1066). */
export function describeLogDirsHandler(logs: LogManager, files: FileSystem, isCordoned: (path: string) => boolean) {
  return defineHandler(describeLogDirsRequest, describeLogDirsResponse, {
    handle(request, { apiVersion }) {
      const isWanted = request.topics === null ? () => true : wanted(request.topics);
      const byDirectory = describeLogs(logs, isWanted);
      const describe = (directory: LogDirectory): DescribeLogDirsResultInput => {
        const topics = [...(byDirectory.get(directory) ?? [])].map(([name, partitions]) => ({ name, partitions }));
        const failed = { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: directory.path, topics: [] };
        if (directory.failure !== undefined) return failed;
        try {
          const space = apiVersion >= 4 ? files.spaceSync(directory.path) : {};
          const cordoned = apiVersion >= 5 ? { isCordoned: isCordoned(directory.path) } : {};
          return { errorCode: ErrorCode.NONE, logDir: directory.path, topics, ...space, ...cordoned };
        } catch {
          return failed;
        }
      };
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results: logs.directories.map(describe) };
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, results: [] }),
  });
}

function wanted(topics: NonNullable<DescribeLogDirsRequest['topics']>): (log: UnifiedLog) => boolean {
  const partitions = new Map(topics.map((each) => [each.topic, new Set(each.partitions)]));
  return ({ topic, partition }) => partitions.get(topic)?.has(partition) === true;
}

type Described = Map<LogDirectory, Map<string, DescribeLogDirsPartitionInput[]>>;

/** By directory and topic. */
function describeLogs(logs: LogManager, isWanted: (log: UnifiedLog) => boolean): Described {
  const described: Described = new Map();
  const add = (log: UnifiedLog, directory: LogDirectory, offsetLag: number, isFutureKey: boolean): void => {
    const { topic, partition: partitionIndex, sizeBytes: partitionSize } = log;
    let topics = described.get(directory);
    if (topics === undefined) described.set(directory, (topics = new Map<string, DescribeLogDirsPartitionInput[]>()));
    const partition = { partitionIndex, partitionSize, offsetLag, isFutureKey };
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [partition]);
    else partitions.push(partition);
  };
  for (const { log, directory } of logs.placedLogs()) {
    // How far the replica is behind what is committed; the leader's never is.
    if (isWanted(log)) add(log, directory, Math.max(0, log.highWatermark - log.logEndOffset), false);
  }
  for (const { log, directory } of logs.moves.futures.values()) {
    if (!isWanted(log)) continue;
    const current = logs.get(log.topic, log.partition);
    add(log, directory, current === undefined ? -1 : current.logEndOffset - log.logEndOffset, true);
  }
  return described;
}
