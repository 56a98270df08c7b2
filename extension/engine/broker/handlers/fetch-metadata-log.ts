import { fetchRequest } from '../../../protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../../protocol/generated/fetch-response.ts';
import type { RaftDriver } from '../../raft/driver/raft-driver.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** Fetch on the controller listener, versions 4–18: the metadata log and nothing else (KIP-595). */
export function fetchMetadataLogHandler(raft: RaftDriver) {
  return defineHandler(fetchRequest, fetchResponse, {
    handle: (request, { apiVersion }) => raft.handleFetch(request, apiVersion),
    failed: (errorCode) => ({ throttleTimeMs: 0, errorCode, responses: [] }),
  });
}
