import { fetchSnapshotRequest } from '../../../protocol/generated/fetch-snapshot-request.ts';
import type { FetchSnapshotRequestInput } from '../../../protocol/generated/fetch-snapshot-request.ts';
import { fetchSnapshotResponse } from '../../../protocol/generated/fetch-snapshot-response.ts';
import type { FetchSnapshotResponse } from '../../../protocol/generated/fetch-snapshot-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { OffsetAndEpoch, RaftTiming } from '../raft-ports.ts';
import { METADATA_TOPIC } from './format-directory.ts';
import type { QuorumLog } from './quorum-log.ts';
import type { RaftServices } from './raft-requests.ts';
import { refusalOf, wireDirectory } from './raft-wire.ts';
import type { SnapshotReceiver } from './snapshot-receiver.ts';

export interface DownloadOptions extends RaftServices {
  readonly log: QuorumLog;
  readonly logger: Logger;
  readonly timing: RaftTiming;
}

/** What a leader reads and sends at once. */
const PIECE_BYTES = 1024 * 1024;

/** Fetches one snapshot, piece by piece; what came stays when the leader changes, and the next one goes on. */
export class SnapshotDownload {
  readonly #options: DownloadOptions;
  readonly #receiver: SnapshotReceiver;

  constructor(options: DownloadOptions, id: OffsetAndEpoch) {
    this.#options = options;
    this.#receiver = options.log.snapshots.receive(id);
  }

  isFor({ offset, epoch }: OffsetAndEpoch): boolean {
    return this.#receiver.id.offset === offset && this.#receiver.id.epoch === epoch;
  }

  discard(): void {
    this.#receiver.discard();
  }

  /** The whole snapshot, or undefined when it did not come: ask again. `goesOn` says whether this leader still counts. */
  async fetch(nodeId: number, epoch: number, goesOn: () => boolean): Promise<SnapshotReceiver | undefined> {
    const { peers, timing, step } = this.#options;
    while (goesOn()) {
      let response: FetchSnapshotResponse;
      try {
        const body = this.#request(epoch);
        const [request, type] = [fetchSnapshotRequest, fetchSnapshotResponse];
        response = await peers.send(nodeId, 'raft-fetch', request, type, body, timing.requestTimeoutMs);
      } catch {
        return undefined;
      }
      const partition = response.topics[0]?.partitions[0];
      if (!goesOn() || response.errorCode !== ErrorCode.NONE || partition === undefined) return undefined;
      const { leaderId, leaderEpoch } = partition.currentLeader;
      const leader = { leaderId, epoch: leaderEpoch };
      const answer = { error: refusalOf(partition.errorCode), leader, granted: false };
      if (partition.errorCode === ErrorCode.POSITION_OUT_OF_RANGE) this.#receiver.restart();
      if (!step((core, nowMs) => core.fetchAnswered(nodeId, epoch, answer, nowMs))) return undefined;
      if (partition.position !== this.#receiver.sizeBytes) return undefined;
      const bytes = partition.unalignedRecords ?? Buffer.alloc(0);
      if (bytes.length === 0) return undefined;
      this.#receiver.append(bytes);
      if (this.#receiver.sizeBytes >= partition.size) return this.#receiver;
    }
    return undefined;
  }

  #request(epoch: number): FetchSnapshotRequestInput {
    const { core, clusterId } = this.#options;
    const { id, sizeBytes } = this.#receiver;
    const partition = {
      partition: 0,
      currentLeaderEpoch: epoch,
      snapshotId: { endOffset: id.offset, epoch: id.epoch },
      position: sizeBytes,
      replicaDirectoryId: wireDirectory(core.self.directoryId),
    };
    return {
      clusterId: clusterId ?? null,
      replicaId: core.self.id,
      maxBytes: PIECE_BYTES,
      topics: [{ name: METADATA_TOPIC, partitions: [partition] }],
    };
  }
}
