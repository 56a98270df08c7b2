import { buildControlBatch } from '../../../records/control-record.ts';
import { RecordBatchBuilder } from '../../../records/record-batch-builder.ts';
import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { Logger } from '../../common/logger.ts';
import type { NodeNetwork } from '../../common/network.ts';
import { ZERO_UUID } from '../../common/random.ts';
import type { Random } from '../../common/random.ts';
import { RaftCore } from '../raft-core.ts';
import type { RaftEffect } from '../raft-core.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type {
  CommittedBatch,
  LeaderAndEpoch,
  OffsetAndEpoch,
  QuorumDescription,
  QuorumStatus,
  RaftClient,
  RaftListener,
  RaftTiming,
  VoterEndpoint,
} from '../raft-ports.ts';
import { sameVoter } from '../voter-set.ts';
import type { VoterAddress } from '../voter-set.ts';
import * as control from './control-records.ts';
import { KRAFT_VERSIONS, METADATA_LOG } from './format-directory.ts';
import type { MetadataLog } from './metadata-log.ts';
import { MetadataLogReader } from './metadata-log-reader.ts';
import { QuorumStateFile } from './quorum-state-file.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { LoadedSnapshot } from './snapshots.ts';

/** The topic id that every metadata log has. */
const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

export interface RaftDriverOptions {
  readonly nodeId: number;
  /** The first log directory, and what its meta.properties says. */
  readonly logDir: string;
  readonly directoryId: string | undefined;
  /** For requests of other nodes; undefined accepts any. */
  readonly clusterId?: string;
  /** This node's own addresses for the quorum; empty for a node that has no controller listener and so never votes. */
  readonly controllerEndpoints: readonly VoterEndpoint[];
  /**
   * Where the voters are now: overrides the addresses that the directory remembers, names the voters of a quorum that is
   * configured (kraft.version 0), and tells a new node whom to ask.
   */
  readonly voters?: readonly VoterAddress[];
  /** Left out for a node that is the only one. */
  readonly network?: NodeNetwork;
  readonly random?: Random;
  /** Kafka's defaults unless given. */
  readonly timing?: RaftTiming;
  /** Called when a leader is known, or is not any more. */
  readonly onQuorumChange?: (status: QuorumStatus) => void;
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
  /** Opens, after `checkMetadataLog`, what lies in the folder, or makes a new log there. */
  readonly openLog: (directory: string) => MetadataLog;
  /** The log failed, or the listener did: nothing is served from here any more. */
  readonly onFatal: (error: Error) => void;
  /** Snapshots but the latest, and the log before it, go once all together are larger, or older. */
  readonly retentionMaxBytes: number;
  readonly retentionMaxMs: number;
}

/**
 * Runs the quorum's core over a log directory: does what its effects say, tells it what came of it, and hands committed
 * records to the listener. One voter, so far: messages between voters will come in and go out here.
 */
export class RaftDriver implements RaftClient {
  readonly nodeId: number;
  readonly #options: RaftDriverOptions;
  readonly #log: MetadataLog;
  readonly #reader: MetadataLogReader;
  readonly #snapshots: SnapshotStore;
  readonly #quorumState: QuorumStateFile;
  readonly #core: RaftCore;
  readonly #quorum: control.QuorumRecords;
  /** Whether the log itself holds a voters record, not just the snapshot before it. */
  readonly #votersInLog: boolean;
  #listener: RaftListener | undefined;
  /** The snapshot that the listener has to load first. */
  #snapshotToLoad: LoadedSnapshot | undefined;
  #nextOffset = 0;
  /** Own appends that are not committed yet. */
  #pending: CommittedBatch[] = [];
  #isFlushing = false;
  #isClosed = false;

  /**
   * Opens the metadata log and finds out who votes. Nothing is written yet.
   *
   * @throws RaftError CORRUPT_METADATA, INCONSISTENT_DIRECTORY; ApiError KAFKA_STORAGE_ERROR
   */
  constructor(options: RaftDriverOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    const directory = `${options.logDir}/${METADATA_LOG}`;
    options.fileSystem.mkdirSync(directory);
    this.#reader = new MetadataLogReader(options.fileSystem, options.logger, directory);
    this.#reader.check();
    this.#log = options.openLog(directory);
    this.#log.assignTopicId(METADATA_TOPIC_ID);
    this.#snapshots = new SnapshotStore(options, directory);
    this.#quorumState = new QuorumStateFile(options.fileSystem, `${directory}/quorum-state`);

    const snapshot = this.#snapshots.load(this.#log.logStartOffset);
    if (snapshot !== undefined && this.#log.nextOffset < snapshot.id.offset) {
      this.#log.truncateFullyAndStartAt(snapshot.id.offset);
    }
    // The one that formatting wrote holds voters and no metadata.
    this.#snapshotToLoad = snapshot?.id.offset === 0 ? undefined : snapshot;
    this.#quorum = { kraftVersion: snapshot?.quorum.kraftVersion ?? 0, voters: snapshot?.quorum.voters };
    this.#votersInLog = this.#reader.replayQuorum(this.#log, snapshot?.id.offset ?? 0, this.#quorum);
    this.#core = this.#makeCore(snapshot?.id);
  }

