import { removeRaftVoterRequest } from '../../../protocol/generated/remove-raft-voter-request.ts';
import { removeRaftVoterResponse } from '../../../protocol/generated/remove-raft-voter-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** RemoveRaftVoter, version 0 (KIP-853). A broker passes it on to the leader of the quorum. */
export function removeRaftVoterHandler(raft: RaftDriver, passesOn: boolean) {
  return defineHandler(removeRaftVoterRequest, removeRaftVoterResponse, {
    handle: (request) =>
      passesOn && !raft.isLeader
        ? raft.askLeader(removeRaftVoterRequest, removeRaftVoterResponse, request)
        : raft.handleRemoveRaftVoter(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null }),
  });
}
