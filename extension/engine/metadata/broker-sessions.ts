import type { Clock } from '../common/clock.ts';
import type { BrokerRegistration } from './broker-registration.ts';

/**
 * When brokers were last heard of. Known to the active controller only: a new one gives every broker a full session
 * before it doubts it.
 */
export class BrokerSessions {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #lastContactMs = new Map<number, number>();
  #startedMs: number;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#startedMs = clock.monotonicMs();
  }

  /** The controller became active. */
  restart(): void {
    this.#lastContactMs.clear();
    this.#startedMs = this.#clock.monotonicMs();
  }

  touch(broker: number): void {
    this.#lastContactMs.set(broker, this.#clock.monotonicMs());
  }

  forget(broker: number): void {
    this.#lastContactMs.delete(broker);
  }

  isValid(broker: BrokerRegistration): boolean {
    if (broker.fenced && !this.#lastContactMs.has(broker.id)) return false;
    return this.remainingMs(broker.id) > 0;
  }

  /** How much longer the broker may be silent; 0 or less when it is overdue. */
  remainingMs(broker: number): number {
    const last = this.#lastContactMs.get(broker) ?? this.#startedMs;
    return last + this.#timeoutMs - this.#clock.monotonicMs();
  }
}
