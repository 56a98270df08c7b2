import { updateRaftVoterRequest } from '../../../protocol/generated/update-raft-voter-request.ts';
import { updateRaftVoterResponse } from '../../../protocol/generated/update-raft-voter-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** UpdateRaftVoter, version 0 (KIP-853): a voter tells where it is. */
export function updateRaftVoterHandler(raft: RaftDriver) {
  return defineHandler(updateRaftVoterRequest, updateRaftVoterResponse, {
    handle: (request) => raft.handleUpdateRaftVoter(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode }),
  });
}
