import { addRaftVoterRequest } from '../../protocol/generated/add-raft-voter-request.ts';
import { addRaftVoterResponse } from '../../protocol/generated/add-raft-voter-response.ts';
import { removeRaftVoterRequest } from '../../protocol/generated/remove-raft-voter-request.ts';
import { removeRaftVoterResponse } from '../../protocol/generated/remove-raft-voter-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { throwOnError } from '../kafka-error.ts';

/** A controller on one disk: with another directory it is another voter. */
export interface VoterKey {
  readonly nodeId: number;
  /** 22 characters of URL-safe base64. */
  readonly directoryId: string;
}

export interface VoterEndpoint {
  /** Of the listener. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const TIMEOUT_MS = 60_000;

/** Gives a controller that follows a vote (KIP-853). Rejects with DUPLICATE_VOTER when it has one. */
export async function addVoter(
  client: ClusterClient,
  { nodeId, directoryId }: VoterKey,
  endpoints: readonly VoterEndpoint[],
): Promise<void> {
  const body = {
    clusterId: null,
    timeoutMs: TIMEOUT_MS,
    voterId: nodeId,
    voterDirectoryId: directoryId,
    listeners: endpoints.map(({ name, host, port }) => ({ name, host, port })),
  };
  const response = await client.toController(addRaftVoterRequest, addRaftVoterResponse, body, errorsOf);
  throwOnError(response.errorCode, `controller ${nodeId}`, response.errorMessage);
}

/** Takes a vote back. Rejects with VOTER_NOT_FOUND when there is none. */
export async function removeVoter(client: ClusterClient, { nodeId, directoryId }: VoterKey): Promise<void> {
  const body = { clusterId: null, voterId: nodeId, voterDirectoryId: directoryId };
  const response = await client.toController(removeRaftVoterRequest, removeRaftVoterResponse, body, errorsOf);
  throwOnError(response.errorCode, `controller ${nodeId}`, response.errorMessage);
}

function errorsOf({ errorCode }: { readonly errorCode: number }): number[] {
  return errorCode === 0 ? [] : [errorCode];
}
