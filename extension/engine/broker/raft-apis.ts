import type { RaftDriver } from '../raft/driver/raft-driver.ts';
import type { AnyApiHandler } from '../server/api-handler.ts';
import { addRaftVoterHandler } from './handlers/add-raft-voter.ts';
import { beginQuorumEpochHandler } from './handlers/begin-quorum-epoch.ts';
import { describeQuorumHandler } from './handlers/describe-quorum.ts';
import { endQuorumEpochHandler } from './handlers/end-quorum-epoch.ts';
import { fetchMetadataLogHandler } from './handlers/fetch-metadata-log.ts';
import { fetchSnapshotHandler } from './handlers/fetch-snapshot.ts';
import { removeRaftVoterHandler } from './handlers/remove-raft-voter.ts';
import { updateRaftVoterHandler } from './handlers/update-raft-voter.ts';
import { voteHandler } from './handlers/vote.ts';

/** What a controller listener serves of the metadata quorum. */
export function quorumApis(raft: RaftDriver): AnyApiHandler[] {
  return [
    voteHandler(raft),
    beginQuorumEpochHandler(raft),
    endQuorumEpochHandler(raft),
    fetchMetadataLogHandler(raft),
    fetchSnapshotHandler(raft),
    describeQuorumHandler(raft, false),
    addRaftVoterHandler(raft, false),
    removeRaftVoterHandler(raft, false),
    updateRaftVoterHandler(raft),
  ];
}

/** What a client listener serves of it, by asking the leader. */
export function quorumClientApis(raft: RaftDriver): AnyApiHandler[] {
  return [describeQuorumHandler(raft, true), addRaftVoterHandler(raft, true), removeRaftVoterHandler(raft, true)];
}
