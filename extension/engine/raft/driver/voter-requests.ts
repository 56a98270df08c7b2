import type { AddRaftVoterRequest } from '../../../protocol/generated/add-raft-voter-request.ts';
import type { AddRaftVoterResponseInput } from '../../../protocol/generated/add-raft-voter-response.ts';
import { apiVersionsRequest } from '../../../protocol/generated/api-versions-request.ts';
import { apiVersionsResponse } from '../../../protocol/generated/api-versions-response.ts';
import type { RemoveRaftVoterRequest } from '../../../protocol/generated/remove-raft-voter-request.ts';
import type { RemoveRaftVoterResponseInput } from '../../../protocol/generated/remove-raft-voter-response.ts';
import type { UpdateRaftVoterRequest } from '../../../protocol/generated/update-raft-voter-request.ts';
import type { UpdateRaftVoterResponseInput } from '../../../protocol/generated/update-raft-voter-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { ApiError } from '../../common/api-error.ts';
import type { RaftTiming, VoterEndpoint } from '../raft-ports.ts';
import { sameReplica, sameVoter, VoterSet } from '../voter-set.ts';
import type { ReplicaKey, VoterNode } from '../voter-set.ts';
import { voters as votersRecord } from './control-records.ts';
import type { QuorumChange } from './control-records.ts';
import type { FetchServices } from './fetch-requests.ts';
import { isOtherCluster } from './raft-requests.ts';
import { directoryOf } from './raft-wire.ts';

/** What changing the voters needs. */
export interface VoterServices extends FetchServices {
  readonly timing: RaftTiming;
  /** The listener that voters talk through. */
  readonly listenerName: string;
  /** A voters record was appended. */
  readonly onQuorumChange: (changes: readonly QuorumChange[]) => void;
}

const KRAFT_VERSION = 'kraft.version';
/** How long a new voter may take to have the log, where the request does not say. */
const CATCH_UP_MS = 5000;

/**
 * Changes of the voters, as the leader answers them (KIP-853). One at a time: the next one waits until the one before is committed, and the
 * first of an epoch until something of that epoch is, so that two majorities that do not know of each other cannot exist.
 */
export class VoterRequests {
  readonly #services: VoterServices;
  #isChanging = false;

  constructor(services: VoterServices) {
    this.#services = services;
  }

