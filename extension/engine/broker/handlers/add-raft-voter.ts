import { addRaftVoterRequest } from '../../../protocol/generated/add-raft-voter-request.ts';
import { addRaftVoterResponse } from '../../../protocol/generated/add-raft-voter-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** AddRaftVoter, versions 0–1 (KIP-853). 1: the answer need not wait for the commit. A broker passes it on to the leader of the quorum. */
export function addRaftVoterHandler(raft: RaftDriver, passesOn: boolean) {
  return defineHandler(addRaftVoterRequest, addRaftVoterResponse, {
    handle: (request) =>
      passesOn && !raft.isLeader
        ? raft.askLeader(addRaftVoterRequest, addRaftVoterResponse, request)
        : raft.handleAddRaftVoter(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null }),
  });
}
