import type { AddRaftVoterRequest } from '../../../protocol/generated/add-raft-voter-request.ts';
import type { AddRaftVoterResponseInput } from '../../../protocol/generated/add-raft-voter-response.ts';
import type { BeginQuorumEpochRequest } from '../../../protocol/generated/begin-quorum-epoch-request.ts';
import type { BeginQuorumEpochResponseInput } from '../../../protocol/generated/begin-quorum-epoch-response.ts';
import type { EndQuorumEpochRequest } from '../../../protocol/generated/end-quorum-epoch-request.ts';
import type { EndQuorumEpochResponseInput } from '../../../protocol/generated/end-quorum-epoch-response.ts';
import type { FetchRequest } from '../../../protocol/generated/fetch-request.ts';
import type { FetchResponseInput } from '../../../protocol/generated/fetch-response.ts';
import type { FetchSnapshotRequest } from '../../../protocol/generated/fetch-snapshot-request.ts';
import type { FetchSnapshotResponseInput } from '../../../protocol/generated/fetch-snapshot-response.ts';
import type { RemoveRaftVoterRequest } from '../../../protocol/generated/remove-raft-voter-request.ts';
import type { RemoveRaftVoterResponseInput } from '../../../protocol/generated/remove-raft-voter-response.ts';
import type { UpdateRaftVoterRequest } from '../../../protocol/generated/update-raft-voter-request.ts';
import type { UpdateRaftVoterResponseInput } from '../../../protocol/generated/update-raft-voter-response.ts';
import type { VoteRequest } from '../../../protocol/generated/vote-request.ts';
import type { VoteResponseInput } from '../../../protocol/generated/vote-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { MessageType } from '../../../protocol/message-type.ts';
import { ApiError } from '../../common/api-error.ts';
import type { NodeAddress } from '../../common/network.ts';
import { systemRandom } from '../../common/random.ts';
import { RaftCore } from '../raft-core.ts';
import type { RaftEffect } from '../raft-effect.ts';
import type { RaftMessage } from '../raft-messages.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type {
  LeaderAndEpoch,
  OffsetAndEpoch,
  QuorumDescription,
  RaftClient,
  RaftListener,
  RaftTiming,
} from '../raft-ports.ts';
import type { ReplicaKey } from '../voter-set.ts';
import { CommitDelivery } from './commit-delivery.ts';
import type { QuorumChange } from './control-records.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { ElectionStore } from './election-store.ts';
import { epochRecords } from './epoch-records.ts';
import { answerFetch, answerFetchSnapshot } from './fetch-requests.ts';
import type { FetchServices } from './fetch-requests.ts';
import { CONTROLLER_LISTENER, METADATA_LOG } from './format-directory.ts';
import { FETCH_MAX_WAIT_MS, MetadataFetcher } from './metadata-fetcher.ts';
import { describeQuorum } from './quorum-description.ts';
import { QuorumLog } from './quorum-log.ts';
import { QuorumStateFile } from './quorum-state-file.ts';
import type { RaftDriverOptions } from './raft-driver-options.ts';
import { RaftPeers } from './raft-peers.ts';
import { answerBeginQuorumEpoch, answerEndQuorumEpoch, answerVote } from './raft-requests.ts';
import { sendRaftMessage } from './raft-wire.ts';
import { VoterRequests } from './voter-requests.ts';
import { VoterUpdate } from './voter-update.ts';
import { WaitingFetches } from './waiting-fetches.ts';

/** Kafka's defaults. */
const DEFAULT_TIMING: RaftTiming = {
  electionTimeoutMs: 1000,
  fetchTimeoutMs: 2000,
  electionBackoffMaxMs: 1000,
  requestTimeoutMs: 2000,
};

/**
 * A leader may hold a fetch back for `FETCH_MAX_WAIT_MS` before it even begins to be silent; and its first answer after a pause
 * needs some time.
 */
const SLACK_MS = 200;

/** A timer that fires so late tells that this process stood still, and could not hear the others. */
const STANDSTILL_MS = 500;
/** How long the leader may take for what another node passes on: a new voter has to catch up. */
const FORWARD_TIMEOUT_MS = 30_000;
/** How long a leader that stops waits for the others to hear it. */
const FAREWELL_MS = 500;

/**
 * Runs the quorum's core over a log directory and a network: does what its effects say, tells it what came of it, and hands
 * committed records to the listener.
 */
