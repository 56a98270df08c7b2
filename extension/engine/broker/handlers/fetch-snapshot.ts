import { fetchSnapshotRequest } from '../../../protocol/generated/fetch-snapshot-request.ts';
import { fetchSnapshotResponse } from '../../../protocol/generated/fetch-snapshot-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** FetchSnapshot, versions 0–1 (KIP-630). 1: directory ids and the leader's endpoint (KIP-853). */
export function fetchSnapshotHandler(raft: RaftDriver) {
  return defineHandler(fetchSnapshotRequest, fetchSnapshotResponse, {
    handle: (request) => raft.handleFetchSnapshot(request),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, topics: [] }),
  });
}
