import type { ReplicaKey, VoterSet } from './voter-set.ts';

/** How far one replica has its log safe, as its leader knows it. */
export interface ReplicaProgress {
  readonly key: ReplicaKey;
  /** Everything below is on its disk; -1 until it said so. */
  endOffset: number;
  lastFetchTimestampMs: number;
  lastCaughtUpTimestampMs: number;
}

/**
 * What a leader knows in its epoch. The high watermark is the largest offset that a majority of the voters has, and it
 * counts only once it is past the start of the epoch: entries of earlier epochs are committed through one of its own
 * (Raft §5.4.2).
 */
export class LeaderState {
  readonly epoch: number;
  /** Offset of the leader-change record. */
  readonly epochStartOffset: number;
  readonly #self: ReplicaKey;
  #voters: VoterSet;
  #progress: Map<number, ReplicaProgress>;
  #highWatermark = -1;

  constructor(self: ReplicaKey, epoch: number, epochStartOffset: number, voters: VoterSet) {
    this.#self = self;
    this.epoch = epoch;
    this.epochStartOffset = epochStartOffset;
    this.#voters = voters;
    this.#progress = progressOf(voters, new Map());
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  progress(): readonly ReplicaProgress[] {
    return [...this.#progress.values()];
  }

  /** The voters changed; what is known of those that stay is kept. */
  setVoters(voters: VoterSet): boolean {
    this.#voters = voters;
    this.#progress = progressOf(voters, this.#progress);
    return this.#advance();
  }

  /** A voter has everything below `endOffset` on disk. Answers whether the high watermark moved. */
  update(id: number, endOffset: number, nowMs: number): boolean {
    const replica = this.#progress.get(id);
    if (replica === undefined) return false;
    if (endOffset < replica.endOffset && id === this.#self.id) {
      throw new Error(`the leader's log went back from ${replica.endOffset} to ${endOffset}`);
    }
    replica.endOffset = endOffset;
    replica.lastFetchTimestampMs = nowMs;
    replica.lastCaughtUpTimestampMs = nowMs;
    return this.#advance();
  }

  #advance(): boolean {
    const ends = [...this.#progress.values()].map(({ endOffset }) => endOffset).sort((a, b) => b - a);
    const offset = ends[this.#voters.majority() - 1] ?? -1;
    if (offset <= this.epochStartOffset || offset <= this.#highWatermark) return false;
    this.#highWatermark = offset;
    return true;
  }
}

function progressOf(voters: VoterSet, before: ReadonlyMap<number, ReplicaProgress>): Map<number, ReplicaProgress> {
  return new Map(
    voters.ids().map((id) => {
      const directoryId = voters.get(id)?.directoryId;
      const known = before.get(id);
      const same = known !== undefined && known.key.directoryId === directoryId;
      return [
        id,
        same
          ? known
          : { key: { id, directoryId }, endOffset: -1, lastFetchTimestampMs: -1, lastCaughtUpTimestampMs: -1 },
      ];
    }),
  );
}
