import type { Clock } from '../common/clock.ts';

/** What was moved is forgotten after so long, whatever the rate was then. */
const WINDOW_MS = 11_000;

/**
 * Bytes a second for the replicas that a reassignment throttles (KIP-73), as leader or as follower. What was moved takes its time;
 * until that is over nothing more of a throttled replica is moved, unless it is in sync.
 */
export class ReplicationQuota {
  readonly #clock: Clock;
  readonly #bytesPerSecond: () => number;
  #busyUntilMs = -Infinity;

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  record(bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = Math.max(nowMs, this.#busyUntilMs) + (bytes / this.#bytesPerSecond()) * 1000;
    this.#busyUntilMs = Math.min(untilMs, nowMs + WINDOW_MS);
  }

  /** How long nothing more may be moved; 0 for not at all. */
  get waitMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#clock.monotonicMs());
  }
}

/** Whether a list of `partition:broker` names a replica; `*` names all (`leader.replication.throttled.replicas`). */
export function isThrottledReplica(list: string, partition: number, brokerId: number): boolean {
  if (list === '') return false;
  return list.split(',').some((entry) => entry.trim() === '*' || entry.trim() === `${partition}:${brokerId}`);
}
