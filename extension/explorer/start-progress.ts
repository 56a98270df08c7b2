import type { BrokerLifecycle, ClusterEvent } from '../shared/cluster-protocol.ts';
import { formatCount } from '../shared/format.ts';
import { t } from '../settings/localize.ts';

/** Logs that are open, of those that a broker found in its directories. */
export interface LogProgress {
  readonly done: number;
  readonly total: number;
}

export function describeProgress({ done, total }: LogProgress): string {
  return t('{0} of {1} logs', formatCount(done), formatCount(total));
}

/** How far the brokers that start have come with their logs: after a crash they read all of them again. */
export class StartProgress {
  readonly #starting = new Set<number>();
  /** Also of those that are through, so that the sum does not shrink. */
  readonly #told = new Map<number, LogProgress>();

  /** Takes an event. Returns whether it says something new about a start. */
  take(event: ClusterEvent): boolean {
    if (event.event === 'broker-state') {
      this.#changed(event.broker, event.state);
      return false;
    }
    // A broker that is removed tells of progress too; it does not start.
    if (event.event !== 'progress' || !this.#starting.has(event.broker)) return false;
    this.#told.set(event.broker, { done: event.done, total: event.total });
    return true;
  }

  /** Undefined for one that does not start, and before it tells. */
  of(broker: number): LogProgress | undefined {
    return this.#starting.has(broker) ? this.#told.get(broker) : undefined;
  }

  /** Of all brokers; undefined while none has told anything. */
  get sum(): LogProgress | undefined {
    let sum: LogProgress | undefined;
    for (const { done, total } of this.#told.values()) {
      sum = { done: (sum?.done ?? 0) + done, total: (sum?.total ?? 0) + total };
    }
    return sum;
  }

  clear(): void {
    this.#starting.clear();
    this.#told.clear();
  }

  #changed(broker: number, state: BrokerLifecycle): void {
    const told = this.#told.get(broker);
    if (state === 'starting') this.#starting.add(broker);
    else this.#starting.delete(broker);
    if (state === 'running' && told !== undefined) this.#told.set(broker, { done: told.total, total: told.total });
    else this.#told.delete(broker);
  }
}
