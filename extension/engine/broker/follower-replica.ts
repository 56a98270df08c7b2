/** What a leader knows of one follower: how far it has fetched, and when it was last in step. Times are monotonic, in ms. */
export class FollowerReplica {
  readonly brokerId: number;
  /** -1 before its first fetch from this leader. */
  logStartOffset = -1;
  /** The offset that it fetched from last: it has everything below. -1 before its first fetch. */
  logEndOffset = -1;
  /** Of the process that fetched last; undefined before the first fetch, -1 from one that does not say (KIP-903). */
  brokerEpoch: number | undefined;
  #lastCaughtUpMs = -Infinity;
  #lastFetchMs = -Infinity;
  #leaderEndAtLastFetch = -1;

  constructor(brokerId: number) {
    this.brokerId = brokerId;
  }

  /** The leader begins an epoch, or has just made this replica's acquaintance. One that is in sync gets its full time. */
  resume(nowMs: number, leaderEndOffset: number, isInSync: boolean): void {
    this.#lastCaughtUpMs = isInSync ? nowMs : -Infinity;
    this.#lastFetchMs = isInSync ? nowMs : -Infinity;
    this.#leaderEndAtLastFetch = leaderEndOffset;
  }

  /** False for a fetch of a process that another one has replaced since. */
  onFetch(
    brokerEpoch: number,
    fetchOffset: number,
    logStartOffset: number,
    leaderEndOffset: number,
    nowMs: number,
  ): boolean {
    if (this.brokerEpoch !== undefined && brokerEpoch >= 0 && brokerEpoch < this.brokerEpoch) return false;
    if (fetchOffset >= leaderEndOffset) this.#lastCaughtUpMs = nowMs;
    // It had all that there was when it asked the time before.
    else if (fetchOffset >= this.#leaderEndAtLastFetch) {
      this.#lastCaughtUpMs = Math.max(this.#lastCaughtUpMs, this.#lastFetchMs);
    }
    this.logStartOffset = logStartOffset;
    this.logEndOffset = fetchOffset;
    this.brokerEpoch = brokerEpoch;
    this.#leaderEndAtLastFetch = leaderEndOffset;
    this.#lastFetchMs = nowMs;
    return true;
  }

  /** It fetched at `atMs` and had everything, as it has had since. */
  onIdle(atMs: number): void {
    if (this.logEndOffset < 0) return;
    this.#lastCaughtUpMs = Math.max(this.#lastCaughtUpMs, atMs);
    this.#lastFetchMs = Math.max(this.#lastFetchMs, atMs);
  }

  isCaughtUp(leaderEndOffset: number, nowMs: number, lagTimeMaxMs: number): boolean {
    return this.logEndOffset === leaderEndOffset || nowMs - this.#lastCaughtUpMs <= lagTimeMaxMs;
  }

  /** For how long it has not had everything; undefined when it never had. */
  lagMs(leaderEndOffset: number, nowMs: number): number | undefined {
    if (this.logEndOffset === leaderEndOffset) return 0;
    return this.#lastCaughtUpMs === -Infinity ? undefined : nowMs - this.#lastCaughtUpMs;
  }
}

/** A broker that fetches, and which process of it: its broker epoch. */
export interface FetchingFollower {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}
