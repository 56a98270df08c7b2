import { voteRequest } from '../../../protocol/generated/vote-request.ts';
import { voteResponse } from '../../../protocol/generated/vote-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** Vote, versions 0–2 (KIP-595). 1: directory ids (KIP-853). 2: pre-vote (KIP-996). */
export function voteHandler(raft: RaftDriver) {
  return defineHandler(voteRequest, voteResponse, {
    handle: (request) => raft.handleVote(request),
    failed: (errorCode) => ({ errorCode, topics: [] }),
  });
}
