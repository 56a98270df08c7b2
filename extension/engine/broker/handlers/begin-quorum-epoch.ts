import { beginQuorumEpochRequest } from '../../../protocol/generated/begin-quorum-epoch-request.ts';
import { beginQuorumEpochResponse } from '../../../protocol/generated/begin-quorum-epoch-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** BeginQuorumEpoch, versions 0–1 (KIP-595). 1: directory ids and the leader's endpoints (KIP-853). */
export function beginQuorumEpochHandler(raft: RaftDriver) {
  return defineHandler(beginQuorumEpochRequest, beginQuorumEpochResponse, {
    handle: (request, { apiVersion }) => raft.handleBeginQuorumEpoch(request, apiVersion),
    failed: (errorCode) => ({ errorCode, topics: [] }),
  });
}
