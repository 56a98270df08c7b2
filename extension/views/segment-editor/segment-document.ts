import { BYTES_PAGE_SIZE } from '../../shared/segment-contract.ts';
import type {
  BytesPage,
  FileState,
  FileTrouble,
  Located,
  NodePath,
  StructureNode,
} from '../../shared/segment-contract.ts';
import type { FeedClock } from '../offsets/offsets-feed.ts';
import { openStructure } from './open-structure.ts';
import type { OpenedStructure } from './open-structure.ts';
import type { FileFacts, SegmentBytes } from './segment-bytes.ts';
import { parseSegmentPath } from './segment-name.ts';
import type { SegmentName } from './segment-name.ts';
import { NO_STRUCTURE } from './structure.ts';

export interface SegmentDocumentOptions {
  /** Absolute, for its names and for people. */
  readonly path: string;
  readonly bytes: SegmentBytes;
  readonly clock: FeedClock;
  /** Called at most ten times a second while the structure is read, and after every change of the file. */
  readonly onChange: (state: FileState) => void;
}

export const WATCH_INTERVAL_MS = 1000;
const PROGRESS_INTERVAL_MS = 100;
const NOTHING: OpenedStructure = { kind: 'unknown', structure: NO_STRUCTURE };

/**
 * One file under the eyes of any number of editors: bytes and structure by pages, structure found in the background, the
 * file watched while somebody looks. A file that grows goes on where it was; one that shrank or was replaced starts over;
 * one that was deleted stays readable as long as it is open.
 */
export class SegmentDocument {
  readonly #options: SegmentDocumentOptions;
  readonly #name: SegmentName;
  readonly #fileName: string;
  #opened: OpenedStructure = NOTHING;
  #facts: FileFacts = { sizeBytes: 0, modifiedMs: 0, identity: 0 };
  #revision = 0;
  #keptBytes = 0;
  #trouble: FileTrouble | null = null;
  #loading: Promise<void> | undefined;
  #isVisible = false;
  #isDisposed = false;
  #cancelWatch: (() => void) | undefined;
  #cancelProgress: (() => void) | undefined;
  #cancelScan: (() => void) | undefined;
  /** Grows when the structure starts over, so that a scan under way gives up. */
  #scanNumber = 0;

  constructor(options: SegmentDocumentOptions) {
    this.#options = options;
    this.#name = parseSegmentPath(options.path);
    this.#fileName = options.path.split(/[\\/]/).at(-1) ?? options.path;
  }

  /** Resolves when the file is open, or `trouble` says why it is not. */
  async open(): Promise<FileState> {
    this.#loading ??= this.#look();
    await this.#loading;
    return this.state;
  }

  get state(): FileState {
    const { progress, unit } = this.#opened.structure;
    const { topic, partition } = this.#name;
    const { sizeBytes, modifiedMs } = this.#facts;
    const hasStructure = this.#opened.structure !== NO_STRUCTURE;
    return {
      revision: this.#revision,
      keptBytes: this.#keptBytes,
      kind: this.#opened.kind,
      name: this.#fileName,
      path: this.#options.path,
      sizeBytes,
      usedBytes: hasStructure ? Math.min(progress.usedBytes, sizeBytes) : sizeBytes,
      rootCount: progress.rootCount,
      unitCount: progress.unitCount,
      unit,
      scannedBytes: hasStructure ? Math.min(progress.scannedBytes, sizeBytes) : sizeBytes,
      ...(topic === undefined ? {} : { topic }),
      ...(partition === undefined ? {} : { partition }),
      ...(progress.firstOffset === undefined ? {} : { firstOffset: progress.firstOffset }),
      ...(progress.lastOffset === undefined ? {} : { lastOffset: progress.lastOffset }),
      modifiedMs,
      trouble: this.#trouble,
    };
  }

