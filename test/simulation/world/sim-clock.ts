import type { Clock, Timer } from '../../../extension/engine/common/clock.ts';
import type { Actor, SimWorld } from './sim-world.ts';

/** What the wall clock shows when a simulation begins. */
export const WALL_CLOCK_START_MS = 1_700_000_000_000;
/** One turn of an event loop: whoever waits for the next one in circles lets others on in the meantime. */
const TURN_MS = 0.02;

/** A process's view of simulated time. Wall clocks differ between machines. */
export class SimClock implements Clock {
  readonly #world: SimWorld;
  readonly #actor: Actor;
  readonly #skewMs: number;

  constructor(world: SimWorld, actor: Actor, skewMs = 0) {
    this.#world = world;
    this.#actor = actor;
    this.#skewMs = skewMs;
  }

  nowMs(): number {
    return Math.floor(WALL_CLOCK_START_MS + this.#skewMs + this.#world.nowMs);
  }

  monotonicMs(): number {
    return this.#world.nowMs;
  }

  schedule(delayMs: number, fn: () => void): Timer {
    if (Number.isNaN(delayMs)) throw new RangeError('a timer needs a number of milliseconds');
    const event = this.#world.schedule(Math.max(delayMs, TURN_MS), this.#actor, fn);
    return { cancel: () => void (event.fn = undefined) };
  }

  defer(fn: () => void): void {
    this.#world.schedule(TURN_MS, this.#actor, fn);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.schedule(delayMs, resolve));
  }
}
