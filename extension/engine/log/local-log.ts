import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import { chooseJitterMs, LogSegment } from './log-segment.ts';
import type { RollQuestion, SegmentMark } from './log-segment.ts';
import { CLEANED_SUFFIX, DELETED_SUFFIX, SWAP_SUFFIX } from './log-file-names.ts';
import type { LogSegments } from './log-segments.ts';
import { readSegment } from './read-plan.ts';
import type { LocatedRecords, ReadPlan } from './read-plan.ts';
import { RecentBatches } from './recent-batches.ts';
import type { RecentChunk } from './recent-batches.ts';

/** What an append puts at the end of the log: whole batches with their final offsets. */
export interface LocalAppend {
  readonly records: Buffer;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** The local log before a turn of appends. */
export interface LocalLogMark {
  readonly segment: SegmentMark;
  readonly nextOffset: number;
}

/** Often enough to notice, and rare enough to cost thousands of logs nothing. */
const LOOK_INTERVAL_MS = 10_000;

/** Bytes of a chunk that wait for their write. */
interface PendingBytes {
  readonly chunk: RecentChunk;
  readonly from: number;
}

/**
 * The segments of one partition: appends at the end, reads, truncation. It knows offsets and positions; what records
 * mean (epochs, producers, watermarks) is the business of unified-log.ts.
 */
export class LocalLog {
  readonly segments: LogSegments;
  readonly #environment: LogEnvironment;
  readonly #recent: RecentBatches;
  #directory: string;
  #config: LogConfig;
  #nextOffset: number;
  #writtenEndOffset: number;
  #recoveryPoint: number;
  #pending: PendingBytes[] = [];
  /** How often files were made, and up to which time the directory keeps their names when the power goes. */
  #filesMade = 0;
  #filesNamed = 0;
  /** When was looked whether the file is there that is written to. */
  #lookedAtMs = -Infinity;
  /** Counts truncations: what was read across one may be neither the old nor the new log. */
  #truncations = 0;
  /** The last position that an upper bound was translated to. */
  #bound: { readonly segment: LogSegment; readonly offset: number; readonly position: number } | undefined;

