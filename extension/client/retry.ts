import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** After this long no further attempt is made. */
  readonly timeoutMs: number;
  /** Called between attempts, for instance to forget what turned out to be stale. */
  readonly beforeRetry?: (error: unknown) => void;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 1_000;

/** The pause before attempt `attempt + 1`: doubling, with a fifth of chance so that clients do not march in step. */
export function backoffMs(attempt: number): number {
  const base = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10));
  return base * (0.8 + Math.random() * 0.4);
}

/** Whether an error says of itself that another attempt may succeed. */
export function isRetriableError(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}

/** Runs an attempt until it succeeds, fails for good, or time is up; rejects with the last error. */
export async function retrying<T>(attempt: (count: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (let count = 0; ; count++) {
    try {
      return await attempt(count);
    } catch (error) {
      const pauseMs = backoffMs(count);
      if (!isRetriableError(error) || performance.now() + pauseMs > deadline) throw error;
      options.beforeRetry?.(error);
      await delay(pauseMs, undefined, { signal: options.signal });
    }
  }
}
