import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { CommittedBatch, RaftClient, SnapshotSource } from '../raft/raft-ports.ts';
import { imageDifference } from './image-difference.ts';
import { imageRecords } from './image-records.ts';
import { MetadataDelta } from './metadata-delta.ts';
import { MetadataError } from './metadata-error.ts';
import { EMPTY_IMAGE } from './metadata-image.ts';
import type { MetadataImage, MetadataProvenance } from './metadata-image.ts';
import type { MetadataPublisher } from './metadata-publisher.ts';
import { encodeMetadataRecord } from './metadata-record.ts';
import { checkFeatures } from './metadata-version.ts';

export interface MetadataLoaderOptions {
  readonly raft: RaftClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `metadata.log.max.record.bytes.between.snapshots`. */
  readonly snapshotMaxBytes: number;
  /** `metadata.log.max.snapshot.interval.ms`; 0 is never. */
  readonly snapshotMaxIntervalMs: number;
}

/** Records in one batch of a snapshot. */
const SNAPSHOT_BATCH_RECORDS = 1024;

/**
 * Keeps the committed image, tells publishers of every change, and has snapshots written when enough has been committed since
 * the last one. What lies between BEGIN_TRANSACTION and END_TRANSACTION becomes visible at once, or never (KIP-868).
 */
export class MetadataLoader {
  readonly #options: MetadataLoaderOptions;
  readonly #publishers: MetadataPublisher[] = [];
  #image: MetadataImage = EMPTY_IMAGE;
  #transaction: MetadataDelta | undefined;
  #controller = { id: -1, epoch: -1 };
  #bytesSinceSnapshot = 0;
  #lastSnapshotMs: number;
  #isWritingSnapshot = false;
  readonly #saidNotEnforced = new Set<string>();

  constructor(options: MetadataLoaderOptions) {
    this.#options = options;
    this.#lastSnapshotMs = options.clock.monotonicMs();
  }

  /** Everything committed so far. */
  get image(): MetadataImage {
    return this.#image;
  }