  constructor(
    environment: LogEnvironment,
    directory: string,
    config: LogConfig,
    segments: LogSegments,
    nextOffset: number,
    recoveryPoint: number,
  ) {
    this.#environment = environment;
    this.#directory = directory;
    this.#config = config;
    this.segments = segments;
    this.#recent = new RecentBatches(environment.recentBatches);
    this.#nextOffset = nextOffset;
    this.#writtenEndOffset = nextOffset;
    this.#recoveryPoint = recoveryPoint;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** The offset after the last record that was written. */
  get writtenEndOffset(): number {
    return this.#writtenEndOffset;
  }

  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  get hasPendingWrites(): boolean {
    return this.#pending.length > 0;
  }

  get truncations(): number {
    return this.#truncations;
  }

  set config(config: LogConfig) {
    this.#config = config;
  }

  mark(): LocalLogMark {
    return { segment: this.segments.active.mark(), nextOffset: this.#nextOffset };
  }

  shouldRoll(next: RollQuestion): boolean {
    return this.segments.active.shouldRoll(next, this.#config);
  }

  /** Queues bytes for {@link writePending}. The segment's books are kept by the caller, batch by batch, afterwards. */
  append({ records, firstOffset, lastOffset }: LocalAppend): LogSegment {
    const segment = this.segments.active;
    const chunk = this.#recent.append(segment, segment.sizeBytes, firstOffset, records);
    if (this.#pending.at(-1)?.chunk !== chunk) {
      chunk.hold();
      this.#pending.push({ chunk, from: chunk.length - records.length });
    }
    this.#nextOffset = lastOffset + 1;
    return segment;
  }

  /** Writes what was appended since the last time, in one go. Throws the file system's error. */
  writePending(): void {
    const segment = this.segments.active;
    const chunks = this.#pending.map(({ chunk, from }) => chunk.bytes.subarray(from, chunk.length));
    segment.log.writeSync(chunks, segment.writtenBytes);
    segment.writtenBytes = segment.sizeBytes;
    this.#endPending();
    this.#writtenEndOffset = this.#nextOffset;
    if (segment.offsetIndex.file.needsSave) segment.saveIndexes();
    else segment.transactionIndex.save();
  }

  #endPending(): void {
    for (const { chunk } of this.#pending) chunk.letGo();
    this.#pending = [];
  }

  /** Forgets the appends since `mark`, which were not written or only in part. Throws the file system's error. */
  undo(mark: LocalLogMark): void {
    const segment = this.segments.active;
    this.#endPending();
    this.#nextOffset = mark.nextOffset;
    this.#writtenEndOffset = mark.nextOffset;
    this.#recent.truncate(segment, mark.segment.sizeBytes);
    segment.restore(mark.segment);
  }

  /** For a log without any. */
  createFirstSegment(baseOffset: number): void {
    this.segments.add(this.#createSegment(baseOffset));
  }

  /**
   * Starts a segment at `baseOffset`, the next offset or, before a gap, a later one. An empty active segment is replaced.
   * Nothing may wait for its write.
   */
  roll(baseOffset: number): void {
    const { active } = this.segments;
    if (active.sizeBytes === 0 && active.baseOffset === baseOffset) return;
    if (active.sizeBytes > 0) {
      active.becomeInactive();
      // Its log was flushed while it was active, its indexes were not, and no later flush looks at it again.
      if (this.#recoveryPoint >= this.#writtenEndOffset) active.syncSync(false);
    }
    const created = this.#createSegment(baseOffset);
    if (active.sizeBytes === 0) this.deleteSegments([active]);
    this.segments.add(created);
  }

  #createSegment(baseOffset: number): LogSegment {
    this.#filesMade++;
    const { handles, clock, random } = this.#environment;
    const jitterMs = chooseJitterMs(this.#config, random);
    return LogSegment.create(handles, this.#directory, baseOffset, this.#config, clock, jitterMs);
  }

  /** Slices of recent batches from `startOffset` on, lent to the caller; undefined where the disk must be asked. */
  readRecent(startOffset: number, maxBytes: number, upperOffset: number, minOne: boolean): Buffer[] | undefined {
    let chunk = this.#recent.find(startOffset);
    if (chunk === undefined) return undefined;
    let position = chunk.locate(startOffset);
    if (position === chunk.endPosition) {
      chunk = this.#recent.after(chunk);
      if (chunk === undefined) return undefined;
    }
    const endPosition = this.boundPosition(chunk.segment, upperOffset);
    if (position >= endPosition) return undefined;
    let left = Math.min(endPosition - position, minOne ? Math.max(maxBytes, chunk.batchSizeAt(position)) : maxBytes);
    const slices: Buffer[] = [];
    for (let from: RecentChunk | undefined = chunk; left > 0 && from !== undefined; from = this.#recent.after(from)) {
      const length = Math.min(left, from.endPosition - position);
      const at = position - from.startPosition;
      from.hold();
      slices.push(from.bytes.subarray(at, at + length));
      position += length;
      left -= length;
    }
    return slices;
  }

  /** Reads from disk, up to `maxBytes` of one segment; undefined where nothing lies between the offsets. */
  *readPlan(
    startOffset: number,
    maxBytes: number,
    upperOffset: number,
    minOne: boolean,
  ): ReadPlan<LocatedRecords | undefined> {
    let segment = this.segments.floor(startOffset) ?? this.segments.first;
    for (;;) {
      const endPosition = this.boundPosition(segment, upperOffset);
      const located = yield* readSegment(segment, startOffset, maxBytes, endPosition, minOne);
      if (located !== undefined) return located;
      // Compaction may have left nothing of this segment at or past the offset.
      const next = this.segments.higher(segment.baseOffset);
      if (next === undefined || next.baseOffset >= upperOffset) return undefined;
      segment = next;
    }
  }

  /** The position in `segment` before which everything is below `upperOffset`. */
  boundPosition(segment: LogSegment, upperOffset: number): number {
    if (upperOffset >= this.#writtenEndOffset) return segment.writtenBytes;
    const next = this.segments.higher(segment.baseOffset);
    if (next !== undefined && next.baseOffset <= upperOffset) return segment.writtenBytes;
    if (this.#bound?.segment === segment && this.#bound.offset === upperOffset) return this.#bound.position;
    const chunk = this.#recent.find(upperOffset);
    const position = chunk?.segment === segment ? chunk.locate(upperOffset) : segment.positionOf(upperOffset);
    this.#bound = { segment, offset: upperOffset, position };
    return position;
  }

  /** Drops everything from `offset` on, which lies in or after the first segment. Nothing may wait for its write. */
  truncateTo(offset: number): void {
    this.#startTruncation();
    this.deleteSegments(this.segments.from(offset).filter((segment) => segment.baseOffset > offset));
    const { active } = this.segments;
    active.truncateTo(offset);
    this.#recent.truncate(active, active.sizeBytes);
    this.#endTruncation(offset);
  }

  /** Drops all segments and goes on with an empty one at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#startTruncation();
    this.deleteSegments(this.segments.all);
    this.segments.add(this.#createSegment(offset));
    this.#endTruncation(offset);
  }

  #startTruncation(): void {
    this.#truncations++;
    this.#bound = undefined;
  }

  #endTruncation(offset: number): void {
    this.#nextOffset = offset;
    this.#writtenEndOffset = offset;
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset);
  }

  /** Takes segments out of service: their files are renamed now and deleted after `file.delete.delay.ms`. */
  deleteSegments(segments: readonly LogSegment[]): void {
    if (segments.length === 0) return;
    for (const segment of segments) {
      this.segments.remove(segment);
      this.#recent.dropSegment(segment);
      segment.changeSuffix('', DELETED_SUFFIX);
    }
    if (this.#bound !== undefined && segments.includes(this.#bound.segment)) this.#bound = undefined;
    this.#environment.deleteLater(this.#config.fileDeleteDelayMs, `segments of ${this.#directory}`, () => {
      for (const segment of segments) segment.deleteFiles();
    });
  }

  /**
   * Puts a compacted segment, whose files end in `.cleaned`, in the place of those it was made from. A stop in the middle
   * is finished by the next start (log-directory-cleanup.ts).
   */
  replaceSegments(cleaned: LogSegment, replaced: readonly LogSegment[]): void {
    cleaned.changeSuffix(CLEANED_SUFFIX, SWAP_SUFFIX);
    this.deleteSegments(replaced);
    this.segments.add(cleaned);
    cleaned.changeSuffix(SWAP_SUFFIX, '');
    this.#filesMade++;
  }

  /** Bytes below `upTo` survive a loss of power afterwards. */
  flush(upTo: number): void {
    const target = Math.min(upTo, this.#writtenEndOffset);
    if (target <= this.#recoveryPoint) return;
    this.#syncDirectory();
    for (const segment of this.#unflushed(target)) segment.syncSync(segment === this.segments.active);
    this.#recoveryPoint = target;
  }

  async flushAsync(upTo: number): Promise<void> {
    const target = Math.min(upTo, this.#writtenEndOffset);
    if (target <= this.#recoveryPoint) return;
    const truncations = this.#truncations;
    for (const segment of this.#unflushed(target)) await segment.sync(segment === this.segments.active);
    // Last: a journaling file system has done it with the first file, and is not made to do it twice.
    await this.#syncDirectoryAsync();
    if (truncations === this.#truncations && target > this.#recoveryPoint) this.#recoveryPoint = target;
  }

  /**
   * Hands index entries that wait in memory to the operating system. Looks now and then whether the active segment's file
   * is still in its folder, and throws where it is not: what goes on being written to it would be lost at the next start.
   */
  saveIndexes(): void {
    const { fileSystem, clock } = this.#environment;
    const { active } = this.segments;
    if (clock.monotonicMs() - this.#lookedAtMs >= LOOK_INTERVAL_MS) {
      this.#lookedAtMs = clock.monotonicMs();
      if (!fileSystem.existsSync(active.log.path)) throw new Error(`${active.log.path} has vanished`);
    }
    active.saveIndexes();
  }

  #syncDirectory(): void {
    if (this.#filesNamed === this.#filesMade) return;
    this.#environment.fileSystem.syncDirectorySync(this.#directory);
    this.#filesNamed = this.#filesMade;
  }

  async #syncDirectoryAsync(): Promise<void> {
    const made = this.#filesMade;
    if (this.#filesNamed === made) return;
    await this.#environment.fileSystem.syncDirectory(this.#directory);
    this.#filesNamed = Math.max(this.#filesNamed, made);
  }

  #unflushed(target: number): LogSegment[] {
    return this.segments.from(this.#recoveryPoint).filter((segment) => segment.baseOffset < target);
  }

  /** Indexes complete and trimmed, files closed. */
  close(): void {
    this.segments.active.becomeInactive();
    this.closeFiles();
  }

  closeFiles(): void {
    this.#recent.clear();
    for (const segment of this.segments.all) segment.closeFiles();
  }

  /** The partition's folder was renamed. */
  moved(directory: string): void {
    this.#directory = directory;
    for (const segment of this.segments.all) segment.moved(directory);
  }
}
