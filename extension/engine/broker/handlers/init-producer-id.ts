import { ErrorCode } from '../../../protocol/errors.ts';
import { initProducerIdRequest } from '../../../protocol/generated/init-producer-id-request.ts';
import { initProducerIdResponse } from '../../../protocol/generated/init-producer-id-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { defineHandler } from '../../server/api-handler.ts';
import type { ProducerIdManager } from '../producer-id-manager.ts';

/** Version 6 (KIP-939) is unstable in Kafka 4.3 and not offered. */
const HIGHEST_VERSION = 5;

/**
 * InitProducerId, versions 0–5, for idempotent producers: each gets a new id with epoch 0. Transactional ids have no
 * coordinator here and are refused.
 */
export function initProducerIdHandler(ids: ProducerIdManager) {
  return defineHandler(initProducerIdRequest, initProducerIdResponse, {
    highestVersion: HIGHEST_VERSION,
    async handle(request) {
      if (request.transactionalId !== null) throw new ApiError(ErrorCode.INVALID_REQUEST);
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId: await ids.generate(), producerEpoch: 0 };
    },
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 }),
  });
}
