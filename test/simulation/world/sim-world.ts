import { SimRandom } from './sim-random.ts';
import { guardedRun } from './guard.ts';

/** Who an event belongs to: a process on a machine. What belongs to a dead one never happens. */
export class Actor {
  readonly name: string;
  alive = true;
  /** While frozen, what comes due waits here. */
  frozen = false;
  readonly backlog: SimEvent[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

/** Something that will happen. Taking it back is setting `fn` to undefined. */
export interface SimEvent {
  atMs: number;
  order: number;
  readonly actor: Actor | undefined;
  fn: (() => void) | undefined;
}

/** One line of a trace: when, to whom, what. */
export interface TraceLine {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

/** A rule of the cluster was broken. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Violation';
    this.rule = rule;
  }
}

/** Events at one virtual moment above which something must be running in circles. */
const EVENTS_AT_ONCE_MAX = 20_000;
/** How often a run looks whether it is done. */
const LOOK_MS = 20;

/**
 * Simulated time: one queue of events, ordered by time and then by when they were made. Between two events every promise
 * that can settle does. All that happens goes into a hash, by which two runs of one seed are compared.
 */
export class SimWorld {
  readonly random: SimRandom;
  readonly lines: TraceLine[] = [];
  readonly #keepsDetails: boolean;
  readonly #queue: SimEvent[] = [];
  #order = 0;
  #nowMs = 0;
  #hash = 0x811c9dc5;
  #eventsNow = 0;
  #nextLookMs = 0;
  eventCount = 0;
  #violation: Violation | undefined;

  constructor(seed: number, keepsDetails = false) {
    this.random = new SimRandom(seed);
    this.#keepsDetails = keepsDetails;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Of everything that happened so far. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  schedule(delayMs: number, actor: Actor | undefined, fn: () => void): SimEvent {
    const event = { atMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order++, actor, fn };
    this.#push(event);
    return event;
  }

  /** A line of the trace, and of the hash. */
  trace(who: string, what: string): void {
    this.mix(Math.round(this.#nowMs * 1000));
    for (let i = 0; i < what.length; i++) this.mix(what.charCodeAt(i));
    this.lines.push({ atMs: this.#nowMs, who, what });
  }

  /** A line that is kept only where somebody will read it, and is in no hash. */
  detail(who: string, what: () => string): void {
    if (this.#keepsDetails) this.lines.push({ atMs: this.#nowMs, who, what: what() });
  }

  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
  }

  /** The first violation ends the run. */
  fail(violation: Violation): void {
    if (this.#violation !== undefined) return;
    this.#violation = violation;
    this.trace('checker', `VIOLATION of "${violation.rule}": ${violation.message}`);
  }

  freeze(actor: Actor): void {
    actor.frozen = true;
  }

  /** What came due meanwhile happens now, in its order. */
  thaw(actor: Actor): void {
    actor.frozen = false;
    for (const event of actor.backlog.splice(0)) {
      event.atMs = this.#nowMs;
      event.order = this.#order++;
      this.#push(event);
    }
  }

  /** Lets time pass until `endMs`, a violation, or until `isDone` (asked now and then) says so. */
  run(endMs: number, isDone: () => boolean = () => false): Promise<void> {
    return guardedRun(
      () => this.#step(endMs, isDone),
      (error) => this.#failed(error),
    );
  }

  /** Whether there is more to do. */
  #step(endMs: number, isDone: () => boolean): boolean {
    if (this.#violation !== undefined) return false;
    const event = this.#queue[0];
    if (event === undefined || event.atMs > endMs) {
      this.#nowMs = Math.max(this.#nowMs, endMs);
      return false;
    }
    this.#pop();
    const { actor } = event;
    if (event.fn === undefined || actor?.alive === false) return true;
    if (actor?.frozen === true) {
      actor.backlog.push(event);
      return true;
    }
    if (event.atMs > this.#nowMs) this.#eventsNow = 0;
    else if (++this.#eventsNow > EVENTS_AT_ONCE_MAX) {
      throw new Error(`${EVENTS_AT_ONCE_MAX} events at one moment, the last one of ${actor?.name ?? 'the world'}`);
    }
    this.#nowMs = event.atMs;
    this.eventCount++;
    this.mix(event.order);
    const { fn } = event;
    event.fn = undefined;
    fn();
    if (this.#nowMs < this.#nextLookMs) return true;
    this.#nextLookMs = this.#nowMs + LOOK_MS;
    return !isDone();
  }

  #failed(error: unknown): void {
    if (error instanceof Violation) return this.fail(error);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fail(new Violation('nothing throws into the event loop', text, { cause: error }));
  }

  #push(event: SimEvent): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = queue[parent]!;
      if (!isBefore(event, above)) break;
      queue[at] = above;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    const { length } = queue;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(queue[child + 1]!, queue[child]!)) child++;
      if (!isBefore(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
