import { addRaftVoterRequest } from '../../../../extension/protocol/generated/add-raft-voter-request.ts';
import { apiVersionsRequest } from '../../../../extension/protocol/generated/api-versions-request.ts';
import { beginQuorumEpochRequest } from '../../../../extension/protocol/generated/begin-quorum-epoch-request.ts';
import { endQuorumEpochRequest } from '../../../../extension/protocol/generated/end-quorum-epoch-request.ts';
import { fetchRequest } from '../../../../extension/protocol/generated/fetch-request.ts';
import { fetchSnapshotRequest } from '../../../../extension/protocol/generated/fetch-snapshot-request.ts';
import { removeRaftVoterRequest } from '../../../../extension/protocol/generated/remove-raft-voter-request.ts';
import { updateRaftVoterRequest } from '../../../../extension/protocol/generated/update-raft-voter-request.ts';
import { voteRequest } from '../../../../extension/protocol/generated/vote-request.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { openLog } from '../../../../extension/engine/log/log-loader.ts';
import { formatLogDirs } from '../../../../extension/engine/raft/driver/format-directory.ts';
import { RaftDriver } from '../../../../extension/engine/raft/driver/raft-driver.ts';
import type { RaftDriverOptions } from '../../../../extension/engine/raft/driver/raft-driver-options.ts';
import type { QuorumStatus, RaftListener } from '../../../../extension/engine/raft/raft-ports.ts';
import type { VoterAddress } from '../../../../extension/engine/raft/voter-set.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { FIRST_PORT, QuorumNetwork } from './quorum-network.ts';
import { CLUSTER_ID, NOW_MS, Recorder } from './raft-fixture.ts';

/** A small generator of pseudo-random numbers (mulberry32): the same seed, the same run. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    int: (bound) => next() % bound,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}

export function directoryOf(nodeId: number): string {
  return Buffer.alloc(16, nodeId + 32).toString('base64url');
}

export interface QuorumNodeOptions extends Partial<RaftDriverOptions> {
  readonly segmentBytes?: number;
}

/** One node: a disk that stays, and a driver while it runs. */
export class QuorumNode {
  readonly id: number;
  readonly disk = new MemoryFileSystem();
  readonly fatal: Error[] = [];
  readonly statuses: QuorumStatus[] = [];
  raft!: RaftDriver;
  listener = new Recorder();
  /** Listens instead of {@link listener}, from the next start on. */
  makeListener: (() => RaftListener) | undefined;
  isRunning = false;

  constructor(id: number) {
    this.id = id;
  }

  get logDir(): string {
    return `/data/node-${this.id}`;
  }
}

/** Nodes with disks of their own, on one clock and one network. */
export class Quorum {
  readonly clock = new FakeClock(NOW_MS);
  readonly random: Random;
  readonly network: QuorumNetwork;
  readonly nodes: readonly QuorumNode[];
  readonly voters: readonly VoterAddress[];
  readonly options: QuorumNodeOptions;

  /** The first `voters` of `nodes` vote. */
  constructor(
    nodes: number,
    options: QuorumNodeOptions & { readonly seed?: number; readonly voterCount?: number } = {},
  ) {
    const { seed = 1, voterCount = nodes, ...rest } = options;
    this.options = rest;
    this.random = seeded(seed);
    this.network = new QuorumNetwork(this.clock, this.random);
    this.nodes = Array.from({ length: nodes }, (_, index) => new QuorumNode(index + 1));
    this.voters = this.nodes.slice(0, voterCount).map(({ id }) => addressOf(id));
    for (const node of this.nodes) this.format(node);
  }

  format(node: QuorumNode): void {
    formatLogDirs({
      ...{ fileSystem: node.disk, clock: this.clock, random: this.random },
      nodeId: node.id,
      clusterId: CLUSTER_ID,
      logDirs: [node.logDir],
      controllerEndpoints: [endpointOf(node.id)],
      initialVoters: this.voters,
      directoryId: directoryOf(node.id),
      bootstrapRecords: [],
    });
  }

  node(id: number): QuorumNode {
    return this.nodes[id - 1]!;
  }

  /** Starts nodes, all of them unless told. */
  start(ids: readonly number[] = this.nodes.map(({ id }) => id), options: QuorumNodeOptions = {}): void {
    for (const id of ids) this.#open(this.node(id), { ...this.options, ...options });
    for (const id of ids) this.node(id).raft.start();
  }

