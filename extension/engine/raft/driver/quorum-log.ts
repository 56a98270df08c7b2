import { buildControlBatch } from '../../../records/control-record.ts';
import { RecordBatchBuilder } from '../../../records/record-batch-builder.ts';
import { BATCH_HEADER_SIZE } from '../../../records/record-batch-layout.ts';
import * as batch from '../../../records/record-batch.ts';
import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { Logger } from '../../common/logger.ts';
import type { RaftLogView } from '../raft-log-view.ts';
import type { CommittedBatch, OffsetAndEpoch } from '../raft-ports.ts';
import { VoterHistory } from '../voter-history.ts';
import type { VoterSet } from '../voter-set.ts';
import { quorumChange } from './control-records.ts';
import type { EncodedControlRecord, QuorumChange } from './control-records.ts';
import type { MetadataLog } from './metadata-log.ts';
import { MetadataLogReader } from './metadata-log-reader.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { SnapshotReceiver } from './snapshot-receiver.ts';
import type { LoadedSnapshot } from './snapshots.ts';

/** The topic id that every metadata log has. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

export interface QuorumLogOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMaxBytes: number;
  readonly retentionMaxMs: number;
  /** Opens, after `checkMetadataLog`, what lies in the folder, or makes a new log there. */
  readonly openLog: (directory: string) => MetadataLog;
  /** The voters where neither log nor snapshot names them. */
  readonly configuredVoters: () => VoterSet;
  /** Everything below is on disk now. */
  readonly onFlushed: (endOffset: number) => void;
  /** Bytes were written, so that they can be read. */
  readonly onWritten: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** The metadata log with its snapshots, and what both say of the voters. */
export class QuorumLog implements RaftLogView {
  readonly history: VoterHistory;
  readonly snapshots: SnapshotStore;
  /** What the listener has to load before anything else. */
  readonly firstSnapshot: LoadedSnapshot | undefined;
  readonly #options: QuorumLogOptions;
  readonly #log: MetadataLog;
  readonly #reader: MetadataLogReader;
  #isFlushing = false;
  #isClosed = false;

  /** Opens log and snapshots. Throws RaftError CORRUPT_METADATA; ApiError KAFKA_STORAGE_ERROR. */
  constructor(options: QuorumLogOptions, directory: string) {
    this.#options = options;
    options.fileSystem.mkdirSync(directory);
    this.#reader = new MetadataLogReader(options.fileSystem, options.logger, directory);
    this.#reader.check();
    this.#log = options.openLog(directory);
    this.#log.assignTopicId(METADATA_TOPIC_ID);
    this.snapshots = new SnapshotStore(options, directory);

    const snapshot = this.snapshots.load(this.#log.logStartOffset);
    if (snapshot !== undefined && this.#log.nextOffset < snapshot.id.offset) {
      this.#log.truncateFullyAndStartAt(snapshot.id.offset);
    }
    // The one that formatting wrote holds voters and no metadata.
    this.firstSnapshot = snapshot?.id.offset === 0 ? undefined : snapshot;
    this.history = new VoterHistory(0, options.configuredVoters());
    if (snapshot !== undefined) this.#takeSnapshotQuorum(snapshot);
    const from = snapshot?.id.offset ?? 0;
    for (const change of this.#reader.quorumChanges(this.#log, from, this.#log.logEndOffset)) this.#note(change);
  }

  end(): OffsetAndEpoch {
    const epoch = Math.max(this.#log.latestEpoch ?? 0, this.snapshots.latest()?.epoch ?? 0);
    return { offset: this.#log.nextOffset, epoch };
  }

  startOffset(): number {
    return this.#log.logStartOffset;
  }

  endOfEpoch(epoch: number): OffsetAndEpoch {
    const found = this.#log.endOffsetForEpoch(epoch);
    if (found.leaderEpoch < 0) return this.end();
    const earliest = this.snapshots.earliest();
    if (earliest !== undefined && found.endOffset === this.startOffset() && earliest.offset === found.endOffset) {
      return earliest;
    }
    return { offset: found.endOffset, epoch: found.leaderEpoch };
  }

  earliestSnapshot(): OffsetAndEpoch | undefined {
    return this.snapshots.earliest();
  }

  latestSnapshot(): OffsetAndEpoch | undefined {
    return this.snapshots.latest();
  }

  get nextOffset(): number {
    return this.#log.nextOffset;
  }

  /** The end of what may be read. */
  get writtenEnd(): number {
    return this.#log.logEndOffset;
  }

  /** Appends control records of this node's epoch; answers what they change of the quorum. */
  appendControl(
    records: readonly EncodedControlRecord[],
    epoch: number,
    opensEpoch: boolean,
  ): QuorumChange | undefined {
    const options = { baseOffset: this.#log.nextOffset, partitionLeaderEpoch: epoch };
    if (opensEpoch) this.#log.assignEpochStartOffset(epoch, options.baseOffset);
    const bytes = buildControlBatch(records, this.#options.clock.nowMs(), options);
    this.#append(bytes, epoch);
    return this.#note(quorumChange(bytes, 0));
  }

  /** Appends metadata records of this node's epoch as one batch. */
  appendRecords(records: readonly Buffer[], epoch: number): CommittedBatch {
    const baseOffset = this.#log.nextOffset;
    const appendTimestampMs = this.#options.clock.nowMs();
    const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: epoch });
    for (const value of records) builder.append({ value, timestamp: appendTimestampMs });
    const lastOffset = builder.nextOffset - 1;
    const bytes = builder.build();
    this.#append(bytes, epoch);
    return { baseOffset, lastOffset, epoch, appendTimestampMs, sizeBytes: bytes.length, records };
  }

  #append(bytes: Buffer, epoch: number): void {
    this.#rolling(() =>
      this.#log.appendAsLeader(bytes, epoch, {
        origin: 'raft',
        onWritten: (error) => {
          if (error !== undefined) return this.#fail(error);
          this.#options.onWritten();
          this.#flush();
        },
      }),
    );
  }

