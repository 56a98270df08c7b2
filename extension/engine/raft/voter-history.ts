import type { VoterSet } from './voter-set.ts';

/** Who votes from an offset of the log on, and by which kraft.version. */
export interface QuorumAtOffset {
  /** Of the record that said so; -1 for what was there before the log: a snapshot, or the configuration. */
  readonly offset: number;
  readonly kraftVersion: number;
  readonly voters: VoterSet;
}

/**
 * The voter sets that the log has been through. The last one counts as soon as it is appended (KIP-853); when the log is
 * cut back below it, the one before counts again.
 */
export class VoterHistory {
  /** Never empty; offsets grow. */
  #entries: QuorumAtOffset[];

  constructor(kraftVersion: number, voters: VoterSet) {
    this.#entries = [{ offset: -1, kraftVersion, voters }];
  }

  get last(): QuorumAtOffset {
    return this.#entries.at(-1)!;
  }

  /** Who voted before that; undefined where nothing is known of it. */
  get previousVoters(): VoterSet | undefined {
    return this.#entries.at(-2)?.voters;
  }

  add(offset: number, change: { readonly kraftVersion?: number; readonly voters?: VoterSet | undefined }): void {
    const { last } = this;
    if (offset < last.offset) throw new Error(`voters at ${offset} after those at ${last.offset}`);
    const entry = {
      offset,
      kraftVersion: change.kraftVersion ?? last.kraftVersion,
      voters: change.voters ?? last.voters,
    };
    if (offset === last.offset && offset >= 0) this.#entries.pop();
    this.#entries.push(entry);
  }

  /** The state below `endOffset`: what a snapshot that ends there must hold. */
  before(endOffset: number): QuorumAtOffset {
    return this.#entries.findLast(({ offset }) => offset < endOffset) ?? this.#entries[0]!;
  }

  /** The log ends at `endOffset` now. */
  truncateTo(endOffset: number): void {
    const kept = this.#entries.filter(({ offset }) => offset < endOffset);
    if (kept.length > 0) this.#entries = kept;
    else this.#entries.length = 1;
  }

  /** The log starts at `startOffset` now: what was before is one state. */
  forgetBefore(startOffset: number): void {
    const first = this.#entries.findLastIndex(({ offset }) => offset < startOffset);
    if (first > 0) this.#entries.splice(0, first);
  }

  /** A snapshot took the place of the log. */
  reset(offset: number, kraftVersion: number, voters: VoterSet): void {
    this.#entries = [{ offset, kraftVersion, voters }];
  }
}
