import { updateRaftVoterRequest } from '../../../protocol/generated/update-raft-voter-request.ts';
import { updateRaftVoterResponse } from '../../../protocol/generated/update-raft-voter-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../common/clock.ts';
import type { RaftTiming, VoterEndpoint } from '../raft-ports.ts';
import { sameVoter } from '../voter-set.ts';
import type { VoterSet } from '../voter-set.ts';
import { KRAFT_VERSIONS } from './format-directory.ts';
import type { QuorumLog } from './quorum-log.ts';
import type { RaftServices } from './raft-requests.ts';
import { wireDirectory } from './raft-wire.ts';

export interface VoterUpdateOptions extends RaftServices {
  readonly clock: Clock;
  readonly log: QuorumLog;
  readonly timing: RaftTiming;
  readonly endpoints: readonly VoterEndpoint[];
}

/** Tells the leader when the voters record has another address of this voter than it has now, or other versions (KIP-853). */
export class VoterUpdate {
  readonly #options: VoterUpdateOptions;
  /** What the leader of an epoch was told about; it need not be told again. */
  #told: { readonly epoch: number; readonly voters: VoterSet } | undefined;
  #isSending = false;
  #notBeforeMs = 0;

  constructor(options: VoterUpdateOptions) {
    this.#options = options;
  }

  /** To be called after everything that the core was told. */
  update(): void {
    const { core, clock, log } = this.#options;
    const target = core.fetchTarget();
    if (this.#isSending || target?.kind !== 'leader' || !core.isVoter || clock.monotonicMs() < this.#notBeforeMs)
      return;
    const { kraftVersion, voters } = log.history.last;
    if (kraftVersion === 0 || (this.#told?.epoch === target.epoch && this.#told.voters === voters)) return;
    const voter = voters.get(core.self.id);
    if (voter === undefined || sameVoter(voter, { ...voter, ...this.#current() })) return;
    this.#isSending = true;
    this.#send(target.leaderId, target.epoch).then(
      (errorCode) => {
        this.#isSending = false;
        if (errorCode === ErrorCode.NONE) this.#told = { epoch: target.epoch, voters };
        else this.#postpone();
      },
      () => {
        this.#isSending = false;
        this.#postpone();
      },
    );
  }

  #postpone(): void {
    const { clock, timing } = this.#options;
    this.#notBeforeMs = clock.monotonicMs() + timing.fetchTimeoutMs / 2;
  }

  #current(): { endpoints: readonly VoterEndpoint[]; minKRaftVersion: number; maxKRaftVersion: number } {
    const { min, max } = KRAFT_VERSIONS;
    return { endpoints: this.#options.endpoints, minKRaftVersion: min, maxKRaftVersion: max };
  }

  async #send(leaderId: number, epoch: number): Promise<number> {
    const { core, clusterId, peers, timing, endpoints } = this.#options;
    const body = {
      clusterId: clusterId ?? null,
      currentLeaderEpoch: epoch,
      voterId: core.self.id,
      voterDirectoryId: wireDirectory(core.self.directoryId),
      listeners: endpoints,
      kRaftVersionFeature: { minSupportedVersion: KRAFT_VERSIONS.min, maxSupportedVersion: KRAFT_VERSIONS.max },
    };
    const types = [updateRaftVoterRequest, updateRaftVoterResponse] as const;
    const response = await peers.send(leaderId, 'raft', ...types, body, timing.requestTimeoutMs);
    return response.errorCode;
  }
}
