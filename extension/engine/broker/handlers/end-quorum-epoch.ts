import { endQuorumEpochRequest } from '../../../protocol/generated/end-quorum-epoch-request.ts';
import { endQuorumEpochResponse } from '../../../protocol/generated/end-quorum-epoch-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** EndQuorumEpoch, versions 0–1 (KIP-595). 1: candidates with directory ids (KIP-853). */
export function endQuorumEpochHandler(raft: RaftDriver) {
  return defineHandler(endQuorumEpochRequest, endQuorumEpochResponse, {
    handle: (request, { apiVersion }) => raft.handleEndQuorumEpoch(request, apiVersion),
    failed: (errorCode) => ({ errorCode, topics: [] }),
  });
}