  /** AddRaftVoter, versions 0–1: the new one must be reachable and have the log. */
  async add(request: AddRaftVoterRequest): Promise<AddRaftVoterResponseInput> {
    const key = { id: request.voterId, directoryId: directoryOf(request.voterDirectoryId) };
    return this.#answer(request.clusterId, async (epoch) => {
      const { core } = this.#services;
      if (core.voters.get(key.id) !== undefined) {
        throw new ApiError(ErrorCode.DUPLICATE_VOTER, `Node ${key.id} votes already.`);
      }
      const endpoints = this.#endpoints(request.listeners);
      const versions = await this.#askVersions(endpoints);
      const timeoutMs = Math.min(request.timeoutMs > 0 ? request.timeoutMs : CATCH_UP_MS, 2 ** 31 - 1);
      await this.#catchUp(key, epoch, timeoutMs);
      this.#expectChangeable();
      const offset = this.#append(new VoterSet([...core.voters.nodes(), { ...key, endpoints, ...versions }]), epoch);
      if (request.ackWhenCommitted) await this.#committed(offset, epoch);
    });
  }

  /** RemoveRaftVoter, version 0; a leader that is removed gives up once that is committed. */
  async remove(request: RemoveRaftVoterRequest): Promise<RemoveRaftVoterResponseInput> {
    const key = { id: request.voterId, directoryId: directoryOf(request.voterDirectoryId) };
    return this.#answer(request.clusterId, async (epoch) => {
      const { core } = this.#services;
      const voter = core.voters.get(key.id);
      if (voter === undefined || !sameReplica(voter, key)) {
        throw new ApiError(
          ErrorCode.VOTER_NOT_FOUND,
          `Node ${key.id} with directory ${key.directoryId} does not vote.`,
        );
      }
      const left = core.voters.nodes().filter(({ id }) => id !== key.id);
      if (left.length === 0) throw new ApiError(ErrorCode.INVALID_REQUEST, `Node ${key.id} is the last voter.`);
      const offset = this.#append(new VoterSet(left), epoch);
      await this.#committed(offset, epoch);
    });
  }

  /** UpdateRaftVoter, version 0: a voter tells where it is, and what it supports. */
  update(request: UpdateRaftVoterRequest): UpdateRaftVoterResponseInput {
    const { core } = this.#services;
    let errorCode: number = ErrorCode.NONE;
    if (isOtherCluster(this.#services, request.clusterId)) errorCode = ErrorCode.INCONSISTENT_CLUSTER_ID;
    else {
      try {
        const refusal = core.checkLeader(request.currentLeaderEpoch);
        if (refusal !== 'NONE') throw new ApiError(ErrorCode[refusal]);
        this.#update(request);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        errorCode = error.code;
      }
    }
    const { leaderId, epoch } = core;
    const address = leaderId < 0 ? undefined : this.#services.peers.addressOf(leaderId);
    const { host = '', port = 0 } = address ?? {};
    return { throttleTimeMs: 0, errorCode, currentLeader: { leaderId, leaderEpoch: epoch, host, port } };
  }

  #update(request: UpdateRaftVoterRequest): void {
    const { core, log } = this.#services;
    const key = { id: request.voterId, directoryId: directoryOf(request.voterDirectoryId) };
    const { minSupportedVersion, maxSupportedVersion } = request.kRaftVersionFeature;
    const { kraftVersion } = log.history.last;
    const endpoints = this.#endpoints(request.listeners);
    checkSupports(kraftVersion, minSupportedVersion, maxSupportedVersion);
    // Without a voters record there is nothing to write it into.
    if (kraftVersion === 0) return;
    this.#expectChangeable();
    const voter = core.voters.get(key.id);
    if (voter === undefined || !sameReplica(voter, key)) throw new ApiError(ErrorCode.VOTER_NOT_FOUND);
    const updated: VoterNode = {
      ...voter,
      endpoints,
      minKRaftVersion: minSupportedVersion,
      maxKRaftVersion: maxSupportedVersion,
    };
    if (!sameVoter(voter, updated)) this.#append(core.voters.withUpdated(updated), core.epoch);
  }

  async #answer(
    clusterId: string | null,
    change: (epoch: number) => Promise<void>,
  ): Promise<{ throttleTimeMs: number; errorCode: number; errorMessage: string | null }> {
    if (isOtherCluster(this.#services, clusterId)) {
      const errorMessage = 'This is not the cluster that the request is for.';
      return { throttleTimeMs: 0, errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, errorMessage };
    }
    try {
      this.#expectChangeable();
      if (this.#isChanging) throw notYet('Another change of the voters is under way.');
      this.#isChanging = true;
      try {
        await change(this.#services.core.epoch);
      } finally {
        this.#isChanging = false;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { throttleTimeMs: 0, errorCode: error.code, errorMessage: error.message };
    }
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null };
  }

  #expectChangeable(): void {
    const { core, log } = this.#services;
    this.#expectLeader(core.epoch);
    if (log.history.last.kraftVersion === 0) {
      throw new ApiError(
        ErrorCode.UNSUPPORTED_VERSION,
        'The voters of this cluster are configured (kraft.version 0): they cannot be changed while it runs.',
      );
    }
    const highWatermark = core.leaderState?.highWatermark ?? -1;
    if (highWatermark < 0) throw notYet('The leader has not committed anything of its epoch yet.');
    if (log.history.last.offset >= highWatermark) throw notYet('The last change of the voters is not committed yet.');
  }

  #expectLeader(epoch: number): void {
    const { core } = this.#services;
    if (core.checkLeader(epoch) === 'NONE') return;
    const { leaderId } = core;
    const who = leaderId < 0 ? 'nobody' : `node ${leaderId}`;
    throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER, `Node ${core.self.id} does not lead the quorum: ${who} does.`);
  }

  #endpoints(listeners: readonly VoterEndpoint[]): VoterEndpoint[] {
    const { listenerName } = this.#services;
    if (!listeners.some(({ name }) => name === listenerName)) {
      throw new ApiError(ErrorCode.INVALID_REQUEST, `The voter has no address for listener ${listenerName}.`);
    }
    return listeners.map(({ name, host, port }) => ({ name, host, port }));
  }

  async #askVersions(
    endpoints: readonly VoterEndpoint[],
  ): Promise<{ readonly minKRaftVersion: number; readonly maxKRaftVersion: number }> {
    const { peers, timing, log, listenerName } = this.#services;
    const { host, port } = endpoints.find(({ name }) => name === listenerName)!;
    let range: { readonly minVersion: number; readonly maxVersion: number } | undefined;
    try {
      const body = (version: number): { clientSoftwareName?: string; clientSoftwareVersion?: string } =>
        version >= 3 ? { clientSoftwareName: 'samsa', clientSoftwareVersion: '1' } : {};
      const types = [apiVersionsRequest, apiVersionsResponse] as const;
      const response = await peers.askOnce(host, port, ...types, body, timing.requestTimeoutMs);
      range = response.supportedFeatures.find(({ name }) => name === KRAFT_VERSION);
    } catch (error) {
      throw notYet(`The new voter cannot be reached at ${host}:${port}: ${(error as Error).message}`);
    }
    checkSupports(log.history.last.kraftVersion, range?.minVersion ?? 0, range?.maxVersion ?? 0);
    return { minKRaftVersion: range?.minVersion ?? 0, maxKRaftVersion: range?.maxVersion ?? 0 };
  }

  /** Until the replica has fetched all that there was. */
  async #catchUp(key: ReplicaKey, epoch: number, timeoutMs: number): Promise<void> {
    const { clock, waiting, core } = this.#services;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const { wakes } = waiting;
      this.#expectLeader(epoch);
      if ((core.leaderState?.progressOf(key)?.lastCaughtUpMs ?? -1) >= 0) return;
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0)
        throw notYet(`Node ${key.id} with directory ${key.directoryId} does not have the metadata log yet.`);
      await waiting.wait(Math.min(leftMs, CATCH_UP_POLL_MS), wakes);
    }
  }

  #append(voters: VoterSet, epoch: number): number {
    const { log, onQuorumChange } = this.#services;
    const change = log.appendControl([votersRecord(voters)], epoch, false)!;
    onQuorumChange([change]);
    return change.offset;
  }

  async #committed(offset: number, epoch: number): Promise<void> {
    const { clock, waiting, core, timing } = this.#services;
    const deadlineMs = clock.monotonicMs() + timing.requestTimeoutMs * 2;
    for (;;) {
      const { wakes } = waiting;
      // Checked first: a leader that removed itself leads no more once that is committed.
      if (core.highWatermark > offset) return;
      this.#expectLeader(epoch);
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) throw notYet('The change is appended, but a majority of the new voters does not have it yet.');
      await waiting.wait(leftMs, wakes);
    }
  }
}

const CATCH_UP_POLL_MS = 50;

function checkSupports(kraftVersion: number, min: number, max: number): void {
  if (kraftVersion >= min && kraftVersion <= max) return;
  throw new ApiError(
    ErrorCode.INVALID_REQUEST,
    `The voter supports kraft.version ${min} to ${max}, and the cluster has ${kraftVersion}.`,
  );
}

function notYet(message: string): ApiError {
  return new ApiError(ErrorCode.REQUEST_TIMED_OUT, message);
}
