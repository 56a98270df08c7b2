import type { ReplicaKey, VoterSet } from './voter-set.ts';

/** How far one replica has its log safe, as its leader knows it. Times are monotonic, -1 when nothing is known. */
export interface ReplicaProgress {
  readonly key: ReplicaKey;
  /** Everything below is on its disk; -1 until it said so. */
  endOffset: number;
  lastFetchMs: number;
  /** When it had everything that the leader had. */
  lastCaughtUpMs: number;
  /** The leader's log end at its last fetch. */
  leaderEndAtLastFetch: number;
}

/** An observer that is silent for so long is forgotten. */
const OBSERVER_SESSION_MS = 300_000;
/** Observers that are remembered; nobody has that many, but ids come from requests. */
const MAX_OBSERVERS = 1000;

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
  readonly #checkQuorumMs: number;
  #voters: VoterSet;
  #progress: Map<number, ReplicaProgress>;
  readonly #observers = new Map<string, ReplicaProgress>();
  #highWatermark = -1;
  /** Voters that were heard of since a majority was last complete. */
  #heard = new Set<number>();
  #checkQuorumAtMs: number;

  constructor(
    self: ReplicaKey,
    epoch: number,
    epochStartOffset: number,
    voters: VoterSet,
    nowMs: number,
    checkQuorumMs: number,
  ) {
    this.#self = self;
    this.epoch = epoch;
    this.epochStartOffset = epochStartOffset;
    this.#checkQuorumMs = checkQuorumMs;
    this.#checkQuorumAtMs = nowMs + checkQuorumMs;
    this.#voters = voters;
    this.#progress = progressOf(voters, new Map());
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** When the leader must give up because no majority was heard of; Infinity where it needs nobody. */
  get checkQuorumAtMs(): number {
    return this.#othersNeeded() === 0 ? Infinity : this.#checkQuorumAtMs;
  }

  /** Voters heard of since a majority was last complete, the leader among them. */
  get heardVoters(): number {
    return this.#heard.size + (this.#voters.isVoter(this.#self) ? 1 : 0);
  }

  postpone(ms: number): void {
    this.#checkQuorumAtMs += ms;
  }

  voters(): readonly ReplicaProgress[] {
    return [...this.#progress.values()];
  }

  observers(nowMs: number): readonly ReplicaProgress[] {
    for (const [key, { lastFetchMs }] of this.#observers) {
      if (nowMs - lastFetchMs > OBSERVER_SESSION_MS) this.#observers.delete(key);
    }
    return [...this.#observers.values()];
  }

  /** Undefined for a replica that never fetched in this epoch and does not vote. */
  progressOf(key: ReplicaKey): ReplicaProgress | undefined {
    return this.#voters.isVoter(key) ? this.#progress.get(key.id) : this.#observers.get(observerKey(key));
  }

  /** The other voters, the one that has most first: the order in which they should succeed. */
  successors(): ReplicaKey[] {
    return this.voters()
      .filter(({ key }) => key.id !== this.#self.id)
      .sort((a, b) => b.endOffset - a.endOffset || a.key.id - b.key.id)
      .map(({ key }) => key);
  }

  /** The voters changed; what is known of replicas is kept. Answers whether the high watermark moved. */
  setVoters(voters: VoterSet): boolean {
    const before = this.#progress;
    for (const [key, observer] of this.#observers) {
      if (!voters.isVoter(observer.key) || before.has(observer.key.id)) continue;
      before.set(observer.key.id, observer);
      this.#observers.delete(key);
    }
    for (const [id, progress] of before) {
      if (!voters.isVoter(progress.key) && id !== this.#self.id)
        this.#observers.set(observerKey(progress.key), progress);
    }
    this.#voters = voters;
    this.#progress = progressOf(voters, before);
    return this.#advance();
  }

  /** The leader has everything below `endOffset` on disk. Answers whether the high watermark moved. */
  flushed(endOffset: number, nowMs: number): boolean {
    const replica = this.#progress.get(this.#self.id);
    if (replica === undefined) return false;
    if (endOffset < replica.endOffset) {
      throw new Error(`the leader's log went back from ${replica.endOffset} to ${endOffset}`);
    }
    replica.endOffset = endOffset;
    replica.lastFetchMs = nowMs;
    replica.lastCaughtUpMs = nowMs;
    return this.#advance();
  }

  /** A replica asks for what follows `endOffset`: it has everything below on disk. Answers whether the high watermark moved. */
  fetched(key: ReplicaKey, endOffset: number, leaderEnd: number, nowMs: number): boolean {
    const replica = this.#replica(key);
    if (endOffset >= leaderEnd) replica.lastCaughtUpMs = nowMs;
    else if (replica.leaderEndAtLastFetch > 0 && endOffset >= replica.leaderEndAtLastFetch) {
      replica.lastCaughtUpMs = Math.max(replica.lastCaughtUpMs, replica.lastFetchMs);
    }
    replica.leaderEndAtLastFetch = leaderEnd;
    replica.endOffset = endOffset;
    replica.lastFetchMs = nowMs;
    this.heardOf(key, nowMs);
    return this.#advance();
  }

  /** A replica follows this leader, wherever its log is. */
  heardOf(key: ReplicaKey, nowMs: number): void {
    if (key.id === this.#self.id || !this.#voters.isVoter(key)) return;
    this.#heard.add(key.id);
    if (this.#heard.size < this.#othersNeeded()) return;
    this.#heard = new Set();
    this.#checkQuorumAtMs = nowMs + this.#checkQuorumMs;
  }

  #othersNeeded(): number {
    return this.#voters.majority() - (this.#voters.isVoter(this.#self) ? 1 : 0);
  }

  #replica(key: ReplicaKey): ReplicaProgress {
    const known = this.progressOf(key);
    if (known !== undefined) return known;
    const created = unknownProgress(key);
    if (this.#observers.size >= MAX_OBSERVERS) this.#observers.delete(this.#observers.keys().next().value!);
    this.#observers.set(observerKey(key), created);
    return created;
  }

  #advance(): boolean {
    const ends = this.voters()
      .map(({ endOffset }) => endOffset)
      .sort((a, b) => b - a);
    const offset = ends[this.#voters.majority() - 1] ?? -1;
    if (offset <= this.epochStartOffset || offset <= this.#highWatermark) return false;
    this.#highWatermark = offset;
    return true;
  }
}

function progressOf(voters: VoterSet, before: ReadonlyMap<number, ReplicaProgress>): Map<number, ReplicaProgress> {
  return new Map(
    voters.nodes().map(({ id, directoryId }) => {
      const known = before.get(id);
      return [
        id,
        known?.key.directoryId === directoryId && known !== undefined ? known : unknownProgress({ id, directoryId }),
      ];
    }),
  );
}

function unknownProgress(key: ReplicaKey): ReplicaProgress {
  return { key, endOffset: -1, lastFetchMs: -1, lastCaughtUpMs: -1, leaderEndAtLastFetch: -1 };
}

function observerKey({ id, directoryId }: ReplicaKey): string {
  return `${id}/${directoryId ?? ''}`;
}