  /** Whether a transaction was begun and neither ended nor aborted. */
  get isInTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** Calls the publisher with everything there is, and from now on with every change. */
  addPublisher(publisher: MetadataPublisher): void {
    this.#publishers.push(publisher);
    this.#tell(publisher, imageDifference(EMPTY_IMAGE, this.#image), this.#image);
    if (this.#controller.epoch >= 0) this.#tellController(publisher);
  }

  removePublisher(publisher: MetadataPublisher): void {
    const index = this.#publishers.indexOf(publisher);
    if (index >= 0) this.#publishers.splice(index, 1);
  }

  /** A committed batch of another leader, or of an earlier life. Throws MetadataError, ProtocolError. */
  commit(batch: CommittedBatch): void {
    let delta = this.#transaction ?? new MetadataDelta(this.#image);
    let hasPending = this.#transaction !== undefined;
    for (const frame of batch.records) {
      const { type } = delta.replayFrame(frame);
      switch (type) {
        case 'BEGIN_TRANSACTION_RECORD':
          if (this.#transaction !== undefined) throw new MetadataError('A metadata transaction begins within another.');
          if (hasPending) this.#apply(delta, batch);
          delta = new MetadataDelta(this.#image);
          this.#transaction = delta;
          break;
        case 'END_TRANSACTION_RECORD':
        case 'ABORT_TRANSACTION_RECORD':
          if (this.#transaction === undefined) throw new MetadataError('A metadata transaction ends that never began.');
          this.#transaction = undefined;
          if (type === 'END_TRANSACTION_RECORD') this.#apply(delta, batch);
          delta = new MetadataDelta(this.#image);
          hasPending = false;
          break;
        default:
          hasPending = true;
      }
    }
    if (this.#transaction === undefined) this.#apply(delta, batch);
    this.#afterCommit(batch);
  }

  /** A committed batch that this node replayed when it decided on it: `delta` led to `image`. */
  commitPrepared(batch: CommittedBatch, delta: MetadataDelta, image: MetadataImage): void {
    // What the controller decides is never part of an open transaction but its end: see QuorumController.
    this.#transaction = undefined;
    this.#publish(delta, image);
    this.#afterCommit(batch);
  }

  /** A snapshot takes the place of everything before. Throws MetadataError, ProtocolError, RaftError. */
  loadSnapshot(snapshot: SnapshotSource): void {
    const delta = new MetadataDelta(EMPTY_IMAGE);
    for (const batch of snapshot.batches()) for (const frame of batch) delta.replayFrame(frame);
    const { offset, epoch } = snapshot.id;
    const image = delta.apply({
      offset: offset - 1,
      epoch,
      lastContainedLogTimeMs: snapshot.lastContainedLogTimestampMs,
    });
    this.#transaction = undefined;
    this.#publish(imageDifference(this.#image, image), image);
    this.#bytesSinceSnapshot = 0;
  }

  controllerChanged(id: number, epoch: number): void {
    this.#controller = { id, epoch };
    for (const publisher of [...this.#publishers]) this.#tellController(publisher);
  }

  #apply(delta: MetadataDelta, batch: CommittedBatch): void {
    this.#publish(delta, delta.apply(provenanceOf(batch)));
  }

  #publish(delta: MetadataDelta, image: MetadataImage): void {
    if (delta.changedFeatures.size > 0) checkFeatures(image.features);
    this.#image = image;
    this.#sayNotEnforced();
    for (const publisher of [...this.#publishers]) this.#tell(publisher, delta, image);
  }

  #tell(publisher: MetadataPublisher, delta: MetadataDelta, image: MetadataImage): void {
    try {
      publisher.onMetadataUpdate(delta, image);
    } catch (error) {
      this.#options.logger.error(
        `${publisher.name} failed on the metadata of offset ${image.provenance.offset}`,
        error,
      );
    }
  }

  #tellController(publisher: MetadataPublisher): void {
    try {
      publisher.onControllerChange?.(this.#controller.id, this.#controller.epoch);
    } catch (error) {
      this.#options.logger.error(`${publisher.name} failed on controller epoch ${this.#controller.epoch}`, error);
    }
  }

  #afterCommit(batch: CommittedBatch): void {
    this.#bytesSinceSnapshot += batch.sizeBytes;
    const { snapshotMaxBytes, snapshotMaxIntervalMs, clock } = this.#options;
    if (this.#isWritingSnapshot || this.#transaction !== undefined) return;
    const isOverdue = snapshotMaxIntervalMs > 0 && clock.monotonicMs() - this.#lastSnapshotMs >= snapshotMaxIntervalMs;
    if (this.#bytesSinceSnapshot >= snapshotMaxBytes || isOverdue) this.#writeSnapshot();
  }

  #writeSnapshot(): void {
    const { raft, clock, logger } = this.#options;
    const image = this.#image;
    this.#isWritingSnapshot = true;
    this.#bytesSinceSnapshot = 0;
    this.#lastSnapshotMs = clock.monotonicMs();
    const { offset, epoch, lastContainedLogTimeMs } = image.provenance;
    raft
      .createSnapshot({ offset: offset + 1, epoch }, lastContainedLogTimeMs, snapshotBatches(image))
      .catch((error: unknown) => logger.error('Could not write a metadata snapshot; the log keeps everything', error))
      .finally(() => (this.#isWritingSnapshot = false));
  }

  #sayNotEnforced(): void {
    const kept = {
      'access control entries': this.#image.acls.size,
      'client quotas': this.#image.clientQuotas.size,
      'SCRAM credentials': this.#image.scram.size,
      'delegation tokens': this.#image.delegationTokens.size,
    };
    for (const [what, count] of Object.entries(kept)) {
      if (count === 0 || this.#saidNotEnforced.has(what)) continue;
      this.#saidNotEnforced.add(what);
      this.#options.logger.warn(`The metadata hold ${what}: they are kept, but not enforced yet.`);
    }
  }
}

export function provenanceOf(batch: Omit<CommittedBatch, 'records'>): MetadataProvenance {
  return { offset: batch.lastOffset, epoch: batch.epoch, lastContainedLogTimeMs: batch.appendTimestampMs };
}

function* snapshotBatches(image: MetadataImage): Generator<Buffer[], void> {
  let batch: Buffer[] = [];
  for (const record of imageRecords(image)) {
    batch.push(encodeMetadataRecord(record));
    if (batch.length < SNAPSHOT_BATCH_RECORDS) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
