import { fetchRequest } from '../../../protocol/generated/fetch-request.ts';
import type { FetchRequestInput } from '../../../protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../../protocol/generated/fetch-response.ts';
import type { FetchResponse, PartitionData } from '../../../protocol/generated/fetch-response.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { NodeUnreachableError } from '../../common/network.ts';
import type { FetchTarget, RemoteAnswer } from '../raft-messages.ts';
import { RaftError } from '../raft-ports.ts';
import type { OffsetAndEpoch, RaftTiming } from '../raft-ports.ts';
import { METADATA_TOPIC } from './format-directory.ts';
import type { CommitDelivery } from './commit-delivery.ts';
import type { QuorumChange } from './control-records.ts';
import { METADATA_TOPIC_ID } from './quorum-log.ts';
import type { QuorumLog } from './quorum-log.ts';
import type { RaftServices } from './raft-requests.ts';
import { refusalOf, wireDirectory } from './raft-wire.ts';
import { SnapshotDownload } from './snapshot-download.ts';
import type { LoadedSnapshot } from './snapshots.ts';

/** What fetching needs beside the core. */
export interface FetcherOptions extends RaftServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timing: RaftTiming;
  readonly log: QuorumLog;
  readonly delivery: CommitDelivery;
  /** The log, or a snapshot, changed the voters. */
  readonly onQuorumChange: (changes: readonly QuorumChange[]) => void;
  readonly onFailed: (error: unknown) => void;
}

/** How long the leader may hold a fetch back that finds nothing new. */
export const FETCH_MAX_WAIT_MS = 500;
/**
 * How long an answer may take beyond that before the fetch is repeated on a new line: what was lost on the way must not keep a follower from a
 * leader that is there.
 */
const FETCH_ANSWER_MS = 700;
const FETCH_MAX_BYTES = 8 * 1024 * 1024;
const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 200;

/**
 * Follows the leader: fetches what comes after this node's log, makes it durable before it asks for more (that is what tells the leader so),
 * cuts the log where it parts from the leader's, and takes a snapshot where the leader has nothing else. While nobody is known to
 * lead, asks one node after the other.
 */
export class MetadataFetcher {
  readonly #options: FetcherOptions;
  /** What is under way; another target ends it. */
  #target: FetchTarget | undefined;
  #run: object | undefined;
  /** The node that was asked last while nobody was known to lead. */
  #lastAsked = 0;
  #download: SnapshotDownload | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** To be called after everything that the core was told. */
  update(): void {
    const target = this.#options.core.fetchTarget();
    if (sameTarget(target, this.#target)) return;
    this.#target = target;
    this.#run = undefined;
    if (target === undefined) return;
    const run = {};
    this.#run = run;
    this.#loop(run, target).catch((error: unknown) => {
      if (this.#run === run) this.#options.onFailed(error);
    });
  }

  stop(): void {
    this.#run = undefined;
    this.#target = undefined;
  }

  async #loop(run: object, target: FetchTarget): Promise<void> {
    let failures = 0;
    while (this.#run === run) {
      const nodeId = target.kind === 'leader' ? target.leaderId : this.#nextToAsk();
      // After a failure any answer is welcome, and the sooner the better.
      const maxWaitMs = target.kind === 'leader' && failures === 0 ? FETCH_MAX_WAIT_MS : 0;
      const isGood = nodeId !== undefined && (await this.#fetch(run, nodeId, target, maxWaitMs));
      failures = isGood ? 0 : failures + 1;
      if (!isGood && this.#run === run)
        await this.#sleep(Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), MAX_RETRY_MS));
    }
  }

  #nextToAsk(): number | undefined {
    const ids = this.#options.peers.ids();
    this.#lastAsked = ids.find((id) => id > this.#lastAsked) ?? ids[0] ?? 0;
    return ids.length === 0 ? undefined : this.#lastAsked;
  }

  /** True when the next fetch may follow at once. */
  async #fetch(run: object, nodeId: number, target: FetchTarget, maxWaitMs: number): Promise<boolean> {
    const { peers, timing } = this.#options;
    let response: FetchResponse;
    try {
      const body = (version: number): FetchRequestInput => this.#request(target, maxWaitMs, version);
      const timeoutMs = Math.min(timing.requestTimeoutMs, FETCH_ANSWER_MS) + maxWaitMs;
      response = await peers.send(nodeId, 'raft-fetch', fetchRequest, fetchResponse, body, timeoutMs);
    } catch (error) {
      if (this.#run === run) await this.#unreachable(nodeId, target, error);
      return false;
    }
    if (this.#run !== run) return false;
    for (const { nodeId: id, host, port } of response.nodeEndpoints) peers.heardOf(id, host, port);
    const partition = response.responses[0]?.partitions[0];
    const answer = remoteAnswer(response, partition);
    const isGood = this.#options.step((core, nowMs) => core.fetchAnswered(nodeId, target.epoch, answer, nowMs));
    if (!isGood || partition === undefined || this.#run !== run) return false;
    return this.#apply(run, nodeId, target, partition);
  }

  #request(target: FetchTarget, maxWaitMs: number, version: number): FetchRequestInput {
    const { core, log, clusterId } = this.#options;
    const { offset, epoch } = log.end();
    const partition = {
      partition: 0,
      currentLeaderEpoch: target.epoch,
      fetchOffset: offset,
      lastFetchedEpoch: epoch,
      logStartOffset: log.startOffset(),
      partitionMaxBytes: FETCH_MAX_BYTES,
      ...(version >= 17 ? { replicaDirectoryId: wireDirectory(core.self.directoryId) } : {}),
      ...(version >= 18 ? { highWatermark: core.highWatermark } : {}),
    };
    const topic = version >= 13 ? { topicId: METADATA_TOPIC_ID } : { topic: METADATA_TOPIC };
    return {
      clusterId: clusterId ?? null,
      maxWaitMs,
      minBytes: 0,
      maxBytes: FETCH_MAX_BYTES,
      topics: [{ ...topic, partitions: [partition] }],
      ...(version >= 15 ? { replicaState: { replicaId: core.self.id } } : { replicaId: core.self.id }),
    };
  }

  /** A line that is refused, or broke, may mean that the leader's process has ended; one that is silent means nothing yet. */
  async #unreachable(nodeId: number, target: FetchTarget, error: unknown): Promise<void> {
    const { peers, step, logger } = this.#options;
    if (!(error instanceof NodeUnreachableError)) {
      logger.warn(`Fetching metadata from node ${nodeId} failed: ${(error as Error).message}`);
      return;
    }
    if (target.kind !== 'leader' || (error.kind !== 'refused' && error.kind !== 'broken')) return;
    if (await peers.isGone(nodeId)) step((core, nowMs) => core.leaderGone(nodeId, target.epoch, nowMs));
  }

  async #apply(run: object, nodeId: number, target: FetchTarget, partition: PartitionData): Promise<boolean> {
    const { step, core, log } = this.#options;
    const { divergingEpoch, snapshotId, records, highWatermark } = partition;
    if (divergingEpoch.epoch >= 0) {
      this.#truncate({ epoch: divergingEpoch.epoch, offset: divergingEpoch.endOffset });
      return true;
    }
    if (snapshotId.endOffset >= 0 && snapshotId.epoch >= 0) {
      return this.#fetchSnapshot(run, nodeId, target, { offset: snapshotId.endOffset, epoch: snapshotId.epoch });
    }
    if (records !== null && records.length > 0) {
      if (!this.#append(records, target.epoch, nodeId)) return false;
      step((raft) => raft.leaderCommitted(highWatermark));
      if (core.canVote) await log.flushed();
      return true;
    }
    step((raft) => raft.leaderCommitted(highWatermark));
    return true;
  }

  #append(records: Buffer, epoch: number, nodeId: number): boolean {
    const { log, logger, onQuorumChange } = this.#options;
    try {
      onQuorumChange(log.appendFetched(records, epoch));
      return true;
    } catch (error) {
      logger.warn(`Node ${nodeId} sent metadata that cannot be appended: ${(error as Error).message}`);
      return false;
    }
  }