export class RaftDriver implements RaftClient {
  readonly nodeId: number;
  readonly #options: RaftDriverOptions;
  readonly #timing: RaftTiming;
  readonly #log: QuorumLog;
  readonly #delivery: CommitDelivery;
  readonly #elections: ElectionStore;
  readonly #timer: DeadlineTimer;
  readonly #core: RaftCore;
  readonly #peers: RaftPeers;
  readonly #fetcher: MetadataFetcher;
  readonly #waiting: WaitingFetches;
  readonly #services: FetchServices;
  readonly #epochAtStart: number;
  readonly #voterRequests: VoterRequests;
  readonly #voterUpdate: VoterUpdate;
  #isRunning = false;
  #isClosed = false;

  /**
   * Opens the metadata log and finds out who votes. Nothing is written yet.
   *
   * @throws RaftError CORRUPT_METADATA; ApiError KAFKA_STORAGE_ERROR
   */
  constructor(options: RaftDriverOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    const { clock, logger, clusterId, nodeId } = options;
    const directory = `${options.logDir}/${METADATA_LOG}`;
    const quorumState = new QuorumStateFile(options.fileSystem, `${directory}/quorum-state`);
    this.#elections = new ElectionStore(quorumState, clock, (error) => this.#fail(error));
    this.#timer = new DeadlineTimer(clock, (lateMs) => this.#onDue(lateMs));
    const given = options.voters ?? [];
    this.#log = new QuorumLog(
      {
        ...options,
        configuredVoters: () => quorumState.configuredVoters(nodeId, options.controllerEndpoints, given),
        onWritten: () => this.#waiting.wake(),
        onFlushed: (end) => this.#step((core, nowMs) => core.flushed(end, nowMs)),
        onFailed: (error) => this.#fail(error),
      },
      directory,
    );
    this.#delivery = new CommitDelivery(this.#log);
    this.#waiting = new WaitingFetches(clock);
    const election = quorumState.read();
    this.#core = new RaftCore({
      self: { id: nodeId, directoryId: options.directoryId },
      canVote: options.controllerEndpoints.length > 0,
      voters: this.#log.history.last.voters,
      votersOffset: this.#log.history.last.offset,
      previousVoters: this.#log.history.previousVoters,
      election,
      log: this.#log,
      timing: { ...this.#timing, fetchTimeoutMs: this.#timing.fetchTimeoutMs + FETCH_MAX_WAIT_MS + SLACK_MS },
      random: options.random ?? systemRandom,
    });
    this.#epochAtStart = this.#core.epoch;
    this.#peers = new RaftPeers(nodeId, options.network, given);
    this.#peers.setVoters(this.#core.voters, false);
    const step = <T>(action: (core: RaftCore, nowMs: number) => T): T => this.#answering(action);
    const { peers, core, log, waiting } = {
      peers: this.#peers,
      core: this.#core,
      log: this.#log,
      waiting: this.#waiting,
    };
    this.#services = { clock, clusterId, peers, core, log, waiting, step };
    this.#fetcher = new MetadataFetcher({
      ...this.#services,
      ...{ logger, timing: this.#timing, delivery: this.#delivery },
      onQuorumChange: (changes) => this.#votersChanged(changes),
      onFailed: (error) => this.#fail(error),
    });
    const { controllerEndpoints } = options;
    this.#voterRequests = new VoterRequests({
      ...this.#services,
      timing: this.#timing,
      listenerName: controllerEndpoints[0]?.name ?? CONTROLLER_LISTENER,
      onQuorumChange: (changes) => this.#votersChanged(changes),
    });
    this.#voterUpdate = new VoterUpdate({
      ...this.#services,
      timing: this.#timing,
      endpoints: controllerEndpoints,
    });
  }

  /** Takes part in the quorum from now on; an only voter leads a moment later. */
  start(): void {
    this.#isRunning = true;
    this.#step((core, nowMs) => core.start(nowMs));
  }

  register(listener: RaftListener): void {
    this.#delivery.listener = listener;
  }

  leaderAndEpoch(): LeaderAndEpoch {
    return this.#core.leaderAndEpoch;
  }

  highWatermark(): number {
    return this.#core.highWatermark;
  }

  logEndOffset(): number {
    return this.#log.nextOffset;
  }

  kraftVersion(): number {
    return this.#log.history.last.kraftVersion;
  }

  latestSnapshot(): OffsetAndEpoch | undefined {
    const latest = this.#log.latestSnapshot();
    return latest === undefined || latest.offset === 0 ? undefined : latest;
  }

  append(epoch: number, records: readonly Buffer[]): number {
    if (this.#isClosed) throw new RaftError(RaftErrorCode.CLOSED, 'The node is shutting down.');
    this.#core.expectLeader(epoch);
    const batch = this.#log.appendRecords(records, epoch);
    this.#delivery.appended(batch);
    return batch.lastOffset;
  }

  async createSnapshot(
    id: OffsetAndEpoch,
    lastContainedLogTimestampMs: number,
    batches: Iterable<readonly Buffer[]>,
  ): Promise<void> {
    if (this.#isClosed || id.offset > this.#core.highWatermark) return;
    if ((this.#log.latestSnapshot()?.offset ?? -1) >= id.offset) return;
    await this.#log.writeSnapshot(id, lastContainedLogTimestampMs, batches);
  }

  describeQuorum(): QuorumDescription {
    return describeQuorum(this.#core, this.#log, this.#options.clock);
  }

  resign(epoch: number): void {
    this.#step((core, nowMs) => core.resign(epoch, nowMs));
  }

  handleVote(request: VoteRequest): VoteResponseInput {
    return answerVote(this.#services, request);
  }

  handleBeginQuorumEpoch(request: BeginQuorumEpochRequest, apiVersion: number): BeginQuorumEpochResponseInput {
    return answerBeginQuorumEpoch(this.#services, request, apiVersion);
  }

  handleEndQuorumEpoch(request: EndQuorumEpochRequest, apiVersion: number): EndQuorumEpochResponseInput {
    return answerEndQuorumEpoch(this.#services, request, apiVersion);
  }

  /** A fetch of the metadata log; see `answerFetch`. */
  handleFetch(request: FetchRequest, apiVersion: number): Promise<FetchResponseInput> {
    return answerFetch(this.#services, request, apiVersion);
  }

  handleFetchSnapshot(request: FetchSnapshotRequest): Promise<FetchSnapshotResponseInput> {
    return answerFetchSnapshot(this.#services, request);
  }

  handleAddRaftVoter(request: AddRaftVoterRequest): Promise<AddRaftVoterResponseInput> {
    return this.#voterRequests.add(request);
  }

  handleRemoveRaftVoter(request: RemoveRaftVoterRequest): Promise<RemoveRaftVoterResponseInput> {
    return this.#voterRequests.remove(request);
  }

  handleUpdateRaftVoter(request: UpdateRaftVoterRequest): UpdateRaftVoterResponseInput {
    return this.#voterRequests.update(request);
  }

  /** Whether this node leads, and so can answer what only the leader knows. */
  get isLeader(): boolean {
    return this.#core.role === 'leader';
  }

  /** Where the leader's controller listener is; undefined while nobody leads, or it is this node. */
  leaderAddress(): NodeAddress | undefined {
    const { leaderId } = this.#core.leaderAndEpoch;
    return leaderId < 0 || leaderId === this.nodeId ? undefined : this.#peers.addressOf(leaderId);
  }

  /**
   * Asks the leader, on behalf of somebody who asked this node.
   *
   * @throws ApiError REQUEST_TIMED_OUT when nobody leads, or the leader does not answer
   */
  async askLeader<T, I>(request: MessageType<unknown, I>, response: MessageType<T, unknown>, body: I): Promise<T> {
    const address = this.leaderAddress();
    if (address === undefined) throw new ApiError(ErrorCode.REQUEST_TIMED_OUT, 'The metadata quorum has no leader.');
    try {
      return await this.#peers.send(address.nodeId, 'forward', request, response, body, FORWARD_TIMEOUT_MS);
    } catch (error) {
      throw new ApiError(ErrorCode.REQUEST_TIMED_OUT, (error as Error).message);
    }
  }

  /**
   * Writes and flushes what was appended, then closes the log; a leader says farewell to the other voters before. Appends are refused from
   * the call on.
   */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#isRunning && this.#core.voters.size > 1) await this.#sayFarewell();
    this.#elections.flush();
    this.#end();
    await this.#log.close();
  }

  async #sayFarewell(): Promise<void> {
    const { clock } = this.#options;
    this.#step((core, nowMs) => core.resign(core.epoch, nowMs, 'it is shutting down'));
    const untilMs = clock.monotonicMs() + FAREWELL_MS;
    while (!this.#isClosed && !this.#core.hasSaidFarewell && clock.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => void clock.schedule(5, resolve));
    }
  }

  /** Nothing is written or told any more. */
  kill(): void {
    this.#end();
    this.#log.abandon();
  }

  #end(): void {
    this.#isClosed = true;
    this.#timer.stop();
    this.#fetcher.stop();
    this.#peers.close();
    this.#elections.abandon();
    this.#waiting.wake();
  }

  /** For requests of other nodes, whose answer must not leave before what it says is on disk. */
  #answering<T>(action: (core: RaftCore, nowMs: number) => T): T {
    if (this.#isClosed || !this.#isRunning) throw unavailable();
    const answer = action(this.#core, this.#options.clock.monotonicMs());
    this.#afterStep();
    if (this.#isClosed) throw unavailable();
    return answer;
  }

  #step(action: (core: RaftCore, nowMs: number) => void): void {
    if (this.#isClosed || !this.#isRunning) return;
    try {
      action(this.#core, this.#options.clock.monotonicMs());
    } catch (error) {
      return this.#fail(error);
    }
    this.#afterStep();
  }

  #afterStep(): void {
    try {
      for (const effect of this.#core.takeEffects()) this.#perform(effect);
    } catch (error) {
      return this.#fail(error);
    }
    this.#fetcher.update();
    this.#voterUpdate.update();
    if (!this.#isClosed) this.#timer.set(this.#core.nextDeadlineMs);
  }

  #onDue(lateMs: number): void {
    if (lateMs > STANDSTILL_MS) this.#core.postpone(lateMs);
    this.#step((core, nowMs) => {
      if (nowMs >= core.nextDeadlineMs) core.tick(nowMs);
    });
  }

  #perform(effect: RaftEffect): void {
    switch (effect.type) {
      case 'persist': {
        const { kraftVersion } = this.#log.history.last;
        this.#elections.save(effect.election, kraftVersion, this.#core.voters.ids(), effect.urgent);
        return;
      }
      case 'send':
        return this.#send(effect.to, effect.message);
      case 'openEpoch':
        return this.#openEpoch(effect.epoch, effect.granting);
      case 'commit':
        this.#delivery.deliver(effect.highWatermark);
        this.#waiting.wake();
        return;
      case 'leader':
        return this.#leaderChanged(effect.leader);
      case 'status':
        return this.#tellStatus(effect.hasMajority, effect.reason);
    }
  }

  #send(to: ReplicaKey, message: RaftMessage): void {
    const { core, clusterId, peers } = this.#services;
    const sender = { self: core.self, clusterId, endpoints: this.#options.controllerEndpoints };
    sendRaftMessage(peers, sender, to, message, this.#timing.requestTimeoutMs).then(
      (answer) => this.#step((raft, nowMs) => raft.answered(to, message, answer, nowMs)),
      () => this.#step((raft, nowMs) => raft.unanswered(to, message, nowMs)),
    );
  }

  #leaderChanged(leader: LeaderAndEpoch): void {
    if (leader.leaderId !== this.nodeId) this.#delivery.dropPending();
    this.#waiting.wake();
    this.#delivery.listener.onLeaderChange(leader);
  }

  #tellStatus(hasMajority: boolean, reason: string): void {
    const { epoch, voters } = this.#core;
    const leaderId = hasMajority ? this.#core.leaderId : -1;
    this.#options.onQuorumChange?.({ leaderId, epoch, voters: voters.ids(), hasMajority, reason });
  }

  #openEpoch(epoch: number, granting: readonly number[]): void {
    const { controllerEndpoints } = this.#options;
    const records = epochRecords(
      { leaderId: this.nodeId, granting, endpoints: controllerEndpoints },
      this.#log.history.last,
    );
    const change = this.#log.appendControl(records, epoch, true);
    this.#votersChanged(change === undefined ? [] : [change]);
  }

  /** The log says something else of the voters than before: more, or less after it was cut. */
  #votersChanged(changes: readonly QuorumChange[]): void {
    const { history } = this.#log;
    const { voters, offset } = history.last;
    const isNews = changes.some(({ epoch }) => epoch > this.#epochAtStart);
    if (voters === this.#core.voters) return;
    this.#peers.setVoters(voters, isNews);
    this.#core.setVoters(voters, offset, history.previousVoters, this.#options.clock.monotonicMs());
    this.#afterStep();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#end();
    this.#options.onFatal(
      error instanceof Error
        ? error
        : new RaftError(RaftErrorCode.STORAGE, `The metadata log failed: ${String(error)}`),
    );
  }
}

function unavailable(): ApiError {
  return new ApiError(ErrorCode.BROKER_NOT_AVAILABLE, 'The node takes no part in the metadata quorum at present.');
}