  /**
   * Appends what the leader of `epoch` sent; it is written when this returns, not necessarily flushed. Answers what it changes of the
   * quorum. Throws ApiError CORRUPT_MESSAGE, OFFSET_OUT_OF_RANGE: nothing was appended then.
   */
  appendFetched(bytes: Buffer, epoch: number): QuorumChange[] {
    const { nextOffset } = this.#log;
    if (batch.baseOffset(bytes, 0) !== nextOffset) {
      throw new Error(`it begins at offset ${batch.baseOffset(bytes, 0)} instead of ${nextOffset}`);
    }
    this.#rolling(() =>
      this.#log.appendAsFollower(bytes, epoch, (error) => {
        if (error !== undefined) this.#fail(error);
      }),
    );
    this.#log.flushWrites();
    const changes: QuorumChange[] = [];
    // The last batch may be cut off; what was appended is whole.
    for (let at = 0; at + BATCH_HEADER_SIZE <= bytes.length; at += batch.batchSize(bytes, at)) {
      if (batch.baseOffset(bytes, at) >= this.#log.nextOffset) break;
      const change = this.#note(quorumChange(bytes, at));
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  /** What lies before a new segment is durable when that gets a batch, so that a loss of power leaves no hole. */
  #rolling(append: () => void): void {
    const { segmentCount, nextOffset } = this.#log;
    append();
    if (this.#log.segmentCount === segmentCount) return;
    try {
      this.#log.flush(nextOffset);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #note(change: QuorumChange | undefined): QuorumChange | undefined {
    if (change !== undefined) this.history.add(change.offset, change);
    return change;
  }

  /** Whole batches from `offset` on, as they lie in the log, the last one perhaps cut off. */
  async read(offset: number, maxBytes: number): Promise<readonly Buffer[]> {
    if (offset >= this.#log.logEndOffset) return [];
    return (await this.#log.readAsync(offset, maxBytes, { isolation: 'logEnd' })).records;
  }

  /** Batches of metadata records in [`from`, `to`). Throws RaftError CORRUPT_METADATA. */
  batches(from: number, to: number): Generator<CommittedBatch, void> {
    return this.#reader.read(this.#log, from, to);
  }

  commit(highWatermark: number): void {
    this.#log.updateHighWatermark(highWatermark);
  }

  /** Where this log parts from one in which an epoch ends at `leaderEnd`, as far as that tells. */
  partingPoint(leaderEnd: OffsetAndEpoch): number {
    const own = this.endOfEpoch(leaderEnd.epoch);
    return own.epoch === leaderEnd.epoch ? Math.min(own.offset, leaderEnd.offset) : own.offset;
  }

  truncateTo(offset: number): void {
    this.#log.truncateTo(offset);
    this.history.truncateTo(offset);
  }

  /** A snapshot that was received takes the place of everything. */
  install(received: SnapshotReceiver): LoadedSnapshot {
    const snapshot = this.snapshots.adopt(received);
    this.#log.truncateFullyAndStartAt(snapshot.id.offset);
    this.#takeSnapshotQuorum(snapshot);
    return snapshot;
  }

  #takeSnapshotQuorum({ id, quorum }: LoadedSnapshot): void {
    const voters = quorum.voters ?? this.#options.configuredVoters();
    this.history.reset(id.offset - 1, quorum.kraftVersion, voters);
  }

  /** Writes a snapshot of the state at `id`, then lets go of the log before it. */
  async writeSnapshot(id: OffsetAndEpoch, timestampMs: number, batches: Iterable<readonly Buffer[]>): Promise<void> {
    const { kraftVersion, voters } = this.history.before(id.offset);
    const options = { lastContainedLogTimestampMs: timestampMs, kraftVersion, voters };
    await this.snapshots.write(id, options, batches);
    if (this.#isClosed) return;
    this.snapshots.clean(this.#log);
    this.history.forgetBefore(this.#log.logStartOffset);
  }

  /** Makes what was written durable, one flush at a time: what is written meanwhile shares the next one. */
  #flush(): void {
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    const end = this.#log.logEndOffset;
    this.#log.flushAsync(end).then(
      () => {
        this.#isFlushing = false;
        this.#options.onFlushed(end);
        if (this.#log.logEndOffset > end) this.#flush();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Resolves when everything written so far is durable. Rejects with ApiError KAFKA_STORAGE_ERROR. */
  flushed(): Promise<void> {
    return this.#log.flushAsync(this.#log.logEndOffset);
  }

  async close(): Promise<void> {
    this.#log.flushWrites();
    this.#isClosed = true;
    await this.#log.flushAsync();
    this.#log.close();
  }

  /** Nothing is written any more. */
  abandon(): void {
    this.#isClosed = true;
    this.#log.abandon();
  }

  #fail(error: unknown): void {
    if (!this.#isClosed) this.#options.onFailed(error);
  }
}
