import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Remembers that the cluster of one data directory is wanted, in a small file that all windows see. It outlives a window's
 * reload, where there is no time for more than a synchronous write, and tells "the owner's window closed" from "somebody
 * pressed stop". The owner touches it now and then, so that a record of yesterday does not start anything today.
 */
export class RunMemory {
  readonly #path: string;
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;

  /** `folder` is the same for all windows; it is made when needed. */
  constructor(folder: string, dataDir: string, nowMs: () => number = Date.now) {
    const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
    this.#path = join(folder, `${name}.json`);
    this.#nowMs = nowMs;
  }

  /** Called by the owner of the process `pid`; keeps the record fresh until `pause` or `forget`. */
  remember(pid: number): void {
    quietly(() => {
      mkdirSync(join(this.#path, '..'), { recursive: true });
      writeFileSync(this.#path, JSON.stringify({ pid }));
      this.touch();
    });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.touch(), touchIntervalMs);
    this.#timer.unref();
  }

  touch(): void {
    const now = this.#nowMs() / 1000;
    quietly(() => utimesSync(this.#path, now, now));
  }

  /** Stops touching; the record stays for those who come soon. */
  pause(): void {
    if (this.#timer !== undefined) this.touch();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Nobody wants it any more. */
  forget(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    quietly(() => rmSync(this.#path, { force: true }));
  }

  /** Whether it ran until a moment ago. */
  get isRecent(): boolean {
    const stats = quietly(() => statSync(this.#path));
    return stats !== undefined && Math.abs(this.#nowMs() - stats.mtimeMs) < recentMs;
  }

  /** The process that ran it last; undefined when the cluster is not wanted. */
  get pid(): number | undefined {
    const record = quietly(() => JSON.parse(readFileSync(this.#path, 'utf8')) as { pid?: unknown });
    return typeof record?.pid === 'number' ? record.pid : undefined;
  }
}

const touchIntervalMs = 15_000;
/** A reload takes seconds; a slow machine, or a laptop lid, some more. */
const recentMs = 90_000;

/** Losing this record costs one click, so no failure of the disk may get in the way of anything. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
