import { ErrorCode } from '../../../protocol/errors.ts';
import { findCoordinatorRequest } from '../../../protocol/generated/find-coordinator-request.ts';
import {
  type CoordinatorInput,
  findCoordinatorResponse,
} from '../../../protocol/generated/find-coordinator-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { NO_LEADER } from '../../metadata/partition-registration.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { AutoTopicCreation } from '../auto-topic-creation.ts';
import { nodeEndpoints } from '../current-leader.ts';
import { CONSUMER_OFFSETS } from '../internal-topics.ts';
import type { MetadataSource } from './metadata.ts';

const KeyType = { GROUP: 0, TRANSACTION: 1, SHARE: 2 } as const;

/**
 * FindCoordinator, versions 0–6. 1: key types. 4: many keys at once (KIP-699). 5, 6: for KIP-890 and share groups. The topic
 * that a coordinator keeps its state in is made when it is first looked for; until then COORDINATOR_NOT_AVAILABLE.
 */
export function findCoordinatorHandler(
  source: MetadataSource,
  partitionFor: (groupId: string) => number,
  creation: AutoTopicCreation,
) {
  function find(keyType: number, key: string, listenerName: string): CoordinatorInput {
    if (keyType !== KeyType.GROUP) {
      throw new ApiError(
        ErrorCode.INVALID_REQUEST,
        keyType === KeyType.TRANSACTION || keyType === KeyType.SHARE
          ? `this broker coordinates consumer groups only, neither transactions nor share groups`
          : `coordinator key type ${keyType} is unknown`,
      );
    }
    const image = source.image();
    const topic = image.topics.get(CONSUMER_OFFSETS);
    if (topic === undefined) {
      creation.create(CONSUMER_OFFSETS);
      throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE, '');
    }
    const leader = topic.partitions[partitionFor(key)]?.leader ?? NO_LEADER;
    const [endpoint] = leader === NO_LEADER ? [] : nodeEndpoints(image, [leader], listenerName);
    if (endpoint === undefined) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE, '');
    const { nodeId, host, port } = endpoint;
    return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
  }

  function answer(keyType: number, key: string, listenerName: string): CoordinatorInput {
    try {
      return find(keyType, key, listenerName);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { key, nodeId: -1, host: '', port: -1, errorCode: error.code, errorMessage: error.message };
    }
  }

  return defineHandler(findCoordinatorRequest, findCoordinatorResponse, {
    handle(request, { apiVersion, listenerName }) {
      if (apiVersion >= 4) {
        return { coordinators: request.coordinatorKeys.map((key) => answer(request.keyType, key, listenerName)) };
      }
      const { errorCode, errorMessage, nodeId, host, port } = answer(request.keyType, request.key, listenerName);
      const message = errorCode === ErrorCode.NONE ? 'NONE' : errorMessage;
      return { errorCode, errorMessage: apiVersion >= 1 ? message : undefined, nodeId, host, port };
    },
  });
}