  #open(node: QuorumNode, { segmentBytes = 2 ** 20, ...options }: QuorumNodeOptions): void {
    const { clock, random } = this;
    const fileSystem = node.disk;
    const environment = new LogEnvironment({ fileSystem, clock, random, logger: silentLogger });
    const config = parseLogConfig({
      'internal.segment.bytes': String(segmentBytes),
      'file.delete.delay.ms': '0',
      'retention.ms': '-1',
    });
    node.listener = new Recorder();
    const raft = new RaftDriver({
      nodeId: node.id,
      clusterId: CLUSTER_ID,
      logDir: node.logDir,
      directoryId: directoryOf(node.id),
      controllerEndpoints: [endpointOf(node.id)],
      voters: this.voters,
      network: this.network.of(node.id),
      ...{ clock, random, fileSystem, logger: silentLogger },
      openLog: (directory) => openLog(environment, { topic: '__cluster_metadata', partition: 0, directory, config }),
      onFatal: (error) => node.fatal.push(error),
      onQuorumChange: (status) => node.statuses.push(status),
      retentionMaxBytes: 2 ** 30,
      retentionMaxMs: Number.MAX_SAFE_INTEGER,
      ...options,
    });
    node.raft = raft;
    node.isRunning = true;
    raft.register(node.makeListener?.() ?? node.listener);
    this.network.listen(node.id, (apiKey, request, version) => serve(raft, apiKey, request, version));
  }

  /** The process dies: nothing is written or said any more. */
  kill(id: number): void {
    const node = this.node(id);
    node.isRunning = false;
    node.raft.kill();
    this.network.die(id);
  }

  /** What was not flushed is gone, in part or whole. */
  losePower(id: number): void {
    this.kill(id);
    this.node(id).disk.losePower((bound) => this.random.int(bound));
  }

  async stop(id: number): Promise<void> {
    const node = this.node(id);
    await this.ask(node.raft.shutdown());
    node.isRunning = false;
    this.network.die(id);
  }

  /** Waits for an answer while time passes. */
  async ask<T>(answer: Promise<T>, limitMs = 10_000): Promise<T> {
    let isDone = false;
    const done = (): void => void (isDone = true);
    answer.then(done, done);
    await this.until(() => isDone, limitMs);
    return answer;
  }

  /** Nodes that run and believe that they lead. */
  leaders(): QuorumNode[] {
    return this.nodes.filter(({ isRunning, raft, id }) => isRunning && raft.leaderAndEpoch().leaderId === id);
  }

  /** Lets time pass until it holds; the ms that took. Fails after `limitMs`. */
  async until(holds: () => boolean, limitMs = 10_000): Promise<number> {
    const startMs = this.clock.monotonicMs();
    while (!holds()) {
      if (this.clock.monotonicMs() - startMs > limitMs) throw new Error(`not so within ${limitMs} ms`);
      await this.clock.advance(1);
    }
    return this.clock.monotonicMs() - startMs;
  }

  /** Until one leads and everybody who runs knows. */
  async elect(limitMs = 10_000): Promise<QuorumNode> {
    await this.until(() => {
      const [leader, other] = this.leaders();
      if (leader === undefined || other !== undefined) return false;
      const { epoch } = leader.raft.leaderAndEpoch();
      return this.nodes.every(
        ({ isRunning, raft }) =>
          !isRunning || (raft.leaderAndEpoch().leaderId === leader.id && raft.leaderAndEpoch().epoch === epoch),
      );
    }, limitMs);
    return this.leaders()[0]!;
  }

  /** Until everybody who runs has committed what the leader has. */
  async settle(limitMs = 10_000): Promise<void> {
    await this.until(() => {
      const [leader] = this.leaders();
      const end = leader?.raft.logEndOffset();
      return this.nodes.every(
        ({ isRunning, raft }) => !isRunning || (raft.logEndOffset() === end && raft.highWatermark() === end),
      );
    }, limitMs);
  }
}

export function endpointOf(nodeId: number): { name: string; host: string; port: number } {
  return { name: 'CONTROLLER', host: '127.0.0.1', port: FIRST_PORT + nodeId };
}

function addressOf(nodeId: number): VoterAddress {
  const { host, port } = endpointOf(nodeId);
  return { nodeId, directoryId: directoryOf(nodeId), host, port };
}

async function serve(raft: RaftDriver, apiKey: number, request: unknown, version: number): Promise<unknown> {
  switch (apiKey) {
    case voteRequest.apiKey:
      return raft.handleVote(request as Parameters<RaftDriver['handleVote']>[0]);
    case beginQuorumEpochRequest.apiKey:
      return raft.handleBeginQuorumEpoch(request as Parameters<RaftDriver['handleBeginQuorumEpoch']>[0], version);
    case endQuorumEpochRequest.apiKey:
      return raft.handleEndQuorumEpoch(request as Parameters<RaftDriver['handleEndQuorumEpoch']>[0], version);
    case fetchRequest.apiKey:
      return raft.handleFetch(request as Parameters<RaftDriver['handleFetch']>[0], version);
    case fetchSnapshotRequest.apiKey:
      return raft.handleFetchSnapshot(request as Parameters<RaftDriver['handleFetchSnapshot']>[0]);
    case addRaftVoterRequest.apiKey:
      return raft.handleAddRaftVoter(request as Parameters<RaftDriver['handleAddRaftVoter']>[0]);
    case removeRaftVoterRequest.apiKey:
      return raft.handleRemoveRaftVoter(request as Parameters<RaftDriver['handleRemoveRaftVoter']>[0]);
    case updateRaftVoterRequest.apiKey:
      return raft.handleUpdateRaftVoter(request as Parameters<RaftDriver['handleUpdateRaftVoter']>[0]);
    case apiVersionsRequest.apiKey:
      return {
        errorCode: 0,
        apiKeys: [],
        supportedFeatures: [{ name: 'kraft.version', minVersion: 0, maxVersion: 1 }],
      };
    default:
      throw new Error(`API ${apiKey}`);
  }
}