  #truncate(leaderEnd: OffsetAndEpoch): void {
    const { core, log, logger, onQuorumChange } = this.#options;
    const before = log.nextOffset;
    const offset = log.partingPoint(leaderEnd);
    if (offset < core.highWatermark) {
      throw new Error(
        `The leader's metadata log parts from this one at offset ${offset}, below what was committed (${core.highWatermark}).`,
      );
    }
    log.truncateTo(offset);
    logger.info(
      `The metadata log was cut from offset ${before} back to ${offset}: the leader has other records there.`,
    );
    onQuorumChange([]);
  }

  async #fetchSnapshot(run: object, nodeId: number, target: FetchTarget, id: OffsetAndEpoch): Promise<boolean> {
    const { core, log, delivery, step, logger, onQuorumChange } = this.#options;
    if (this.#download === undefined || !this.#download.isFor(id)) {
      this.#download?.discard();
      this.#download = new SnapshotDownload(this.#options, id);
    }
    const download = this.#download;
    const received = await download.fetch(nodeId, target.epoch, () => this.#run === run);
    if (received === undefined) return false;
    this.#download = undefined;
    if (this.#run !== run || id.offset <= core.highWatermark) {
      received.discard();
      return false;
    }
    let snapshot: LoadedSnapshot;
    try {
      snapshot = log.install(received);
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
      logger.warn(`Node ${nodeId} sent a snapshot that is not whole; it is fetched again. ${error.message}`);
      received.discard();
      return false;
    }
    logger.info(`Took metadata snapshot ${id.offset}-${id.epoch} over from node ${nodeId}.`);
    delivery.replaced(snapshot);
    onQuorumChange([]);
    step((raft) => raft.leaderCommitted(id.offset));
    return true;
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.schedule(delayMs, resolve));
  }
}

function remoteAnswer(response: FetchResponse, partition: PartitionData | undefined): RemoteAnswer {
  if (response.errorCode !== ErrorCode.NONE || partition === undefined) {
    return { error: refusalOf(response.errorCode), leader: { leaderId: -1, epoch: -1 }, granted: false };
  }
  const { leaderId, leaderEpoch } = partition.currentLeader;
  return { error: refusalOf(partition.errorCode), leader: { leaderId, epoch: leaderEpoch }, granted: false };
}

function sameTarget(a: FetchTarget | undefined, b: FetchTarget | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const sameLeader = a.kind === 'leader' && b.kind === 'leader' ? a.leaderId === b.leaderId : a.kind === b.kind;
  return sameLeader && a.epoch === b.epoch;
}
