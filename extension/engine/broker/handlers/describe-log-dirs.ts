import { ErrorCode } from '../../../protocol/errors.ts';
import {
  type DescribeLogDirsRequest,
  describeLogDirsRequest,
} from '../../../protocol/generated/describe-log-dirs-request.ts';
import {
  describeLogDirsResponse,
  type DescribeLogDirsPartitionInput,
} from '../../../protocol/generated/describe-log-dirs-response.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { Partition } from '../partition.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/** DescribeLogDirs, versions 1–5 (KIP-113). 4: bytes of the volume (KIP-827). 5: cordoned directories (KIP-1066). */
export function describeLogDirsHandler(logDirs: readonly string[], replicas: ReplicaManager, files: FileSystem) {
  return defineHandler(describeLogDirsRequest, describeLogDirsResponse, {
    handle(request, { apiVersion }) {
      const wanted = request.topics === null ? undefined : wantedPartitions(request.topics);
      const byDirectory = new Map<string, Map<string, DescribeLogDirsPartitionInput[]>>();
      for (const partition of replicas.partitions()) {
        if (wanted !== undefined && wanted.get(partition.topic)?.has(partition.partition) !== true) continue;
        const directory = logDirs.find((dir) => partition.log.directory.startsWith(dir)) ?? logDirs[0]!;
        const topics = getOrMake(byDirectory, directory, () => new Map<string, DescribeLogDirsPartitionInput[]>());
        getOrMake(topics, partition.topic, () => []).push(describe(partition));
      }
      return {
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        results: logDirs.map((logDir) => ({
          errorCode: ErrorCode.NONE,
          logDir,
          topics: [...(byDirectory.get(logDir) ?? [])].map(([name, partitions]) => ({ name, partitions })),
          ...(apiVersion >= 4 ? files.spaceSync(logDir) : {}),
        })),
      };
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, results: [] }),
  });
}

function wantedPartitions(topics: NonNullable<DescribeLogDirsRequest['topics']>): Map<string, Set<number>> {
  return new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
}

function describe(partition: Partition): DescribeLogDirsPartitionInput {
  const { log } = partition;
  return {
    partitionIndex: partition.partition,
    partitionSize: log.sizeBytes,
    // How far the copy is behind what is committed; the leader's never is.
    offsetLag: Math.max(0, log.highWatermark - log.logEndOffset),
    isFutureKey: false,
  };
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
