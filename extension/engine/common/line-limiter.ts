import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Lines of one kind that are said in one interval; the others are only counted. */
const LINES_PER_INTERVAL = 5;
const INTERVAL_MS = 10_000;
/** Who sends ever different nonsense makes ever different lines: past this many kinds all new ones are one. */
const MAX_KINDS = 32;
const OTHER_KINDS = 'other';

type Level = 'warn' | 'error';

/** What was said and held back of one kind since its interval began. */
interface Kind {
  said: number;
  heldBack: number;
  latest: string;
}

/**
 * A logger for what strangers can cause as often as they like. Warnings and errors that differ in numbers only are of one
 * kind: the first few of an interval are said, the others counted, and one line at the end of the interval says how many.
 */
export class LineLimiter implements Logger {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  debug(message: string): void {
    this.#logger.debug(message);
  }

  info(message: string): void {
    this.#logger.info(message);
  }

  warn(message: string): void {
    if (this.#mayBeSaid('warn', message)) this.#logger.warn(message);
  }

  error(message: string, error?: unknown): void {
    if (this.#mayBeSaid('error', message)) this.#logger.error(message, error);
  }

  #mayBeSaid(level: Level, message: string): boolean {
    const kind = this.#kindOf(level, message);
    if (kind.said < LINES_PER_INTERVAL) {
      kind.said++;
      return true;
    }
    kind.heldBack++;
    kind.latest = message;
    return false;
  }

  #kindOf(level: Level, message: string): Kind {
    const own = level + message.replaceAll(/\d+/g, '#');
    const name = this.#kinds.has(own) || this.#kinds.size < MAX_KINDS ? own : level + OTHER_KINDS;
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = { said: 0, heldBack: 0, latest: '' };
      this.#kinds.set(name, kind);
      this.#clock.schedule(INTERVAL_MS, () => this.#endInterval(level, name));
    }
    return kind;
  }

  #endInterval(level: Level, name: string): void {
    const { heldBack, latest } = this.#kinds.get(name)!;
    this.#kinds.delete(name);
    if (heldBack === 0) return;
    this.#logger[level](`${heldBack} more like it in the last ${INTERVAL_MS / 1000} s, the last one: ${latest}`);
  }
}