  #makeCore(snapshot: OffsetAndEpoch | undefined): RaftCore {
    const { nodeId, directoryId, logDir, controllerEndpoints } = this.#options;
    const isDynamic = this.#quorum.kraftVersion > 0 && this.#quorum.voters !== undefined;
    const election = this.#quorumState.read();
    const voters = isDynamic ? this.#quorum.voters! : this.#quorumState.configuredVoters(nodeId, controllerEndpoints);
    const self = { id: nodeId, directoryId: isDynamic ? directoryId : undefined };
    if (!voters.isOnlyVoter(self)) {
      throw new RaftError(
        RaftErrorCode.INCONSISTENT_DIRECTORY,
        voters.isVoter(self)
          ? `${logDir} belongs to a metadata quorum of nodes ${voters.ids().join(', ')}: node ${nodeId} alone has no majority.`
          : `${logDir} belongs to no voter of its metadata quorum (nodes ${voters.ids().join(', ')}); give the directory of one.`,
      );
    }
    const epoch = Math.max(this.#log.latestEpoch ?? 0, snapshot?.epoch ?? 0);
    const logEnd = { offset: this.#log.nextOffset, epoch };
    return new RaftCore({ self, voters, election, logEnd });
  }

  /** Takes part in the quorum from now on; the only voter leads a moment later. */
  start(): void {
    this.#run(() => this.#core.campaign());
  }

  register(listener: RaftListener): void {
    if (this.#listener !== undefined) throw new Error('the metadata log has a listener');
    this.#listener = listener;
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
    return this.#quorum.kraftVersion;
  }

  latestSnapshot(): OffsetAndEpoch | undefined {
    const latest = this.#snapshots.latest();
    return latest === undefined || latest.offset === 0 ? undefined : latest;
  }

  append(epoch: number, records: readonly Buffer[]): number {
    if (this.#isClosed) throw new RaftError(RaftErrorCode.CLOSED, 'The node is shutting down.');
    this.#core.expectLeader(epoch);
    const baseOffset = this.#log.nextOffset;
    const appendTimestampMs = this.#options.clock.nowMs();
    const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: epoch });
    for (const value of records) builder.append({ value, timestamp: appendTimestampMs });
    const lastOffset = builder.nextOffset - 1;
    const bytes = builder.build();
    const sizeBytes = bytes.length;
    this.#appendBatch(bytes, epoch);
    this.#pending.push({ baseOffset, lastOffset, epoch, appendTimestampMs, sizeBytes, records });
    return lastOffset;
  }

  async createSnapshot(
    id: OffsetAndEpoch,
    lastContainedLogTimestampMs: number,
    batches: Iterable<readonly Buffer[]>,
  ): Promise<void> {
    if (this.#isClosed || id.offset > this.#core.highWatermark) return;
    if ((this.#snapshots.latest()?.offset ?? -1) >= id.offset) return;
    const { kraftVersion, voters } = this.#quorum;
    const options = { lastContainedLogTimestampMs, kraftVersion, voters };
    await this.#snapshots.write(id, options, batches);
    if (!this.#isClosed) this.#snapshots.clean(this.#log);
  }

  describeQuorum(): QuorumDescription {
    const { leaderId, epoch } = this.#core.leaderAndEpoch;
    const nowMs = this.#options.clock.nowMs();
    return {
      leaderId,
      leaderEpoch: epoch,
      highWatermark: this.#core.highWatermark,
      voters: this.#core.progress().map((replica) => {
        const isSelf = replica.key.id === this.nodeId;
        return {
          replicaId: replica.key.id,
          directoryId: replica.key.directoryId ?? ZERO_UUID,
          logEndOffset: isSelf ? this.#log.logEndOffset : replica.endOffset,
          lastFetchTimestampMs: isSelf ? nowMs : replica.lastFetchTimestampMs,
          lastCaughtUpTimestampMs: isSelf ? nowMs : replica.lastCaughtUpTimestampMs,
        };
      }),
      observers: [],
      nodes: this.#core.voters.nodes().map(({ id, endpoints }) => ({ nodeId: id, listeners: endpoints })),
    };
  }

  resign(epoch: number): void {
    this.#run(() => this.#core.resign(epoch));
  }

  /** Writes and flushes what was appended, then closes the log. Appends are refused from the call on. */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    this.#log.flushWrites();
    this.#isClosed = true;
    await this.#log.flushAsync();
    this.#log.close();
  }

  /** Nothing is written or told any more. */
  kill(): void {
    this.#isClosed = true;
    this.#log.abandon();
  }
  #run(step: () => RaftEffect[]): void {
    if (this.#isClosed) return;
    try {
      for (const effect of step()) this.#perform(effect);
    } catch (error) {
      this.#fail(error);
    }
  }

  #perform(effect: RaftEffect): void {
    switch (effect.type) {
      case 'persist':
        this.#quorumState.write(effect.election, this.#quorum.kraftVersion, this.#core.voters.ids());
        return;
      case 'openEpoch':
        return this.#openEpoch(effect.epoch, effect.granting);
      case 'commit':
        return this.#deliver(effect.highWatermark);
      case 'leader':
        this.#listener?.onLeaderChange(effect.leader);
        return;
    }
  }

  /**
   * The first batch of an epoch. It repeats the voters where the log does not have them yet (they are in the snapshot that
   * formatting wrote) and where this node's addresses have changed.
   */
  #openEpoch(epoch: number, granting: readonly number[]): void {
    const records = [control.leaderChange(this.nodeId, this.#core.voters.ids(), granting)];
    const voter = this.#core.voters.get(this.nodeId);
    if (this.#quorum.kraftVersion > 0 && voter !== undefined) {
      const current = {
        ...voter,
        endpoints: this.#options.controllerEndpoints,
        minKRaftVersion: KRAFT_VERSIONS.min,
        maxKRaftVersion: KRAFT_VERSIONS.max,
      };
      if (!this.#votersInLog || !sameVoter(voter, current)) {
        const voters = this.#core.voters.withUpdated(current);
        records.push(control.kraftVersion(this.#quorum.kraftVersion), control.voters(voters));
        this.#quorum.voters = voters;
        this.#core.setVoters(voters);
      }
    }
    const options = { baseOffset: this.#log.nextOffset, partitionLeaderEpoch: epoch };
    this.#log.assignEpochStartOffset(epoch, options.baseOffset);
    this.#appendBatch(buildControlBatch(records, this.#options.clock.nowMs(), options), epoch);
  }

  #appendBatch(bytes: Buffer, epoch: number): void {
    const { segmentCount, nextOffset } = this.#log;
    this.#log.appendAsLeader(bytes, epoch, {
      origin: 'raft',
      onWritten: (error) => {
        if (error === undefined) this.#flush();
        else this.#fail(error);
      },
    });
    // The batch waits in memory for the end of this turn. What lies before a new segment is durable by then, so that a
    // loss of power leaves no hole between two segments.
    if (this.#log.segmentCount !== segmentCount) this.#flushNow(nextOffset);
    this.#core.appended({ offset: this.#log.nextOffset, epoch });
  }

  #flushNow(upTo: number): void {
    try {
      this.#log.flush(upTo);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Makes what was written durable, one flush at a time: what is written meanwhile shares the next one. */
  #flush(): void {
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    const end = this.#log.logEndOffset;
    this.#log.flushAsync(end).then(
      () => {
        this.#isFlushing = false;
        this.#run(() => this.#core.flushed(end, this.#options.clock.nowMs()));
        if (this.#log.logEndOffset > end) this.#flush();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Hands everything below the high watermark to the listener. */
  #deliver(highWatermark: number): void {
    this.#log.updateHighWatermark(highWatermark);
    const listener = this.#listener;
    if (listener === undefined) throw new Error('nobody listens to the metadata log');
    const snapshot = this.#snapshotToLoad;
    if (snapshot !== undefined) {
      this.#snapshotToLoad = undefined;
      listener.onLoadSnapshot(snapshot);
      this.#nextOffset = snapshot.id.offset;
    }
    // Own appends are at hand; what came before them is read once, at start.
    const firstPending = this.#pending[0]?.baseOffset ?? highWatermark;
    const readTo = Math.min(firstPending, highWatermark);
    if (this.#nextOffset < readTo) {
      for (const batch of this.#reader.read(this.#log, this.#nextOffset, readTo)) listener.onCommit([batch]);
    }
    const committed = this.#pending.findIndex(({ lastOffset }) => lastOffset >= highWatermark);
    const ready = this.#pending.splice(0, committed < 0 ? this.#pending.length : committed);
    if (ready.length > 0) listener.onCommit(ready);
    this.#nextOffset = highWatermark;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onFatal(
      error instanceof Error
        ? error
        : new RaftError(RaftErrorCode.STORAGE, `The metadata log failed: ${String(error)}`),
    );
  }
}
