import { ErrorCode } from '../../../protocol/errors.ts';
import {
  type AlterReplicaLogDirsRequest,
  alterReplicaLogDirsRequest,
} from '../../../protocol/generated/alter-replica-log-dirs-request.ts';
import {
  alterReplicaLogDirsResponse,
  type AlterReplicaLogDirsResponseInput,
} from '../../../protocol/generated/alter-replica-log-dirs-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { ReplicaAlterLogDirsManager } from '../replica-alter-log-dirs-manager.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/** AlterReplicaLogDirs, versions 1–2 (KIP-113): moves replicas of this broker between its log directories. */
export function alterReplicaLogDirsHandler(replicas: ReplicaManager, directories: ReplicaAlterLogDirsManager) {
  const alter = (topic: string, partition: number, path: string): number => {
    try {
      directories.alter(topic, partition, path, () => replicas.find(topic, partition));
      return ErrorCode.NONE;
    } catch (error) {
      if (error instanceof ApiError) return error.code;
      throw error;
    }
  };
  return defineHandler(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, {
    handle: (request) => answer(request, alter),
    failed: (errorCode, request) => answer(request, () => errorCode),
  });
}

/** A partition that is named twice goes where it was named last. */
function answer(
  request: AlterReplicaLogDirsRequest,
  alter: (topic: string, partition: number, path: string) => number,
): AlterReplicaLogDirsResponseInput {
  const wanted = new Map<string, Map<number, string>>();
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics) {
      if (partitions.length === 0) continue;
      let paths = wanted.get(name);
      if (paths === undefined) wanted.set(name, (paths = new Map<number, string>()));
      for (const partition of partitions) paths.set(partition, path);
    }
  }
  return {
    throttleTimeMs: 0,
    results: [...wanted].map(([topicName, paths]) => ({
      topicName,
      partitions: [...paths].map(([partitionIndex, path]) => ({
        partitionIndex,
        errorCode: alter(topicName, partitionIndex, path),
      })),
    })),
  };
}