  /** Bytes of a page with their regions; the last page of the file is shorter. */
  async bytes(page: number): Promise<BytesPage> {
    const at = page * BYTES_PAGE_SIZE;
    const length = Math.max(0, Math.min(BYTES_PAGE_SIZE, this.#facts.sizeBytes - at));
    const read = length === 0 ? Buffer.alloc(0) : await this.#options.bytes.read(at, length);
    const regions = await this.#opened.structure.regions(at, at + read.length);
    // A copy that owns its buffer, as the channel wants it.
    return { at, bytes: new Uint8Array(read), regions };
  }

  nodes(parent: NodePath, from: number, count: number): Promise<readonly StructureNode[]> {
    return this.#opened.structure.nodes(parent, from, count);
  }

  locate(at: number): Promise<Located | null> {
    return this.#opened.structure.locate(at);
  }

  findOffset(offset: number): Promise<Located | null> {
    return this.#opened.structure.findOffset(offset);
  }

  /** Watches the file while somebody looks. */
  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    if (isVisible) this.#watchSoon(0);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#scanNumber++;
    this.#cancelWatch?.();
    this.#cancelProgress?.();
    this.#cancelScan?.();
    this.#options.bytes.close().catch(() => undefined);
  }

  #watchSoon(delayMs: number): void {
    this.#cancelWatch = this.#options.clock.after(delayMs, () => {
      this.#loading = (this.#loading ?? Promise.resolve()).then(() => this.#look());
      void this.#loading.then(() => {
        if (this.#isVisible && !this.#isDisposed) this.#watchSoon(WATCH_INTERVAL_MS);
      });
    });
  }

  /** Looks at the file and takes in what has changed. Never rejects. */
  async #look(): Promise<void> {
    try {
      const facts = await this.#options.bytes.facts();
      if (this.#isDisposed) return;
      if (facts === null) this.#setTrouble({ kind: 'deleted', message: 'It was deleted or renamed.' });
      else await this.#take(facts);
    } catch (error) {
      this.#setTrouble({ kind: 'unreadable', message: (error as Error).message });
    }
  }

  async #take(facts: FileFacts): Promise<void> {
    const before = this.#facts;
    const isFirst = this.#revision === 0;
    const isOther = !isFirst && facts.identity !== before.identity;
    const isShorter = facts.sizeBytes < before.sizeBytes;
    const isSame = facts.sizeBytes === before.sizeBytes && facts.modifiedMs === before.modifiedMs;
    if (!isFirst && !isOther && isSame) {
      if (this.#trouble?.kind !== 'truncated') this.#setTrouble(null);
      return;
    }
    const used = this.state.usedBytes;
    this.#facts = facts;
    if (isOther) await this.#options.bytes.reopen();
    if (isFirst || isOther || isShorter || this.#opened.kind === 'snapshot') {
      await this.#restart();
      this.#keptBytes = 0;
    } else {
      this.#keptBytes = Math.min(used, before.sizeBytes);
    }
    const cut = 'What was behind its new end is gone.';
    this.#trouble = isShorter && !isOther ? { kind: 'truncated', message: cut } : null;
    this.#revision++;
    await this.#scan();
    this.#tell();
  }

  async #restart(): Promise<void> {
    this.#scanNumber++;
    this.#opened = await openStructure(this.#options.bytes, this.#name, this.#fileName, this.#facts.sizeBytes);
  }

  /** The first step of finding the structure; the others follow in the background. */
  async #scan(): Promise<void> {
    const number = ++this.#scanNumber;
    this.#cancelScan?.();
    this.#cancelScan = undefined;
    const isLeft = await this.#opened.structure.advance(this.#facts.sizeBytes);
    if (isLeft && number === this.#scanNumber) this.#scanOn(number);
  }

  #scanOn(number: number): void {
    this.#cancelScan = this.#options.clock.after(0, () => {
      this.#cancelScan = undefined;
      this.#opened.structure.advance(this.#facts.sizeBytes).then(
        (isLeft) => {
          if (number !== this.#scanNumber) return;
          this.#tellSoon();
          if (isLeft) this.#scanOn(number);
        },
        (error: unknown) => this.#setTrouble({ kind: 'unreadable', message: (error as Error).message }),
      );
    });
  }

  #setTrouble(trouble: FileTrouble | null): void {
    if (this.#trouble?.kind === trouble?.kind && this.#trouble?.message === trouble?.message) return;
    this.#trouble = trouble;
    this.#tell();
  }

  #tellSoon(): void {
    this.#cancelProgress ??= this.#options.clock.after(PROGRESS_INTERVAL_MS, () => this.#tell());
  }

  #tell(): void {
    this.#cancelProgress?.();
    this.#cancelProgress = undefined;
    if (!this.#isDisposed) this.#options.onChange(this.state);
  }
}
