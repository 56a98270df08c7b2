import type { Clock, Timer } from '../common/clock.ts';
import type { BrokerRegistration } from './broker-registration.ts';

/** What is known of a broker besides its registration. */
interface Session {
  lastContactMs: number;
  /** Up to where it has replayed the metadata. */
  metadataOffset: number;
  /** The record that took away what it led, for its controlled shutdown. */
  shutdownOffset: number | undefined;
}

export interface BrokerSessionsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Brokers that have to be heard of. */
  readonly watched: () => readonly BrokerRegistration[];
  readonly onExpired: (broker: BrokerRegistration, silentMs: number) => void;
}

/** Looking at sessions so much too late means that the controller itself stood still. */
const PAUSE_MS = 500;
/** How much longer brokers have then to be heard: more than the time between two heartbeats. */
const GRACE_MS = 2500;

/**
 * When brokers were last heard of. Known to the active controller only: a new one gives every broker a full session
 * before it doubts it. One that stood still itself, so that nobody could reach it, first hears what has come in since.
 */
export class BrokerSessions {
  readonly #options: BrokerSessionsOptions;
  readonly #sessions = new Map<number, Session>();
  #startedMs: number;
  #timer: Timer | undefined;

  constructor(options: BrokerSessionsOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** The controller became active. */
  restart(): void {
    this.#sessions.clear();
    this.#startedMs = this.#options.clock.monotonicMs();
    this.watch();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  touch(broker: number, metadataOffset: number): void {
    const lastContactMs = this.#options.clock.monotonicMs();
    const session = this.#sessions.get(broker);
    if (session === undefined) this.#sessions.set(broker, { lastContactMs, metadataOffset, shutdownOffset: undefined });
    else {
      session.lastContactMs = lastContactMs;
      session.metadataOffset = Math.max(session.metadataOffset, metadataOffset);
    }
  }

  forget(broker: number): void {
    this.#sessions.delete(broker);
  }

  isValid(broker: BrokerRegistration): boolean {
    if (broker.fenced && !this.#sessions.has(broker.id)) return false;
    return this.#remainingMs(broker.id) > 0;
  }

  metadataOffset(broker: number): number {
    return this.#sessions.get(broker)?.metadataOffset ?? -1;
  }

  /** What a broker has led is led by others from this offset on. */
  beginShutdown(broker: number, offset: number): void {
    const session = this.#sessions.get(broker);
    if (session !== undefined) session.shutdownOffset = offset;
  }

  shutdownOffset(broker: number): number {
    return this.#sessions.get(broker)?.shutdownOffset ?? -1;
  }

  /** Begins to watch where there is somebody to watch. Sessions only get longer, so a timer that runs is early enough. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const { clock, watched } = this.#options;
    const brokers = watched();
    if (brokers.length === 0) return;
    const nextMs = Math.max(0, Math.min(...brokers.map(({ id }) => this.#remainingMs(id))));
    const dueMs = clock.monotonicMs() + nextMs;
    this.#timer = clock.schedule(nextMs, () => {
      this.#timer = undefined;
      this.#look(dueMs);
      this.watch();
    });
  }

  #look(dueMs: number): void {
    const { clock, watched, timeoutMs, onExpired } = this.#options;
    if (clock.monotonicMs() - dueMs > PAUSE_MS) {
      const atLeastMs = clock.monotonicMs() - timeoutMs + Math.min(timeoutMs, GRACE_MS);
      this.#startedMs = Math.max(this.#startedMs, atLeastMs);
      for (const session of this.#sessions.values()) session.lastContactMs = Math.max(session.lastContactMs, atLeastMs);
      return;
    }
    for (const broker of watched()) {
      const remainingMs = this.#remainingMs(broker.id);
      if (remainingMs <= 0) onExpired(broker, timeoutMs - remainingMs);
    }
  }

  /** How much longer the broker may be silent; 0 or less when it is overdue. */
  #remainingMs(broker: number): number {
    const last = this.#sessions.get(broker)?.lastContactMs ?? this.#startedMs;
    return last + this.#options.timeoutMs - this.#options.clock.monotonicMs();
  }
}
